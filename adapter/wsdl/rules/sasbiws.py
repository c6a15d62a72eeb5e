"""Rules of a SASBIWS call: can this stored process be called with this WSDL?"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.core import sasbiws
from adapter.wsdl import names
from adapter.wsdl.element import Content, Element
from adapter.wsdl.finding import Case, Level, Spot, rule
from adapter.wsdl.nodes import Place
from adapter.wsdl.operations import (
    Offer,
    Shape,
    Stream,
    place_of,
    request_shape,
    response_shape,
)

_GUIDE = "SAS 9.4 BI Web Services Developer's Guide"
_BINARY = {"base64Binary", "hexBinary"}
_ATTACHED = {f"{{{space}}}expectedContentTypes" for space in names.XMIME}
_SWA_REF = {names.clark(names.SWA_REF, "swaRef")}


@rule(
    "stored-process-unknown",
    Level.ERROR,
    expected="an operation with the name of the stored process, blanks left out",
    why="the adapter cannot tell which operation to call, so the task is parked",
    remedy="correct stpurl, or deploy the stored process to this web service; SAS keeps its WSDLs, "
    "so ask for it with reload=true",
    source=f"{_GUIDE}, REST and JSON endpoints",
)
def stored_process_unknown(case: Case) -> Iterator[Spot]:
    """No operation serves the stored process."""
    if case.stored_process and case.whole and case.offers and not case.served:
        usable = [each.name for each in case.offers if each.callable]
        found = ", ".join(dict.fromkeys(usable)) or "none by SOAP 1.1 document/literal"
        yield Spot(_services(case), f"operations: {found}", case.stored_process)


@rule(
    "stored-process-ambiguous",
    Level.ERROR,
    expected="one operation with the name of the stored process",
    why="the adapter does not guess between operations, so the task is parked",
    remedy="rename one of the stored processes, or call it at its own address",
    source=f"{_GUIDE}, REST and JSON endpoints",
)
def stored_process_ambiguous(case: Case) -> Iterator[Spot]:
    """Several operations could serve the stored process."""
    if len(case.served) > 1:
        found = ", ".join(each.name for each in case.served)
        yield Spot(case.served[1].bound.node.at("name"), found, case.stored_process)


@rule(
    "stored-process-operation",
    Level.NOTE,
    expected="the operation that is meant",
    why="one operation alone serves every name; with several, names are compared without blanks",
    remedy="none needed",
    source=f"{_GUIDE}, REST and JSON endpoints",
)
def stored_process_operation(case: Case) -> Iterator[Spot]:
    """The operation that serves the stored process."""
    for offer in _one(case):
        found = f"{offer.name}, soapAction {offer.bound.action or 'none'}"
        yield Spot(offer.bound.node.at("name"), found, case.stored_process)


@rule(
    "streams-missing",
    Level.ERROR,
    expected="an element streams with the data source instream",
    why="the stored process takes no document, so the task's columns cannot reach it",
    remedy="add a data source instream to the stored process in SAS Management Console, and ask "
    "for the WSDL with reload=true",
    source=f"{_GUIDE}, input and output types",
)
def streams_missing(case: Case) -> Iterator[Spot]:
    """The operation takes no streams."""
    for offer, shape in _shapes(case):
        if offer.request is not None and shape.holder is None:
            yield Spot(place_of(offer).place, f"{offer.name} without streams")


@rule(
    "instream-missing",
    Level.ERROR,
    expected=f"a data source {sasbiws.INSTREAM}",
    why="the adapter cannot tell which of the data sources takes the document",
    remedy=f"name the data source {sasbiws.INSTREAM} in SAS Management Console",
    source=f"{_GUIDE}, input and output types",
)
def instream_missing(case: Case) -> Iterator[Spot]:
    """None of the data sources is instream."""
    for offer, shape in _shapes(case):
        if shape.holder is not None and shape.instream() is None:
            found = ", ".join(each.name for each in shape.streams) or "no data source"
            yield Spot(shape.holder.node.place, f"{offer.name}: {found}")


@rule(
    "instream-renamed",
    Level.WARNING,
    expected=f"the name {sasbiws.INSTREAM}",
    why="the only data source is taken, whatever its name; a program that reads the fileref "
    f"{sasbiws.INSTREAM} finds nothing",
    remedy=f"name the data source {sasbiws.INSTREAM}",
    source=f"{_GUIDE}, writing programs",
)
def instream_renamed(case: Case) -> Iterator[Spot]:
    """The only data source has another name than instream."""
    for _, stream in _instreams(case):
        if stream.name.casefold() != sasbiws.INSTREAM:
            yield Spot(stream.element.node.at("name"), stream.name)


@rule(
    "stream-required",
    Level.ERROR,
    expected="no other data source that must be there",
    why="the adapter sends one document, so SAS refuses the call for want of the other one",
    remedy="make the other data source optional",
    source=f"{_GUIDE}, input and output types",
)
def stream_required(case: Case) -> Iterator[Spot]:
    """A further data source is required."""
    for _, shape in _shapes(case):
        chosen = shape.instream()
        for each in shape.streams if chosen else ():
            if each is not chosen and each.element.least > 0:
                yield Spot(each.element.node.place, each.name)


@rule(
    "value-missing",
    Level.ERROR,
    expected=f"an element {sasbiws.VALUE} in the data source",
    why="the document has no place in the message",
    remedy="ask for the WSDL with reload=true; SAS writes Value into every data source",
    source=f"{_GUIDE}, sample requests",
)
def value_missing(case: Case) -> Iterator[Spot]:
    """The data source has no Value."""
    for _, stream in _instreams(case):
        if stream.value is None:
            yield Spot(stream.element.node.place, f"{stream.name} without {sasbiws.VALUE}")


@rule(
    "value-type",
    Level.NOTE,
    expected="any element, xs:anyType, or a Table with columns",
    why="the adapter writes the Table the same way into all three, one element on a line",
    remedy="none needed",
    source=f"{_GUIDE}, input and output types",
)
def value_type(case: Case) -> Iterator[Spot]:
    """What the Value of the data source may hold."""
    for _, value in _values(case):
        yield Spot(value.node.place, value.content.value)


@rule(
    "value-simple",
    Level.ERROR,
    expected="a Value that may hold elements",
    why="the document is XML elements, which a simple value cannot hold; SAS refuses them",
    remedy="register the data source as an XML stream, not as a generic one",
    source=f"{_GUIDE}, attachments",
)
def value_simple(case: Case) -> Iterator[Spot]:
    """The Value of the data source holds a simple value."""
    for _, value in _values(case):
        if value.content is Content.SIMPLE:
            yield Spot(value.node.place, f"xs:{value.base}")


@rule(
    "stream-attachment",
    Level.WARNING,
    expected="XML in line",
    why="the adapter sends no attachments, and reads none; small ones come in line as Base64",
    remedy="register the stream as an XML stream, or raise AttachmentOptimizedThreshold",
    source=f"{_GUIDE}, attachments",
)
def stream_attachment(case: Case) -> Iterator[Spot]:
    """A stream may travel as an attachment."""
    seen: set[int] = set()
    for offer in case.offers:
        for shape in (request_shape(offer, case.elements), response_shape(offer, case.elements)):
            for stream in shape.streams:
                value = stream.value
                if value is not None and _attached(value) and id(value.node) not in seen:
                    seen.add(id(value.node))
                    yield Spot(value.node.place, f"{stream.name} of {offer.name}")


@rule(
    "parameter-required",
    Level.ERROR,
    expected="a mapping for it, or minOccurs 0",
    why="the adapter sends no value for it, so SAS refuses the call (fault 2000)",
    remedy="make the prompt optional, or give it a default value in the stored process",
    source=f"{_GUIDE}, prompts",
)
def parameter_required(case: Case) -> Iterator[Spot]:
    """A required parameter has no mapping."""
    for parameter in _unmapped(case):
        if parameter.least > 0:
            yield Spot(parameter.node.place, parameter.local)


@rule(
    "parameter-unmapped",
    Level.NOTE,
    expected="a mapping for it, if it shall have a value",
    why="the adapter leaves it out, and the stored process takes its default",
    remedy="none needed",
    source=f"{_GUIDE}, prompts",
)
def parameter_unmapped(case: Case) -> Iterator[Spot]:
    """An optional parameter has no mapping."""
    for parameter in _unmapped(case):
        if parameter.least == 0:
            yield Spot(parameter.node.place, parameter.local)


@rule(
    "output-missing",
    Level.NOTE,
    expected="a data target or an output parameter",
    why="the answer says only that the stored process has ended",
    remedy="none needed",
    source=f"{_GUIDE}, input and output types",
)
def output_missing(case: Case) -> Iterator[Spot]:
    """The operation gives nothing back."""
    for offer in _one(case):
        shape = response_shape(offer, case.elements)
        if offer.response is not None and not shape.streams and not shape.parameters:
            yield Spot(offer.response.node.place, offer.response.local)


def _services(case: Case) -> Place:
    services = case.description.services
    return services[0].node.place if services else case.start


def _one(case: Case) -> tuple[Offer, ...]:
    """The operation that serves the stored process, where exactly one does."""
    return case.served if len(case.served) == 1 else ()


def _shapes(case: Case) -> Iterator[tuple[Offer, Shape]]:
    for offer in _one(case):
        yield offer, request_shape(offer, case.elements)


def _instreams(case: Case) -> Iterator[tuple[Offer, Stream]]:
    for offer, shape in _shapes(case):
        stream = shape.instream()
        if stream is not None:
            yield offer, stream


def _values(case: Case) -> Iterator[tuple[Stream, Element]]:
    for _, stream in _instreams(case):
        if stream.value is not None:
            yield stream, stream.value


def _unmapped(case: Case) -> Iterator[Element]:
    mapped = {name.casefold() for name in case.mapped}
    for _, shape in _shapes(case):
        holder = shape.parameters_holder
        if holder is not None:
            yield from (p for p in shape.parameters if p.local.casefold() not in mapped)


def _attached(value: Element) -> bool:
    reference = value.node.reference("type")
    named = reference is not None and reference.name in _SWA_REF
    return value.base in _BINARY or named or bool(_ATTACHED & set(value.node.attributes))
