"""The webhook: stored before it is answered, the result for those who wait."""

import json
import socket
from datetime import UTC, datetime, timedelta

import pytest
from callers import SIGNATURE, get, kept, post, refused, send, task

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
retry_first = 0.05
retry_max = 0.2
[Echo]
[Hello]
[Fault]
[EchoSoap]
stpurl = {sas}/SASBIWS/services/Shared Data/CI360Jobs/Echo
[DownloadFile]
stpurl = {sas}/SASBIWS/services/DownloadFile
schema = DownloadFile.xsd
"""

ECHO = task("Echo", a=1)


def test_a_task_is_answered_at_once_and_delivered(shared):
    reply = post(shared, ECHO)
    assert reply.status == 202
    assert list(reply.body) == ["deliveryId", "status", "location"]
    assert reply.body["status"] in ("queued", "running", "delivered")
    assert reply.body["location"] == f"/deliveries/{reply.body['deliveryId']}"
    assert reply.headers["location"] == reply.body["location"]
    assert shared.ended(reply.body["deliveryId"])["status"] == "delivered"
    assert len(shared.emulator.executions) == 1


@pytest.mark.parametrize(("stored_process", "transport"), [("Echo", "rest"), ("EchoSoap", "soap")])
def test_a_caller_who_waits_is_given_the_result(shared, stored_process, transport):
    reply = post(shared, task(stored_process, city="Köln"), wait=20)
    assert reply.status == 200
    result = reply.body["result"]
    assert reply.body == {
        "deliveryId": shared.emulator.executions[0].delivery_id,
        "status": "delivered",
        "storedProcess": stored_process,
        "transport": transport,
        "attempts": 1,
        "result": result,
    }
    assert "location" not in reply.headers
    assert list(result) == ["parameters", "streams"]
    assert list(result["streams"]["_WEBOUT"]) == ["contentType", "content"]
    assert "<CITY>Köln</CITY>" in result["streams"]["_WEBOUT"]["content"]


def test_a_delivery_tells_later_what_a_waiting_caller_was_told(shared):
    told = post(shared, ECHO, wait=20).body
    later = get(shared, f"/deliveries/{told['deliveryId']}").body
    assert {name: later[name] for name in told} == told


def test_an_answer_says_its_type_and_is_never_cached(shared):
    for reply in (post(shared, ECHO), get(shared, "/healthz"), get(shared, "/nothing")):
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain;charset=UTF-8",
        "text/plain; charset=latin-1",
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "nonsense",
    ],
)
def test_the_body_is_read_as_json_whatever_content_type_it_has(shared, content_type):
    headers = {} if content_type is None else {"Content_Type": content_type}
    assert post(shared, task("Echo", city="Köln"), wait=20, **headers).status == 200
    assert shared.emulator.executions[0].columns["city"] == "Köln"


def test_a_byte_order_mark_is_read_over(shared):
    assert post(shared, b"\xef\xbb\xbf" + ECHO, wait=20).status == 200


def test_a_body_in_chunks_is_read(shared):
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(ECHO), ECHO)
    framing = {"Transfer-Encoding": "chunked"}
    reply = send(shared, "POST", "/ExecuteSTP", chunks, {"Prefer": "wait=20"}, framing)
    assert reply.status == 200


def test_a_caller_who_leaves_in_mid_body_leaves_nothing_behind(shared):
    before = kept(shared)
    host, _, port = shared.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        head = (
            f"POST /ExecuteSTP HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(ECHO) + 9}\r\n\r\n"
        )
        connection.sendall(head.encode() + ECHO)
    assert post(shared, ECHO, wait=20).status == 200
    assert kept(shared) == before + 1


def test_a_triggered_task_names_its_stored_process_in_the_address(shared, vectors):
    body = (vectors / "payloads/triggered-task-1.json").read_bytes()
    reply = post(shared, body, "/Echo", wait=20)
    assert reply.status == 200
    assert shared.emulator.executions[0].columns["eventName"] == "SandboxOutbound"


def test_a_triggered_task_names_its_stored_process_among_its_outbound_properties(shared):
    event = {
        "eventType": "outboundSystem",
        "outboundProperties": {"properties": {"stpName": "Echo"}},
    }
    assert post(shared, json.dumps(event).encode(), wait=20).body["storedProcess"] == "Echo"


def test_a_slash_behind_the_address_names_nothing(shared):
    assert post(shared, ECHO, "/", wait=20).status == 200


def test_address_and_payload_may_agree_and_must_not_differ(shared):
    assert post(shared, ECHO, "/Echo", wait=20).status == 200
    reply = post(shared, ECHO, "/Hello")
    refused(shared, reply, 400, "STP_NAME_CONFLICT", "'Hello'", "'Echo'")


def test_an_error_has_the_members_of_the_connector_guideline(shared):
    reply = post(shared, b"[]")
    assert list(reply.body) == ["error"]
    assert list(reply.error)[:5] == ["code", "message", "details", "requestId", "timestamp"]
    age = datetime.now(UTC) - datetime.fromisoformat(reply.error["timestamp"])
    assert timedelta(seconds=-1) < age < timedelta(seconds=30)


def test_every_problem_of_a_document_is_told_with_place_and_expectation(shared):
    body = task("DownloadFile", taskCode="x" * 33, dataFile=f"ftp://h/?X-Amz-Signature={SIGNATURE}")
    error = refused(
        shared, post(shared, body), 422, "DOCUMENT_INVALID", "[DownloadFile]", "problem"
    )
    problems = {detail["where"].rpartition("/")[2]: detail for detail in error["details"]}
    assert all(
        list(each) == ["where", "line", "reason", "expected", "found"] for each in error["details"]
    )
    assert problems["taskCode"]["expected"] == "at most 32"
    assert problems["dataFile"]["found"] == "ftp://h/?***"
    missing = {each["expected"] for each in error["details"] if each["reason"].endswith("missing")}
    assert missing >= {"occurrenceId", "metadataFile"}
    assert not shared.emulator.requests


@pytest.mark.parametrize(
    ("fault", "status", "code", "why"),
    [
        (2000, 502, "SAS_CLIENT_FAULT", "request_refused"),
        (3000, 502, "SAS_PROGRAM_FAILED", "program_failed"),
        (5000, 504, "SAS_PROGRAM_TIMED_OUT", "outcome_unknown"),
    ],
)
def test_what_ends_badly_within_the_wait_is_told_with_the_delivery(
    shared, fault, status, code, why
):
    reply = post(shared, task("Fault", code=fault), wait=20)
    error = refused(shared, reply, status, code, f"SAS fault {fault}")
    assert (error["status"], error["why"]) == ("parked", why)
    assert error["remedy"]
    later = get(shared, f"/deliveries/{error['deliveryId']}").body
    assert (later["status"], later["error"]["code"]) == ("parked", code)
    assert later["error"]["message"] == error["message"]
    assert later["error"]["details"] == error["details"] != []


def test_a_caller_who_does_not_wait_is_not_told_how_it_ended(shared):
    assert post(shared, task("Fault", code=2000)).status == 202


@pytest.mark.parametrize(
    ("method", "target", "allowed"),
    [
        ("GET", "/ExecuteSTP", "POST"),
        ("PUT", "/ExecuteSTP/Echo", "POST"),
        ("DELETE", "/deliveries/1", "GET"),
        ("POST", "/healthz", "GET"),
        ("POST", "/readyz", "GET"),
    ],
)
def test_a_method_that_is_not_answered_is_405_and_says_which_are(shared, method, target, allowed):
    reply = send(shared, method, target)
    refused(shared, reply, 405, "METHOD_NOT_ALLOWED", method)
    assert allowed in reply.headers["allow"].split(", ")


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/executestp",
        "/ExecuteSTPs",
        "/deliveries/",
        "/deliveries/a/b",
        "//",
        "/deliveries//x",
    ],
)
def test_an_address_that_does_not_exist_is_404(shared, target):
    refused(shared, get(shared, target), 404, "NOT_FOUND")


@pytest.mark.parametrize("unknown", ["nope", "%00", "%FF", "x" * 3000, "..%5C", "%ED%A0%80", "'--"])
def test_a_delivery_that_does_not_exist_is_404(shared, unknown):
    refused(shared, get(shared, f"/deliveries/{unknown}"), 404, "DELIVERY_UNKNOWN", "no delivery")


def test_health_and_readiness_do_not_depend_on_sas(shared):
    shared.emulator.stop()
    try:
        assert (get(shared, "/healthz").status, get(shared, "/healthz").body) == (
            200,
            {"status": "ok"},
        )
        assert (get(shared, "/readyz").status, get(shared, "/readyz").body) == (
            200,
            {"status": "ready"},
        )
        assert post(shared, ECHO).status == 202
    finally:
        shared.emulator.start()
    shared.emulator.wait_for(lambda sas: sas.executions)


ORIGINS = [
    "null",
    "",
    "http://evil.example",
    "https://evil.example:8100",
    "http://[",
    "http://127.0.0.1",
    "file://",
]


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_page_of_another_site_cannot_run_a_stored_process(shared, origin):
    before = kept(shared)
    refused(shared, post(shared, ECHO, Origin=origin), 403, "ORIGIN_REFUSED", "another site")
    assert kept(shared) == before
    assert not shared.emulator.requests


def test_a_page_of_the_adapter_itself_may_call_it(shared):
    assert post(shared, ECHO, Origin=shared.url).status == 202
