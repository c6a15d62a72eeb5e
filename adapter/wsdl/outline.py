"""What a WSDL offers, in the words of SAS: operations, prompts, data sources, data targets."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from adapter.wsdl import names
from adapter.wsdl.description import Description
from adapter.wsdl.element import Content, Element
from adapter.wsdl.elements import Elements
from adapter.wsdl.nodes import Node
from adapter.wsdl.operations import (
    Offer,
    Shape,
    Stream,
    columns_of,
    offers_of,
    request_shape,
    response_shape,
    table_of,
)

MAX_DEPTH = 3
"""Levels of elements told below a parameter; prompts have one."""

MAX_PARTS = 20
"""Elements told on a level below a parameter."""

_PROMPTS = {
    "string": "text, date, time, color, data source, file or library",
    "int": "numeric, whole numbers",
    "double": "numeric",
    "dateTime": "timestamp",
    "date": "date",
    "time": "time",
    "boolean": "text",
}
_COMPOUND = {
    frozenset({"lowerBound", "upperBound"}): "range",
    frozenset({"path", "itemName"}): "data source item",
    frozenset({"label", "uniqueName"}): "OLAP member",
}
"""Source: Guide, prompts."""


@dataclass(frozen=True)
class Parameter:
    """One prompt, output parameter or column.

    Args:
        name: As in the schema.
        type: Its XSD type, such as `xs:string`; what it holds where it is not a simple value.
        prompt: The SAS prompt types it stands for; empty where it stands for none.
        required: Whether it must be there.
        most: How often it may be there; None without bound.
        length: The most characters it may have; None without bound.
        choices: The values it is restricted to.
        parts: The elements in it.
        line: Of its declaration.
    """

    name: str
    type: str
    prompt: str
    required: bool
    most: int | None
    length: int | None
    choices: tuple[str, ...]
    parts: tuple[Parameter, ...]
    line: int


@dataclass(frozen=True)
class Source:
    """One data source or data target.

    Args:
        name: As in the schema.
        required: Whether it must be there.
        value: What its Value may hold; empty where it has no Value.
        columns: The columns of its Table, where a schema is attached.
        line: Of its declaration.
    """

    name: str
    required: bool
    value: str
    columns: tuple[Parameter, ...]
    line: int


@dataclass(frozen=True)
class Operation:
    """One operation at one port.

    Args:
        name: As in the WSDL.
        service: Name of the service.
        port: Name of the port.
        protocol: Of its binding, such as `SOAP 1.1`.
        address: As the WSDL has it; the adapter calls the configured one.
        soap_action: Value of the header SOAPAction.
        callable: Whether the adapter can call it.
        documentation: Text for people.
        namespace: Of the wrapper element.
        request: Name of the wrapper element; empty where it cannot be told.
    """

    name: str
    service: str
    port: str
    protocol: str
    address: str
    soap_action: str
    callable: bool
    documentation: str
    namespace: str
    request: str
    parameters: tuple[Parameter, ...]
    streams: tuple[Source, ...]
    output_parameters: tuple[Parameter, ...]
    output_streams: tuple[Source, ...]


@dataclass(frozen=True)
class Outline:
    """All that a WSDL offers."""

    main: str
    namespace: str
    documentation: str
    services: tuple[str, ...]
    operations: tuple[Operation, ...]

    def to_json(self) -> dict[str, Any]:
        """The outline as JSON members."""
        return asdict(self)


def outline_of(description: Description) -> Outline:
    """What a description offers; as much as can be read of it."""
    elements = Elements(description.schemas)
    root = description.sources[description.main].root
    return Outline(
        main=description.main,
        namespace=root.get("targetNamespace") if root else "",
        documentation=_documentation(root) if root else "",
        services=tuple(names.local(each.name) for each in description.services),
        operations=tuple(_operation(each, elements) for each in offers_of(description, elements)),
    )


def _operation(offer: Offer, elements: Elements) -> Operation:
    sent, back = request_shape(offer, elements), response_shape(offer, elements)
    abstract = offer.abstract.node if offer.abstract else offer.bound.node
    return Operation(
        name=offer.name,
        service=names.local(offer.service.name),
        port=offer.port.name,
        protocol=offer.binding.protocol.value,
        address=offer.port.address,
        soap_action=offer.bound.action or "",
        callable=offer.callable,
        documentation=_documentation(abstract) or _documentation(offer.bound.node),
        namespace=names.namespace(offer.request.name) if offer.request else "",
        request=offer.request.local if offer.request else "",
        parameters=_parameters(sent, elements),
        streams=tuple(_source(each, elements) for each in sent.streams),
        output_parameters=_parameters(back, elements),
        output_streams=tuple(_source(each, elements) for each in back.streams),
    )


def _parameters(shape: Shape, elements: Elements) -> tuple[Parameter, ...]:
    return tuple(_parameter(each, elements, MAX_DEPTH) for each in shape.parameters)


def _parameter(element: Element, elements: Elements, depth: int) -> Parameter:
    below = elements.children(element)[:MAX_PARTS] if depth > 0 else ()
    parts = tuple(_parameter(each, elements, depth - 1) for each in below)
    return Parameter(
        name=element.local,
        type=f"xs:{element.base}" if element.base else element.content.value,
        prompt=_prompt(element, parts),
        required=element.least > 0,
        most=element.most,
        length=element.length,
        choices=element.choices,
        parts=parts,
        line=element.node.place.line,
    )


def _prompt(element: Element, parts: tuple[Parameter, ...]) -> str:
    compound = _COMPOUND.get(frozenset(part.name for part in parts))
    if compound == "range":
        return f"range of {parts[0].prompt}" if parts[0].prompt else compound
    if compound:
        return compound
    many = element.most is None or element.most > 1
    prompt = _PROMPTS.get(element.base, "")
    return f"{prompt}; several values" if many and prompt else prompt


def _source(stream: Stream, elements: Elements) -> Source:
    value = stream.value
    columns = columns_of(table_of(stream, elements), elements)
    return Source(
        name=stream.name,
        required=stream.element.least > 0,
        value=_value(value),
        columns=tuple(_parameter(each, elements, 1) for each in columns),
        line=stream.element.node.place.line,
    )


def _value(value: Element | None) -> str:
    if value is None:
        return ""
    return f"xs:{value.base}" if value.content is Content.SIMPLE else value.content.value


def _documentation(node: Node) -> str:
    documentation = node.first(names.wsdl("documentation"))
    return " ".join(documentation.text.split()) if documentation else ""
