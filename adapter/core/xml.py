"""The only XML parser settings of the adapter: no DTD, no entities, no network, no huge trees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

Element = etree._Element  # noqa: SLF001  lxml has no public name for the type of an element


@dataclass(frozen=True)
class Fault:
    """One thing the parser stumbled over; line and column from 1, 0 where it names none."""

    message: str
    line: int
    column: int


class XmlRefused(ValueError):
    """The bytes are not well-formed XML, or hold what is never read: a DTD or an entity.

    Attributes:
        line: Line of the fault, from 1; 0 where the parser names none.
        column: Column of the fault, from 1; 0 where the parser names none.
        faults: Every fault the parser met up to its end, the first being this one.
    """

    def __init__(
        self, message: str, line: int = 0, column: int = 0, faults: tuple[Fault, ...] = ()
    ) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.faults = faults or (Fault(message, line, column),)


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
        faults = tuple(Fault(each.message, each.line, each.column) for each in parser.error_log)
        message, line = error.msg or "not well-formed XML", error.lineno or 0
        raise XmlRefused(message, line, faults[0].column if faults else 0, faults) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefused("it holds a document type declaration, which is never read", 1)
    return root


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(element).localname


def new(name: str, namespaces: Mapping[str, str] | None = None) -> Element:
    """A root element; prefixes of the namespaces given are used for it and all below."""
    return etree.Element(name, nsmap={**(namespaces or {})})


def below(parent: Element, name: str) -> Element:
    """A new last child on a line of its own."""
    parent.text = parent.text or "\n"
    child = etree.SubElement(parent, name)
    child.tail = "\n"
    return child


def to_bytes(element: Element) -> bytes:
    """The element in UTF-8 without a declaration, without what follows it."""
    return etree.tostring(element, encoding="utf-8", with_tail=False)
