"""The SOAP message of an operation, one element per line around the Table's own lines."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from adapter.core import sasbiws, xml
from adapter.core.failures import ContractUnusable
from adapter.core.prompts import Prompt, problems_of, prompt_named
from adapter.core.redact import shortened
from adapter.core.request import Parameter, Request, fill

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
"""Source: SOAP 1.1."""


@dataclass(frozen=True)
class DataSource:
    """One data source of an operation, in names as its WSDL gives them.

    Args:
        name: Its name without namespace.
        element: The element of the data source.
        value: The element in it that holds the document.
        content_type: The attribute of the data source; empty where none is declared.
        table: Namespaces of Table, row and column where the data source's schema has them in
            one; empty elsewhere.
    """

    name: str
    element: str
    value: str
    content_type: str = ""
    table: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """How one operation is called, in names as its WSDL gives them.

    Element names are in Clark notation, `{namespace}name`, or bare where the schema leaves them
    unqualified.

    Args:
        name: As in the WSDL.
        soap_action: Value of the SOAPAction header, without quotes.
        wrapper: The element in the body.
        streams: The element that holds the data sources; empty where there is none.
        sources: The data sources, in order.
        instream: The one of them that takes the document; empty where none does.
        parameters: The element that holds prompts; empty where there is none.
        parameters_needed: True where it must be there.
        parameters_first: True where it stands before the streams.
        prompts: The prompts, in order.
    """

    name: str
    soap_action: str
    wrapper: str
    streams: str = ""
    sources: tuple[DataSource, ...] = ()
    instream: str = ""
    parameters: str = ""
    parameters_needed: bool = False
    parameters_first: bool = True
    prompts: tuple[Prompt, ...] = ()


def envelope_of(operation: Operation, request: Request) -> xml.Element:
    """The SOAP envelope that calls an operation with these inputs, its header empty.

    Wrappers have a prefix: a default namespace on one of them would capture the Table.

    Raises:
        ContractUnusable: The operation takes no such prompt, value or data source.
    """
    nsmap = {"soapenv": SOAP, "biw": etree.QName(operation.wrapper).namespace}
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={k: v for k, v in nsmap.items() if v})
    line(envelope, f"{{{SOAP}}}Header")
    wrapper = line(line(envelope, f"{{{SOAP}}}Body"), operation.wrapper)
    if operation.parameters_first:
        _add_parameters(wrapper, operation, request)
    _add_streams(wrapper, operation, request)
    if not operation.parameters_first:
        _add_parameters(wrapper, operation, request)
    return envelope


def _add_parameters(wrapper: xml.Element, operation: Operation, request: Request) -> None:
    """Put the values of the prompts into the message, in the order of the WSDL."""
    if request.parameters:
        problems = problems_of(operation.prompts, request.parameters)
        if problems:
            raise ContractUnusable(
                f"operation {shortened(operation.name)} does not take these prompts: "
                + "; ".join(map(str, problems))
            )
    elif not (operation.parameters and operation.parameters_needed):
        return
    parameters = line(wrapper, operation.parameters)
    for prompt in operation.prompts:
        for value in request.parameters:
            if prompt_named(operation.prompts, value.name) is prompt:
                _add_value(line(parameters, prompt.element), prompt, value)


def _add_value(element: xml.Element, prompt: Prompt, value: Parameter) -> None:
    element.text = value.text or None
    for member in prompt.members:
        for name, text in value.members:
            if prompt_named(prompt.members, name) is member:
                line(element, member.element).text = text


def _add_streams(wrapper: xml.Element, operation: Operation, request: Request) -> None:
    """Put the data sources into the message, in the order of the WSDL."""
    if not request.streams:
        return
    wanted = {_told_name(operation, each.name): each for each in request.streams}
    unknown = sorted(set(wanted) - {source.name.casefold() for source in operation.sources})
    if unknown:
        listed = ", ".join(shortened(each.name) for each in operation.sources) or "none"
        raise ContractUnusable(
            f"operation {shortened(operation.name)} has no data source {shortened(unknown[0])}; "
            f"its data sources are: {listed}"
        )
    streams = line(wrapper, operation.streams)
    for source in operation.sources:
        stream = wanted.get(source.name.casefold())
        if stream is None:
            continue
        element = line(streams, source.element)
        if source.content_type:
            binary = sasbiws.BINARY if not stream.table else sasbiws.CONTENT_TYPE
            element.set(source.content_type, binary)
        value = line(element, source.value)
        fill(value, stream)
        if stream.table and any(source.table):
            _qualify(value[0], source.table)


def _told_name(operation: Operation, name: str) -> str:
    """The folded name of a data source; the document goes wherever the operation takes it."""
    if name == sasbiws.INSTREAM and operation.instream:
        return operation.instream.casefold()
    return name.casefold()


def line(parent: xml.Element, name: str) -> xml.Element:
    """A new last child on a line of its own."""
    parent.text = parent.text or "\n"
    child = etree.SubElement(parent, name)
    child.tail = "\n"
    return child


def _qualify(element: xml.Element, namespaces: tuple[str, ...]) -> None:
    """Put an element and all it holds into the namespaces of their levels; the last goes on."""
    namespace, *below = namespaces
    if namespace:
        element.tag = f"{{{namespace}}}{xml.local_name(element)}"
    for child in element:
        _qualify(child, tuple(below) or namespaces)
