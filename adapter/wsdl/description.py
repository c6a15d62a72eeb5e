"""What a WSDL 1.1 describes, as frozen values; each keeps the node it was read from.

References are kept as written, whether anything answers them or not. Source: WSDL 1.1, section 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Protocol, TypeVar

from adapter.wsdl import names
from adapter.wsdl.links import Link, Schema
from adapter.wsdl.nodes import Node, Place, Reference
from adapter.wsdl.source import Source


class Protocols(StrEnum):
    """What a binding is for, by its extension element."""

    SOAP11 = "SOAP 1.1"
    SOAP12 = "SOAP 1.2"
    HTTP = "HTTP"
    OTHER = "no known protocol"


class Named(Protocol):
    """Anything that a qualified name stands for."""

    @property
    def name(self) -> str:
        """In Clark notation."""


Thing = TypeVar("Thing", bound=Named)


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a message: an element, or a type."""

    name: str
    element: Reference | None
    type: Reference | None
    node: Node


@dataclass(frozen=True, eq=False)
class Message:
    """What goes one way."""

    name: str
    parts: tuple[Part, ...]
    node: Node

    @cached_property
    def _parts(self) -> Mapping[str, Part]:
        return by_name(self.parts)

    def part(self, name: str) -> Part | None:
        """Its part of this name."""
        return self._parts.get(name)

    @cached_property
    def element(self) -> Reference | None:
        """The element of the first part that has one."""
        return next((part.element for part in self.parts if part.element), None)


@dataclass(frozen=True, eq=False)
class Direction:
    """Input, output or fault of an operation in a port type.

    Args:
        kind: `input`, `output` or `fault`.
        name: As written; empty where it has none.
        message: What goes this way; None where none is named.
        node: Its element.
    """

    kind: str
    name: str
    message: Reference | None
    node: Node


@dataclass(frozen=True, eq=False)
class AbstractOperation:
    """One operation of a port type."""

    name: str
    directions: tuple[Direction, ...]
    node: Node

    @cached_property
    def _directions(self) -> Mapping[str, Direction]:
        return {each.kind: each for each in reversed(self.directions)}

    def direction(self, kind: str) -> Direction | None:
        """Its input, its output or its first fault."""
        return self._directions.get(kind)


@dataclass(frozen=True, eq=False)
class PortType:
    """The operations a service offers, without how they are called."""

    name: str
    operations: tuple[AbstractOperation, ...]
    node: Node

    @cached_property
    def by_name(self) -> Mapping[str, AbstractOperation]:
        """Its operations by name; of two with one name the first."""
        return by_name(self.operations)


@dataclass(frozen=True, eq=False)
class Body:
    """An element that says how a message is written: body, header, headerfault or fault."""

    kind: str
    direction: str
    use: str
    node: Node


@dataclass(frozen=True, eq=False)
class BoundOperation:
    """One operation of a binding.

    Args:
        name: As written.
        action: Value of soapAction; None where the attribute is not there.
        style: Its own, else the binding's, else `document`.
        bodies: All its extension elements that say how a message is written.
        node: Its element.
        extension: The element of the protocol in it, that carries soapAction.
    """

    name: str
    action: str | None
    style: str
    bodies: tuple[Body, ...]
    node: Node
    extension: Node | None

    @cached_property
    def _by_direction(self) -> Mapping[str, Body]:
        return {each.direction: each for each in reversed(self.bodies) if each.kind == "body"}

    def body(self, direction: str) -> Body | None:
        """How the message of this direction is written."""
        return self._by_direction.get(direction)


@dataclass(frozen=True, eq=False)
class Binding:
    """How the operations of a port type are called."""

    name: str
    port_type: Reference | None
    protocol: Protocols
    style: str
    operations: tuple[BoundOperation, ...]
    node: Node
    extension: Node | None


@dataclass(frozen=True, eq=False)
class Port:
    """A binding at an address; the address is empty where none is given."""

    name: str
    binding: Reference | None
    address: str
    node: Node
    extension: Node | None


@dataclass(frozen=True, eq=False)
class Service:
    """Ports of one service."""

    name: str
    ports: tuple[Port, ...]
    node: Node


@dataclass(frozen=True, eq=False)
class Description:
    """Everything that is described by a WSDL and all it imports.

    Args:
        main: Address of the WSDL itself.
        sources: Every file that was reached, by address.
        absent: Addresses that were named and not given, with the reason where one is known.
        definitions: The roots that are WSDL.
        links: Every statement that names a further file.
        excess: Where and how the number of files exceeds what is read.
    """

    main: str
    sources: Mapping[str, Source]
    absent: Mapping[str, str]
    definitions: tuple[Node, ...]
    schemas: tuple[Schema, ...]
    links: tuple[Link, ...]
    messages: tuple[Message, ...]
    port_types: tuple[PortType, ...]
    bindings: tuple[Binding, ...]
    services: tuple[Service, ...]
    excess: tuple[tuple[Place, str], ...] = ()

    @cached_property
    def _messages(self) -> Mapping[str, Message]:
        return by_name(self.messages)

    @cached_property
    def _port_types(self) -> Mapping[str, PortType]:
        return by_name(self.port_types)

    @cached_property
    def _bindings(self) -> Mapping[str, Binding]:
        return by_name(self.bindings)

    def message(self, reference: Reference | None, near: Node) -> Message | None:
        """The message a reference stands for."""
        return self._found(self._messages, reference, near)

    def port_type(self, binding: Binding) -> PortType | None:
        """The port type of a binding."""
        return self._found(self._port_types, binding.port_type, binding.node)

    def binding(self, port: Port) -> Binding | None:
        """The binding of a port."""
        return self._found(self._bindings, port.binding, port.node)

    def _found(
        self, table: Mapping[str, Thing], reference: Reference | None, near: Node
    ) -> Thing | None:
        """By its name; a name without prefix also stands for one of the target namespace."""
        if reference is None:
            return None
        found = table.get(reference.name)
        if found is None and not names.namespace(reference.name) and ":" not in reference.written:
            return table.get(names.clark(self.target_of(near), reference.name))
        return found

    def target_of(self, node: Node) -> str:
        """The target namespace of the WSDL that a node stands in."""
        root = self.sources[node.file.address].root
        return root.get("targetNamespace") if root is not None else ""


def by_name(things: Iterable[Thing]) -> dict[str, Thing]:
    """Things by name; of two with one name the first."""
    table: dict[str, Thing] = {}
    for each in things:
        table.setdefault(each.name, each)
    return table
