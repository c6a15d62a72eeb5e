"""Rules of messages and their parts."""

from __future__ import annotations

from collections.abc import Iterator

from adapter.wsdl import names
from adapter.wsdl.description import Description, Part
from adapter.wsdl.finding import Case, Level, Spot, Tolerance, rule
from adapter.wsdl.nodes import Node
from adapter.wsdl.rules.references import SPELLING, lost, written


@rule(
    "part-element-unknown",
    Level.ERROR,
    expected="the name of a global element of a schema",
    why="the request cannot be built, for nobody knows what is in it",
    remedy=SPELLING,
    source="WSDL 1.1, section 2.3.1; WS-I BP 1.1 R2206",
    tolerance=Tolerance.READER,
)
def part_element_unknown(case: Case) -> Iterator[Spot]:
    """A part refers to an element that is not declared."""
    for part in _parts(case.description):
        reference = part.element
        known = not case.description.schemas or (reference and reference.name in case.elements)
        if not known:
            yield from lost(case, reference)


@rule(
    "part-type-unknown",
    Level.ERROR,
    expected="the name of a type of a schema",
    why="the part cannot be written or read",
    remedy=SPELLING,
    source="WSDL 1.1, section 2.3.1",
    tolerance=Tolerance.READER,
)
def part_type_unknown(case: Case) -> Iterator[Spot]:
    """A part refers to a type that is not declared."""
    for part in _parts(case.description):
        reference = part.type
        encoded = reference and names.namespace(reference.name) == names.SOAP_ENCODING
        known = reference is None or encoded or case.elements.has_type(reference.name)
        if not known:
            yield from lost(case, reference)


@rule(
    "part-without-content",
    Level.ERROR,
    expected="element, or type in a binding of style rpc",
    why="nobody knows what is in the part",
    remedy="add element with the name of the wrapper element",
    source="WSDL 1.1, section 2.3.1",
)
def part_without_content(case: Case) -> Iterator[Spot]:
    """A part has neither element nor type."""
    for part in _parts(case.description):
        if part.element is None and part.type is None:
            yield Spot(part.node.place, f"part {part.name}")


@rule(
    "part-with-both",
    Level.ERROR,
    expected="either element or type",
    why="readers take different ones of the two",
    remedy="remove type; SASBIWS uses elements",
    source="WS-I BP 1.1 R2306",
)
def part_with_both(case: Case) -> Iterator[Spot]:
    """A part has both element and type."""
    for part in _parts(case.description):
        if part.element is not None and part.type is not None:
            yield Spot(part.type.place, f"element={part.element.written} type={part.type.written}")


@rule(
    "body-part-unknown",
    Level.ERROR,
    expected="the name of a part of the message",
    why="nobody can tell what stands in the body",
    remedy="correct the name, or remove the parts attribute: then every part is in the body",
    source="WSDL 1.1, section 3.5",
)
def body_part_unknown(case: Case) -> Iterator[Spot]:
    """A soap:body names a part that its message does not have."""
    for binding in case.description.bindings:
        for operation in binding.operations:
            for body in operation.bodies:
                message = written(case.description, binding, operation, body)
                if body.kind == "body" and message is not None:
                    for name in body.node.get("parts").split():
                        if message.part(name) is None:
                            known = ", ".join(sorted(part.name for part in message.parts))
                            yield Spot(body.node.at("parts"), name, known)


@rule(
    "header-message-unknown",
    Level.ERROR,
    expected="message and part of a header that is there",
    why="a header that is asked for cannot be written",
    remedy=SPELLING,
    source="WSDL 1.1, section 3.7",
    tolerance=Tolerance.READER,
)
def header_message_unknown(case: Case) -> Iterator[Spot]:
    """A soap:header refers to a message or part that is not there."""
    for node in _headers(case.description):
        reference = node.reference("message")
        message = case.description.message(reference, node)
        if message is None:
            yield from lost(case, reference)
        elif node.get("part") and message.part(node.get("part")) is None:
            yield Spot(node.at("part"), node.get("part"))


@rule(
    "header-part-type",
    Level.WARNING,
    expected="a part with an element",
    why="a header is an element, and a type has no name to be sent by; the adapter sends no header "
    "but its credentials",
    remedy="declare an element for the header, and refer to it by element",
    source="WSDL 1.1, section 3.7; WS-I BP 1.1 R2205",
)
def header_part_type(case: Case) -> Iterator[Spot]:
    """A soap:header refers to a part with a type, not an element."""
    for node in _headers(case.description):
        message = case.description.message(node.reference("message"), node)
        part = message.part(node.get("part")) if message else None
        if part is not None and part.element is None and part.type is not None:
            yield Spot(node.at("part"), f"{part.name} has the type {part.type.written}")


def _parts(description: Description) -> Iterator[Part]:
    return (part for message in description.messages for part in message.parts)


def _headers(description: Description) -> Iterator[Node]:
    for binding in description.bindings:
        for operation in binding.operations:
            yield from (b.node for b in operation.bodies if b.kind in {"header", "headerfault"})
