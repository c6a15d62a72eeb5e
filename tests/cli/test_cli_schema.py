"""`sasbiws schema`: schemas made, checked and compared, and their XMLMaps."""

import json
from pathlib import Path

import pytest

from adapter.ports import Contract
from adapter.store.contracts import ContractFolder
from adapter.wiring import SystemClock

ROOT = Path(__file__).parents[2]
OWN = ROOT / "schemas/DownloadFile.xsd"

BAD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="Table"><xs:complexType><xs:sequence>
    <xs:element name="InData"><xs:complexType><xs:all>
      <xs:element name="taskName" type="xs:string"/>
      <xs:element name="TASKNAME" type="xs:int"/>
    </xs:all></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""


@pytest.fixture
def bad(tmp_path):
    file = tmp_path / "bad.xsd"
    file.write_text(BAD, encoding="utf-8")
    return file


@pytest.fixture
def payloads(vectors):
    return [vectors / f"payloads/triggered-task-{number}.json" for number in (1, 2, 3)]


def test_a_schema_is_inferred_written_once_and_good(run, tmp_path, payloads):
    file = tmp_path / "Event.xsd"
    ended = run("schema", "infer", *payloads, "--output", file)
    assert (ended.exit_code, ended.out, ended.err) == (0, "", "")
    assert run("schema", "check", file, "--strict").exit_code == 0
    written = file.read_bytes()
    again = run("schema", "infer", *payloads, "--closed", "--output", file)
    assert again.exit_code == 2
    assert "--force overwrites it" in again.err
    assert file.read_bytes() == written
    assert run("schema", "infer", *payloads, "--closed", "--output", file, "--force").exit_code == 0
    assert b"xs:any " not in file.read_bytes()


def test_inference_reads_standard_input_and_needs_no_home(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = run("schema", "infer", "-", "--min-samples", 1, stdin=b'{"a": "b"}')
    assert ended.exit_code == 0
    assert '<xs:element name="a">' in ended.out


def test_the_route_of_a_stored_process_is_used_and_must_be_there(run, home, payloads):
    assert run("schema", "infer", *payloads, "--stp", "Echo", "--home", home).exit_code == 0
    assert run("schema", "infer", *payloads, "--home", home).exit_code == 0
    ended = run("schema", "infer", *payloads, "--stp", "Nobody", "--home", home)
    assert (ended.exit_code, ended.err.partition(":")[0]) == (2, "STP_UNKNOWN")


MAPPED = """[Greeting]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Greeting
columns_rest = none
rows = items
columns =
    who = name
    age = age
"""


def test_the_mapping_of_the_route_is_used_and_every_row_is_a_sample(run, configure):
    people = [{"name": "Ann", "age": 3}, {"name": "Bobby", "age": 17}, {"name": "C", "age": 5}]
    home, body = configure(MAPPED), json.dumps({"items": people}).encode()
    ended = run("schema", "infer", "-", "--stp", "Greeting", "--home", home, stdin=body)
    assert ended.exit_code == 0
    assert ended.out.count("in 3 of 3 samples") == 2
    assert '<xs:element name="who">' in ended.out
    assert '<xs:restriction base="xs:integer">' in ended.out


@pytest.mark.parametrize(
    ("body", "code"), [(b"[]", "PAYLOAD_NOT_JSON"), (b"{}", "DOCUMENT_INVALID")]
)
def test_a_payload_that_gives_nothing_is_bad(run, body, code):
    ended = run("schema", "infer", "-", stdin=body)
    assert (ended.exit_code, ended.out) == (1, "")
    assert code in ended.err


def test_of_many_payloads_the_bad_one_is_named(run, tmp_path):
    good, broken = tmp_path / "good.json", tmp_path / "broken.json"
    good.write_text('{"a": 1}', "utf-8")
    broken.write_text('{"a": 1', "utf-8")
    ended = run("schema", "infer", good, broken)
    assert ended.exit_code == 1
    assert "broken.json: " in ended.err


def test_what_is_wrong_is_told_with_place_caret_and_remedy(run, bad):
    ended = run("schema", "check", bad)
    assert ended.exit_code == 1
    lines = ended.out.splitlines()
    assert "bad.xsd:4:7: warning[column-no-length]: A column may be of any length" in lines[0]
    assert lines[1:3] == [
        '    4 |       <xs:element name="taskName" type="xs:string"/>',
        "      |       ^",
    ]
    assert any("bad.xsd:5:7: error[column-duplicate]" in line for line in lines)
    assert any(line.startswith("      = remedy: keep one of them") for line in lines)
    assert lines[-1].startswith("1 error, 1 warning: 1 file, ")


def test_findings_are_told_as_json_too(run, bad):
    told = json.loads(run("schema", "check", bad, OWN, "--json").out)
    assert (told["good"], told["errors"], told["warnings"]) == (False, 1, 1)
    assert [len(file["findings"]) for file in told["files"]] == [2, 0]
    assert told["files"][0]["findings"][1]["line"] == 5


def test_warnings_count_when_asked(run, tmp_path, bad):
    file = tmp_path / "warned.xsd"
    file.write_text(BAD.replace("TASKNAME", "other"), encoding="utf-8")
    assert run("schema", "check", file).exit_code == 0
    assert run("schema", "check", file, "--strict").exit_code == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("no XML", "not XML that is read here"),
        ("<a/>", "the root is not xs:schema"),
        (BAD.replace("xs:int", "xs:intt"), "xs:intt"),
        (BAD.replace('"Table"', '"Row"'), "no document can satisfy it"),
        (BAD.replace('<xs:element name="Table">', "<xs:include schemaLocation='http://example.com/a.xsd'/><xs:element name=\"Table\">"), "names no file in the folder"),
        (BAD.replace("<xs:schema", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><xs:schema'), "document type declaration"),
    ],
)  # fmt: skip
def test_a_schema_that_cannot_be_used_is_a_finding(run, tmp_path, content, told):
    file = tmp_path / "broken.xsd"
    file.write_text(content, encoding="utf-8")
    ended = run("schema", "check", file)
    assert ended.exit_code == 1
    assert "error[schema-unusable]" in ended.out
    assert told in ended.out
    for verb in (
        ("sample", file),
        ("diff", OWN, file),
        ("xmlmap", file),
        ("xmlmap", "check", file, file),
    ):
        assert run("schema", *verb).exit_code == 2


def test_an_included_file_of_the_same_folder_is_read(run, tmp_path):
    (tmp_path / "types.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:simpleType name="t9">'
        '<xs:restriction base="xs:string"><xs:maxLength value="9"/></xs:restriction>'
        "</xs:simpleType></xs:schema>",
        encoding="utf-8",
    )
    file = tmp_path / "including.xsd"
    text = BAD.replace('type="xs:string"', 'type="t9"').replace("TASKNAME", "other")
    file.write_text(
        text.replace("  <xs:element", "<xs:include schemaLocation='types.xsd'/><xs:element", 1)
    )
    assert run("schema", "check", file, "--strict").exit_code == 0


def test_column_of_an_included_file_is_told_with_its_file_and_line(run, tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/row.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">\n<xs:complexType name="row">\n'
        '<xs:all>\n<xs:element name="a" type="xs:string"/>\n</xs:all></xs:complexType></xs:schema>',
        encoding="utf-8",
    )
    (tmp_path / "s.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        '<xs:include schemaLocation="parts/row.xsd"/><xs:element name="Table"><xs:complexType>'
        '<xs:sequence><xs:element name="InData" type="row"/></xs:sequence></xs:complexType>'
        "</xs:element></xs:schema>",
        encoding="utf-8",
    )
    told = run("schema", "check", tmp_path / "s.xsd").out
    assert "/parts/row.xsd:4:1: warning[column-no-length]" in told


def test_files_that_are_not_there_are_wrong_usage(run, tmp_path):
    for verb in (("check",), ("check", "gone.xsd"), ("sample", "gone.xsd"), ("diff", OWN, "gone.xsd"),
                 ("xmlmap",), ("xmlmap", "gone.xsd"), ("xmlmap", "check", OWN), ("xmlmap", "check", "gone.map", OWN),
                 ("xmlmap", OWN, OWN), ("infer",), ("infer", "gone.json")):  # fmt: skip
        ended = run("schema", *verb)
        assert ended.exit_code == 2, verb
        assert ended.err


def test_a_schema_is_held_against_its_route(run, configure):
    home = configure(
        "[Echo]\nstpurl = {sas}/SASBIWS/rest/storedProcesses/Echo\nschema = DownloadFile.xsd\n"
    )
    ended = run("schema", "check", "--stp", "Echo", "--home", home)
    assert ended.exit_code == 0
    assert "warning[line-length]" in ended.out
    assert "dataFile: 4021 bytes; expected 3000" in ended.out
    assert "called by REST" in ended.err


def test_a_schema_is_held_against_the_pinned_wsdl(run, home):
    before = run("schema", "check", "--stp", "DownloadFile", "--home", home)
    assert "no WSDL is pinned" in before.err
    assert run("wsdl", "fetch", "DownloadFile", "--home", home).exit_code == 0
    after = run("schema", "check", "--stp", "DownloadFile", "--home", home)
    assert (after.exit_code, after.err) == (0, "")


@pytest.mark.parametrize("is_included", [False, True])
def test_a_pinned_wsdl_that_demands_another_column_is_found(run, configure, vectors, is_included):
    stpurl = "http://sas.example.com/SASBIWS/services/LoadFile"
    home = configure(f"[Load File]\nstpurl = {stpurl}\nschema = own.xsd\n")
    own = home / "schemas/own.xsd"
    if is_included:
        (home / "schemas/my parts").mkdir()
        own.write_text(
            '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
            '<xs:include schemaLocation="my%20parts/own.xsd"/></xs:schema>',
            encoding="utf-8",
        )
        own = home / "schemas/my parts/own.xsd"
    own.write_bytes((vectors / "wsdl/own.xsd").read_bytes())
    wsdl = (vectors / "wsdl/column-missing.bad.wsdl").read_bytes()
    contract = Contract(stpurl, f"{stpurl}?wsdl", {f"{stpurl}?wsdl": wsdl}, 0.0)
    ContractFolder(home / "wsdl_cache", SystemClock()).pin_once(stpurl, lambda: contract)
    ended = run("schema", "check", "--stp", "Load File", "--home", home)
    assert ended.exit_code == 1
    assert f"{stpurl}?wsdl:17:19: error[column-missing]" in ended.out
    checked = run("wsdl", "check", "Load File", "--home", home)
    assert "error[column-missing]" in checked.out


def test_examples_are_printed_valid_ones_first(run):
    ended = run("schema", "sample", OWN)
    assert ended.exit_code == 0
    assert ended.out.startswith("valid: every column\n<Table>\n<InData>\n")
    assert "\ninvalid: dataFile is longer than 4000\n" in ended.out
    told = json.loads(run("schema", "sample", OWN, "--json").out)
    assert {example["valid"] for example in told["examples"]} == {True, False}


def test_a_column_without_a_value_is_told(run, bad, tmp_path):
    file = tmp_path / "odd.xsd"
    kind = '<xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="q7!w{9}"/></xs:restriction></xs:simpleType></xs:element>'
    file.write_text(BAD.replace(' type="xs:string"/>', f">{kind}"), encoding="utf-8")
    ended = run("schema", "sample", file)
    assert ended.exit_code == 1
    assert "no value could be made up for the column taskName" in ended.err


def test_changes_are_told_breaking_ones_first(run, tmp_path):
    file = tmp_path / "new.xsd"
    text = OWN.read_text(encoding="utf-8")
    file.write_text(
        text.replace('type="text256" minOccurs="0"', 'type="text256"', 1), encoding="utf-8"
    )
    ended = run("schema", "diff", OWN, file)
    assert ended.exit_code == 1
    assert ended.out.splitlines() == [
        "breaking: outboundEventName: required now: rows kept may lack it",
        "1 breaking, 0 harmless",
    ]
    back = run("schema", "diff", file, OWN, "--json")
    assert (back.exit_code, json.loads(back.out)["harmless"]) == (0, 1)
    assert run("schema", "diff", OWN, OWN).out == "no change\n"


def test_the_map_is_written_and_checked(run, tmp_path):
    file = tmp_path / "own.map"
    assert run("schema", "xmlmap", OWN, "--output", file).exit_code == 0
    assert file.read_bytes() == (ROOT / "sas/conf/DownloadFile.map").read_bytes()
    assert run("schema", "xmlmap", OWN, "--output", file).exit_code == 2
    assert run("schema", "xmlmap", "check", file, OWN, "--strict").exit_code == 0
    assert (
        run("schema", "xmlmap", OWN, "--bytes-per-char", 1, "--output", file, "--force").exit_code
        == 0
    )
    ended = run("schema", "xmlmap", "check", file, OWN, "--json")
    assert (ended.exit_code, json.loads(ended.out)["errors"]) == (1, 12)
    assert run("schema", "xmlmap", "check", "--bytes-per-char", 1, file, OWN).exit_code == 0


def test_a_map_that_cuts_is_told(run, vectors):
    ended = run("schema", "xmlmap", "check", vectors / "xmlmap/short.map", OWN)
    assert ended.exit_code == 1
    assert "event: 8 bytes; expected 1024 bytes for 256 characters" in ended.out
    assert "tenantMoniker: 5 bytes; expected 256 bytes for 64 characters" in ended.out


def test_what_no_map_can_mend_is_told_beside_it(run, bad):
    ended = run("schema", "xmlmap", bad)
    assert ended.exit_code == 0
    assert "note: TASKNAME is TASKNAME_" in ended.err
    assert "note: A column may be of any length: taskName [column-no-length]" in ended.err


def test_a_schema_without_columns_has_no_map(run):
    ended = run("schema", "xmlmap", ROOT / "schemas/instream.xsd")
    assert ended.exit_code == 2
    assert "declares no column" in ended.err
