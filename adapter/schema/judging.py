"""A schema that compiles: what in it the adapter or SAS stumbles over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from adapter.core.columns import MAX_NAME, sas_name
from adapter.core.errors import Problem
from adapter.schema.finding import Finding, Level, Rule, sorted_by_place
from adapter.schema.place import Place
from adapter.schema.row import Declared, Kind, Row, Zone
from adapter.schema.variable import EXACT_DIGITS, MAX_BYTES, bytes_of

UNUSABLE = Rule(
    "schema-unusable", Level.ERROR, "The schema cannot be used",
    "no document can be held against it, so every task of the route is refused",
    "mend the file; whatever it includes lies in its own folder, or in one below",
)  # fmt: skip
NAME = Rule(
    "column-name", Level.ERROR, "SAS cannot hold the name of a column",
    "the adapter writes the column by the name that SAS can hold, and the schema does not know it",
    "write the expected name, which the adapter writes too",
)  # fmt: skip
DUPLICATE = Rule(
    "column-duplicate", Level.ERROR, "Two columns differ in upper and lower case only",
    "they are one variable in SAS, and the adapter never writes both",
    "keep one of them",
)  # fmt: skip
REPEATED = Rule(
    "column-repeated", Level.ERROR, "A column may come more than once in a row",
    "SAS keeps one value of a row",
    'write maxOccurs="1", and send more values as more rows',
)  # fmt: skip
NESTED = Rule(
    "column-nested", Level.ERROR, "A column holds elements, or has no simple type",
    "SAS reads the text of a column and nothing below it",
    "give it a simple type such as xs:string with a maxLength",
)  # fmt: skip
TOO_LONG = Rule(
    "column-too-long", Level.ERROR, "A column is longer than SAS can hold",
    "SAS cuts the value without a word",
    f"allow {MAX_BYTES} characters at most, or send the value as a file",
)  # fmt: skip
TOO_MANY_BYTES = Rule(
    "column-too-many-bytes", Level.WARNING, "A column may have more bytes than SAS can hold",
    "in UTF-8 a character takes up to 4 bytes; such a value would be cut without a word",
    f"allow {MAX_BYTES // 4} characters at most, or be sure that the values are plain letters",
)  # fmt: skip
NO_LENGTH = Rule(
    "column-no-length", Level.WARNING, "A column may be of any length",
    "an XMLMap needs a length: the longest possible costs SAS space, and a longer value is cut",
    "add maxLength",
)  # fmt: skip
PRECISION = Rule(
    "number-precision", Level.WARNING, "A number may have more digits than SAS holds exactly",
    f"SAS keeps numbers in 8 bytes: beyond {EXACT_DIGITS} digits the last ones change",
    f"add totalDigits {EXACT_DIGITS}, or use xs:string with a maxLength for an identifier",
)  # fmt: skip
ZONE = Rule(
    "zone-open", Level.NOTE, "A date or time may have a time zone, or none",
    "no informat of SAS reads both, so the generated XMLMap keeps it as text",
    "add explicitTimezone with required or prohibited (XSD 1.1)",
)  # fmt: skip
TYPE = Rule(
    "column-type", Level.WARNING, "SAS has no such type",
    "it is read as text, or, where it may be INF or NaN, as a missing value",
    "use xs:string, xs:integer, xs:decimal, xs:boolean, xs:date or xs:dateTime",
)  # fmt: skip
LINE = Rule(
    "line-length", Level.WARNING, "The longest value makes a line longer than max_line",
    "the task is refused, since the stored process would cut the line",
    "lower maxLength, or raise max_line together with the LRECL of the stored process",
)  # fmt: skip

SCHEMA_RULES = (
    UNUSABLE, NAME, DUPLICATE, REPEATED, NESTED, TOO_LONG, TOO_MANY_BYTES, NO_LENGTH, PRECISION,
    ZONE, TYPE, LINE,
)  # fmt: skip

_EXACT = {"int", "short", "byte", "unsignedInt", "unsignedShort", "unsignedByte"}
_EXACT_FROM = int("1" + "0" * EXACT_DIGITS)
_UNREAD = {
    "float", "double", "duration", "yearMonthDuration", "dayTimeDuration", "gYear", "gYearMonth",
    "gMonth", "gMonthDay", "gDay", "hexBinary", "base64Binary", "QName", "NOTATION",
}  # fmt: skip


@dataclass(frozen=True)
class Use:
    """How the schema is used.

    Args:
        max_line: Bytes of a line that the stored process reads; None where none is known.
    """

    max_line: int | None = None


def unusable(problems: Iterable[Problem], file: str) -> tuple[Finding, ...]:
    """The findings of a schema that does not compile."""
    return tuple(
        Finding(
            UNUSABLE,
            Place(file, problem.line or 1),
            f"{problem.reason}: {problem.found}" if problem.found else problem.reason,
            problem.expected,
        )
        for problem in problems
    )


def judge(row: Row, use: Use = Use()) -> tuple[Finding, ...]:
    """Every finding in the row of a schema, from the start of the file to its end."""
    single = (finding for column in row.columns for finding in _column(column, use))
    return sorted_by_place([*_empty(row), *_duplicates(row), *single])


def _empty(row: Row) -> Iterator[Finding]:
    if not row.columns and not row.open:
        yield Finding(UNUSABLE, row.place, "no column can stand in a row", "a column or xs:any")


def _duplicates(row: Row) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for column in row.columns:
        other = first.setdefault(column.name.casefold(), column.name)
        if other != column.name:
            yield Finding(DUPLICATE, column.place, f"{other} and {column.name}", "one of them")


def _column(column: Declared, use: Use) -> Iterator[Finding]:
    yield from _name(column)
    if column.repeated:
        yield Finding(REPEATED, column.place, column.name, "once")
    if column.kind is Kind.NESTED:
        yield Finding(NESTED, column.place, column.name, "a simple type")
        return
    yield from _BY_KIND[column.kind](column)
    yield from _unread(column)
    yield from _line(column, use)


def _name(column: Declared) -> Iterator[Finding]:
    name = sas_name(column.name)
    if name != column.name:
        long = f" ({len(column.name)} characters)" if len(column.name) > MAX_NAME else ""
        yield Finding(NAME, column.place, f"{column.name}{long}", name)


def _length(column: Declared) -> Iterator[Finding]:
    most, most_bytes = column.max_length, bytes_of(column)
    if most is None or most_bytes is None:
        yield Finding(NO_LENGTH, column.place, column.name, "maxLength")
    elif most > MAX_BYTES:
        yield Finding(TOO_LONG, column.place, f"{column.name}: {most}", f"{MAX_BYTES}")
    elif most_bytes > MAX_BYTES:
        found = f"{column.name}: {most} characters, {most_bytes} bytes"
        yield Finding(TOO_MANY_BYTES, column.place, found, f"{MAX_BYTES // 4} characters")


def _precision(column: Declared) -> Iterator[Finding]:
    exact = bool(_EXACT & set(column.base)) or "double" in column.base or "float" in column.base
    digits = column.facets.get("totalDigits")
    sure = exact or column.values or _bounded(column)
    if not sure and (digits is None or int(digits) > EXACT_DIGITS):
        found = f"{column.name}: {digits or 'any number of'} digits"
        yield Finding(PRECISION, column.place, found, f"totalDigits {EXACT_DIGITS}")


def _bounded(column: Declared) -> bool:
    """Whether both ends of an integer's range are within what SAS holds exactly."""
    least = column.facets.get("minInclusive", column.facets.get("minExclusive"))
    most = column.facets.get("maxInclusive", column.facets.get("maxExclusive"))
    if column.kind is not Kind.INTEGER or least is None or most is None:
        return False
    return max(abs(int(least)), abs(int(most))) < _EXACT_FROM


def _zone(column: Declared) -> Iterator[Finding]:
    if column.zone is Zone.OPTIONAL:
        base = f"xs:{column.base[0]}" if column.base else column.kind.value
        yield Finding(ZONE, column.place, f"{column.name}: {base}", "explicitTimezone")


def _nothing(_: Declared) -> Iterator[Finding]:
    yield from ()


_BY_KIND: dict[Kind, Callable[[Declared], Iterator[Finding]]] = {
    Kind.TEXT: _length,
    Kind.INTEGER: _precision,
    Kind.NUMBER: _precision,
    Kind.BOOLEAN: _nothing,
    Kind.DATE: _zone,
    Kind.DATETIME: _zone,
    Kind.TIME: _zone,
}


def _unread(column: Declared) -> Iterator[Finding]:
    unread = next((name for name in column.base if name in _UNREAD), "")
    if unread or not column.base:
        told = f"xs:{unread}" if unread else "a union or a list"
        yield Finding(TYPE, column.place, f"{column.name}: {told}", "a type that SAS has")


def _line(column: Declared, use: Use) -> Iterator[Finding]:
    """Measured with plain characters: what is longer even so is refused for sure."""
    length = column.max_length if column.kind is Kind.TEXT else None
    if use.max_line is None or length is None:
        return
    line = length + len(f"<{column.name}></{column.name}>")
    if line > use.max_line:
        yield Finding(LINE, column.place, f"{column.name}: {line} bytes", f"{use.max_line}")
