"""The operations a description offers, put together from service down to schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from adapter.core import sasbiws
from adapter.wsdl.description import (
    AbstractOperation,
    Binding,
    BoundOperation,
    Description,
    Message,
    Port,
    Protocols,
    Service,
)
from adapter.wsdl.element import Element
from adapter.wsdl.elements import Elements
from adapter.wsdl.nodes import Node

MAX_OFFERS = 1000
"""Operations at ports that are put together; what lies beyond is not read."""

TABLE = "Table"
RESULT = "Result"
"""End of the name of the element that holds what comes back. Source: Guide, sample responses."""


@dataclass(frozen=True, eq=False)
class Offer:
    """One operation at one port.

    Args:
        name: Of the operation.
        request: The wrapper element that is sent; None where it cannot be told.
        response: The wrapper element that comes back; None where it cannot be told.
    """

    name: str
    service: Service
    port: Port
    binding: Binding
    bound: BoundOperation
    abstract: AbstractOperation | None
    request: Element | None
    response: Element | None

    @property
    def callable(self) -> bool:
        """Whether the adapter can call it: SOAP 1.1, document, literal."""
        body = self.bound.body("input")
        literal = body is None or body.use in {"", "literal"}
        return (
            self.binding.protocol is Protocols.SOAP11
            and self.bound.style == "document"
            and (literal)
        )


def offers_of(description: Description, elements: Elements) -> tuple[Offer, ...]:
    """Every operation of every port, in order; at most MAX_OFFERS."""
    offers = (
        _offer(description, elements, service, port, binding, bound)
        for service in description.services
        for port in service.ports
        if (binding := description.binding(port)) is not None
        for bound in binding.operations
    )
    return tuple(islice(offers, MAX_OFFERS))


def _offer(  # noqa: PLR0913, PLR0917  the levels of a WSDL, from service to operation
    description: Description,
    elements: Elements,
    service: Service,
    port: Port,
    binding: Binding,
    bound: BoundOperation,
) -> Offer:
    port_type = description.port_type(binding)
    abstract = port_type.by_name.get(bound.name) if port_type else None
    request = _wrapper(description, elements, abstract, "input")
    response = _wrapper(description, elements, abstract, "output")
    return Offer(bound.name, service, port, binding, bound, abstract, request, response)


def message_of(
    description: Description, operation: AbstractOperation | None, kind: str
) -> Message | None:
    """The message of one direction of an operation."""
    direction = operation.direction(kind) if operation else None
    return description.message(direction.message, direction.node) if direction else None


def _wrapper(
    description: Description, elements: Elements, abstract: AbstractOperation | None, kind: str
) -> Element | None:
    message = message_of(description, abstract, kind)
    return elements.get(message.element.name) if message and message.element else None


def serving(offers: Iterable[Offer], stored_process: str) -> tuple[Offer, ...]:
    """The operations that serve a stored process, as the adapter chooses at run time.

    One operation alone serves every name. Of several, those count whose name equals the stored
    process's without blanks and case, else without all that is neither letter nor digit.
    """
    usable = {each.name: each for each in offers if each.callable}
    if len(usable) == 1:
        return tuple(usable.values())
    for folded in (_without_blanks, _alphanumeric):
        wanted = folded(stored_process)
        matches = tuple(each for name, each in usable.items() if folded(name) == wanted)
        if len(matches) == 1:
            return matches
    return matches


def _without_blanks(name: str) -> str:
    return "".join(name.split()).casefold()


def _alphanumeric(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


@dataclass(frozen=True, eq=False)
class Stream:
    """A data source or data target: its element, and the one in it that holds what is sent."""

    element: Element
    value: Element | None

    @property
    def name(self) -> str:
        """As the stored process names it."""
        return self.element.local


@dataclass(frozen=True, eq=False)
class Shape:
    """Parameters and streams of one direction of an operation.

    Args:
        parameters: Prompts, or output parameters.
        streams: Data sources, or data targets.
        holder: The element that holds the streams; None where there is none.
    """

    parameters: tuple[Element, ...] = ()
    streams: tuple[Stream, ...] = ()
    holder: Element | None = None
    parameters_holder: Element | None = None

    def stream(self, name: str) -> Stream | None:
        """The stream of this name, compared as SAS does."""
        return next((s for s in self.streams if s.name.casefold() == name.casefold()), None)

    def instream(self) -> Stream | None:
        """The data source that takes the document: `instream`, else the only one there is."""
        alone = self.streams[0] if len(self.streams) == 1 else None
        return self.stream(sasbiws.INSTREAM) or alone


def request_shape(offer: Offer, elements: Elements) -> Shape:
    """What a request of an operation holds."""
    return _shape(offer.request, elements)


def response_shape(offer: Offer, elements: Elements) -> Shape:
    """What an answer of an operation holds, below its `Result` element."""
    children = elements.children(offer.response) if offer.response else ()
    result = next((each for each in children if each.local.endswith(RESULT)), None)
    return _shape(result or offer.response, elements)


def _shape(wrapper: Element | None, elements: Elements) -> Shape:
    if wrapper is None:
        return Shape()
    children = elements.children(wrapper)
    parameters = named(sasbiws.PARAMETERS, children)
    streams = named(sasbiws.STREAMS, children)
    return Shape(
        elements.children(parameters) if parameters else (),
        tuple(_streams(streams, elements)) if streams else (),
        streams,
        parameters,
    )


def _streams(holder: Element, elements: Elements) -> Iterator[Stream]:
    for source in elements.children(holder):
        yield Stream(source, named(sasbiws.VALUE, elements.children(source)))


def named(name: str, children: Iterable[Element]) -> Element | None:
    """The child of this local name, whatever its case."""
    return next((each for each in children if each.local.casefold() == name.casefold()), None)


def table_of(stream: Stream | None, elements: Elements) -> Element | None:
    """The Table that the Value of a stream declares."""
    value = stream.value if stream else None
    return named(TABLE, elements.children(value)) if value else None


def row_of(table: Element | None, elements: Elements) -> Element | None:
    """The row of a Table: its first element, whatever its name."""
    return next(iter(elements.children(table)), None) if table else None


def columns_of(table: Element | None, elements: Elements) -> tuple[Element, ...]:
    """The columns of a Table."""
    row = row_of(table, elements)
    return elements.children(row) if row else ()


def place_of(offer: Offer) -> Node:
    """The node that speaks for an operation."""
    return offer.request.node if offer.request is not None else offer.bound.node
