"""Rules of the references between the parts of a WSDL."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from adapter.wsdl import names
from adapter.wsdl.description import Binding, Body, BoundOperation, Description, Message
from adapter.wsdl.finding import Case, Level, Spot, Tolerance, rule
from adapter.wsdl.links import LinkKind
from adapter.wsdl.nodes import Node, Reference
from adapter.wsdl.operations import message_of

SPELLING = "correct the name, or add what is missing; fetch the WSDL anew if it was edited"


@rule(
    "message-unknown",
    Level.ERROR,
    expected="the name of a wsdl:message",
    why="what is sent or comes back is unknown, so the operation cannot be called",
    remedy=SPELLING,
    source="WSDL 1.1, section 2.4.1",
    tolerance=Tolerance.READER,
)
def message_unknown(case: Case) -> Iterator[Spot]:
    """An operation refers to a message that is not there."""
    for port_type in case.description.port_types:
        for operation in port_type.operations:
            for each in operation.directions:
                known = case.description.message(each.message, each.node)
                if known is None and case.description.messages:
                    yield from lost(case, each.message)


@rule(
    "port-type-unknown",
    Level.ERROR,
    expected="the name of a wsdl:portType",
    why="the operations of the binding have no messages, so none can be called",
    remedy=SPELLING,
    source="WSDL 1.1, section 2.5",
    tolerance=Tolerance.READER,
)
def port_type_unknown(case: Case) -> Iterator[Spot]:
    """A binding refers to a port type that is not there."""
    for binding in case.description.bindings:
        unknown = case.description.port_type(binding) is None and case.description.port_types
        if unknown and binding.port_type is None:
            yield Spot(binding.node.place, f"binding {binding.node.get('name')} without a type")
        elif unknown:
            yield from lost(case, binding.port_type)


@rule(
    "binding-unknown",
    Level.ERROR,
    expected="the name of a wsdl:binding",
    why="nobody can tell how a message to this port is written",
    remedy=SPELLING,
    source="WSDL 1.1, section 2.6",
)
def binding_unknown(case: Case) -> Iterator[Spot]:
    """A port refers to a binding that is not there."""
    for service in case.description.services:
        for port in service.ports:
            unknown = case.description.binding(port) is None and case.description.bindings
            if unknown and port.binding is None:
                yield Spot(port.node.place, f"port {port.name} without a binding")
            elif unknown:
                yield from lost(case, port.binding)


@rule(
    "binding-operation-unknown",
    Level.ERROR,
    expected="an operation of the port type",
    why="the operation has no messages, so it cannot be called",
    remedy=SPELLING,
    source="WSDL 1.1, section 2.5; WS-I BP 1.1 R2718",
    tolerance=Tolerance.READER,
)
def binding_operation_unknown(case: Case) -> Iterator[Spot]:
    """A binding has an operation that its port type does not have."""
    for binding, known in _pairs(case.description):
        for operation in binding.operations:
            if operation.name and operation.name not in known:
                yield Spot(operation.node.at("name"), operation.name, ", ".join(known))


@rule(
    "port-type-operation-unbound",
    Level.ERROR,
    expected="every operation of the port type in the binding",
    why="nobody can tell how this operation is called",
    remedy="add the operation to the binding",
    source="WS-I BP 1.1 R2718",
)
def port_type_operation_unbound(case: Case) -> Iterator[Spot]:
    """A binding lacks an operation of its port type."""
    for binding, known in _pairs(case.description):
        bound = {each.name for each in binding.operations}
        for name in known if bound else ():
            if name and name not in bound:
                found = f"binding {binding.node.get('name')} without {name}"
                yield Spot(binding.node.place, found, name)


@rule(
    "namespace-not-imported",
    Level.WARNING,
    expected="an import of that namespace in the same file",
    why="strict readers refuse the reference, though the name is there in another file",
    remedy="add a wsdl:import, or an xs:import within the schema, for that namespace",
    source="WS-I BP 1.1 R2101, R2102",
)
def namespace_not_imported(case: Case) -> Iterator[Spot]:
    """A reference leads into a namespace that its file does not import."""
    imported = _imported(case.description)
    for root in case.description.definitions:
        for reference in references(root):
            known = names.namespace(reference.name) in imported[root.file.address]
            if not known:
                yield from lost(case, reference)


@rule(
    "reference-without-prefix",
    Level.WARNING,
    expected="a prefix, or a default namespace that is the target namespace",
    why="by the letter the name is in no namespace; readers guess the target namespace",
    remedy="write the prefix of the target namespace before the name",
    source="WSDL 1.1, section 2.1.1; Namespaces in XML 1.0, section 6.2",
)
def reference_without_prefix(case: Case) -> Iterator[Spot]:
    """A reference has no prefix where one is needed."""
    for root in case.description.definitions:
        for reference in references(root) if root.get("targetNamespace") else ():
            bare = not names.namespace(reference.name) and ":" not in reference.written
            if bare and reference.name not in case.elements:
                yield Spot(reference.place, reference.written)


def written(
    description: Description, binding: Binding, operation: BoundOperation, body: Body
) -> Message | None:
    """The message that a body is written from; None where it is not known."""
    port_type = description.port_type(binding)
    abstract = port_type.by_name.get(operation.name) if port_type else None
    return message_of(description, abstract, body.direction)


def lost(case: Case, reference: Reference | None) -> Iterator[Spot]:
    """The place of a reference that leads nowhere, unless a missing file or prefix is to blame."""
    if reference is not None and reference.declared and case.whole:
        yield Spot(reference.place, reference.written)


def references(root: Node) -> Iterator[Reference]:
    """Every reference between parts of a WSDL, and from it to its schemas."""
    for node in root.everything():
        for attribute in _REFERRING if names.namespace(node.name) == names.WSDL else ():
            reference = node.reference(attribute)
            if reference is not None:
                yield reference


_REFERRING = ("message", "type", "binding", "element")


def _pairs(description: Description) -> Iterator[tuple[Binding, Collection[str]]]:
    """Every binding with the names of the operations of its port type."""
    for binding in description.bindings:
        port_type = description.port_type(binding)
        if port_type is not None and port_type.operations:
            yield binding, port_type.by_name


def _imported(description: Description) -> dict[str, set[str]]:
    """By file, the namespaces it may refer to."""
    known = {
        root.file.address: {root.get("targetNamespace"), names.XSD, "", names.SOAP_ENCODING}
        for root in description.definitions
    }
    for schema in description.schemas:
        known.setdefault(schema.source.file.address, set()).add(schema.target)
    for link in description.links:
        if link.kind in {LinkKind.WSDL, LinkKind.IMPORT}:
            known.setdefault(link.file, set()).add(link.namespace)
    return known
