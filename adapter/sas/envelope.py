"""The SOAP message of an operation, one element per line around the Table's own lines."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from adapter.core import sasbiws, xml

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
"""Source: SOAP 1.1."""


@dataclass(frozen=True)
class Operation:
    """How one operation is called, in names as its WSDL gives them.

    Element names are in Clark notation, `{namespace}name`, or bare where the schema leaves them
    unqualified.

    Args:
        name: As in the WSDL.
        soap_action: Value of the SOAPAction header, without quotes.
        wrapper: The element in the body.
        streams: The element that holds the data sources.
        source: The data source that takes the document.
        value: The element in it that holds the document.
        content_type: The attribute of the data source; empty where none is declared.
        parameters: The element that holds prompts, where it must be there; else empty.
        parameters_first: True where it stands before the streams.
        table: Namespaces of Table, row and column where the data source's schema has them in
            one; empty elsewhere.
    """

    name: str
    soap_action: str
    wrapper: str
    streams: str
    source: str
    value: str
    content_type: str = ""
    parameters: str = ""
    parameters_first: bool = True
    table: tuple[str, ...] = ()


def envelope_of(operation: Operation, table: bytes) -> xml.Element:
    """The SOAP envelope that calls an operation with this Table, its header empty.

    Wrappers have a prefix: a default namespace on one of them would capture the Table.
    """
    nsmap = {"soapenv": SOAP, "biw": etree.QName(operation.wrapper).namespace}
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={k: v for k, v in nsmap.items() if v})
    line(envelope, f"{{{SOAP}}}Header")
    wrapper = line(line(envelope, f"{{{SOAP}}}Body"), operation.wrapper)
    if operation.parameters and operation.parameters_first:
        line(wrapper, operation.parameters)
    source = line(line(wrapper, operation.streams), operation.source)
    if operation.content_type:
        source.set(operation.content_type, sasbiws.CONTENT_TYPE)
    value = line(source, operation.value)
    sasbiws.insert_table(value, table)
    if any(operation.table):
        _qualify(value[0], operation.table)
    if operation.parameters and not operation.parameters_first:
        line(wrapper, operation.parameters)
    return envelope


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
