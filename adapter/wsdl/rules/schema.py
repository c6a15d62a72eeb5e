"""Rules of the schemas, and of the wrapper elements in them."""

from __future__ import annotations

from collections.abc import Iterator

from adapter.wsdl import names
from adapter.wsdl.compiled import uses_xsd_11
from adapter.wsdl.element import Content, Element
from adapter.wsdl.finding import Case, Level, Spot, Tolerance, rule
from adapter.wsdl.nodes import Node
from adapter.wsdl.operations import Offer

_EMPTY = {names.xsd("import"), names.xsd("annotation")}
_WSDL_ARRAY_TYPE = names.wsdl("arrayType")
_SOAP_ARRAY_TYPE = names.clark(names.SOAP_ENCODING, "arrayType")
_SOAP_ARRAY = names.clark(names.SOAP_ENCODING, "Array")


@rule(
    "schema-invalid",
    Level.ERROR,
    expected="a schema that XML Schema 1.0 allows",
    why="readers take different things from it, or refuse the whole WSDL",
    remedy="mend the schema at this place; if SAS made it, ask for the WSDL with reload=true",
    source="XML Schema Part 1 and Part 2",
    tolerance=Tolerance.READER,
)
def schema_invalid(case: Case) -> Iterator[Spot]:
    """A schema is not valid."""
    there = {schema.target for schema in case.description.schemas}
    passed = () if names.SOAP_ENCODING in there else (f"'{{{names.SOAP_ENCODING}}}",)
    for place, message in case.judged.errors if case.whole else ():
        if not any(each in message for each in passed):
            yield Spot(place, message)


@rule(
    "schema-unjudged",
    Level.NOTE,
    expected="a schema that can be compiled in short time",
    why="what is wrong in it is not told; operations and elements are read all the same",
    remedy="none needed for a call",
    source="the bounds of this reader",
)
def schema_unjudged(case: Case) -> Iterator[Spot]:
    """The schemas were not compiled."""
    if case.judged.unjudged:
        yield Spot(case.description.schemas[0].node.place, case.judged.unjudged)


@rule(
    "schema-namespace-missing",
    Level.NOTE,
    expected="a targetNamespace, unless the schema is that of a Table",
    why="WS-I asks for one; SASBIWS has Table in no namespace, and there it is right",
    remedy="none needed for the schema of a data source",
    source="WS-I BP 1.1 R2105",
)
def schema_namespace_missing(case: Case) -> Iterator[Spot]:
    """A schema in wsdl:types has no target namespace."""
    for schema in case.description.schemas:
        inside = schema.node is not schema.source.root
        declares = any(child.name not in _EMPTY for child in schema.node.children)
        if inside and declares and not schema.target:
            yield Spot(schema.node.place, "no targetNamespace")


@rule(
    "schema-old-namespace",
    Level.ERROR,
    expected=names.XSD,
    why="the schema is of a draft of XML Schema, and readers pass over it",
    remedy="write the namespace of the final XML Schema",
    source="WS-I BP 1.1 R2801",
)
def schema_old_namespace(case: Case) -> Iterator[Spot]:
    """A schema is in the namespace of a draft."""
    for root in case.description.definitions:
        for types in root.named(names.wsdl("types")):
            for node in types.children:
                if names.namespace(node.name) in names.XSD_OLD:
                    yield Spot(node.place, names.namespace(node.name))


@rule(
    "schema-xsd-11",
    Level.WARNING,
    expected="XML Schema 1.0",
    why="a WSDL is read by XML Schema 1.0; what 1.1 adds is passed over or refused",
    remedy="leave out what only 1.1 knows; the adapter's own schemas/ may use it",
    source="WS-I BP 1.1 R2801",
)
def schema_xsd_11(case: Case) -> Iterator[Spot]:
    """A schema uses XML Schema 1.1."""
    for schema in case.description.schemas:
        if uses_xsd_11(schema.node):
            yield Spot(schema.node.place, "constructs of XML Schema 1.1")


@rule(
    "schema-form",
    Level.WARNING,
    expected='elementFormDefault="qualified", as SASBIWS has it',
    why="parameters and streams would then be sent without a namespace, as no known SASBIWS asks",
    remedy="ask for the WSDL with reload=true; the adapter follows the schema",
    source="SAS 9.4 BI Web Services Developer's Guide, sample requests",
)
def schema_form(case: Case) -> Iterator[Spot]:
    """The elements below a wrapper are not qualified."""
    seen: set[int] = set()
    for offer in case.offers:
        schema = offer.request.scope.schema if offer.request else None
        if schema is None or id(schema) in seen or not offer.callable:
            continue
        seen.add(id(schema))
        children = case.elements.children(offer.request) if offer.request else ()
        if children and not any(names.namespace(child.name) for child in children):
            found = schema.get("elementFormDefault") or "none"
            yield Spot(schema.at("elementFormDefault"), found)


@rule(
    "soap-array",
    Level.ERROR,
    expected="an element with maxOccurs",
    why="soapenc:Array belongs to encoded messages; in a literal one it means nothing",
    remedy="repeat an element by maxOccurs",
    source="WS-I BP 1.1 R2110",
)
def soap_array(case: Case) -> Iterator[Spot]:
    """A type is derived from soapenc:Array."""
    for node in _schema_nodes(case):
        reference = node.reference("base")
        if reference is not None and reference.name == _SOAP_ARRAY:
            yield Spot(reference.place, reference.written)


@rule(
    "soap-array-type",
    Level.ERROR,
    expected="no wsdl:arrayType, and no soapenc:arrayType",
    why="it asks for the attribute soapenc:arrayType in a message, which R2113 forbids; messages "
    "themselves are not looked at",
    remedy="repeat an element by maxOccurs",
    source="WS-I BP 1.1 R2111, R2113",
)
def soap_array_type(case: Case) -> Iterator[Spot]:
    """A schema asks for an attribute arrayType."""
    for node in _schema_nodes(case):
        if _WSDL_ARRAY_TYPE in node.attributes:
            yield Spot(node.at("arrayType"), node.get(_WSDL_ARRAY_TYPE))
        elif node.name == names.xsd("attribute"):
            reference = node.reference("ref")
            if reference is not None and reference.name == _SOAP_ARRAY_TYPE:
                yield Spot(reference.place, reference.written)


@rule(
    "array-name",
    Level.NOTE,
    expected="a name of its own",
    why="such names point to encoded messages; a literal one is read all the same",
    remedy="none needed",
    source="WS-I BP 1.1 R2112",
)
def array_name(case: Case) -> Iterator[Spot]:
    """An element is named ArrayOf something."""
    for node in _schema_nodes(case):
        if node.name == names.xsd("element") and node.get("name").startswith("ArrayOf"):
            yield Spot(node.at("name"), node.get("name"))


@rule(
    "wrapper-name",
    Level.WARNING,
    expected="a wrapper element with the name of the operation",
    why="SASBIWS names both alike; where they differ, the WSDL is not one of SAS",
    remedy="check that the address is that of the stored process",
    source="SAS 9.4 BI Web Services Developer's Guide, sample requests",
)
def wrapper_name(case: Case) -> Iterator[Spot]:
    """The wrapper element is not named after the operation."""
    for offer, request in _wrappers(case):
        if request.local != offer.name:
            yield Spot(request.node.at("name"), request.local, offer.name)


@rule(
    "wrapper-content",
    Level.ERROR,
    expected="a sequence of elements in the wrapper",
    why="parameters and streams have no place in it",
    remedy="give the wrapper element a complex type with a sequence",
    source="SAS 9.4 BI Web Services Developer's Guide, sample requests",
)
def wrapper_content(case: Case) -> Iterator[Spot]:
    """The wrapper element holds a value, not elements."""
    for _, request in _wrappers(case):
        if request.content in {Content.SIMPLE, Content.ANY_TYPE}:
            yield Spot(request.node.place, f"{request.local} holds {request.content.value}")


@rule(
    "wrapper-attributes",
    Level.WARNING,
    expected="a wrapper element without attributes",
    why="the adapter sends none, and readers do not unwrap such an element",
    remedy="move what they say into elements",
    source="the convention of document/literal wrapped",
)
def wrapper_attributes(case: Case) -> Iterator[Spot]:
    """The wrapper element has attributes."""
    for _, request in _wrappers(case):
        if request.attributes:
            yield Spot(request.node.place, ", ".join(request.attributes))


@rule(
    "wrapper-choice",
    Level.WARNING,
    expected="xs:sequence as the content of the wrapper",
    why="the adapter sends parameters, then streams; a choice or any order may forbid that",
    remedy="use xs:sequence",
    source="SAS 9.4 BI Web Services Developer's Guide, sample requests",
)
def wrapper_choice(case: Case) -> Iterator[Spot]:
    """The content of the wrapper element is a choice."""
    for _, request in _wrappers(case):
        kind = request.body[0] if request.body else None
        group = kind.first(names.xsd("choice")) if kind else None
        if group is not None:
            yield Spot(group.place, f"xs:choice in {request.local}")


def _schema_nodes(case: Case) -> Iterator[Node]:
    for schema in case.description.schemas:
        yield from schema.node.everything()


def _wrappers(case: Case) -> Iterator[tuple[Offer, Element]]:
    """The wrapper element of every operation that can be called, each once."""
    seen: set[int] = set()
    for offer in case.offers:
        if offer.callable and offer.request is not None and id(offer.request.node) not in seen:
            seen.add(id(offer.request.node))
            yield offer, offer.request
