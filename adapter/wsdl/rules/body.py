"""Rules of how messages are written: bodies, headers, faults."""

from __future__ import annotations

from collections.abc import Iterator

from adapter.wsdl import names
from adapter.wsdl.description import (
    Binding,
    Body,
    BoundOperation,
    Description,
    Message,
    Part,
)
from adapter.wsdl.finding import Case, Level, Spot, Tolerance, rule
from adapter.wsdl.rules.binding import NOT_CALLED, operations
from adapter.wsdl.rules.references import written


@rule(
    "body-encoded",
    Level.ERROR,
    expected='use="literal"',
    why=NOT_CALLED,
    remedy="deploy the stored process anew as a web service of SAS 9.4",
    source="WSDL 1.1, section 3.5; WS-I BP 1.1 R2706, R2707, R2723",
)
def body_encoded(case: Case) -> Iterator[Spot]:
    """A message is written encoded, not literal."""
    for _, _, body in _bodies(case.description):
        if body.use not in {"", "literal"}:
            yield Spot(body.node.at("use"), body.use)


@rule(
    "body-use-missing",
    Level.NOTE,
    expected='use="literal"',
    why="it is taken as literal, as WS-I asks",
    remedy="none needed",
    source="WSDL 1.1, section 3.5; WS-I BP 1.1 R2707",
)
def body_use_missing(case: Case) -> Iterator[Spot]:
    """A soap:body does not say how it is written."""
    for _, _, body in _bodies(case.description):
        if body.kind == "body" and not body.use:
            yield Spot(body.node.place, "no use")


@rule(
    "body-missing",
    Level.ERROR,
    expected="soap:body in the input and the output of every operation",
    why="nobody can tell how the message is written",
    remedy="add soap:body with use literal",
    source="WSDL 1.1, section 3.5",
)
def body_missing(case: Case) -> Iterator[Spot]:
    """An input or output of a binding has no soap:body."""
    for _, operation in operations(case.description):
        for node in operation.node.named(names.wsdl("input"), names.wsdl("output")):
            direction = names.local(node.name)
            if operation.body(direction) is None:
                yield Spot(node.place, f"{direction} of {operation.name} without soap:body")


@rule(
    "body-namespace",
    Level.WARNING,
    expected="no namespace attribute",
    why="in document style it says nothing, and strict readers refuse it",
    remedy="remove the attribute",
    source="WS-I BP 1.1 R2716",
)
def body_namespace(case: Case) -> Iterator[Spot]:
    """A soap:body, header or fault of document style has a namespace."""
    for _, operation, body in _bodies(case.description):
        if operation.style == "document" and "namespace" in body.node.attributes:
            yield Spot(body.node.at("namespace"), body.node.get("namespace"))


@rule(
    "body-parts",
    Level.ERROR,
    expected="at most one part in the parts attribute",
    why="a body has one element, and only one of the parts can be it",
    remedy="name the part of the wrapper element only",
    source="WS-I BP 1.1 R2201",
)
def body_parts(case: Case) -> Iterator[Spot]:
    """A soap:body of document style names several parts."""
    for _, operation, body in _bodies(case.description):
        parts = body.node.get("parts").split()
        if body.kind == "body" and operation.style == "document" and len(parts) > 1:
            yield Spot(body.node.at("parts"), " ".join(parts))


@rule(
    "message-parts",
    Level.ERROR,
    expected="one part, or a parts attribute that names one",
    why="a body has one element, and only one of the parts can be it; R2301 asks a message to keep "
    "the order of the parts, which one part does by itself",
    remedy="put what is needed into one wrapper element",
    source="WS-I BP 1.1 R2210, R2301",
)
def message_parts(case: Case) -> Iterator[Spot]:
    """A message of document style has several parts."""
    for part in _document_parts(case.description, 1):
        yield Spot(part.node.place, f"part {part.name} beside another one")


@rule(
    "part-type",
    Level.ERROR,
    expected="element with the name of the wrapper element",
    why="in document style a part with a type has no element to be sent in",
    remedy="declare a wrapper element, and refer to it by element",
    source="WSDL 1.1, section 3.5; WS-I BP 1.1 R2204",
)
def part_type(case: Case) -> Iterator[Spot]:
    """A part of document style has a type, not an element."""
    for part in _document_parts(case.description, 0):
        if part.type is not None and part.element is None:
            yield Spot(part.type.place, part.type.written)


@rule(
    "header-part",
    Level.WARNING,
    expected="part with the name of one part",
    why="nobody can tell what stands in the header; the adapter sends none but its credentials",
    remedy="add the part attribute, or remove the header",
    source="WSDL 1.1, section 3.7; WS-I BP 1.1 R2720, R2749",
    tolerance=Tolerance.READER,
)
def header_part(case: Case) -> Iterator[Spot]:
    """A soap:header or soap:headerfault does not name exactly one part."""
    for _, _, body in _bodies(case.description):
        if body.kind not in _HEADERS:
            continue
        if len(body.node.get("part").split()) != 1:
            yield Spot(body.node.at("part"), body.node.get("part") or "no part")
        elif "parts" in body.node.attributes:
            yield Spot(body.node.at("parts"), f"parts={body.node.get('parts')}")


@rule(
    "fault-name",
    Level.WARNING,
    expected="the name of the wsdl:fault around it",
    why="the fault cannot be told from others; the adapter reads SAS's faults whatever their name",
    remedy="write the name of the wsdl:fault",
    source="WSDL 1.1, section 3.6; WS-I BP 1.1 R2721, R2754",
)
def fault_name(case: Case) -> Iterator[Spot]:
    """A soap:fault has not the name of its wsdl:fault."""
    for _, operation in operations(case.description):
        for fault in operation.node.named(names.wsdl("fault")):
            for node in fault.children:
                if names.local(node.name) == "fault" and node.get("name") != fault.get("name"):
                    yield Spot(node.at("name"), node.get("name") or "none", fault.get("name"))


_HEADERS = {"header", "headerfault"}


def _bodies(description: Description) -> Iterator[tuple[Binding, BoundOperation, Body]]:
    for binding, operation in operations(description):
        for body in operation.bodies:
            yield binding, operation, body


def _document_parts(description: Description, start: int) -> Iterator[Part]:
    """Parts that bodies of document style are written from, those first left out; each once."""
    told: set[Message | Part] = set()
    for binding, operation, body in _bodies(description):
        message = written(description, binding, operation, body)
        if body.kind != "body" or operation.style != "document" or message is None:
            continue
        if "parts" not in body.node.attributes:
            chosen = () if message in told else message.parts[start:]
            told.add(message)
        else:
            named = body.node.get("parts").split() if start == 0 else ()
            chosen = tuple(part for name in named if (part := message.part(name)) is not None)
        yield from (part for part in chosen if part not in told)
        told.update(chosen)
