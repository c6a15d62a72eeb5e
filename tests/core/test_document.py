"""A payload becomes a Table: names SAS can hold, values uncut, one element per line."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.core import sasbiws, xml
from adapter.core.columns import default_columns, sas_name
from adapter.core.document import build
from adapter.core.payload import Payload
from adapter.core.route import Route, TransportName

ROUTE = Route("DownloadFile", "http://sas/SASBIWS/services/X", TransportName.SOAP, "test")


def payload_of(root):
    return Payload.parse(json.dumps(root).encode())


def columns_of(root):
    return {column.name: column.text for column in default_columns(payload_of(root))}


def test_the_bulk_task_becomes_the_published_request(vectors):
    payload = Payload.parse((vectors / "payloads/bulk-task-1.json").read_bytes())
    document = build(payload, ROUTE)
    expected = (vectors / "messages/rest-request-DownloadFile.xml").read_bytes().rstrip(b"\n")
    assert sasbiws.plain_request("DownloadFile", document.xml) == expected
    assert document.notes == document.problems == ()


def test_a_triggered_task_gives_the_facts_of_its_event(vectors):
    payload = Payload.parse((vectors / "payloads/triggered-task-1.json").read_bytes())
    columns = {column.name: column.text for column in build(payload, ROUTE).columns}
    assert list(columns)[:5] == [
        "guid", "eventName", "generatedTimestamp", "externalTenantId", "identityId",
    ]  # fmt: skip
    assert columns["generatedTimestamp"] == "1751625227523"
    assert columns["subject_id"] == "1669"
    assert columns["greeting"] == "SandboxSaysHello"
    assert columns["responseTrackingCode"] == "a4727276-333f-46d6-8822-ef798eaa85ea"
    assert columns["taskId"] == "6db71a2a-5a1c-46d4-b6d3-ba1755f14a79"
    assert columns["creativeContent"] == "Hello world"
    assert "sessionId" not in columns
    assert "tracePoints" not in columns


MAPPINGS = [
    ({"a": None}, {"a": ""}),
    ({"a": True, "b": False}, {"a": "true", "b": "false"}),
    ({"a": {"b": "1"}, "c": {"b": "1"}}, {"b": "1"}),
    ({"a": {"b": "1"}, "c": {"b": "2"}}, {"b": "1", "c_b": "2"}),
    ({"x": {"a": {"b": "1"}}, "y": {"a": {"b": "2"}, "d": {"a": {"b": "3"}}}},
     {"b": "1", "a_b": "2", "b_2": "3"}),
    ({"taskId": "1", "TASKID": "2"}, {"taskId": "1", "TASKID_2": "2"}),
    ({"taskId": "1", "TASKID": "1"}, {"taskId": "1"}),
    ({"a": []}, {"a": "[]"}),
    ({"a": {}}, {}),
    ({"a": [1, "x", None, True, {"b": [2]}]}, {"a": '[1,"x",null,true,{"b":[2]}]'}),
    ({"a b": "1"}, {"a_b": "1"}),
    ({"a><b": "1"}, {"a__b": "1"}),
    ({"1st": "1"}, {"_1st": "1"}),
    ({"xml": "1", "XmlThing": "2"}, {"_xml": "1", "_XmlThing": "2"}),
    ({"": "1"}, {"_": "1"}),
    ({"straße": "1"}, {"stra_e": "1"}),
    ({"a": "]]> & <b> \U0001f600"}, {"a": "]]> & <b> \U0001f600"}),
    ({"a": "x\r\ny\rz"}, {"a": "x\ny\nz"}),
]  # fmt: skip


@pytest.mark.parametrize(("root", "expected"), MAPPINGS)
def test_the_default_mapping(root, expected):
    assert columns_of(root) == expected


def test_numbers_in_arrays_keep_their_digits():
    payload = Payload.parse(b'{"a": [12345678901234567890, 0.10]}')
    assert [column.text for column in default_columns(payload)] == ["[12345678901234567890,0.10]"]


def test_a_long_name_is_shortened_the_same_way_each_time_and_stays_different():
    long = "x" * 40
    assert len(sas_name(long)) == 32
    assert sas_name(long) == sas_name(long)
    assert sas_name(long) != sas_name("x" * 41)
    assert sas_name("x" * 32) == "x" * 32


def test_a_changed_name_is_told():
    notes = build(payload_of({"k": {"a b": "1"}}), ROUTE).notes
    assert [(note.where, note.reason) for note in notes] == [
        ("k.a b", "the column is named a_b"),
    ]


@pytest.mark.parametrize("value", ["a\x00b", "a\x0bb", "a\ud800b", "a\uffffb"])
def test_characters_xml_forbids_are_removed_from_values_with_a_note(value):
    document = build(payload_of({"k": value}), ROUTE)
    assert b"<k>ab</k>" in document.xml
    assert "1 character(s)" in document.notes[0].reason


@pytest.mark.parametrize("key", ["a\x00", "a\x1f", "\ud800", "a\ufffe"])
def test_characters_xml_forbids_are_a_problem_in_names(key):
    document = build(payload_of({key: "v", "b": "1"}), ROUTE)
    assert "character that XML forbids" in document.problems[0].reason
    assert document.problems[0].where.isprintable()


def test_a_line_the_stored_process_would_cut_is_a_problem_with_its_place():
    url = "https://files.example.test/x?" + "s" * 4000
    document = build(payload_of({"a": "1", "presignedUrls": {"dataFile": url}}), ROUTE)
    (problem,) = document.problems
    assert problem.where == "/Table/InData/dataFile"
    assert problem.line == 4
    assert problem.expected == "at most 3000 bytes"
    assert "s" * 100 not in str(problem)


def test_length_of_a_line_is_counted_in_bytes():
    assert build(payload_of({"a": "ü" * 1496}), ROUTE).problems == ()
    assert build(payload_of({"a": "ü" * 1497}), ROUTE).problems != ()


def test_a_value_with_line_breaks_is_measured_line_by_line():
    assert build(payload_of({"a": ("x" * 2000 + "\n") * 3}), ROUTE).problems == ()


@pytest.mark.parametrize("root", [{}, {"a": {}}])
def test_a_payload_without_a_value_is_a_problem(root):
    assert "no column" in build(payload_of(root), ROUTE).problems[0].reason


def test_too_many_columns_are_a_problem():
    problems = build(payload_of({f"k{n}": n for n in range(1001)}), ROUTE).problems
    assert problems[0].found == "1001"


texts = st.text(alphabet=st.characters(exclude_categories=()), max_size=30)
objects = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=200)
@given(st.dictionaries(texts, objects, min_size=1, max_size=6))
def test_any_object_makes_a_document_that_reads_back_as_its_columns(root):
    payload = Payload.parse(json.dumps(root).encode())
    document = build(payload, ROUTE)
    table = xml.parse(document.xml)
    row = table.find("InData")
    assert table.tag == "Table"
    assert row is not None
    read = [(element.tag, element.text or "") for element in row]
    assert read == [(column.name, column.text) for column in document.columns]
    names = [name.casefold() for name, _ in read]
    assert len(names) == len(set(names))
    assert all(len(name) <= 32 and name.isascii() for name in names)
    for element in row.iter():
        assert (element.tail or "\n").startswith("\n")
