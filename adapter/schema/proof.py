"""What samples prove of a column: its type, its length, its values, whether it is always there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from adapter.core.columns import Column
from adapter.schema.variable import EXACT_DIGITS, MAX_BYTES

STEPS = (8, 16, 24, 32, 36, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8191, 16383, MAX_BYTES)
"""Lengths that a column may get. 8191 characters are what SAS holds in UTF-8 for sure."""

HEAD_ROOM = 1.5
REQUIRED_FROM = 3
"""Samples below which nothing is called required: that one task had it says little."""

MAX_VALUES = 12
SEEN = 2
"""Times that each of a list of values was seen at least."""

FIRST_YEAR = 1582
"""Of SAS dates. Source: SAS 9.4 Language Reference, dates, times and intervals."""

_INTEGER = re.compile(rf"-?(?:0|[1-9][0-9]{{0,{EXACT_DIGITS - 1}}})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?P<zone>Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])?"
)
_LINK = re.compile(r"https?://[^\s]+")


class Proven(StrEnum):
    """The type that every value of a column has, the narrowest first."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    ZONED = "dateTimeStamp"
    UNZONED = "dateTime"
    LINK = "link"
    TEXT = "text"


@dataclass(frozen=True)
class Proof:
    """What all samples together say of one column.

    Args:
        name: Of the column.
        type: What every value is.
        length: Characters that a text may have; None where it is no text, or longer than SAS holds.
        longest: Characters of the longest value.
        values: The only values; empty where any may stand.
        required: Whether every row must have it.
        there: Samples that have it.
        empty: Samples that have it without a value.
        samples: Samples in all.
    """

    name: str
    type: Proven
    length: int | None
    longest: int
    values: tuple[str, ...]
    required: bool
    there: int
    empty: int
    samples: int

    @property
    def why(self) -> str:
        """The reasons in one line, without any value."""
        parts = [f"in {self.there} of {self.samples} samples"]
        if self.empty:
            parts.append(f"empty in {self.empty}, so it is text")
        parts.append(f"longest value: {self.longest} characters")
        if self.values:
            parts.append(f"no more than {len(self.values)} different values")
        return "; ".join(parts)


def proven(
    rows: Sequence[Sequence[Column]], *, required_from: int = REQUIRED_FROM, values: bool = False
) -> tuple[Proof, ...]:
    """What the samples prove of each column, in the order in which columns were first met.

    Args:
        rows: One for each sample.
        required_from: Samples from which on a column that all have is required.
        values: Also prove the only values a text may have.
    """
    texts: dict[str, list[str]] = {}
    for row in rows:
        for column in row:
            texts.setdefault(column.name, []).append(column.text)
    return tuple(
        _proof(name, found, len(rows), required_from, values=values)
        for name, found in texts.items()
    )


def _proof(name: str, texts: list[str], samples: int, required_from: int, *, values: bool) -> Proof:
    kind = _type(texts)
    longest = max(map(len, texts))
    only = _values(texts) if values and kind is Proven.TEXT else ()
    textual = kind in {Proven.TEXT, Proven.LINK}
    return Proof(
        name=name,
        type=kind,
        length=with_head_room(longest) if textual and not only else None,
        longest=longest,
        values=only,
        required=len(texts) == samples >= required_from,
        there=len(texts),
        empty=texts.count(""),
        samples=samples,
    )


def with_head_room(longest: int) -> int | None:
    """The next step of at least 1.5 times as many characters; None beyond what SAS can hold."""
    if longest > MAX_BYTES:
        return None
    return next((step for step in STEPS if step >= longest * HEAD_ROOM), MAX_BYTES)


def _values(texts: list[str]) -> tuple[str, ...]:
    times = Counter(texts)
    few = len(times) <= MAX_VALUES and min(times.values()) >= SEEN
    return tuple(sorted(times)) if few else ()


def _type(texts: list[str]) -> Proven:
    return next((kind for kind, holds in _TYPES.items() if all(map(holds, texts))), Proven.TEXT)


def _is_boolean(text: str) -> bool:
    return text in {"true", "false"}


def _is_integer(text: str) -> bool:
    """No more digits than SAS holds, and no leading zero, which a number would lose."""
    return _INTEGER.fullmatch(text) is not None


def _is_decimal(text: str) -> bool:
    digits = sum(char.isdigit() for char in text)
    return _DECIMAL.fullmatch(text) is not None and digits <= EXACT_DIGITS


def _is_date(text: str) -> bool:
    return _DATE.fullmatch(text) is not None and _is_day(text)


def _is_zoned(text: str) -> bool:
    found = _MOMENT.fullmatch(text)
    return found is not None and found["zone"] is not None and _is_moment(text)


def _is_unzoned(text: str) -> bool:
    found = _MOMENT.fullmatch(text)
    return found is not None and found["zone"] is None and _is_moment(text)


def _is_link(text: str) -> bool:
    return _LINK.fullmatch(text) is not None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).year >= FIRST_YEAR
    except ValueError:
        return False


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).year >= FIRST_YEAR
    except ValueError:
        return False


_TYPES: dict[Proven, Callable[[str], bool]] = {
    Proven.BOOLEAN: _is_boolean,
    Proven.INTEGER: _is_integer,
    Proven.DECIMAL: _is_decimal,
    Proven.DATE: _is_date,
    Proven.ZONED: _is_zoned,
    Proven.UNZONED: _is_unzoned,
    Proven.LINK: _is_link,
}
