"""REST: the messages of the wire contract go in and come out."""

import pytest
from lxml import etree

PATH = "storedProcesses/Shared%20Data/CI360/Download%20File"


@pytest.mark.parametrize("name", ["rest-request-DownloadFile.xml", "rest-request-anyroot.xml"])
def test_messages_of_the_contract(caller, same_xml, vectors, name):
    answer = caller.rest(PATH, caller.message(name))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/xml;charset=UTF-8"
    expected = etree.parse(vectors / "messages/rest-response-DownloadFile.xml").getroot()
    for rows in expected.iter("ROWS"):
        rows.text = "8"
    got = etree.fromstring(answer.content)
    for added in got.iter("DATASET"):
        added.getparent().remove(added)
    same_xml(got, expected)


@pytest.mark.parametrize(
    "path",
    ["CI360Jobs", "CI360Jobs/Count_Segment", "storedProcesses/CI360/Count_Segment"],
)
def test_prompts(caller, same_xml, vectors, path):
    answer = caller.rest(path, caller.message("rest-request-count_Segment.xml"))
    expected = (vectors / "messages/rest-response-count_Segment.xml").read_bytes()
    same_xml(answer.content, expected)


@pytest.mark.parametrize(
    "path", ["DownloadFile", "DownloadFile/DownloadFile", "CI360Jobs/DownloadFile", "CI360Jobs"]
)
def test_services_write_outstream(caller, path):
    answer = caller.rest(path, caller.message("rest-request-DownloadFile.xml"))
    assert answer.status_code == 200
    assert '<outstream contentType="text/xml;charset=windows-1252">' in answer.text


def test_data_target_is_what_sas_wrote(caller, rest_body):
    answer = caller.rest("storedProcesses/Echo/dataTargets/_WEBOUT", rest_body({"a": "Köln €, Ł"}))
    assert answer.headers["Content-Type"] == "text/xml;charset=windows-1252"
    assert answer.content == (
        b'<?xml version="1.0" encoding="windows-1252" ?>\n'
        b"<TABLE>\n   <RESULT>\n      <A>K\xf6ln \x80, &#321;</A>\n   </RESULT>\n</TABLE>\n"
    )


@pytest.mark.parametrize(
    "path", ["AddFloats", "AddFloats/AddFloats", "storedProcesses/Add%20Floats"]
)
def test_output_parameter_is_bare_text(caller, rest_body, path):
    body = rest_body(num1="1.5", num2="2.25", root="addFloats")
    assert caller.rest(f"{path}/outputParameters/sum", body).content == b"3.75"
    assert caller.rest(f"{path}/outputParameters/other", body).status_code == 404
    assert caller.rest(f"{path}/dataTargets/_WEBOUT", body).status_code == 404


def test_get_calls_a_stored_process_without_input(caller, results):
    assert results(caller.rest("storedProcesses/A/Hello")) == [{"MESSAGE": "Hello World"}]


@pytest.mark.parametrize(
    "path", ["storedProcesses/Echo", "storedProcesses/Count_Segment", "CI360Jobs"]
)
def test_get_of_one_that_needs_input_is_2000(caller, fault_of, path, emulator):
    answer = caller.rest(path)
    assert answer.status_code == 500
    assert fault_of(answer)["code"] == "2000"
    assert not emulator.executions


@pytest.mark.parametrize(
    "body",
    [b"<unclosed>", b"<other/>", b'<!DOCTYPE a [<!ENTITY b "c">]><downloadFile>&b;</downloadFile>'],
)
def test_body_that_is_not_valid_is_2000(caller, fault_of, body):
    assert fault_of(caller.rest("DownloadFile", body))["code"] == "2000"


@pytest.mark.parametrize("media_type", ["application/json", "application/x-www-form-urlencoded"])
def test_other_media_types_are_415(caller, rest_body, media_type):
    headers = {"Content-Type": media_type}
    answer = caller.rest("storedProcesses/Echo", rest_body({"a": "b"}), headers=headers)
    assert answer.status_code == 415


def test_table_in_a_namespace_is_not_found(caller, results):
    body = b"""<e xmlns="urn:x"><streams><instream><Value><Table><InData><a>b</a></InData></Table>
      </Value></instream></streams></e>"""
    assert results(caller.rest("storedProcesses/Echo", body)) == []
