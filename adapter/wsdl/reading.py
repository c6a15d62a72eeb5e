"""From files to a description: a tolerant reader of WSDL 1.1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from adapter.wsdl import names
from adapter.wsdl.crawl import Crawl
from adapter.wsdl.description import (
    AbstractOperation,
    Binding,
    Body,
    BoundOperation,
    Description,
    Direction,
    Message,
    Part,
    Port,
    PortType,
    Protocols,
    Service,
)
from adapter.wsdl.links import LinkKind, Schema
from adapter.wsdl.nodes import Node

_PROTOCOLS = {
    names.SOAP11: Protocols.SOAP11,
    names.SOAP12: Protocols.SOAP12,
    names.HTTP: Protocols.HTTP,
}
_DIRECTIONS = tuple(map(names.wsdl, ("input", "output", "fault")))
_WRITTEN = ("body", "header", "headerfault", "fault")


def read(
    files: Mapping[str, bytes], main: str, unreachable: Mapping[str, str] | None = None
) -> Description:
    """What a WSDL describes with all it imports, as far as it can be read.

    Args:
        files: Bytes by address; an address is a URL, or a path with forward slashes.
        main: Address of the WSDL itself.
        unreachable: Addresses that could not be had, each with the reason.
    """
    crawl = Crawl(files, unreachable or {})
    if main not in files:
        crawl.given = {**files, main: b""}
    crawl.follow(main)
    roots = tuple(crawl.definitions)
    return Description(
        main=main,
        sources=crawl.sources,
        absent=crawl.absent,
        definitions=roots,
        schemas=tuple(_with_includers(crawl)),
        links=tuple(crawl.links),
        messages=tuple(_message(*each) for each in _all(roots, "message")),
        port_types=tuple(_port_type(*each) for each in _all(roots, "portType")),
        bindings=tuple(_binding(*each) for each in _all(roots, "binding")),
        services=tuple(_service(*each) for each in _all(roots, "service")),
        excess=tuple(crawl.excess),
    )


def _with_includers(crawl: Crawl) -> Iterator[Schema]:
    """Every schema; one without a namespace takes on those of the schemas that include it."""
    takers: dict[str, list[str]] = {}
    for link in crawl.links:
        if link.kind in {LinkKind.INCLUDE, LinkKind.REDEFINE} and link.owner:
            takers.setdefault(link.address, []).append(link.owner)
    for schema in crawl.schemas:
        address = schema.node.file.address
        alone = schema.node is schema.source.root and not schema.target
        yield replace(schema, includers=tuple(takers.get(address, ()))) if alone else schema


def _all(roots: tuple[Node, ...], name: str) -> Iterator[tuple[str, Node]]:
    """Every element of this name just below the roots, with its own name in Clark notation."""
    for root in roots:
        for node in root.named(names.wsdl(name)):
            yield names.clark(root.get("targetNamespace"), node.get("name")), node


def _message(name: str, node: Node) -> Message:
    parts = (
        Part(part.get("name"), part.reference("element"), part.reference("type"), part)
        for part in node.named(names.wsdl("part"))
    )
    return Message(name, tuple(parts), node)


def _port_type(name: str, node: Node) -> PortType:
    operations = (
        AbstractOperation(each.get("name"), tuple(_directions(each)), each)
        for each in node.named(names.wsdl("operation"))
    )
    return PortType(name, tuple(operations), node)


def _directions(operation: Node) -> Iterator[Direction]:
    for node in operation.named(*_DIRECTIONS):
        kind = names.local(node.name)
        yield Direction(kind, node.get("name"), node.reference("message"), node)


def _extension(node: Node, name: str) -> Node | None:
    """The child that binds a node to a known protocol."""
    return node.first(*(names.clark(space, name) for space in _PROTOCOLS))


def _binding(name: str, node: Node) -> Binding:
    extension = _extension(node, "binding")
    protocol = _PROTOCOLS[names.namespace(extension.name)] if extension else Protocols.OTHER
    style = extension.get("style") if extension else ""
    operations = (
        _bound_operation(each, style or "document") for each in node.named(names.wsdl("operation"))
    )
    return Binding(
        name, node.reference("type"), protocol, style, tuple(operations), node, extension
    )


def _bound_operation(node: Node, style: str) -> BoundOperation:
    extension = _extension(node, "operation")
    action = extension.attributes.get("soapAction") if extension else None
    own = extension.get("style") if extension else ""
    return BoundOperation(
        node.get("name"), action, own or style, tuple(_bodies(node)), node, extension
    )


def _bodies(operation: Node) -> Iterator[Body]:
    for direction in operation.named(*_DIRECTIONS):
        for node in direction.everything():
            soap = names.namespace(node.name) in {names.SOAP11, names.SOAP12}
            if soap and names.local(node.name) in _WRITTEN:
                kind = names.local(node.name)
                yield Body(kind, names.local(direction.name), node.get("use"), node)


def _service(name: str, node: Node) -> Service:
    ports = (_port(each) for each in node.named(names.wsdl("port")))
    return Service(name, tuple(ports), node)


def _port(node: Node) -> Port:
    extension = _extension(node, "address")
    address = extension.get("location") if extension else ""
    return Port(node.get("name"), node.reference("binding"), address, node, extension)
