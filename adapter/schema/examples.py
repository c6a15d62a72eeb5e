"""Valid and invalid documents of a schema; each invalid one breaks one rule."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import xmlschema

from adapter.core import xml
from adapter.core.columns import Column
from adapter.core.document import TABLE, table_of
from adapter.core.validation import problems_of
from adapter.schema.row import Declared, Kind, Row

_LONGEST = 40_000
"""Characters of an example at most: a little more than SAS holds."""

_OPEN_LENGTH = 20
"""Characters of an example where the schema sets no end."""

_LINK = "https://files.example.com/data.csv?part=1"
_CANDIDATES: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: (
        "A text", "text", "TEXT", "T", "t", "Ab1", "A1", "a1", "AB12", "ab12", "17", "1234",
        "12345", "0000000000", "2025-07-04", "04.07.2025", "07/04/2025", "10:30", "true", _LINK,
        "name@example.com", "+49 30 123456", "5b0f4a52-6a0e-4b9c-8d55-1a2b3c4d5e6f", "A-1", "A_1",
        "1.5", "P1D", "2025", "2025-07", "--07-04", "QQ==", "",
    ),
    Kind.INTEGER: ("17", "1", "0", "-1", "100", "1000", "100000"),
    Kind.NUMBER: ("17.5", "1.5", "0.5", "1", "0", "-1.5", "100", "1000"),
    Kind.BOOLEAN: ("true", "false", "1", "0"),
    Kind.DATE: ("2025-07-04", "2025-07-04Z", "2000-01-01", "2100-01-01"),
    Kind.DATETIME: ("2025-07-04T10:30:00", "2025-07-04T10:30:00Z", "2100-01-01T00:00:00Z"),
    Kind.TIME: ("10:30:00", "10:30:00Z"),
}  # fmt: skip

_WRONG = {
    Kind.INTEGER: "seventeen", Kind.NUMBER: "seventeen", Kind.BOOLEAN: "yes", Kind.DATE: "tomorrow",
    Kind.DATETIME: "tomorrow", Kind.TIME: "noon",
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    """One document.

    Args:
        title: What is special in it.
        valid: Whether it satisfies the schema.
        column: The column that it is about; empty for the whole.
        document: The Table.
    """

    title: str
    valid: bool
    column: str
    document: bytes

    def to_json(self) -> dict[str, str | bool]:
        """The example as JSON members."""
        return {**dataclasses.asdict(self), "document": self.document.decode()}


@dataclass(frozen=True)
class Examples:
    """What was made of a schema.

    Args:
        documents: The valid ones first.
        unfilled: Columns for which no value could be made up, each with the reason.
    """

    documents: tuple[Example, ...]
    unfilled: tuple[str, ...]


def examples_of(schema: xmlschema.XMLSchemaBase, row: Row) -> Examples:
    """Documents that the schema accepts, and others that it refuses, one for each of its rules.

    Each is held against the schema before it is given.
    """
    values = {column.name: _value(column) for column in row.columns}
    unfilled = tuple(name for name, value in values.items() if value is None)
    cells = {c.name: (c, values[c.name] or "") for c in row.columns if values[c.name] is not None}
    made = [*_valid(cells, row), *_invalid(cells, row)]
    sound = (each for each in made if _accepts(schema, each.document) == each.valid)
    return Examples(tuple(sorted(sound, key=lambda each: not each.valid)), unfilled)


def _accepts(schema: xmlschema.XMLSchemaBase, document: bytes) -> bool:
    return not problems_of(document, schema)


Cells = dict[str, tuple[Declared, str]]


def _valid(cells: Cells, row: Row) -> Iterator[Example]:
    rest = {"anotherColumn": "A text"} if row.open else {}
    full = _texts(cells)
    needed = {name: text for name, (column, text) in cells.items() if column.required}
    if full or rest:
        yield Example("every column", True, "", _table(full or rest))  # noqa: FBT003
    if needed and needed != full:
        yield Example("only the required columns", True, "", _table(needed))  # noqa: FBT003
    if row.open and full:
        yield Example("a column beyond those declared", True, "", _table(full | rest))  # noqa: FBT003
    for name, (column, text) in cells.items():
        longest = _longest(column)
        if longest is not None and longest != text:
            title = f"{name} as long as allowed"
            yield Example(title, True, name, _table(full | {name: longest}))  # noqa: FBT003


def _invalid(cells: Cells, row: Row) -> Iterator[Example]:
    full = _texts(cells)
    yield Example("no row", False, "", xml.to_bytes(xml.new(TABLE)))  # noqa: FBT003
    if not row.open:
        extra = _table({**full, "anotherColumn": "A text"})
        yield Example("a column that is not declared", False, "", extra)  # noqa: FBT003
    for name, (column, text) in cells.items():
        if column.required:
            rest = {key: value for key, value in full.items() if key != name}
            yield Example(f"{name} is missing", False, name, _table(rest))  # noqa: FBT003
        if not column.repeated:
            twice = _table(full, (name, text))
            yield Example(f"{name} is there twice", False, name, twice)  # noqa: FBT003
        for title, wrong in _wrong(column, text):
            yield Example(f"{name} {title}", False, name, _table(full | {name: wrong}))  # noqa: FBT003


def _wrong(column: Declared, text: str) -> Iterator[tuple[str, str]]:
    """Values that break one rule each; whether they do is asked of the schema."""
    most = column.max_length
    if column.kind in _WRONG:
        yield f"is not of type {column.kind}", _WRONG[column.kind]
        yield "is empty", ""
    if column.values:
        yield "is none of the values allowed", f"not {text}"
    elif most is not None and most < _LONGEST:
        yield f"is longer than {most}", _longer(text, most)
    if column.min_length:
        yield f"is shorter than {column.min_length}", text[: column.min_length - 1]
    if column.patterns:
        yield "does not have the form asked for", "?" if most != 0 else ""
    digits = column.facets.get("totalDigits")
    if digits is not None and int(digits) < _LONGEST:
        yield f"has more than {digits} digits", "9" * (int(digits) + 1)


def _longer(text: str, most: int) -> str:
    return (text or "x") + (text or "x")[-1] * max(most - len(text) + 1, 1)


def _longest(column: Declared) -> str | None:
    """A value of the greatest length; None where there is none, or it cannot be made up."""
    most, value = column.max_length, _value(column)
    if column.kind is not Kind.TEXT or column.values or not most or not value:
        return None
    if most > _LONGEST:
        return None
    text = (value + value[-1] * most)[:most]
    return text if column.allows(text) else None


def _value(column: Declared) -> str | None:
    """A value that the type of the column allows; None where none could be made up."""
    if column.kind is Kind.NESTED:
        return None
    return next((text for text in _candidates(column) if column.allows(text)), None)


def _candidates(column: Declared) -> Iterator[str]:
    yield from column.values
    if column.default:
        yield column.default
    yield from _CANDIDATES[column.kind]
    for facet in ("minInclusive", "maxInclusive"):
        if facet in column.facets:
            yield column.facets[facet]
    most = _LONGEST if column.max_length is None else column.max_length
    yield "x" * min(max(column.min_length, _OPEN_LENGTH), most, _LONGEST)


def _texts(cells: Cells) -> dict[str, str]:
    return {name: text for name, (_, text) in cells.items()}


def _table(texts: dict[str, str], *more: tuple[str, str]) -> bytes:
    """A document with these columns; one without a column is a row of its own kind."""
    cells = (*texts.items(), *more)
    return table_of(tuple(Column(name, text, name) for name, text in cells))
