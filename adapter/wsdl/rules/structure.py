"""Rules of what must be there, and under which names."""

from __future__ import annotations

from collections.abc import Iterator

from adapter.wsdl import names
from adapter.wsdl.finding import Case, Level, Spot, Tolerance, rule

_CALLED = "the operation cannot be called"
_MEND = "ask whoever publishes the WSDL to mend it, or fetch it anew if it was edited"


@rule(
    "types-missing",
    Level.ERROR,
    expected="wsdl:types with the schema of the elements",
    why="the elements of the messages are declared nowhere, so no request can be built",
    remedy=_MEND,
    source="WSDL 1.1, section 2.2",
    tolerance=Tolerance.READER,
)
def types_missing(case: Case) -> Iterator[Spot]:
    """Messages refer to elements, and there is no schema."""
    description = case.description
    if case.whole and not description.schemas:
        parts = (part for message in description.messages for part in message.parts)
        if any(part.element for part in parts):
            yield Spot(case.start, "no schema")


@rule(
    "message-missing",
    Level.ERROR,
    expected="one wsdl:message for each direction",
    why=_CALLED,
    remedy=_MEND,
    source="WSDL 1.1, section 2.3",
    tolerance=Tolerance.READER,
)
def message_missing(case: Case) -> Iterator[Spot]:
    """There is no message."""
    if case.whole and not case.description.messages:
        yield Spot(case.start, "no wsdl:message")


@rule(
    "port-type-missing",
    Level.ERROR,
    expected="a wsdl:portType with the operations",
    why=_CALLED,
    remedy=_MEND,
    source="WSDL 1.1, section 2.4",
    tolerance=Tolerance.READER,
)
def port_type_missing(case: Case) -> Iterator[Spot]:
    """There is no port type."""
    if case.whole and not case.description.port_types:
        yield Spot(case.start, "no wsdl:portType")


@rule(
    "binding-missing",
    Level.ERROR,
    expected="a wsdl:binding for SOAP 1.1",
    why="nobody can tell how a message is written, so " + _CALLED,
    remedy=_MEND,
    source="WSDL 1.1, section 2.5",
)
def binding_missing(case: Case) -> Iterator[Spot]:
    """There is no binding."""
    if case.whole and not case.description.bindings:
        yield Spot(case.start, "no wsdl:binding")


@rule(
    "service-missing",
    Level.ERROR,
    expected="a wsdl:service with a port",
    why="a WSDL without a service is half a one: the address and the binding to use stay unknown",
    remedy="ask for the WSDL that imports this one; SASBIWS gives it at its address with ?wsdl",
    source="WSDL 1.1, section 2.7",
)
def service_missing(case: Case) -> Iterator[Spot]:
    """There is no service."""
    if case.whole and not case.description.services:
        yield Spot(case.start, "no wsdl:service")


@rule(
    "port-missing",
    Level.ERROR,
    expected="a wsdl:port",
    why="the binding to use and its address stay unknown",
    remedy=_MEND,
    source="WSDL 1.1, section 2.6",
)
def port_missing(case: Case) -> Iterator[Spot]:
    """A service has no port."""
    for service in case.description.services:
        if not service.ports:
            yield Spot(service.node.place, f"service {service.node.get('name')} without a port")


@rule(
    "address-missing",
    Level.ERROR,
    expected="soap:address with a location",
    why="the adapter calls the address of its settings, but a port without one is not complete, "
    "and other clients cannot call it",
    remedy=_MEND,
    source="WSDL 1.1, section 3.8",
)
def address_missing(case: Case) -> Iterator[Spot]:
    """A port has no address."""
    for service in case.description.services:
        for port in service.ports:
            addresses = (n for n in port.node.children if names.local(n.name) == "address")
            if not any(each.get("location") for each in addresses):
                yield Spot(port.node.place, f"port {port.name} without an address")


@rule(
    "operation-missing",
    Level.ERROR,
    expected="a wsdl:operation",
    why="there is nothing to call",
    remedy="deploy a stored process to the web service, or ask for the WSDL with reload=true",
    source="WSDL 1.1, section 2.4",
)
def operation_missing(case: Case) -> Iterator[Spot]:
    """A port type or a binding has no operation."""
    description = case.description
    holders = [(each.node, each.operations) for each in description.port_types]
    for node, operations in [*holders, *((b.node, b.operations) for b in description.bindings)]:
        if not operations:
            found = f"{names.local(node.name)} {node.get('name')} without operations"
            yield Spot(node.place, found)
