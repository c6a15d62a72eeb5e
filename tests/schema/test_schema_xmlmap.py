"""XMLMaps: what SAS would read by the generated one is what was sent, uncut."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from declared import REST, Schema, facet, rows_of, schema_of, simple
from hypothesis import given, settings
from hypothesis import strategies as st
from xmlmap_reader import read_map

from adapter.core.columns import Column, sas_name
from adapter.core.document import table_of
from adapter.schema.inference import infer
from adapter.schema.map_judging import MAP_RULES, judge_map
from adapter.schema.variable import variables_of
from adapter.schema.xmlmap import xmlmap_of

LONG = "preferred_contact_channel_of_the_customer"
TEXT = facet("maxLength", 9)


def map_of(schema, bytes_per_character=4, **options):
    return xmlmap_of(variables_of(schema.row.columns, bytes_per_character), "own", **options)


def columns_of(*declared, **options):
    return read_map(map_of(schema_of("".join(declared)), **options)).columns


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (simple("a", "string", TEXT), (False, "string", 36, "")),
        (simple("a", "string", facet("length", 36)), (False, "string", 144, "")),
        (simple("a", "string", facet("maxLength", 0)), (False, "string", 1, "")),
        (simple("a", "string", facet("maxLength", 9000)), (False, "string", 32767, "")),
        (simple("a", "string"), (False, "string", 32767, "")),
        (simple("a", "string", facet("enumeration", "yes")), (False, "string", 12, "")),
        (simple("a", "boolean"), (False, "string", 5, "")),
        (simple("a", "int"), (True, "integer", 8, "")),
        (simple("a", "decimal"), (True, "double", 8, "")),
        (
            simple("a", "date", facet("explicitTimezone", "prohibited")),
            (True, "date", 8, "E8601DA"),
        ),
        (simple("a", "date"), (False, "string", 64, "")),
        (simple("a", "dateTimeStamp"), (True, "datetime", 8, "E8601DZ")),
        (
            simple("a", "dateTime", facet("explicitTimezone", "prohibited")),
            (True, "datetime", 8, "E8601DT"),
        ),
        (
            simple("a", "time", facet("explicitTimezone", "prohibited")),
            (True, "time", 8, "E8601TM"),
        ),
    ],
)
def test_a_type_of_the_schema_is_a_variable_of_sas(declared, expected):
    (column,) = columns_of(declared)
    assert (column.numeric, column.datatype, column.length, column.informat) == expected


def test_lengths_are_in_bytes_of_the_session():
    (column,) = columns_of(simple("a", "string", TEXT), bytes_per_character=1)
    assert column.length == 9


def test_a_long_name_is_the_one_that_the_adapter_writes():
    (column,) = columns_of(simple(LONG, "string", TEXT))
    assert column.name == sas_name(LONG) == "preferred_contact_channel_dc5072"
    assert column.path == f"/Table/InData/{LONG}"


def test_names_that_sas_takes_for_one_become_two():
    names = [
        column.name
        for column in columns_of(*(simple(n, "string", TEXT) for n in ("ab", "AB", "Ab")))
    ]
    assert len({name.casefold() for name in names}) == 3
    assert names[0] == "ab"
    assert names == [
        c.name for c in columns_of(*(simple(n, "string", TEXT) for n in ("ab", "AB", "Ab")))
    ]


def test_values_defaults_and_descriptions_are_told_if_they_are_there():
    declared = """<xs:element name="a" default="no"><xs:annotation><xs:documentation>Wants
      mail</xs:documentation></xs:annotation><xs:simpleType><xs:restriction base="xs:string">
      <xs:enumeration value="yes"/><xs:enumeration value="no"/></xs:restriction></xs:simpleType>
      </xs:element>"""
    made = map_of(schema_of(declared), values=True).decode()
    assert "<ENUM>\n        <VALUE>yes</VALUE>\n        <VALUE>no</VALUE>\n      </ENUM>" in made
    assert "<DEFAULT>no</DEFAULT>" in made
    assert "<DESCRIPTION>Wants mail</DESCRIPTION>" in made
    assert "ENUM" not in map_of(schema_of(declared)).decode()


# What the reader gives of a document that the schema allows.

XML_TEXT = st.characters(
    blacklist_categories=("Cs", "Cc", "Zs"), blacklist_characters="\ufffe\uffff"
)
WIDE = st.sampled_from("aé漢😀")
DIGITS = st.integers(-(10**15) + 1, 10**15 - 1)
MOMENTS = st.datetimes(*map(datetime.fromisoformat, ("1582-01-02", "9999-12-30")))
ZONES = st.integers(-13 * 60, 13 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
UNZONED = facet("explicitTimezone", "prohibited")


@st.composite
def texts(draw):
    length = draw(st.integers(1, 300))
    value = draw(st.text(XML_TEXT, max_size=min(length, 40)) | WIDE.map(lambda char: char * length))
    return ("string", facet("maxLength", length)), value, value


CELLS = st.one_of(
    texts(),
    DIGITS.map(lambda n: (("integer", facet("totalDigits", 15)), str(n), n)),
    DIGITS.map(lambda n: (("decimal", facet("totalDigits", 15)), f"{n / 100:.2f}" if abs(n) < 10**12 else str(n), None)),
    st.sampled_from(["true", "false", "1", "0"]).map(lambda b: (("boolean", ""), b, b)),
    st.dates(date(1582, 1, 1)).map(lambda d: (("date", UNZONED), d.isoformat(), d)),
    st.times().map(lambda t: (("time", UNZONED), t.isoformat(), t)),
    MOMENTS.map(lambda m: (("dateTime", UNZONED), m.isoformat(), m)),
    st.builds(lambda m, zone: m.replace(tzinfo=zone), MOMENTS, ZONES).map(
        lambda m: (("dateTimeStamp", ""), m.isoformat(), m.astimezone(UTC))
    ),
    st.builds(lambda m, zone: m.replace(tzinfo=zone), MOMENTS, ZONES | st.none()).map(
        lambda m: (("dateTime", ""), m.isoformat(), m.isoformat())
    ),
    st.text("abc", min_size=1, max_size=9).map(lambda v: (("string", facet("enumeration", v)), v, v)),
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(cells=st.lists(CELLS, min_size=1, max_size=5), values=st.booleans())
def test_any_row_that_a_schema_allows_is_read_uncut(cells, values):
    names = [f"c{number}" if number % 2 else f"{LONG}{number}" for number in range(len(cells))]
    declared = (simple(name, *cell[0]) for name, cell in zip(names, cells, strict=True))
    schema = schema_of("".join(declared), REST)
    row = tuple(Column(name, cell[1], name) for name, cell in zip(names, cells, strict=True))
    assert not schema.problems(row)
    (read,) = read_map(map_of(schema, values=values)).rows(table_of(row))
    for name, (_, text, value) in zip(names, cells, strict=True):
        assert read[sas_name(name)] == (float(text) if value is None else value)


SCALARS = st.one_of(
    st.text(XML_TEXT, max_size=30), st.integers(-(10**15) + 1, 10**15 - 1), st.booleans(),
    st.dates(date(1582, 1, 1)).map(str),
)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from("abcd"), SCALARS, min_size=1), min_size=1, max_size=4)
)
def test_samples_are_read_uncut_by_the_map_of_the_schema_made_from_them(payloads):
    samples = rows_of(*(json.dumps(payload).encode() for payload in payloads))
    mapped = read_map(map_of(Schema(infer(samples))))
    for row in samples:
        (read,) = mapped.rows(table_of(row))
        for column in row:
            value = read[column.name]
            told = f"{value:.0f}" if isinstance(value, float) else str(value)
            assert (
                told == column.text.replace("-0", "0")
                if column.text == "-0"
                else told == column.text
            )


# A map that somebody else wrote.


def found(content, schema, **options):
    return {(f.rule.id, f.found) for f in judge_map(content, "own.map", schema.row, **options)}


def test_the_generated_map_has_no_finding(download_file):
    assert judge_map(map_of(download_file), "own.map", download_file.row) == ()
    narrow = map_of(download_file, 1)
    assert judge_map(narrow, "own.map", download_file.row, 1) == ()
    assert {f.rule.id for f in judge_map(narrow, "own.map", download_file.row)} == {
        "map-column-cut"
    }


def test_columns_that_would_be_cut_missed_or_renamed_are_found(download_file, vectors):
    content = (vectors / "xmlmap/short.map").read_bytes()
    findings = judge_map(content, "short.map", download_file.row)
    assert {
        (f.rule.id, f.found, f.expected) for f in findings if f.rule.id != "map-column-missing"
    } == {
        ("map-version", "1.2", "2.1"),
        ("map-column-cut", "event: 8 bytes", "1024 bytes for 256 characters"),
        ("map-column-renamed", "event", "outboundEventName"),
        ("map-column-cut", "tenantMoniker: 5 bytes", "256 bytes for 64 characters"),
        ("map-column-type", "taskId: numeric; the schema has text", "character"),
        ("map-column-unknown", "/Table/InData/taskcode", "/Table/InData/taskCode"),
    }
    missing = {f.found for f in findings if f.rule.id == "map-column-missing"}
    assert {"occurrenceId, required", "metadataFile, required", "taskCode, optional"} <= missing
    cut = next(f for f in findings if f.found == "tenantMoniker: 5 bytes")
    assert (cut.place.line, cut.place.column) == (11, 5)
    (row,) = [*read_map(content.replace(b"<TABLE ", b"<NAMESPACES count='0'/><TABLE ", 1)).rows(
        b"<Table><InData><tenantMoniker>example</tenantMoniker></InData></Table>"
    )]  # fmt: skip
    assert row["tenantMoniker"] == "examp"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"<SXLEMAP", b"<SXLEMAP><", "map-unreadable"),
        (b"SXLEMAP", b"OTHER", "map-unreadable"),
        (b">/Table/InData<", b">/Table/Row<", "map-unreadable"),
        (b'version="2.1"', b'version="1.2"', "map-version"),
        (b"<LENGTH>36</LENGTH>", b"<LENGTH>35</LENGTH>", "map-column-cut"),
        (b"<LENGTH>36</LENGTH>", b"", "map-column-cut"),
        (b"/InData/a<", b"/InData/b<", "map-column-missing"),
        (b"/InData/a<", b"/InData/b<", "map-column-unknown"),
        (b'name="a"', b'name="b"', "map-column-renamed"),
        (b'name="a"', b'name="d"', "map-name"),
        (b'name="a"', b'name="a-b"', "map-name"),
        (b"<TYPE>character", b"<TYPE>numeric", "map-column-type"),
        (b'<INFORMAT width="10">E8601DA</INFORMAT>', b"", "map-informat"),
        (b"<VALUE>yes</VALUE>", b"", "map-values"),
        (b"<TYPE>numeric</TYPE>", b"<TYPE>character</TYPE><LENGTH>9</LENGTH>", "map-column-cut"),
    ],
)
def test_each_rule_for_maps_is_broken_by_one_change(old, new, rule):
    listed = facet("enumeration", "yes") + facet("enumeration", "no")
    schema = schema_of(
        simple("a", "string", TEXT) + simple("d", "date", UNZONED) + simple("e", "string", listed)
    )
    good = map_of(schema, values=True)
    assert not found(good, schema)
    assert old in good
    assert rule in {name for name, _ in found(good.replace(old, new), schema)}


def test_every_rule_for_maps_has_a_name_of_its_own():
    assert len({rule.id for rule in MAP_RULES}) == len(MAP_RULES)
    assert all(rule.id.startswith("map-") for rule in MAP_RULES)
