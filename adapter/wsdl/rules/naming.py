"""Rules of names, and of elements that WSDL does not have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from adapter.wsdl import names
from adapter.wsdl.description import Description
from adapter.wsdl.finding import Case, Level, Spot, rule
from adapter.wsdl.nodes import Node

_NCNAME = re.compile(r"[^\W\d][\w.\-]*")


@rule(
    "name-missing",
    Level.ERROR,
    expected="a name attribute",
    why="nothing can refer to it",
    remedy="give it a name",
    source="WSDL 1.1, appendix A.3",
)
def name_missing(case: Case) -> Iterator[Spot]:
    """An element that must have a name has none."""
    for node in _to_be_named(case.description):
        if not node.get("name"):
            yield Spot(node.place, f"wsdl:{names.local(node.name)} without a name")


@rule(
    "name-invalid",
    Level.ERROR,
    expected="a name of letters, digits, '.', '-' and '_', that begins with a letter or '_'",
    why="such a name cannot be written as an element, nor be referred to",
    remedy="rename it",
    source="WSDL 1.1, appendix A.3; WS-I BP 1.1 R2028",
)
def name_invalid(case: Case) -> Iterator[Spot]:
    """A name is not one that XML allows."""
    for node in _to_be_named(case.description):
        name = node.get("name")
        if name and not _NCNAME.fullmatch(name):
            yield Spot(node.at("name"), name)


@rule(
    "name-duplicate",
    Level.ERROR,
    expected="one of each kind by one name",
    why="a reference may mean either of them, and readers take different ones",
    remedy="rename or remove one of them",
    source="WSDL 1.1, section 2.1",
)
def name_duplicate(case: Case) -> Iterator[Spot]:
    """Two of one kind have the same name."""
    description = case.description
    kinds: tuple[Iterable[tuple[str, Node]], ...] = (
        [(each.name, each.node) for each in description.messages],
        [(each.name, each.node) for each in description.port_types],
        [(each.name, each.node) for each in description.bindings],
        [(each.name, each.node) for each in description.services],
        [(p.name, p.node) for service in description.services for p in service.ports],
        *([(p.name, p.node) for p in message.parts] for message in description.messages),
    )
    for kind in kinds:
        yield from _twice(kind)


@rule(
    "operation-overloaded",
    Level.ERROR,
    expected="operations of different names",
    why="the adapter chooses an operation by its name, and cannot tell these apart",
    remedy="rename one of the stored processes",
    source="WS-I BP 1.1 R2304",
)
def operation_overloaded(case: Case) -> Iterator[Spot]:
    """Two operations of one port type have the same name."""
    for port_type in case.description.port_types:
        yield from _twice((each.name, each.node) for each in port_type.operations)


@rule(
    "target-namespace-missing",
    Level.WARNING,
    expected="targetNamespace with an absolute URI",
    why="names of this WSDL can be mixed up with those of another one",
    remedy="add a targetNamespace",
    source="WSDL 1.1, section 2.1.1",
)
def target_namespace_missing(case: Case) -> Iterator[Spot]:
    """A WSDL has no target namespace."""
    for root in case.description.definitions:
        if not root.get("targetNamespace"):
            yield Spot(root.place, "no targetNamespace")


@rule(
    "element-unknown",
    Level.WARNING,
    expected="an element of WSDL 1.1, spelled as there",
    why="readers pass over it, so what it says does not count",
    remedy="correct the name; names are case-sensitive, such as portType",
    source="WSDL 1.1, appendix A.4; WS-I BP 1.1 R2028",
)
def element_unknown(case: Case) -> Iterator[Spot]:
    """An element is not one that WSDL has at this place."""
    for root in case.description.definitions:
        for node in root.everything():
            allowed = _CHILDREN.get(node.name)
            for child in node.children if allowed is not None else ():
                if names.namespace(child.name) == names.WSDL and child.name not in (allowed or ()):
                    yield Spot(child.place, f"wsdl:{names.local(child.name)}")


@rule(
    "extension-required",
    Level.WARNING,
    expected="no wsdl:required",
    why="the WSDL asks for an extension that the adapter does not know, and does not follow",
    remedy="ask whoever publishes the WSDL what it demands; SASBIWS demands no extension",
    source="WSDL 1.1, section 2.1.3; WS-I BP 1.1 R2026, R2027",
)
def extension_required(case: Case) -> Iterator[Spot]:
    """An extension must be understood."""
    for root in case.description.definitions:
        for node in root.everything():
            if node.get(names.wsdl("required")) in {"true", "1"}:
                yield Spot(node.at("required"), node.name)


_DOCUMENTED = ("documentation",)
_DIRECTIONS = ("input", "output", "fault")


def _allowed(*children: str) -> frozenset[str]:
    return frozenset(map(names.wsdl, (*children, *_DOCUMENTED)))


_CHILDREN = {
    names.wsdl("definitions"): _allowed(
        "import", "types", "message", "portType", "binding", "service"
    ),
    names.wsdl("types"): _allowed(),
    names.wsdl("message"): _allowed("part"),
    names.wsdl("portType"): _allowed("operation"),
    names.wsdl("binding"): _allowed("operation"),
    names.wsdl("operation"): _allowed(*_DIRECTIONS),
    names.wsdl("service"): _allowed("port"),
    names.wsdl("port"): _allowed(),
}


def _to_be_named(description: Description) -> Iterator[Node]:
    for message in description.messages:
        yield message.node
        yield from (part.node for part in message.parts)
    for port_type in description.port_types:
        yield port_type.node
        yield from (each.node for each in port_type.operations)
    for binding in description.bindings:
        yield binding.node
        yield from (each.node for each in binding.operations)
    for service in description.services:
        yield service.node
        yield from (port.node for port in service.ports)


def _twice(named: Iterable[tuple[str, Node]]) -> Iterator[Spot]:
    seen: set[str] = set()
    for name, node in named:
        if node.get("name") and name in seen:
            yield Spot(node.at("name"), f"{names.local(node.name)} {node.get('name')} again")
        seen.add(name)
