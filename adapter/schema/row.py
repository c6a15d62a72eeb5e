"""The row that a compiled schema asks for: its columns, and what may stand in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import xmlschema
from xmlschema.validators import XsdElement, XsdGroup

from adapter.core import xml
from adapter.core.document import ROW, TABLE
from adapter.core.xsd import XSD
from adapter.schema.place import Place, places_of
from adapter.schema.structure import (
    beside_of,
    conditions_of,
    definition_of,
    rest_of,
    shape_of,
)

_PATTERN, _ENUMERATION = f"{XSD}pattern", f"{XSD}enumeration"
_ELSEWHERE = {None, _PATTERN, _ENUMERATION, f"{XSD}assertion"}
"""Facets that are no single value: patterns and values have their own place, as have conditions."""


class Kind(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    NESTED = "nested"


class Zone(StrEnum):
    """Whether a date or time has a time zone."""

    REQUIRED = "required"
    PROHIBITED = "prohibited"
    OPTIONAL = "optional"


_KINDS = {
    "date": Kind.DATE, "dateTime": Kind.DATETIME, "dateTimeStamp": Kind.DATETIME,
    "time": Kind.TIME, "boolean": Kind.BOOLEAN, "integer": Kind.INTEGER,
    "decimal": Kind.NUMBER, "double": Kind.NUMBER, "float": Kind.NUMBER,
}  # fmt: skip


@dataclass(frozen=True)
class Declared:
    """One column as a schema declares it.

    Args:
        name: As the schema spells it.
        kind: What its values are.
        base: The built-in types it comes from, the nearest first; empty for a union or a list.
        required: Whether every row has it.
        repeated: Whether a row may have it more than once.
        facets: What else holds, by name of the facet; the tightest of a chain of types.
        patterns: Regular expressions, each of which holds.
        values: The only values, if there are such.
        default: What an empty element stands for.
        description: What the schema says of it in words.
        place: Where it is declared.
        type: The compiled type.
    """

    name: str
    kind: Kind
    base: tuple[str, ...]
    required: bool
    repeated: bool
    facets: Mapping[str, str]
    patterns: tuple[str, ...]
    values: tuple[str, ...]
    default: str
    description: str
    place: Place
    type: Any = field(repr=False, compare=False)

    @property
    def max_length(self) -> int | None:
        """Characters that a value has at most; None where there is no end to it."""
        if self.values:
            return max(map(len, self.values))
        told = self.facets.get("maxLength", self.facets.get("length"))
        return int(told) if told is not None else None

    @property
    def min_length(self) -> int:
        """Characters that a value has at least."""
        return int(self.facets.get("minLength", self.facets.get("length", "0")))

    @property
    def zone(self) -> Zone:
        """Whether a date or time has a time zone."""
        return Zone(self.facets.get("explicitTimezone", "optional"))

    def allows(self, text: str) -> bool:
        """Whether a value satisfies the type of the column."""
        return bool(self.type.is_valid(text))


@dataclass(frozen=True)
class Row:
    """What a row holds, and what holds for all of it.

    Args:
        columns: In the order of the schema.
        rest: Which further columns may stand in it; empty for none.
        shape: `all` for any order, `sequence` for that of the schema, else the groups in words.
        rows: Rows of a table, at least and at most; None for any number.
        beside: What a table holds, in words.
        conditions: What must hold between values.
        place: Where the row is declared.
    """

    columns: tuple[Declared, ...]
    rest: str
    shape: str
    rows: tuple[int, int | None]
    beside: str
    conditions: frozenset[str]
    place: Place

    @property
    def open(self) -> bool:
        """Whether further columns may stand in it."""
        return bool(self.rest)


def row_of(schema: xmlschema.XMLSchemaBase, file: str, raw: bytes) -> Row | None:
    """The row of a compiled schema; None where the schema declares none.

    Args:
        schema: Compiled from parsed elements.
        file: How the file is called.
        raw: Its bytes, for the places.
    """
    table = schema.maps.elements.get(TABLE)
    group = table.type.model_group if table is not None else None
    found = [e for e in group.iter_elements() if e.name == ROW] if group is not None else []
    if group is None or not found or not isinstance(found[0], XsdElement):
        return None
    return _Reader(schema, file, raw).row(found[0], beside_of(group))


class _Reader:
    def __init__(self, schema: xmlschema.XMLSchemaBase, file: str, raw: bytes) -> None:
        root: Any = schema.root
        self._schema = schema
        self._file = file
        self._places: Mapping[xml.Element, Place] = places_of(file, raw, root)

    @cached_property
    def _definition(self) -> str:
        return definition_of(self._schema)

    def row(self, element: XsdElement, beside: str) -> Row:
        group = element.type.model_group
        parts = _parts(group, required=True, repeated=False) if group is not None else ()
        return Row(
            columns=tuple(self._column(*part) for part in parts),
            rest=rest_of(element.type),
            shape=shape_of(group),
            rows=(element.min_occurs, element.max_occurs),
            beside=beside,
            conditions=conditions_of(self._schema),
            place=self._place(element),
        )

    def _column(self, element: Any, required: bool, repeated: bool) -> Declared:  # noqa: FBT001  of a part
        chain = list(_chain(element.type))
        base = tuple(t.local_name for t in chain if (t.name or "").startswith(XSD))
        simple = element.type.is_simple()
        facets = _facets(chain)
        if not base or not simple:
            facets["definition"] = self._definition
        if element.fixed is not None:
            facets["fixed"] = element.fixed
        return Declared(
            name=element.local_name,
            kind=_kind(base) if simple else Kind.NESTED,
            base=base,
            required=required,
            repeated=repeated,
            facets=facets,
            patterns=tuple(_patterns(chain)),
            values=_values(chain),
            default=element.default or element.fixed or "",
            description=_description(element),
            place=self._place(element),
            type=element.type,
        )

    def _place(self, element: XsdElement) -> Place:
        node: Any = element.elem
        if node in self._places:
            return self._places[node]
        tree = node.getroottree() if isinstance(node, xml.Element) else None
        included = tree.docinfo.URL if tree is not None else None
        folder, slash, _ = self._file.rpartition("/")
        file = f"{folder}{slash}{included}" if included else self._file
        return Place(file, getattr(node, "sourceline", None) or 1)


def _parts(
    group: XsdGroup, *, required: bool, repeated: bool
) -> Iterator[tuple[XsdElement, bool, bool]]:
    """Every element of a group, whether it must be there, and whether more than once."""
    required = required and group.min_occurs > 0 and group.model != "choice"
    repeated = repeated or _is_repeated(group)
    for part in group:
        if isinstance(part, XsdGroup):
            yield from _parts(part, required=required, repeated=repeated)
        elif isinstance(part, XsdElement):
            yield part, required and part.min_occurs > 0, repeated or _is_repeated(part)


def _is_repeated(part: Any) -> bool:
    return part.max_occurs is None or part.max_occurs > 1


def _chain(kind: Any) -> Iterator[Any]:
    """A simple type and what it is derived from, without the root of all types."""
    while kind is not None and hasattr(kind, "facets"):
        if kind.local_name not in {"anySimpleType", "anyAtomicType"}:
            yield kind
        kind = kind.base_type


def _kind(base: tuple[str, ...]) -> Kind:
    """The kind of the first ancestor that has one; whatever is left is read as text."""
    return next((_KINDS[name] for name in base if name in _KINDS), Kind.TEXT)


def _facets(chain: list[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind in chain:
        for name, facet in kind.facets.items():
            if name not in _ELSEWHERE and facet is not None:
                found.setdefault(name.removeprefix(XSD), str(facet.value))
    return found


def _patterns(chain: list[Any]) -> Iterator[str]:
    for kind in chain:
        facet = kind.facets.get(_PATTERN)
        if facet is not None and not (kind.name or "").startswith(XSD):
            yield "|".join(str(pattern) for pattern in facet.regexps)


def _values(chain: list[Any]) -> tuple[str, ...]:
    """The values of the most derived type that lists some."""
    facets = (kind.facets.get(_ENUMERATION) for kind in chain)
    facet = next((facet for facet in facets if facet is not None), None)
    return tuple(str(value) for value in facet.enumeration) if facet is not None else ()


def _description(element: Any) -> str:
    told = element.annotation.documentation if element.annotation is not None else []
    return " ".join(word for each in told for word in "".join(each.itertext()).split())
