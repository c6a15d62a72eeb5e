"""One element of a schema, as a message has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from adapter.wsdl import names
from adapter.wsdl.nodes import Node

_DIGITS = 9


def number(written: str) -> int | None:
    """A whole number as a schema writes it; None where it is none, or beyond all reason."""
    return int(written) if written.isdecimal() and len(written) < _DIGITS else None


class Content(StrEnum):
    """What an element may hold."""

    SIMPLE = "a simple value"
    COMPLEX = "elements"
    ANY = "any element"
    ANY_TYPE = "anything (xs:anyType)"
    UNKNOWN = "a type that is not declared"


@dataclass(frozen=True, eq=False)
class Scope:
    """Where a declaration stands: its schema, and the target namespace it has there."""

    schema: Node
    target: str


@dataclass(frozen=True, eq=False)
class Element:
    """One element as a message has it.

    Args:
        name: In Clark notation.
        least: How often it must be there at least.
        most: How often it may be there; None without bound.
        content: What it may hold.
        type_name: Its type as written; empty where it is declared in place.
        base: The built-in type of its simple value, such as `string`; empty elsewhere.
        facets: Bounds of its value, such as maxLength.
        choices: The values it is restricted to.
        attributes: Names of its attributes.
        node: Its declaration.
        choice: The xs:choice it is one of; None where it is none's.
    """

    name: str
    least: int
    most: int | None
    content: Content
    type_name: str
    base: str
    facets: Mapping[str, str]
    choices: tuple[str, ...]
    attributes: tuple[str, ...]
    node: Node
    scope: Scope = field(repr=False)
    choice: Node | None = None
    body: tuple[Node, Scope] | None = field(default=None, repr=False)

    @property
    def local(self) -> str:
        """Its name without namespace."""
        return names.local(self.name)

    @property
    def length(self) -> int | None:
        """The most characters it may have, where its facets bound them."""
        return number(self.facets.get("maxLength") or self.facets.get("length") or "")


_TEXT = {"string", "normalizedString", "token", "anySimpleType", "anyURI"}
_WIDER: Mapping[str, frozenset[str]] = {
    "decimal": frozenset({"decimal", "double"}),
    "integer": frozenset({"integer", "decimal", "double"}),
    "long": frozenset({"long", "integer", "decimal"}),
    "int": frozenset({"int", "long", "integer", "decimal", "double"}),
    "short": frozenset({"short", "int", "long", "integer", "decimal", "double", "float"}),
    "byte": frozenset({"byte", "short", "int", "long", "integer", "decimal", "double", "float"}),
    "float": frozenset({"float", "double"}),
}
"""By built-in type, those that can hold each of its values; text can hold every one."""


def holds(there: str, here: str) -> bool:
    """Whether a built-in type can hold every value of another one."""
    return there == here or there in _TEXT or there in _WIDER.get(here, frozenset())


def length_of(column: Element) -> int | None:
    """The most characters a column may have, where there is a bound to text."""
    longest = max((len(choice) for choice in column.choices), default=None)
    return longest if column.length is None else column.length
