"""SOAP: the messages of the wire contract go in and come out."""

import pytest
from lxml import etree

NAMESPACES = {
    "DownloadFile": "http://tempuri.org/DownloadFile",
    "CI360Jobs": "http://tempuri.org/CI360Jobs",
    "A/Download%20File": "http://www.sas.com/xml/namespace/biwebservices",
}
MESSAGES = [
    ("soap-request-DownloadFile.xml", "DownloadFile", "soap-response-DownloadFile.xml"),
    ("soap-request-DownloadFile-anonymous.xml", "DownloadFile", "soap-response-DownloadFile.xml"),
    (
        "soap-request-CI360Jobs-downloadFile.xml",
        "CI360Jobs",
        "soap-response-CI360Jobs-downloadFile.xml",
    ),
    (
        "soap-request-StoredProcessPath.xml",
        "A/Download%20File",
        "soap-response-StoredProcessPath.xml",
    ),
]


@pytest.mark.parametrize(("request_name", "path", "response_name"), MESSAGES)
def test_messages_of_the_contract(caller, same_xml, vectors, request_name, path, response_name):
    answer = caller.soap(
        path, caller.message(request_name), action=f"{NAMESPACES[path]}/downloadFile"
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/xml; charset=UTF-8"
    expected = etree.parse(vectors / "messages" / response_name).getroot()
    for rows in expected.iter("ROWS"):
        rows.text = "8"
    got = etree.fromstring(answer.content)
    for added in got.iter("DATASET"):
        assert added.text == "TSK_101.csv"
        added.getparent().remove(added)
    same_xml(got, expected)


def test_prompts_of_every_type(caller, same_xml, vectors, emulator):
    answer = caller.soap("CI360Jobs", caller.message("soap-request-CI360Jobs-count_Segment.xml"))
    expected = (vectors / "messages/soap-response-CI360Jobs-count_Segment.xml").read_bytes()
    same_xml(answer.content, expected)
    assert emulator.executions[0].parameters == {
        "segment_code": ("A&B",),
        "max_rows": ("500",),
        "min_score": ("0.25",),
        "as_of": ("2026-09-02T10:15:00Z",),
        "channels": ("email", "sms"),
        "age_range.lowerBound": ("18",),
        "age_range.upperBound": ("65",),
    }


def test_prefixes_are_declared_anew_on_each_level(caller):
    text = caller.soap("DownloadFile", caller.message("soap-request-DownloadFile.xml")).text
    for prefix in ("m", "axis2ns4", "axis2ns5", "axis2ns6"):
        assert f'xmlns:{prefix}="http://tempuri.org/DownloadFile"' in text
    assert 'contentType="text/xml;charset=windows-1252"' in text


def test_one_line_is_cut(caller, fault_of):
    fault = fault_of(
        caller.soap("DownloadFile", caller.message("soap-request-DownloadFile-oneline.xml"))
    )
    assert (fault["code"], fault["faultcode"]) == ("3000", "soapenv:Server")
    assert "was cut at LRECL=3000" in fault["messages"][1]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<downloadFile/>",
        b"<Envelope/>",
        b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body/></e:Envelope>',
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>',
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    ],
)
def test_body_without_a_call_is_a_fault_without_a_code(caller, fault_of, body, emulator):
    answer = caller.soap("DownloadFile", body)
    fault = fault_of(answer)
    assert answer.status_code == 500
    assert (fault["faultcode"], fault["code"]) == ("soapenv:Client", None)
    assert not emulator.executions


@pytest.mark.parametrize(
    ("operation", "namespace", "action"),
    [
        ("other", "http://tempuri.org/DownloadFile", ""),
        ("DownloadFile", "http://tempuri.org/DownloadFile", ""),
        ("downloadFile", "http://tempuri.org/Other", ""),
        ("downloadFile", "http://tempuri.org/DownloadFile", "http://tempuri.org/DownloadFile/x"),
    ],
)
def test_unknown_operation_or_action(
    caller, soap_body, same_xml, vectors, operation, namespace, action
):
    body = soap_body(operation, {"a": "b"}, namespace=namespace)
    answer = caller.soap("DownloadFile", body, action=action)
    same_xml(answer.content, (vectors / "messages/fault-soap-only.xml").read_bytes())


@pytest.mark.parametrize("media_type", ["application/json", "application/soap+xml", "text/plain"])
def test_other_media_types_are_415(caller, soap_body, media_type):
    body = soap_body("echo", {"a": "b"})
    assert caller.soap("A/Echo", body, **{"Content-Type": media_type}).status_code == 415


def test_namespaces_below_the_wrapper_do_not_matter(caller, results):
    body = b"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
      <b:slow xmlns:b="http://www.sas.com/xml/namespace/biwebservices">
      <parameters><c:seconds xmlns:c="urn:c">0.0</c:seconds></parameters>
      <streams><instream><Value><!-- a comment --><Table><InData>
      <a><![CDATA[x & y]]></a></InData></Table></Value></instream></streams>
      </b:slow></s:Body></s:Envelope>"""
    assert results(caller.soap("A/Slow", body)) == [{"A": "x & y"}]
