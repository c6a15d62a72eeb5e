"""An XMLMap that somebody wrote, against the schema of the documents that it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from adapter.core import xml
from adapter.core.columns import sas_name
from adapter.schema.finding import Finding, Level, Rule, sorted_by_place
from adapter.schema.place import Place
from adapter.schema.row import Kind, Row
from adapter.schema.variable import (
    BYTES_PER_CHARACTER,
    EXACT_DIGITS,
    ROW_PATH,
    Variable,
    variables_of,
)
from adapter.schema.xmlmap import VERSION, Mapped, XmlMap, read_xmlmap

_GENERATE = "sasbiws schema xmlmap XSD writes a map that fits"

UNREADABLE = Rule(
    "map-unreadable", Level.ERROR, "This is no XMLMap that reads a Table",
    "SAS finds no row", f"name an XMLMap; {_GENERATE}",
)  # fmt: skip
OLD_VERSION = Rule(
    "map-version", Level.WARNING, "The XMLMap has another version than 2.1",
    "engines read older syntax with fewer abilities", "write version 2.1",
)  # fmt: skip
CUT = Rule(
    "map-column-cut", Level.ERROR, "A column is shorter in the XMLMap than in the schema",
    "SAS cuts longer values without a word", f"raise LENGTH; {_GENERATE}",
)  # fmt: skip
MISSING = Rule(
    "map-column-missing", Level.ERROR, "A column of the schema is not in the XMLMap",
    "the stored process never sees its values", f"add a COLUMN; {_GENERATE}",
)  # fmt: skip
RENAMED = Rule(
    "map-column-renamed", Level.WARNING, "A column has another name in the XMLMap",
    "a program that knows the schema looks for the name that it has there",
    "use the same name, or be sure that the program knows the other",
)  # fmt: skip
UNKNOWN = Rule(
    "map-column-unknown", Level.WARNING, "A column of the XMLMap is not in the schema",
    "it is empty, unless a task adds such a column; XPath tells upper from lower case",
    "mend the path, or declare the column in the schema",
)  # fmt: skip
TYPE = Rule(
    "map-column-type", Level.ERROR, "A column is a number in the XMLMap, and none in the schema",
    "a value that is no number becomes missing, and leading zeros are lost",
    "write TYPE character, or a type of numbers or dates in the schema",
)  # fmt: skip
INFORMAT = Rule(
    "map-informat", Level.ERROR, "A date or time has no INFORMAT in the XMLMap",
    "SAS reads it as a plain number, and it becomes missing", f"add the INFORMAT; {_GENERATE}",
)  # fmt: skip
NAME = Rule(
    "map-name", Level.ERROR, "SAS cannot hold the name of a column",
    "SAS refuses the map", "use letters, digits and underscores, at most 32, each name once",
)  # fmt: skip
VALUES = Rule(
    "map-values", Level.ERROR, "The XMLMap takes fewer values than the schema allows",
    "SAS puts a missing value in the place of any other", "add the VALUE to ENUM, or drop ENUM",
)  # fmt: skip

MAP_RULES = (
    UNREADABLE, OLD_VERSION, CUT, MISSING, RENAMED, UNKNOWN, TYPE, INFORMAT, NAME, VALUES,
)  # fmt: skip


def judge_map(
    raw: bytes, file: str, row: Row, bytes_per_character: int = BYTES_PER_CHARACTER
) -> tuple[Finding, ...]:
    """Every value that SAS would lose if it read documents of the schema by this map.

    Args:
        raw: The map.
        file: How it is called.
        row: What the schema says.
        bytes_per_character: Bytes that a character may have in the encoding of the SAS session.
    """
    try:
        found = read_xmlmap(raw, file)
    except xml.XmlRefused as refused:
        place = Place(file, refused.line or 1, refused.column or 1)
        return (Finding(UNREADABLE, place, str(refused), "well-formed XML"),)
    if found is None:
        return (Finding(UNREADABLE, Place(file), "another root element", "SXLEMAP"),)
    variables = variables_of(row.columns, bytes_per_character)
    return sorted_by_place([*_whole(found), *_names(found), *_columns(found, variables)])


def _whole(found: XmlMap) -> Iterator[Finding]:
    if found.version != VERSION:
        yield Finding(OLD_VERSION, found.place, found.version or "no version", VERSION)
    if found.table_path.rstrip("/") != ROW_PATH:
        told = found.table_path or "no TABLE with a TABLE-PATH"
        yield Finding(UNREADABLE, found.place, told, ROW_PATH)


def _names(found: XmlMap) -> Iterator[Finding]:
    times = Counter(column.name.casefold() for column in found.columns)
    for column in found.columns:
        if sas_name(column.name) != column.name:
            yield Finding(NAME, column.place, column.name or "no name", sas_name(column.name))
        elif times[column.name.casefold()] > 1:
            yield Finding(NAME, column.place, f"{column.name} is there twice", "each name once")


def _columns(found: XmlMap, variables: tuple[Variable, ...]) -> Iterator[Finding]:
    by_path = {variable.path: variable for variable in variables}
    mapped = {column.path for column in found.columns}
    for column in found.columns:
        variable = by_path.get(column.path)
        if variable is None:
            yield Finding(UNKNOWN, column.place, column.path or "no PATH", _near(column, variables))
        else:
            yield from _column(column, variable)
    for path, variable in by_path.items():
        if path not in mapped:
            state = "required" if variable.column.required else "optional"
            yield Finding(MISSING, found.place, f"{variable.column.name}, {state}", path)


def _near(column: Mapped, variables: tuple[Variable, ...]) -> str:
    """The path that was meant, if only upper and lower case differ."""
    wanted = column.path.casefold()
    return next((v.path for v in variables if v.path.casefold() == wanted), "")


def _column(column: Mapped, variable: Variable) -> Iterator[Finding]:
    declared = variable.column
    if column.name.casefold() != variable.name.casefold():
        yield Finding(RENAMED, column.place, column.name, variable.name)
    if column.kind == "numeric":
        yield from _number(column, variable)
    else:
        yield from _text(column, variable)
    lost = [value for value in declared.values if column.values and value not in column.values]
    if lost:
        told = f"{declared.name} lacks {len(lost)} of {len(declared.values)} values"
        yield Finding(VALUES, column.place, told, "every value of the schema")


def _number(column: Mapped, variable: Variable) -> Iterator[Finding]:
    if not variable.numeric:
        told = f"{column.name}: numeric; the schema has {variable.column.kind}"
        yield Finding(TYPE, column.place, told, "character")
    elif variable.layout is not None and not column.informat:
        yield Finding(INFORMAT, column.place, column.name, variable.layout.name)


def _text(column: Mapped, variable: Variable) -> Iterator[Finding]:
    """Too short; a number or a date may be read as text too."""
    wanted = _as_text(variable) if variable.numeric else variable.length
    if (column.length or 0) < wanted:
        told = "no LENGTH" if column.length is None else f"{column.length} bytes"
        yield Finding(CUT, column.place, f"{column.name}: {told}", _length(variable, wanted))


def _as_text(variable: Variable) -> int:
    """Bytes of a number or a date that is read as text: its digits, a sign and a point."""
    if variable.layout is not None:
        return variable.layout.width
    return int(variable.column.facets.get("totalDigits", EXACT_DIGITS)) + len("-.")


def _length(variable: Variable, wanted: int) -> str:
    most = variable.column.max_length
    if variable.column.kind is Kind.TEXT and most is not None:
        return f"{wanted} bytes for {most} characters"
    return f"{wanted} bytes"
