"""The only XML parser settings of the adapter: no DTD, no entities, no network, no huge trees."""

from __future__ import annotations

from lxml import etree

Element = etree._Element  # noqa: SLF001  lxml has no public name for the type of an element


class XmlRefused(ValueError):
    """The bytes are not well-formed XML, or hold what is never read: a DTD or an entity.

    Attributes:
        line: Line of the fault, from 1; 0 where the parser names none.
    """

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def parse(raw: bytes) -> Element:
    """The root element of the bytes.

    Raises:
        XmlRefused: Not well-formed, or a document type declaration is present.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise XmlRefused(error.msg or "not well-formed XML", error.lineno or 0) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefused("it holds a document type declaration, which is never read", 1)
    return root


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(element).localname


def to_bytes(element: Element) -> bytes:
    """The element in UTF-8 without a declaration, without what follows it."""
    return etree.tostring(element, encoding="utf-8", with_tail=False)
