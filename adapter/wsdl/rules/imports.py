"""Rules of the statements that name further files."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from adapter.wsdl import names
from adapter.wsdl.description import Description
from adapter.wsdl.finding import Case, Level, Spot, Tolerance, rule
from adapter.wsdl.links import Link, LinkKind

_SCHEMA_LINKS = {LinkKind.IMPORT, LinkKind.INCLUDE, LinkKind.REDEFINE}
_KNOWN_SPACES = {
    names.XML,
    names.XSD,
    names.WSDL,
    names.SOAP_ENCODING,
    names.SOAP_ENVELOPE,
    *names.XMIME,
}


def _address(link: Link) -> str:
    return "location" if link.kind is LinkKind.WSDL else "schemaLocation"


@rule(
    "import-unreachable",
    Level.ERROR,
    expected="a file that can be fetched",
    why="what it declares is unknown, so messages may lack elements or types",
    remedy="make the address answer, or let the service publish its WSDL with everything inside",
    source="WSDL 1.1, section 2.1.1",
    tolerance=Tolerance.READER,
)
def import_unreachable(case: Case) -> Iterator[Spot]:
    """An imported file cannot be had."""
    for link in case.description.links:
        reason = case.description.absent.get(link.address)
        if reason:
            yield Spot(link.node.at(_address(link)), f"{link.address}: {reason}")


@rule(
    "import-missing",
    Level.ERROR,
    expected="the file beside the others",
    why="what it declares is unknown, so messages may lack elements or types",
    remedy="put the file where the location says, seen from the file that imports it, or fetch "
    "the WSDL anew with all its imports",
    source="WSDL 1.1, section 2.1.1",
    tolerance=Tolerance.READER,
)
def import_missing(case: Case) -> Iterator[Spot]:
    """An imported file is not there."""
    for link in case.description.links:
        if link.address and case.description.absent.get(link.address) == "":
            yield Spot(link.node.at(_address(link)), link.address)


@rule(
    "import-location-missing",
    Level.ERROR,
    expected="a location that is not empty",
    why="nobody can tell which file is meant",
    remedy="add the location attribute, or remove the statement",
    source="WSDL 1.1, section 2.1.1; WS-I BP 1.1 R2007",
)
def import_location_missing(case: Case) -> Iterator[Spot]:
    """A wsdl:import or xs:include names no file."""
    for link in case.description.links:
        if not link.address and link.kind is not LinkKind.IMPORT:
            yield Spot(link.node.place, f"{link.kind} without {_address(link)}")


@rule(
    "import-namespace",
    Level.ERROR,
    expected="the target namespace of the imported WSDL",
    why="references into that namespace lead nowhere",
    remedy="write the targetNamespace of the imported file into the namespace attribute",
    source="WSDL 1.1, section 2.1.1; WS-I BP 1.1 R2005",
)
def import_namespace(case: Case) -> Iterator[Spot]:
    """The namespace of a wsdl:import is not that of the imported WSDL."""
    yield from _other_namespace(case.description, {LinkKind.WSDL})


@rule(
    "import-relative-namespace",
    Level.ERROR,
    expected="an absolute URI",
    why="a relative namespace means something else in every file",
    remedy="write the whole URI, as the targetNamespace of the imported file has it",
    source="WS-I BP 1.1 R2803",
)
def import_relative_namespace(case: Case) -> Iterator[Spot]:
    """The namespace of a wsdl:import is a relative URI."""
    for link in case.description.links:
        if link.kind is LinkKind.WSDL and link.namespace and not _absolute(link.namespace):
            yield Spot(link.node.at("namespace"), link.namespace)


@rule(
    "import-of-schema",
    Level.ERROR,
    expected="wsdl:import for a WSDL, xs:import within xs:schema for a schema",
    why="strict readers refuse it, and lenient ones disagree about where its elements belong",
    remedy="put an xs:schema with an xs:import of the file into wsdl:types",
    source="WS-I BP 1.1 R2001, R2002",
)
def import_of_schema(case: Case) -> Iterator[Spot]:
    """A wsdl:import imports what is not a WSDL."""
    for link, name in _roots(case.description):
        if link.kind is LinkKind.WSDL and name != names.wsdl("definitions"):
            yield Spot(link.node.at("location"), f"{link.address} is <{names.local(name)}>")


@rule(
    "schema-import-of-other",
    Level.ERROR,
    expected="a file whose root is xs:schema",
    why="the elements and types that are meant are not there",
    remedy="name the schema file itself",
    source="WS-I BP 1.1 R2004",
    tolerance=Tolerance.READER,
)
def schema_import_of_other(case: Case) -> Iterator[Spot]:
    """An xs:import or xs:include names what is not a schema."""
    for link, name in _roots(case.description):
        if link.kind in _SCHEMA_LINKS and name != names.xsd("schema"):
            yield Spot(link.node.at("schemaLocation"), f"{link.address} is <{names.local(name)}>")


@rule(
    "schema-import-misplaced",
    Level.ERROR,
    expected="xs:import as a child of an xs:schema in wsdl:types",
    why="it is not looked for there, so what it imports stays unknown",
    remedy="move it into an xs:schema within wsdl:types",
    source="WS-I BP 1.1 R2003",
)
def schema_import_misplaced(case: Case) -> Iterator[Spot]:
    """An xs:import stands outside of a schema."""
    for root in case.description.definitions:
        holders = (root, *root.named(names.wsdl("types")))
        for node in (n for holder in holders for n in holder.named(names.xsd("import"))):
            yield Spot(node.place, "xs:import outside of xs:schema")


@rule(
    "import-circular",
    Level.WARNING,
    expected="imports that do not lead back",
    why="some readers do not end, others read a file twice and find its names there already",
    remedy="remove the import that leads back, if nothing there is referred to",
    source="WSDL 1.1, section 2.1.1; XML Schema Part 1, section 4.2",
)
def import_circular(case: Case) -> Iterator[Spot]:
    """Imports lead back to the file they stand in."""
    below: dict[str, list[Link]] = {}
    for link in case.description.links:
        below.setdefault(link.file, []).append(link)
    for link in case.description.links:
        if link.address in below and _reaches(link.address, link.file, below):
            yield Spot(link.node.at(_address(link)), link.address)


@rule(
    "import-order",
    Level.WARNING,
    expected="wsdl:import first, then wsdl:types, then the rest",
    why="a reader that works from top to bottom meets references before what they refer to",
    remedy="move the element up",
    source="WS-I BP 1.1 R2022, R2023",
)
def import_order(case: Case) -> Iterator[Spot]:
    """wsdl:import or wsdl:types stands too far below."""
    ranks = {names.wsdl("import"): 0, names.wsdl("types"): 1}
    for root in case.description.definitions:
        highest = 0
        for node in root.children:
            of_wsdl = names.namespace(node.name) == names.WSDL
            if not of_wsdl or node.name == names.wsdl("documentation"):
                continue
            rank = ranks.get(node.name, 2)
            if rank < highest:
                yield Spot(node.place, f"wsdl:{names.local(node.name)}")
            highest = max(highest, rank)


@rule(
    "schema-import-namespace",
    Level.ERROR,
    expected="the target namespace of the imported schema",
    why="references into that namespace lead nowhere, so messages lack elements",
    remedy="write the targetNamespace of the imported file into the namespace attribute",
    source="XML Schema Part 1, section 4.2.3",
    tolerance=Tolerance.READER,
)
def schema_import_namespace(case: Case) -> Iterator[Spot]:
    """The namespace of an xs:import is not that of the imported schema."""
    yield from _other_namespace(case.description, {LinkKind.IMPORT})


@rule(
    "schema-include-namespace",
    Level.ERROR,
    expected="a schema of the same target namespace, or of none",
    why="an include cannot bring in another namespace",
    remedy="use xs:import with the namespace of that file",
    source="XML Schema Part 1, section 4.2.1",
)
def schema_include_namespace(case: Case) -> Iterator[Spot]:
    """An xs:include brings in a schema of another namespace."""
    yield from _other_namespace(case.description, {LinkKind.INCLUDE, LinkKind.REDEFINE})


@rule(
    "schema-import-nowhere",
    Level.ERROR,
    expected="a schemaLocation, or a schema of that namespace in this WSDL",
    why="nobody can tell where the elements of that namespace are declared",
    remedy="add a schemaLocation, or put the schema into wsdl:types",
    source="XML Schema Part 1, section 4.2.3",
)
def schema_import_nowhere(case: Case) -> Iterator[Spot]:
    """An xs:import names no file, and its namespace is nowhere."""
    there = {schema.target for schema in case.description.schemas} | _KNOWN_SPACES
    for link in case.description.links:
        if link.kind is LinkKind.IMPORT and not link.address and link.namespace not in there:
            yield Spot(link.node.place, link.namespace or "no namespace")


def _other_namespace(description: Description, kinds: set[LinkKind]) -> Iterator[Spot]:
    for link, _ in _roots(description):
        root = description.sources[link.address].root
        target = root.get("targetNamespace") if root is not None else ""
        agrees = target == link.namespace or (link.kind in _TAKING and not target)
        wanted = names.wsdl("definitions") if link.kind is LinkKind.WSDL else names.xsd("schema")
        if link.kind in kinds and not agrees and root is not None and root.name == wanted:
            name = "namespace" if link.kind not in _TAKING else "schemaLocation"
            yield Spot(link.node.at(name), link.namespace or "none", target or "none")


_TAKING = {LinkKind.INCLUDE, LinkKind.REDEFINE}


def _roots(description: Description) -> Iterator[tuple[Link, str]]:
    """Every statement that was answered, with the name of the root it led to."""
    for link in description.links:
        source = description.sources.get(link.address)
        if source is not None and source.root is not None:
            yield link, source.root.name


def _absolute(uri: str) -> bool:
    try:
        return bool(urlsplit(uri).scheme)
    except ValueError:
        return False


def _reaches(start: str, goal: str, below: dict[str, list[Link]]) -> bool:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        file = waiting.pop()
        if file == goal:
            return True
        if file not in seen:
            seen.add(file)
            waiting.extend(link.address for link in below.get(file, ()))
    return False
