"""Rules of bindings: protocol, style, and how messages are written."""

from __future__ import annotations

from collections.abc import Iterator

from adapter.wsdl import names
from adapter.wsdl.description import Binding, BoundOperation, Description, Protocols
from adapter.wsdl.finding import Case, Level, Spot, rule
from adapter.wsdl.nodes import Place

_SOAP = {Protocols.SOAP11, Protocols.SOAP12}
NOT_CALLED = "the adapter sends document/literal by SOAP 1.1, and nothing else"


@rule(
    "binding-soap-12-only",
    Level.ERROR,
    expected="a binding for SOAP 1.1",
    why="SASBIWS speaks SOAP 1.1; the content type and the header of an action differ in SOAP 1.2",
    remedy="ask the address of the SAS web service itself, or set transport = rest",
    source="SAS 9.4 BI Web Services Developer's Guide, SOAP endpoints; WSDL 1.1, section 3.3",
)
def binding_soap_12_only(case: Case) -> Iterator[Spot]:
    """There is a binding for SOAP 1.2, and none for SOAP 1.1."""
    bindings = case.description.bindings
    if not any(each.protocol is Protocols.SOAP11 for each in bindings):
        for binding in bindings:
            if binding.protocol is Protocols.SOAP12:
                yield Spot(_start(binding), "soap12:binding")


@rule(
    "binding-not-soap",
    Level.WARNING,
    expected="soap:binding",
    why="the binding is passed over: " + NOT_CALLED,
    remedy="none needed where another binding is for SOAP 1.1",
    source="WSDL 1.1, section 3.3; WS-I BP 1.1 R2401",
)
def binding_not_soap(case: Case) -> Iterator[Spot]:
    """A binding is not for SOAP."""
    for binding in case.description.bindings:
        if binding.protocol not in _SOAP:
            yield Spot(binding.node.place, f"a binding for {binding.protocol.value}")


@rule(
    "binding-transport-missing",
    Level.ERROR,
    expected=f'transport="{names.SOAP_OVER_HTTP}"',
    why="by the letter nobody knows how the message travels; the adapter uses HTTP",
    remedy="add the transport attribute to soap:binding",
    source="WSDL 1.1, section 3.3; WS-I BP 1.1 R2701",
)
def binding_transport_missing(case: Case) -> Iterator[Spot]:
    """A soap:binding names no transport."""
    for binding in _soap(case.description):
        if binding.extension is not None and not binding.extension.get("transport"):
            yield Spot(binding.extension.place, "no transport")


@rule(
    "binding-transport",
    Level.ERROR,
    expected=names.SOAP_OVER_HTTP,
    why="the adapter sends by HTTP only",
    remedy="let the service offer a port over HTTP",
    source="WSDL 1.1, section 3.3; WS-I BP 1.1 R2702",
)
def binding_transport(case: Case) -> Iterator[Spot]:
    """A soap:binding is for another transport than HTTP."""
    for binding in _soap(case.description):
        transport = binding.extension.get("transport") if binding.extension else ""
        if transport not in {"", names.SOAP_OVER_HTTP}:
            yield Spot(_start(binding, "transport"), transport)


@rule(
    "binding-style",
    Level.ERROR,
    expected='style="document"',
    why=NOT_CALLED,
    remedy="deploy the stored process anew as a web service of SAS 9.4; a 9.1 one used rpc",
    source="WSDL 1.1, section 3.4; WS-I BP 1.1 allows rpc too, the adapter does not",
)
def binding_style(case: Case) -> Iterator[Spot]:
    """An operation is not in document style."""
    for binding, operation in operations(case.description):
        if operation.style != "document":
            own = operation.extension is not None and operation.extension.get("style")
            node = operation.extension if own else binding.extension
            yield Spot((node or operation.node).at("style"), operation.style)


@rule(
    "binding-style-mixed",
    Level.ERROR,
    expected="one style for all operations of a binding",
    why="some of its operations cannot be called, and strict readers refuse the binding",
    remedy="split the binding, or give every operation the style document",
    source="WS-I BP 1.1 R2705",
)
def binding_style_mixed(case: Case) -> Iterator[Spot]:
    """A binding has operations of different styles."""
    for binding in _soap(case.description):
        first = binding.operations[0].style if binding.operations else ""
        for operation in binding.operations:
            if operation.style != first:
                yield Spot(operation.node.place, operation.style, first)
                break


@rule(
    "soap-action-missing",
    Level.WARNING,
    expected="soapAction, as SASBIWS gives one to every operation",
    why='the adapter sends SOAPAction: "", and SAS may not know which stored process is meant',
    remedy="ask for the WSDL with reload=true; SAS writes namespace/operation",
    source="WSDL 1.1, section 3.4; WS-I BP 1.1 R2744, R2745",
)
def soap_action_missing(case: Case) -> Iterator[Spot]:
    """An operation has no soapAction."""
    for binding, operation in operations(case.description):
        if binding.protocol is Protocols.SOAP11 and not operation.action:
            yield Spot((operation.extension or operation.node).place, f"{operation.name}: none")


@rule(
    "operation-style",
    Level.ERROR,
    expected="an input, then an output",
    why="here the server would call first; a stored process is called and answers",
    remedy="put wsdl:input before wsdl:output",
    source="WSDL 1.1, section 2.4; WS-I BP 1.1 R2303",
)
def operation_style(case: Case) -> Iterator[Spot]:
    """An operation begins with its output."""
    for port_type in case.description.port_types:
        for operation in port_type.operations:
            kinds = [each.kind for each in operation.directions if each.kind != "fault"]
            if kinds[:1] == ["output"]:
                kind = "notification" if len(kinds) == 1 else "solicit-response"
                yield Spot(operation.node.place, f"{operation.name}: {kind}")


@rule(
    "operation-one-way",
    Level.WARNING,
    expected="an output",
    why="nothing comes back, so nobody learns whether the stored process ran",
    remedy="give the stored process an output, or use it by REST",
    source="WSDL 1.1, section 2.4.1; WS-I BP 1.1 R2714",
)
def operation_one_way(case: Case) -> Iterator[Spot]:
    """An operation has no output."""
    for port_type in case.description.port_types:
        for operation in port_type.operations:
            if [each.kind for each in operation.directions] == ["input"]:
                yield Spot(operation.node.place, f"{operation.name}: no output")


@rule(
    "operation-signature",
    Level.ERROR,
    expected="another wrapper element for each operation",
    why="a server that goes by the element in the body cannot tell which operation is meant",
    remedy="give each operation its own wrapper element",
    source="WS-I BP 1.1 R2710",
)
def operation_signature(case: Case) -> Iterator[Spot]:
    """Two operations of one binding take the same element."""
    seen: dict[tuple[Binding, str], str] = {}
    for offer in case.offers:
        if offer.binding.protocol in _SOAP and offer.request is not None:
            first = seen.setdefault((offer.binding, offer.request.name), offer.name)
            if first != offer.name:
                found = f"{offer.name} takes {offer.request.local}, as {first} does"
                yield Spot(offer.bound.node.place, found)


def _start(binding: Binding, attribute: str = "") -> Place:
    return (binding.extension or binding.node).at(attribute)


def _soap(description: Description) -> Iterator[Binding]:
    return (each for each in description.bindings if each.protocol in _SOAP)


def operations(description: Description) -> Iterator[tuple[Binding, BoundOperation]]:
    """Every operation of a binding for SOAP."""
    for binding in _soap(description):
        for operation in binding.operations:
            yield binding, operation
