"""The elements that schemas declare, walked leniently: a schema need not be valid to be read.

Source: XML Schema Part 1 (elements, types, groups) and Part 2 (built-in types, facets).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count, islice

from adapter.wsdl import names
from adapter.wsdl.element import Content, Element, Scope, number
from adapter.wsdl.links import Schema
from adapter.wsdl.nodes import Node

MAX_NESTING = 24
"""Groups, extensions and references followed within one another; a circle ends here."""

MAX_CHILDREN = 1000
MAX_DEPTH = 100
"""Elements, and groups in one another, that one element may hold."""

_PARTICLES = tuple(map(names.xsd, ("sequence", "choice", "all", "group")))
_DERIVED = tuple(map(names.xsd, ("complexContent", "simpleContent")))
_DERIVING = tuple(map(names.xsd, ("extension", "restriction")))
_FACETS = (
    "length", "maxLength", "minLength", "totalDigits", "maxInclusive", "minInclusive", "pattern",
)  # fmt: skip


@dataclass(frozen=True)
class _Simple:
    """A simple type boiled down: built-in base, facets, enumerated values."""

    base: str
    facets: Mapping[str, str]
    choices: tuple[str, ...]


class Elements:
    """The global declarations of some schemas, and what lies below them."""

    def __init__(self, schemas: Iterable[Schema]) -> None:
        self._elements: dict[str, tuple[Node, Scope]] = {}
        self._types: dict[str, tuple[Node, Scope]] = {}
        self._groups: dict[str, tuple[Node, Scope]] = {}
        self._children: dict[tuple[Node, Scope], tuple[Element, ...]] = {}
        for schema in schemas:
            for target in schema.includers or (schema.target,):
                self._declare(Scope(schema.node, target))

    def _declare(self, scope: Scope) -> None:
        tables = {
            names.xsd("element"): self._elements,
            names.xsd("complexType"): self._types,
            names.xsd("simpleType"): self._types,
            names.xsd("group"): self._groups,
        }
        for node in _declarations(scope.schema):
            table = tables.get(node.name)
            if table is not None and node.get("name"):
                table.setdefault(names.clark(scope.target, node.get("name")), (node, scope))

    def __contains__(self, name: str) -> bool:
        return name in self._elements

    @property
    def names(self) -> tuple[str, ...]:
        """The global elements."""
        return tuple(self._elements)

    def has_type(self, name: str) -> bool:
        """Whether a type of this name is built in or declared."""
        return names.namespace(name) == names.XSD or name in self._types

    def get(self, name: str) -> Element | None:
        """The global element of this name."""
        found = self._elements.get(name)
        return None if found is None else self._element(*found, name)

    def children(self, element: Element) -> tuple[Element, ...]:
        """The elements that an element may hold, in order, whatever groups them."""
        if element.body is None:
            return ()
        known = self._children.get(element.body)
        if known is None:
            known = tuple(islice(self._particles(*element.body), MAX_CHILDREN))
            self._children[element.body] = known
        return known

    def _element(self, node: Node, scope: Scope, name: str) -> Element:
        """An element by its declaration, its type resolved."""
        least, most = _occurs(node)
        reference = node.reference("type")
        plain = Element(
            name, least, most, Content.ANY_TYPE, node.get("type"), "", {}, (), (), node, scope
        )
        inline = node.first(names.xsd("complexType"), names.xsd("simpleType"))
        if inline is not None:
            return self._typed(plain, inline, scope)
        if reference is None or reference.name == names.xsd("anyType"):
            return plain
        return self._by_name(plain, self._resolved(reference.name, scope), MAX_NESTING)

    def _resolved(self, name: str, scope: Scope) -> str:
        """A name without namespace also stands for the namespace a schema was included into."""
        if names.namespace(name) or name in self._types:
            return name
        return names.clark(scope.target, name)

    def _by_name(self, plain: Element, name: str, depth: int) -> Element:
        if names.namespace(name) == names.XSD:
            return replace(plain, content=Content.SIMPLE, base=names.local(name))
        found = self._types.get(name)
        if found is None or depth <= 0:
            return replace(plain, content=Content.UNKNOWN)
        return self._typed(plain, *found)

    def _typed(self, plain: Element, kind: Node, scope: Scope) -> Element:
        if kind.name == names.xsd("simpleType"):
            return _with(plain, self._simple(kind, scope, MAX_NESTING))
        attributes = tuple(self._attributes(kind, scope, MAX_NESTING))
        simple = kind.first(names.xsd("simpleContent"))
        if simple is not None:
            boiled = self._simple_content(simple, scope, MAX_NESTING)
            return replace(_with(plain, boiled), attributes=attributes)
        typed = replace(plain, body=(kind, scope), attributes=attributes, content=Content.COMPLEX)
        anything = self._has_any(kind, scope, MAX_NESTING)
        alone = anything and next(self._particles(kind, scope), None) is None
        return replace(typed, content=Content.ANY) if alone else typed

    def _simple(self, kind: Node, scope: Scope, depth: int) -> _Simple:
        restriction = kind.first(names.xsd("restriction"))
        if restriction is None or depth <= 0:
            return _Simple("string", {}, ())
        return self._restricted(restriction, scope, depth)

    def _restricted(self, node: Node, scope: Scope, depth: int) -> _Simple:
        """A restriction or extension of a simple type: its own facets before those of its base."""
        inline = node.first(names.xsd("simpleType"))
        if inline is not None:
            below = self._simple(inline, scope, depth - 1)
        else:
            below = self._base(node, scope, depth - 1)
        own = {
            names.local(each.name): each.get("value")
            for each in node.children
            if names.local(each.name) in _FACETS
        }
        choices = tuple(each.get("value") for each in node.named(names.xsd("enumeration")))
        return _Simple(below.base, {**below.facets, **own}, choices or below.choices)

    def _base(self, node: Node, scope: Scope, depth: int) -> _Simple:
        reference = node.reference("base")
        name = self._resolved(reference.name, scope) if reference else ""
        if names.namespace(name) == names.XSD:
            return _Simple(names.local(name), {}, ())
        found = self._types.get(name)
        if found is None or depth <= 0:
            return _Simple("string", {}, ())
        kind, owner = found
        if kind.name == names.xsd("simpleType"):
            return self._simple(kind, owner, depth)
        content = kind.first(names.xsd("simpleContent"))
        return self._simple_content(content, owner, depth) if content else _Simple("string", {}, ())

    def _simple_content(self, content: Node, scope: Scope, depth: int) -> _Simple:
        deriving = content.first(*_DERIVING)
        return self._restricted(deriving, scope, depth) if deriving else _Simple("string", {}, ())

    def _attributes(self, kind: Node, scope: Scope, depth: int) -> Iterator[str]:
        for holder, _ in self._holders(kind, scope, depth):
            for each in holder.named(names.xsd("attribute")):
                reference = each.reference("ref")
                yield reference.name if reference else each.get("name")

    def _holders(self, kind: Node, scope: Scope, depth: int) -> Iterator[tuple[Node, Scope]]:
        """The nodes that hold a type's own content, those of its base type first."""
        derived = kind.first(*_DERIVED)
        deriving = derived.first(*_DERIVING) if derived else None
        if deriving is None:
            yield kind, scope
            return
        reference = deriving.reference("base")
        base = self._types.get(self._resolved(reference.name, scope)) if reference else None
        if base is not None and depth > 0 and deriving.name == names.xsd("extension"):
            yield from self._holders(*base, depth - 1)
        yield deriving, scope

    def _particles(self, kind: Node, scope: Scope) -> Iterator[Element]:
        steps = count()
        for holder, owner in self._holders(kind, scope, MAX_NESTING):
            for group in holder.named(*_PARTICLES):
                yield from self._in_group(group, owner, steps, None, MAX_DEPTH)

    def _in_group(  # noqa: PLR0913, PLR0917  what a group takes on from those around it
        self,
        group: Node,
        scope: Scope,
        steps: Iterator[int],
        choice: Node | None,
        depth: int,
        optional: bool = False,  # noqa: FBT001, FBT002
    ) -> Iterator[Element]:
        """The elements of a group and of those in it; groups in a circle end somewhere."""
        if next(steps) > MAX_CHILDREN or depth <= 0:
            return
        if choice is None and group.name == names.xsd("choice"):
            choice = group
        optional = optional or group.get("minOccurs") == "0" or choice is not None
        reference = group.reference("ref")
        named = self._groups.get(self._resolved(reference.name, scope)) if reference else None
        inner, owner = named or (group, scope)
        for child in inner.children:
            if child.name == names.xsd("element"):
                yield replace(self._local(child, owner, optional=optional), choice=choice)
            elif child.name in _PARTICLES:
                yield from self._in_group(child, owner, steps, choice, depth - 1, optional)

    def _local(self, node: Node, scope: Scope, *, optional: bool) -> Element:
        reference = node.reference("ref")
        if reference is not None:
            found = self._elements.get(reference.name)
            found = found or self._elements.get(names.clark(scope.target, reference.name))
            element = self._element(*(found or (node, scope)), reference.name)
            if found is None:
                element = replace(element, content=Content.UNKNOWN)
        else:
            form = node.get("form") or scope.schema.get("elementFormDefault")
            space = scope.target if form == "qualified" else ""
            element = self._element(node, scope, names.clark(space, node.get("name")))
        least, most = _occurs(node)
        return replace(element, least=0 if optional else least, most=most)

    def _has_any(self, kind: Node, scope: Scope, depth: int) -> bool:
        return any(
            each.name == names.xsd("any")
            for holder, _ in self._holders(kind, scope, depth)
            for each in holder.everything()
        )


def _declarations(schema: Node) -> Iterator[Node]:
    for node in schema.children:
        yield node
        if node.name == names.xsd("redefine"):
            yield from node.children


def _occurs(node: Node) -> tuple[int, int | None]:
    least, most = node.get("minOccurs"), node.get("maxOccurs")
    fewest, largest = number(least), number(most)
    at_most = None if most == "unbounded" else (1 if largest is None else largest)
    return (1 if fewest is None else fewest), at_most


def _with(plain: Element, simple: _Simple) -> Element:
    return replace(
        plain,
        content=Content.SIMPLE,
        base=simple.base,
        facets=simple.facets,
        choices=simple.choices,
    )
