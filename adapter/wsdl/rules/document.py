"""Rules of single files: are they XML, in which encoding, and of the right kind?"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.wsdl import names
from adapter.wsdl.description import Description
from adapter.wsdl.finding import Case, Level, Spot, Tolerance, rule
from adapter.wsdl.nodes import Place
from adapter.wsdl.operations import MAX_OFFERS
from adapter.wsdl.rules.references import references
from adapter.wsdl.source import Hindrance, Source

_ASCII = {"ascii", "us-ascii"}


@rule(
    "xml-malformed",
    Level.ERROR,
    expected="well-formed XML",
    why="nothing of it can be read, so no operation is known and no call can be made",
    remedy="fetch the WSDL again; if it was edited, mend the file at this place",
    source="XML 1.0, section 2.1; WS-I BP 1.1 R4004",
    tolerance=Tolerance.NEITHER,
)
def xml_malformed(case: Case) -> Iterator[Spot]:
    """The file is not well-formed XML."""
    for each in case.troubles(Hindrance.MALFORMED, Hindrance.EMPTY):
        yield Spot(each.place, each.found)


@rule(
    "html-page",
    Level.ERROR,
    expected="a WSDL",
    why="a login page or an error page of the web server came in place of the WSDL",
    remedy="open the address in a browser; if it asks for a login, give user and password of the "
    "stored process, or let the WSDL be read without a login; else correct the address",
    source="SAS 9.4 BI Web Services Developer's Guide, security",
    tolerance=Tolerance.NEITHER,
)
def html_page(case: Case) -> Iterator[Spot]:
    """An HTML page stands where a WSDL should be."""
    for each in case.troubles(Hindrance.HTML, Hindrance.LOGIN):
        login = each.kind is Hindrance.LOGIN
        yield Spot(each.place, "an HTML login page" if login else each.found)


@rule(
    "xml-dtd",
    Level.ERROR,
    expected="no document type declaration",
    why="a DTD can make a reader open other files or fill its memory, so none is ever read",
    remedy="remove the DOCTYPE; a WSDL needs none",
    source="WSDL 1.1, section 2; SOAP 1.1, section 3",
    tolerance=Tolerance.NEITHER,
)
def xml_dtd(case: Case) -> Iterator[Spot]:
    """A document type declaration is present."""
    for each in case.troubles(Hindrance.DOCTYPE):
        yield Spot(each.place, each.found)


@rule(
    "xml-entity",
    Level.ERROR,
    expected="no entities beside &lt; &gt; &amp; &quot; &apos;",
    why="entities are never expanded, for they can read files or fill the memory",
    remedy="write the character itself, or a number such as &#160;",
    source="XML 1.0, section 4.1",
    tolerance=Tolerance.NEITHER,
)
def xml_entity(case: Case) -> Iterator[Spot]:
    """An entity is declared or used."""
    for each in case.troubles(Hindrance.ENTITY):
        yield Spot(each.place, each.found)


@rule(
    "prefix-undeclared",
    Level.ERROR,
    expected="xmlns:prefix on the element or one around it",
    why="the name stands for nothing, so the element or type that is meant cannot be found",
    remedy="declare the prefix, or correct its spelling",
    source="Namespaces in XML 1.0, section 5",
    tolerance=Tolerance.NEITHER,
)
def prefix_undeclared(case: Case) -> Iterator[Spot]:
    """A prefix is not declared."""
    for each in case.troubles(Hindrance.PREFIX):
        yield Spot(each.place, f"{each.found}:", f"xmlns:{each.found} to be declared")


@rule(
    "reference-prefix-undeclared",
    Level.ERROR,
    expected="a prefix that is declared on the element or one around it",
    why="the reference leads nowhere, so the operation has no message and cannot be called",
    remedy="declare the prefix, or correct its spelling",
    source="Namespaces in XML 1.0, section 5; WSDL 1.1, section 2.1.1",
    tolerance=Tolerance.READER,
)
def reference_prefix_undeclared(case: Case) -> Iterator[Spot]:
    """A reference has a prefix that is not declared."""
    for root in case.description.definitions:
        for reference in references(root):
            if not reference.declared:
                yield Spot(reference.place, reference.written)


@rule(
    "encoding-wrong",
    Level.ERROR,
    expected="bytes in the encoding that the XML declaration names, UTF-8 where it names none",
    why="letters outside of ASCII are lost or changed, also in names that are sent",
    remedy="correct the encoding in the XML declaration, or save the file in that encoding",
    source="XML 1.0, section 4.3.3; WS-I BP 1.1 R4003",
    tolerance=Tolerance.READER,
)
def encoding_wrong(case: Case) -> Iterator[Spot]:
    """The file is not in the encoding that it claims."""
    for source in _with_text(case.description):
        decoded = source.file.decoded
        if decoded.broken:
            found = f"read as {decoded.used}"
            yield Spot(_declaration(source, "encoding"), found, decoded.declared or "utf-8")


@rule(
    "encoding-unusual",
    Level.WARNING,
    expected="UTF-8 or UTF-16",
    why="a reader need not know any other encoding",
    remedy="save the file in UTF-8 and say so in its XML declaration",
    source="WS-I BP 1.1 R4003, R2010",
)
def encoding_unusual(case: Case) -> Iterator[Spot]:
    """The encoding is neither UTF-8 nor UTF-16."""
    for source in _with_text(case.description):
        decoded = source.file.decoded
        usual = decoded.used.startswith(("utf-8", "utf8", "utf-16")) or decoded.used in _ASCII
        if not usual and not decoded.broken:
            yield Spot(_declaration(source, "encoding"), decoded.used)


@rule(
    "encoding-utf-16",
    Level.NOTE,
    expected="UTF-8",
    why="it is allowed and read, but tools that compare text line by line stumble over it",
    remedy="none needed",
    source="WS-I BP 1.1 R4003",
)
def encoding_utf_16(case: Case) -> Iterator[Spot]:
    """The file is in UTF-16."""
    for source in _with_text(case.description):
        if source.file.decoded.used.startswith("utf-16"):
            yield Spot(_declaration(source, "encoding"), source.file.decoded.used)


@rule(
    "byte-order-mark",
    Level.NOTE,
    expected="no byte order mark in UTF-8",
    why="it is allowed and read; a program that joins files by hand stumbles over it",
    remedy="none needed",
    source="WS-I BP 1.1 R4002, R2009",
)
def byte_order_mark(case: Case) -> Iterator[Spot]:
    """The file begins with a byte order mark."""
    for source in _with_text(case.description):
        decoded = source.file.decoded
        if decoded.mark and decoded.used == "utf-8":
            yield Spot(Place(source.file.address, 1, 1), "a UTF-8 byte order mark")


@rule(
    "xml-version",
    Level.ERROR,
    expected='version="1.0"',
    why="other versions allow characters that no SOAP message can hold",
    remedy='write version="1.0" into the XML declaration',
    source="WS-I BP 1.1 R4004, R2011",
)
def xml_version(case: Case) -> Iterator[Spot]:
    """The XML version is not 1.0."""
    for source in _with_text(case.description):
        version = source.file.decoded.version
        if version not in {"", "1.0"}:
            yield Spot(_declaration(source, "version"), version)


@rule(
    "root-wrong",
    Level.ERROR,
    expected="wsdl:definitions of WSDL 1.1",
    why="this is another kind of document, so no operation can be read from it",
    remedy="ask the address of the web service with ?wsdl; WSDL 2.0 is not used by SASBIWS",
    source="WSDL 1.1, section 2.1; WS-I BP 1.1 R2028",
    tolerance=Tolerance.NEITHER,
)
def root_wrong(case: Case) -> Iterator[Spot]:
    """The root is not that of a WSDL 1.1."""
    root = case.description.sources[case.description.main].root
    if root is not None and root.name != names.wsdl("definitions"):
        space = names.namespace(root.name)
        known = {names.WSDL_20: "WSDL 2.0", names.XSD: "an XML schema"}
        found = f"<{names.local(root.name)}> in {space or 'no namespace'}"
        yield Spot(root.place, f"{found}, {known[space]}" if space in known else found)


@rule(
    "limit-exceeded",
    Level.ERROR,
    expected="a WSDL of sane size",
    why="nothing of what SAS publishes is that large or deep, so it is not read any further",
    remedy="check that the address is the one of a SAS web service",
    source="the bounds of this reader",
    tolerance=Tolerance.ZEEP,
)
def limit_exceeded(case: Case) -> Iterator[Spot]:
    """A bound on size, depth or number of files is exceeded."""
    for each in case.troubles(Hindrance.LIMIT):
        yield Spot(each.place, each.found)
    for place, found in case.description.excess:
        yield Spot(place, found)
    if len(case.offers) >= MAX_OFFERS:
        yield Spot(case.start, f"{MAX_OFFERS} operations or more")


def _with_text(description: Description) -> Iterator[Source]:
    return (source for source in description.sources.values() if source.file.decoded.text)


def _declaration(source: Source, word: str) -> Place:
    """Where the XML declaration says it; else where the file begins."""
    return source.file.place(max(source.file.decoded.text.find(word, 0, 200), 0))
