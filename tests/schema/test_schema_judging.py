"""Rules for schemas: each broken once, with its place, and kept once."""

import pytest
from declared import HEAD, TAIL, Schema, facet, schema_of, simple

from adapter.core import xml
from adapter.core.errors import Problem
from adapter.schema.finding import Level
from adapter.schema.judging import SCHEMA_RULES, Use, judge, unusable
from adapter.schema.place import places_of
from adapter.schema.row import Zone

TEXT = facet("maxLength", 9)
LONG = "preferred_contact_channel_of_the_customer"

BROKEN = [
    ("column-name", simple(LONG, "string", TEXT)),
    ("column-name", simple("a-b", "string", TEXT)),
    ("column-duplicate", simple("a", "string", TEXT) + simple("A", "string", TEXT)),
    ("column-repeated", simple("a", "string", TEXT, maxOccurs="3")),
    ("column-nested", '<xs:element name="a"><xs:complexType><xs:sequence><xs:element name="b"/></xs:sequence></xs:complexType></xs:element>'),
    ("column-nested", '<xs:element name="a"/>'),
    ("column-too-long", simple("a", "string", facet("maxLength", 32768))),
    ("column-too-many-bytes", simple("a", "string", facet("maxLength", 8192))),
    ("column-no-length", '<xs:element name="a" type="xs:string"/>'),
    ("column-no-length", '<xs:element name="a" type="xs:anyURI"/>'),
    ("number-precision", '<xs:element name="a" type="xs:integer"/>'),
    ("number-precision", '<xs:element name="a" type="xs:long"/>'),
    ("number-precision", simple("a", "decimal", facet("totalDigits", 16))),
    ("zone-open", '<xs:element name="a" type="xs:dateTime"/>'),
    ("column-type", '<xs:element name="a" type="xs:double"/>'),
    ("column-type", simple("a", "duration", "")),
    ("column-type", simple("a", "hexBinary", facet("maxLength", 8))),
    ("line-length", simple("a", "string", facet("maxLength", 100))),
]  # fmt: skip

KEPT = [
    simple("a", "string", TEXT),
    simple("x" * 32, "string", facet("maxLength", 8)),
    simple("a", "string", facet("maxLength", 32) + facet("pattern", "[A-Z]+")),
    simple("a", "string", facet("enumeration", "yes") + facet("enumeration", "no")),
    simple("a", "integer", facet("totalDigits", 15)),
    simple("a", "integer", facet("minInclusive", 0) + facet("maxInclusive", 999)),
    '<xs:element name="a" type="xs:int"/>',
    '<xs:element name="a" type="xs:boolean"/>',
    '<xs:element name="a" type="xs:dateTimeStamp"/>',
    simple("a", "date", facet("explicitTimezone", "prohibited")),
    simple("a", "string", TEXT, minOccurs="0") + simple("b", "string", TEXT),
]


@pytest.mark.parametrize(("rule", "columns"), BROKEN)
def test_a_broken_rule_is_found_at_its_place(rule, columns):
    found = judge(schema_of(columns).row, Use(max_line=90))
    place = next(finding.place for finding in found if finding.rule.id == rule)
    assert (place.file, place.line) == ("own.xsd", 4)
    assert columns[place.column - 1 :].startswith("<xs:element name=")


@pytest.mark.parametrize("columns", KEPT)
def test_what_sas_can_hold_is_not_found(columns):
    assert judge(schema_of(columns).row, Use(max_line=90)) == ()


def test_every_rule_is_broken_somewhere():
    assert {rule.id for rule in SCHEMA_RULES} == {rule for rule, _ in BROKEN} | {"schema-unusable"}


def test_what_does_not_compile_is_told_with_its_line():
    (finding,) = unusable([Problem("a.xsd", "not a type", "xs:string", "xs:strin", 7)], "a.xsd")
    assert (finding.place.line, finding.found) == (7, "not a type: xs:strin")
    assert finding.to_json()["rule"] == "schema-unusable"


def test_errors_are_what_loses_values_for_sure():
    levels = {rule.id: rule.level for rule in SCHEMA_RULES}
    assert levels["column-too-long"] is Level.ERROR
    assert levels["column-too-many-bytes"] is Level.WARNING


def test_the_schema_that_is_shipped_has_no_finding(download_file):
    assert judge(download_file.row) == ()
    required = [column.name for column in download_file.row.columns if column.required]
    assert required == ["occurrenceId", "metadataFile", "dataFile"]
    assert download_file.row.open
    places = {column.name: column.place for column in download_file.row.columns}
    line = download_file.raw.decode().split("\n")[places["taskName"].line - 1]
    assert line[places["taskName"].column - 1 :].startswith('<xs:element name="taskName"')


def test_places_are_exact_among_comments_and_quotes():
    raw = (
        HEAD.encode()
        + b"<!-- <no> --><?no <x?>\n  <xs:element\n name='a>b' /><xs:element name='c'/>"
        + TAIL.encode()
    )
    root = Schema(HEAD.encode() + b'<xs:element name="a"/>' + TAIL.encode()).compiled.root
    assert places_of("f", raw, root) == {}  # of another file
    root = xml.parse(raw)
    places = places_of("f", raw, root)
    assert [(p.line, p.column) for e, p in places.items() if e.get("name") in {"a>b", "c"}] == [
        (5, 3),
        (6, 15),
    ]


def test_types_are_followed_to_what_they_are_derived_from():
    derived = """<xs:element name="a"><xs:simpleType><xs:restriction><xs:simpleType>
      <xs:restriction base="xs:string"><xs:maxLength value="9"/></xs:restriction></xs:simpleType>
      <xs:maxLength value="5"/></xs:restriction></xs:simpleType></xs:element>"""
    (column,) = schema_of(derived).row.columns
    assert (column.max_length, column.zone) == (5, Zone.OPTIONAL)


def test_a_column_of_a_choice_is_optional():
    raw = f"{HEAD}{TAIL}".replace("xs:all>", "xs:choice>").replace(
        "<xs:choice>\n",
        "<xs:choice><xs:element name='a' type='xs:int'/><xs:element name='b' type='xs:int'/>",
    )
    assert [column.required for column in Schema(raw.encode()).row.columns] == [False, False]


def test_a_table_of_anything_has_no_row():
    raw = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="Table">
      <xs:complexType><xs:sequence><xs:any processContents="skip"/></xs:sequence></xs:complexType>
      </xs:element></xs:schema>"""
    assert Schema(raw.encode()).row is None


def test_a_row_without_any_column_is_of_no_use():
    (finding,) = judge(Schema(f"{HEAD}{TAIL}".encode()).row)
    assert (finding.rule.id, finding.place.line) == ("schema-unusable", 3)


def test_places_are_told_fast_in_a_file_of_one_line():
    columns = "".join(simple(f"c{number}", "string", TEXT) for number in range(2000))
    raw = f"{HEAD}{columns}{TAIL}".replace("\n", " ").encode()
    root = xml.parse(raw)
    places = places_of("f", raw, root)
    last = max(places.values(), key=lambda place: place.column)
    assert raw[last.column - 1 :].startswith(b"<xs:maxLength")
    assert len(places) == sum(1 for _ in root.iter())
