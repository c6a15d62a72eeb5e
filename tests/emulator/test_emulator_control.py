"""The emulator from another process: front page, switches, executions, requests by HTTP."""

import pytest

from adapter.emulator import Switches


@pytest.fixture
def control(caller):
    def call(method, path, **options):
        url = f"{caller.emulator.url}{path}"
        return caller.session.request(method, url, timeout=5, **options)

    return call


def test_front_page_lists_everything(control, emulator):
    answer = control("GET", "/")
    assert answer.headers["Content-Type"] == "text/plain;charset=UTF-8"
    for text in (
        f"{emulator.url}/SASBIWS/services/CI360Jobs?wsdl",
        f"{emulator.url}/SASBIWS/rest/DownloadFileTyped",
        f"{emulator.url}/SASBIWS/rest/storedProcesses/Shared%20Data/CI360/Download%20File",
        "CI360Jobs (Download File, Count_Segment)",
        "/emulator/switches",
    ):
        assert text in answer.text


def test_addresses_of_the_front_page_lead_somewhere(control):
    urls = [w for w in control("GET", "/").text.split() if w.startswith("http") and "SASBIWS" in w]
    assert len(urls) == 24
    for url in urls:
        status = control("GET", url[url.index("/SASBIWS") :]).status_code
        assert status in ({200} if url.endswith("?wsdl") else {200, 500})


def test_switches_are_read_and_merged(control, emulator):
    assert control("GET", "/emulator/switches").json() == Switches().as_json()
    answer = control("PUT", "/emulator/switches", json={"fault": 3000, "users": {"a": "b"}})
    assert answer.json()["fault"] == 3000
    assert control("PUT", "/emulator/switches", json={"delay_s": 0}).json()["fault"] == 3000
    assert emulator.switches == Switches(fault=3000, users={"a": "b"})


def test_wrong_switches_change_nothing(control, emulator):
    answer = control("PUT", "/emulator/switches", json={"lrecl": 80, "fault": 7, "foo": 1})
    assert answer.status_code == 400
    foo, fault = answer.json()["problems"]
    assert foo.startswith("There is no switch 'foo'; there are operation_spelling, ")
    assert fault == "fault is 7; expected one of 0, 1000, 2000, 3000, 4000, 5000."
    assert emulator.switches == Switches()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_body_that_is_no_object(control, body):
    answer = control("PUT", "/emulator/switches", data=body)
    assert (answer.status_code, len(answer.json()["problems"])) == (400, 1)


def test_executions_and_requests_are_read_and_forgotten(control, caller, soap_body, emulator):
    caller.soap("A/Echo", soap_body("echo", {"a": "ö"}), **{"X-Request-ID": "d-1"})
    (execution,) = control("GET", "/emulator/executions").json()
    assert execution["stored_process"] == "Echo"
    assert execution["transport"] == "soap"
    assert execution["delivery_id"] == "d-1"
    assert execution["columns"] == {"a": "ö"}
    assert execution["rows"] == [{"a": "ö"}]
    assert execution["parameters"] == {}
    assert execution["started_at"] <= execution["finished_at"]
    (request,) = control("GET", "/emulator/requests").json()
    assert (request["method"], request["path"]) == ("POST", "/SASBIWS/services/A/Echo")
    assert request["headers"]["X-Request-ID"] == "d-1"
    assert "<a>ö</a>" in request["body"]
    assert control("DELETE", "/emulator/executions").status_code == 204
    assert control("GET", "/emulator/executions").json() == []
    assert len(emulator.requests) == 1
    assert control("DELETE", "/emulator/requests").status_code == 204
    assert emulator.requests == ()


def test_other_paths_and_methods(control):
    assert control("GET", "/emulator/nothing").status_code == 404
    answer = control("POST", "/emulator/switches")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, PUT")


def test_disturbances_leave_the_control_alone(control, emulator):
    emulator.switches = Switches(status=503, connection="reset_before", delay_s=60)
    assert control("GET", "/").status_code == 200
    assert control("PUT", "/emulator/switches", json={"status": 0}).status_code == 200
