"""A valid request for an operation, filled with typed examples: as SOAP, and as plain XML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from adapter.core import sasbiws, xml
from adapter.wsdl import names
from adapter.wsdl.description import Description
from adapter.wsdl.element import Content, Element, number
from adapter.wsdl.elements import Elements
from adapter.wsdl.operations import Offer, offers_of, serving

MAX_ELEMENTS = 300
MAX_DEPTH = 12
"""Bounds of a sample; optional elements below are left out."""

SAS_NAMESPACE = "http://www.sas.com/xml/namespace/biwebservices"
"""Of every stored process at its own address. Source: Guide, sample requests and responses."""

_EXAMPLES = {
    "boolean": "true", "date": "2026-01-31", "time": "12:00:00", "gYear": "2026",
    "dateTime": "2026-01-31T12:00:00", "duration": "P1D", "base64Binary": "U0FT",
    "hexBinary": "534153", "anyURI": "https://example.com/file", "language": "en",
    "double": "0.5", "float": "0.5", "decimal": "1.5", "QName": "xs:string",
    "negativeInteger": "-1", "nonPositiveInteger": "-1", "gMonthDay": "--01-31",
    "gYearMonth": "2026-01", "gMonth": "--01", "gDay": "---31",
}  # fmt: skip
_WHOLE = {
    "int", "integer", "long", "short", "byte", "unsignedInt", "unsignedLong", "unsignedShort",
    "unsignedByte", "positiveInteger", "nonNegativeInteger",
}  # fmt: skip
_CANDIDATES = ("text", "https://example.com/file", "1", "A", "A1", "2026-01-31", "a@example.com")
_SHORT_PATTERN = 200


@dataclass(frozen=True)
class Sample:
    """One request in both forms.

    Args:
        operation: Its name.
        soap_address: Where the envelope is posted.
        soap_action: Value of the header SOAPAction, without quotes.
        envelope: The SOAP message, without credentials.
        rest_address: Where the plain XML is posted; empty where the address is none of SASBIWS.
        plain: The plain XML.
    """

    operation: str
    soap_address: str
    soap_action: str
    envelope: bytes
    rest_address: str
    plain: bytes

    def to_json(self) -> dict[str, str]:
        """The sample as JSON members."""
        return {
            "operation": self.operation,
            "soap_address": self.soap_address,
            "soap_action": self.soap_action,
            "envelope": self.envelope.decode(),
            "rest_address": self.rest_address,
            "plain": self.plain.decode(),
        }


def sample_of(
    description: Description,
    stored_process: str = "",
    *,
    address: str = "",
    own: Description | None = None,
) -> Sample | None:
    """A request for the operation that serves a stored process; None where none can be told.

    Args:
        description: What was read of the WSDL.
        stored_process: Its name, or that of an operation; empty takes the first that is callable.
        address: The configured address; empty takes the one of the WSDL.
        own: The adapter's own schema, which gives the Table where the WSDL leaves it open.
    """
    elements = Elements(description.schemas)
    offers = [each for each in offers_of(description, elements) if each.callable and each.request]
    matching = serving(offers, stored_process) if stored_process else tuple(offers)
    if not matching or (stored_process and len(matching) > 1):
        return None
    table = Elements(own.schemas) if own else None
    try:
        return _written(matching[0], address, elements, table)
    except ValueError:  # a name or namespace in the schema that XML cannot hold
        return None


def _written(offer: Offer, address: str, elements: Elements, table: Elements | None) -> Sample:
    called = address or offer.port.address
    return Sample(
        operation=offer.name,
        soap_address=offer.port.address if sasbiws.REST_PATH in called else called,
        soap_action=offer.bound.action or "",
        envelope=xml.to_bytes(_envelope(offer, elements, table)),
        rest_address=rest_address(called, offer),
        plain=xml.to_bytes(_plain(offer, elements, table)),
    )


def rest_address(address: str, offer: Offer) -> str:
    """The plain XML address beside a SOAP address; empty where it is none of SASBIWS.

    Source: Guide, "REST and JSON endpoints": the root element selects the operation of a
    generated web service.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if sasbiws.REST_PATH in parts.path:
        return address
    before, found, path = parts.path.partition(sasbiws.SOAP_PATH)
    own = offer.request is not None and names.namespace(offer.request.name) == SAS_NAMESPACE
    kind = "storedProcesses/" if own else ""
    called = f"{before}{sasbiws.REST_PATH}{kind}{path}"
    return urlunsplit((parts.scheme, parts.netloc, called, "", "")) if found else ""


def _envelope(offer: Offer, elements: Elements, table: Elements | None) -> xml.Element:
    request = offer.request
    space = names.namespace(request.name) if request else ""
    spaces = {"soapenv": names.SOAP_ENVELOPE, **({"biw": space} if space else {})}
    envelope = xml.new(names.clark(names.SOAP_ENVELOPE, "Envelope"), spaces)
    xml.below(envelope, names.clark(names.SOAP_ENVELOPE, "Header"))
    body = xml.below(envelope, names.clark(names.SOAP_ENVELOPE, "Body"))
    if request is not None:
        _Filling(elements, table).fill(xml.below(body, request.name), request, MAX_DEPTH)
    return envelope


def _plain(offer: Offer, elements: Elements, table: Elements | None) -> xml.Element:
    request = offer.request
    name = request.local if request else offer.name
    root = xml.new(name)
    if request is not None:
        _Filling(elements, table, plain=True).fill(root, request, MAX_DEPTH)
    return root


class _Filling:
    """Fills elements with what their declarations allow.

    Args:
        elements: Of the WSDL.
        table: Of the adapter's own schema; None where none is known.
        plain: Leave all namespaces out.
    """

    def __init__(self, elements: Elements, table: Elements | None, *, plain: bool = False) -> None:
        self._elements = elements
        self._table = table
        self._plain = plain
        self._left = MAX_ELEMENTS

    def fill(self, at: xml.Element, element: Element, depth: int) -> None:
        """Everything that an element may hold, one example of each."""
        if "contentType" in element.attributes:
            at.set("contentType", sasbiws.CONTENT_TYPE)
        if element.content is Content.SIMPLE:
            at.text = example_of(element)
        elif element.content in {Content.ANY, Content.ANY_TYPE}:
            if element.local == sasbiws.VALUE:
                self._table_into(at, depth)
        else:
            self._children(at, element, self._elements, depth)

    def _children(self, at: xml.Element, element: Element, elements: Elements, depth: int) -> None:
        chosen: set[int] = set()
        for child in elements.children(element) if self._left > 0 else ():
            skipped = child.most == 0 or (child.least == 0 and depth <= 0)
            if skipped or self._left <= 0 or id(child.choice) in chosen or depth < -MAX_DEPTH:
                continue
            if child.choice is not None:
                chosen.add(id(child.choice))
            self._left -= 1
            name = child.local if self._plain else child.name
            self._one(xml.below(at, name), child, elements, depth - 1)

    def _one(self, at: xml.Element, child: Element, elements: Elements, depth: int) -> None:
        if elements is self._elements:
            self.fill(at, child, depth)
        elif child.content is Content.SIMPLE:
            at.text = example_of(child)
        else:
            self._children(at, child, elements, depth)

    def _table_into(self, at: xml.Element, depth: int) -> None:
        declared = self._table.get("Table") if self._table else None
        table = xml.below(at, "Table")
        if declared is not None and self._table is not None:
            self._children(table, declared, self._table, depth)
        if len(table) == 0:
            xml.below(table, "InData")
        for row in table:
            if len(row) == 0:
                xml.below(row, "column").text = "text"


def example_of(element: Element) -> str:
    """A value that the simple type of an element allows, as far as its facets are understood."""
    if element.choices:
        return element.choices[0]
    if element.base in _WHOLE:
        return element.facets.get("minInclusive", "1")
    if element.base in _EXAMPLES:
        return element.facets.get("minInclusive", _EXAMPLES[element.base])
    return _fitted(_matching(element.facets.get("pattern", "")), element)


def _matching(pattern: str) -> str:
    """The first candidate that a pattern allows; a plain word where none is, or none is asked."""
    if not pattern or len(pattern) > _SHORT_PATTERN:
        return _CANDIDATES[0]
    try:
        allowed = re.compile(pattern)
        return next(filter(allowed.fullmatch, _CANDIDATES), _CANDIDATES[0])
    except (re.error, OverflowError, RecursionError):
        return _CANDIDATES[0]


def _fitted(text: str, element: Element) -> str:
    least = number(element.facets.get("length") or element.facets.get("minLength") or "")
    most = element.length
    padded = text.ljust(min(least or 0, _SHORT_PATTERN), "x")
    return padded if most is None else padded[:most]
