"""The numbered faults, on demand and for a reason, as the wire contract prints them."""

from dataclasses import replace

import pytest
from lxml import etree

from adapter.emulator import Switches, SysccPlace

CODES = [1000, 2000, 3000, 4000, 5000]
RUNS = {3000, 5000}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("transport", ["soap", "rest"])
def test_fault_of_the_switch(caller, rest_body, soap_body, fault_of, emulator, code, transport):
    emulator.switches = Switches(fault=code)
    if transport == "soap":
        answer = caller.soap("A/Echo", soap_body("echo", {"a": "b"}))
    else:
        answer = caller.rest("storedProcesses/A/Echo", rest_body({"a": "b"}))
        assert etree.fromstring(answer.content).tag.endswith("}Fault")
    fault = fault_of(answer)
    assert answer.status_code == 500
    assert fault["code"] == str(code)
    assert fault["syscc"] == ("1012" if code == 3000 else None)
    assert len(emulator.executions) == (1 if code in RUNS else 0)


@pytest.mark.parametrize("code", CODES)
def test_fault_of_the_stored_process(caller, rest_body, soap_body, fault_of, emulator, code):
    by_column = caller.soap("A/Fault", soap_body("fault", {"code": str(code)}))
    by_prompt = caller.rest("storedProcesses/A/Fault", rest_body(code=str(code)))
    assert fault_of(by_column)["code"] == fault_of(by_prompt)["code"] == str(code)
    assert len(emulator.executions) == (2 if code in RUNS else 0)


@pytest.mark.parametrize("code", ["", "6000", "x"])
def test_fault_needs_a_code(caller, rest_body, fault_of, code):
    answer = caller.rest("storedProcesses/Fault", rest_body({"code": code}))
    assert fault_of(answer)["code"] == "2000"


def test_fault_1000_has_the_shape_of_the_contract(caller, soap_body, same_xml, vectors, emulator):
    emulator.switches = Switches(fault=1000)
    answer = caller.soap("A/Echo", soap_body("echo", {"a": "b"}))
    same_xml(answer.content, (vectors / "messages/fault-1000.xml").read_bytes())


def test_fault_2000_has_the_shape_of_the_contract(caller, soap_body, same_xml, vectors):
    body = soap_body("count_Segment", max_rows="1")
    answer = caller.soap("A/Count_Segment", body)
    same_xml(answer.content, (vectors / "messages/fault-2000.xml").read_bytes())


def test_fault_3000_has_the_shape_of_the_contract(caller, same_xml, vectors, files):
    files.deny = True
    soap = caller.soap("DownloadFile", caller.message("soap-request-DownloadFile.xml"))
    same_xml(soap.content, (vectors / "messages/fault-3000.xml").read_bytes())
    rest = caller.rest("DownloadFile", caller.message("rest-request-DownloadFile.xml"))
    same_xml(rest.content, (vectors / "messages/rest-fault-3000.xml").read_bytes())


@pytest.mark.parametrize("code", [4000, 5000])
def test_other_faults_have_the_shape_of_the_contract(
    caller, soap_body, same_xml, vectors, emulator, code
):
    emulator.switches = Switches(fault=code)
    answer = caller.soap("A/Echo", soap_body("echo", {"a": "b"}))
    same_xml(answer.content, (vectors / f"messages/fault-{code}.xml").read_bytes())


def test_syscc_by_another_name_in_another_place(caller, rest_body, emulator):
    emulator.switches = Switches(
        fault=3000, syscc=4, syscc_name="syscc", syscc_place=SysccPlace.EXCEPTION
    )
    root = etree.fromstring(caller.rest("storedProcesses/Echo", rest_body({"a": "b"})).content)
    assert dict(root.attrib) == {"code": "3000"}
    assert root[0].get("syscc") == "4"
    assert "syscc" not in root[0][0].attrib


@pytest.mark.parametrize("namespace", ["urn:other", ""])
def test_another_namespace(caller, rest_body, fault_of, emulator, namespace):
    emulator.switches = Switches(fault=2000, sas_namespace=namespace)
    answer = caller.rest("storedProcesses/Echo", rest_body({"a": "b"}))
    assert fault_of(answer)["namespace"] == (namespace or None)


def test_fault_with_status_200(caller, rest_body, soap_body, fault_of, emulator):
    emulator.switches = Switches(fault=2000, fault_http_status=200)
    rest = caller.rest("storedProcesses/Echo", rest_body({"a": "b"}))
    soap = caller.soap("A/Echo", soap_body("echo", {"a": "b"}))
    assert rest.status_code == soap.status_code == 200
    assert fault_of(rest)["code"] == fault_of(soap)["code"] == "2000"
    emulator.switches = replace(emulator.switches, fault=0)
    assert caller.soap("A/Nowhere", soap_body("nowhere")).status_code == 200


PROMPTS = [
    ({"segment_code": "x", "max_rows": "many"}, 'The prompt "max_rows" is "many"'),
    ({"segment_code": "x", "max_rows": "9999999999"}, "expected xs:int"),
    ({"segment_code": "x", "min_score": "1,5"}, "expected xs:double"),
    ({"segment_code": "x", "as_of": "yesterday"}, "expected xs:dateTime"),
    ({"segment_code": "x", "as_of": "2026-13-01T00:00:00"}, "expected xs:dateTime"),
    ({"segment_code": ""}, 'The required prompt "segment_code" has no value.'),
    ({"segment_code": "x", "other": "y"}, 'There is no prompt "other".'),
]


@pytest.mark.parametrize(("prompts", "message"), PROMPTS)
def test_prompts_are_checked(caller, rest_body, fault_of, emulator, prompts, message):
    fault = fault_of(caller.rest("storedProcesses/Count_Segment", rest_body(**prompts)))
    assert fault["code"] == "2000"
    assert message in fault["messages"][1]
    assert not emulator.executions


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("<channels/>" * 6, "has 6 values, too many"),
        ("<age_range><middle>1</middle></age_range>", 'has no "middle"'),
        ("<age_range><lowerBound>x</lowerBound></age_range>", "expected xs:int"),
    ],
)
def test_several_values_and_ranges_are_checked(caller, fault_of, inside, message):
    body = f"<a><parameters><segment_code>x</segment_code>{inside}</parameters></a>"
    fault = fault_of(caller.rest("storedProcesses/Count_Segment", body.encode()))
    assert (fault["code"], message in fault["messages"][1]) == ("2000", True)
