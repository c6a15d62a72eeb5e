"""What a column of a schema is in SAS: name, type and length."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from adapter.core.columns import MAX_NAME, sas_name
from adapter.core.document import ROW, TABLE
from adapter.schema.row import Declared, Kind, Zone

MAX_BYTES = 32767
"""Bytes of a character variable. Source: SAS 9.4 Language Reference, SAS variable attributes."""

EXACT_DIGITS = 15
"""Digits that a SAS number holds whatever they are. Source: SAS 9.4, numerical accuracy."""

BYTES_PER_CHARACTER = 4
"""The widest character of UTF-8; a SAS session may have that encoding."""

MOMENT_BYTES = 64
"""For dates and times that are kept as text: all are ASCII, the longest usual one has 35."""

BOOLEAN_BYTES = 5
"""For `false`."""

ROW_PATH = f"/{TABLE}/{ROW}"


@dataclass(frozen=True)
class Layout:
    """A SAS informat or format: its name, its width, and its decimals where it has some."""

    name: str
    width: int
    decimals: int = 0


@dataclass(frozen=True)
class Variable:
    """One variable of the data set that SAS reads a row into.

    Args:
        name: One that SAS can hold.
        path: Of its element in the document.
        numeric: Whether it is a SAS number; else it is text.
        datatype: What the document has, in the words of an XMLMap.
        length: Bytes of the variable; 8 for a number.
        layout: How a date or time is read and shown; None for everything else.
        column: What the schema says of it.
    """

    name: str
    path: str
    numeric: bool
    datatype: str
    length: int
    layout: Layout | None
    column: Declared


_MOMENTS = {
    (Kind.DATE, Zone.PROHIBITED): ("date", Layout("E8601DA", 10)),
    (Kind.TIME, Zone.PROHIBITED): ("time", Layout("E8601TM", 15, 6)),
    (Kind.DATETIME, Zone.PROHIBITED): ("datetime", Layout("E8601DT", 26, 6)),
    (Kind.DATETIME, Zone.REQUIRED): ("datetime", Layout("E8601DZ", 35, 6)),
}
"""Source: SAS 9.4 Formats and Informats, ISO 8601."""


def variables_of(
    columns: Iterable[Declared], bytes_per_character: int = BYTES_PER_CHARACTER
) -> tuple[Variable, ...]:
    """The variables of a row's columns, no two of one name.

    Args:
        columns: In the order of the schema.
        bytes_per_character: Bytes that a character may have in the encoding of the SAS session.
    """
    taken: set[str] = set()
    found = []
    for column in columns:
        name = _free_name(column.name, taken)
        taken.add(name.casefold())
        found.append(_variable(name, column, bytes_per_character))
    return tuple(found)


def _free_name(name: str, taken: set[str]) -> str:
    """The name as SAS can hold it; where that is taken, with digits of its SHA-256 as long ones."""
    short = sas_name(name)
    if short.casefold() not in taken:
        return short
    digest = hashlib.sha256(name.encode()).hexdigest()
    sizes = range(6, MAX_NAME - 1)
    names = (f"{short[: MAX_NAME - 1 - size]}_{digest[:size]}" for size in sizes)
    return next(each for each in names if each.casefold() not in taken)


def _variable(name: str, column: Declared, width: int) -> Variable:
    path = f"{ROW_PATH}/{column.name}"
    if column.kind in {Kind.INTEGER, Kind.NUMBER}:
        datatype = "integer" if column.kind is Kind.INTEGER else "double"
        return Variable(
            name, path, numeric=True, datatype=datatype, length=8, layout=None, column=column
        )
    moment = _MOMENTS.get((column.kind, column.zone))
    if moment is not None:
        return Variable(
            name, path, numeric=True, datatype=moment[0], length=8, layout=moment[1], column=column
        )
    length = min(bytes_of(column, width) or MAX_BYTES, MAX_BYTES)
    return Variable(
        name, path, numeric=False, datatype="string", length=length, layout=None, column=column
    )


def bytes_of(column: Declared, bytes_per_character: int = BYTES_PER_CHARACTER) -> int | None:
    """Bytes that a value of a text column has at most, at least 1; None where there is no end."""
    match column.kind:
        case Kind.BOOLEAN:
            return BOOLEAN_BYTES
        case Kind.DATE | Kind.DATETIME | Kind.TIME:
            return MOMENT_BYTES
    if column.max_length is None:
        return None
    return max(column.max_length * bytes_per_character, 1)
