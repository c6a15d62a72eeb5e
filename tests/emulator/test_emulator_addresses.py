"""Every address of the wire contract leads where it should."""

import pytest

from adapter.emulator import Switches

ECHO = {"name": "Köln"}
SOAP_ECHO = ["Echo", "A/Echo", "Shared%20Data/CI360/Echo", "Sample%3A%20Folder/%C3%9Cber/Echo"]


@pytest.mark.parametrize("path", SOAP_ECHO)
def test_soap_address_of_a_stored_process_in_any_folder(caller, soap_body, results, path):
    assert results(caller.soap(path, soap_body("echo", ECHO))) == [{"NAME": "Köln"}]


@pytest.mark.parametrize("path", SOAP_ECHO)
def test_rest_address_of_a_stored_process_in_any_folder(caller, rest_body, results, path):
    assert results(caller.rest(f"storedProcesses/{path}", rest_body(ECHO))) == [{"NAME": "Köln"}]


def test_percent_encoded_slash_stays_inside_its_segment(caller, rest_body, results):
    assert results(caller.rest("storedProcesses/A%2FB/Echo", rest_body(ECHO)))


@pytest.mark.parametrize(
    "query",
    ["?wsdl", "?WSDL", ".wsdl", "?wsdl&reload=true", "?reload=true&wsdl", "?wsdl=1"],
)
@pytest.mark.parametrize("path", ["DownloadFile", "Shared%20Data/CI360/Download%20File"])
def test_description_has_all_its_addresses(caller, path, query):
    answer = caller.wsdl(path, query)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/xml; charset=UTF-8"
    assert f"{caller.emulator.url}/SASBIWS/services/{path}" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/SASBIWS",
        "/SASBIWS/rest/Nowhere",
        "/SASBIWS/rest/storedProcesses/A/Nowhere",
        "/SASBIWS/rest/storedProcesses",
        "/SASBIWS/rest/DownloadFile/Nowhere",
        "/SASBIWS/rest/CI360Jobs/Download%20File",
        "/SASBIWS/rest/A/B/C/D",
        "/SASBIWS/rest/storedProcesses/Hello/dataTargets/nowhere",
        "/SASBIWS/services/Nowhere?wsdl",
        "/SASBIWS/services/DownloadFile?xsd=1",
    ],
)
def test_unknown_path_is_an_html_404(caller, path):
    answer = caller.session.get(caller.emulator.url + path, timeout=5)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/html;charset=UTF-8"
    assert "<html" in answer.text


def test_unknown_soap_address_is_a_fault_without_a_code(caller, soap_body, same_xml, vectors):
    answer = caller.soap("A/Nowhere", soap_body("nowhere", ECHO))
    assert answer.status_code == 500
    same_xml(answer.content, (vectors / "messages/fault-soap-only.xml").read_bytes())


def test_get_of_a_soap_address_is_405(caller):
    assert caller.wsdl("DownloadFile", "").status_code == 405


def test_other_methods_of_a_rest_address_are_405(caller):
    url = f"{caller.emulator.url}/SASBIWS/rest/storedProcesses/Hello"
    assert caller.session.put(url, data=b"", timeout=5).status_code == 405
    assert caller.session.delete(url, timeout=5).status_code == 405


def test_only_the_output_name_of_the_switches_is_served(caller, results):
    assert results(caller.rest("storedProcesses/Hello/dataTargets/_WEBOUT"))
    caller.emulator.switches = Switches(output_name="outstream")
    assert caller.rest("storedProcesses/Hello/dataTargets/_WEBOUT").status_code == 404
    assert results(caller.rest("storedProcesses/Hello/dataTargets/outstream"))


def test_head_has_the_length_and_no_body(caller):
    url = f"{caller.emulator.url}/SASBIWS/rest/storedProcesses/Hello"
    answer = caller.session.head(url, timeout=5)
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) > 0
    assert answer.content == b""
