"""XML: the one parser, and the little that is needed to build it."""

from typing import Final

from lxml import etree

XML_DECLARED_WINDOWS: Final = b'<?xml version="1.0" encoding="windows-1252" ?>\n'


class NotXmlError(ValueError):
    """Raised for text that is not well-formed XML without a DTD."""


def parse(text: bytes, *, comments: bool = True) -> etree._Element:
    """Return the root of untrusted XML; no DTD, no entities, no network, no huge trees.

    Raises:
        NotXmlError: the text is not well-formed, or has a DTD.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=not comments,
        remove_pis=not comments,
    )
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        raise NotXmlError(error.msg) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotXmlError("A document type declaration is not accepted.")
    return root


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return etree.QName(element).localname


def namespace_of(element: etree._Element) -> str:
    """Return the namespace of an element, "" if it has none."""
    return etree.QName(element).namespace or ""


def children(element: etree._Element) -> list[etree._Element]:
    """Return the elements directly below, without comments and processing instructions."""
    return list(element.iterchildren("*"))


def child(element: etree._Element | None, name: str) -> etree._Element | None:
    """Return the first element directly below with this local name in any namespace."""
    if element is None:
        return None
    return next((each for each in children(element) if local_name(each) == name), None)


def add(
    parent: etree._Element, name: str, namespace: str = "", prefix: str | None = None
) -> etree._Element:
    """Return a new last child; a prefix is declared on it, even if it is declared above."""
    if not namespace:
        return etree.SubElement(parent, name)
    nsmap = {prefix: namespace} if prefix else None
    return etree.SubElement(parent, f"{{{namespace}}}{name}", None, nsmap)
