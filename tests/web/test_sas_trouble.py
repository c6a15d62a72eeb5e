"""What becomes of a task when SAS is in trouble: what SAS may have done decides, on both transports."""

from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple
from urllib.request import Request, urlopen

import pytest
from callers import at_once, get, post, refused, shows_nothing, task

from adapter.emulator import ConnectionFault, Page, Switches

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/Echo
retry_first = 0.02
retry_max = 0.1
timeout = 1
server_concurrency = 8
[Rest]
[Rest again]
idempotent = true
[Soap]
stpurl = {sas}/SASBIWS/services/Shared Data/Echo
[Soap again]
stpurl = {sas}/SASBIWS/services/Shared Data/Echo
idempotent = true
"""

PLAIN = ["Rest", "Soap"]
IDEMPOTENT = ["Rest again", "Soap again"]
RETRY = ""


class Row(NamedTuple):
    """One trouble.

    Args:
        switches: How the emulator makes it.
        effect: What SAS may have done, as the attempt is recorded.
        code: The error of the attempt.
        plain: Why a delivery of a plain route is parked; RETRY where it is tried again.
        idempotent: The same for a route with `idempotent = true`.
        runs: How often the disturbed call really ran the stored process.
        status: HTTP status of a caller who waits for a parked delivery.
    """

    switches: dict
    effect: str
    code: str
    plain: str
    idempotent: str
    runs: int
    status: int = 502


UNKNOWN = ("outcome_unknown", RETRY)
REFUSED = ("request_refused", "request_refused")
ROWS = {
    "HTTP 503": Row({"status": 503}, "not_run", "SAS_BUSY", RETRY, RETRY, 0),
    "HTTP 429": Row({"status": 429}, "not_run", "SAS_BUSY", RETRY, RETRY, 0),
    "HTTP 400": Row({"status": 400}, "not_run", "SAS_REQUEST_REFUSED", *REFUSED, 0),
    "HTTP 403": Row({"status": 403}, "not_run", "SAS_REQUEST_REFUSED", *REFUSED, 0),
    "HTTP 404": Row({"status": 404}, "not_run", "SAS_REQUEST_REFUSED", *REFUSED, 0),
    "HTTP 405": Row({"status": 405}, "not_run", "SAS_REQUEST_REFUSED", *REFUSED, 0),
    "HTTP 415": Row({"status": 415}, "not_run", "SAS_REQUEST_REFUSED", *REFUSED, 0),
    "HTML 404": Row({"page": Page.HTML_404}, "not_run", "SAS_REQUEST_REFUSED", *REFUSED, 0),
    "fault 2000": Row({"fault": 2000}, "not_run", "SAS_CLIENT_FAULT", *REFUSED, 0),
    "fault 3000": Row({"fault": 3000}, "ran", "SAS_PROGRAM_FAILED", "program_failed", RETRY, 1),
    "fault 4000": Row({"fault": 4000}, "not_run", "SAS_CONFIGURATION_FAULT", RETRY, RETRY, 0),
    "fault 5000": Row({"fault": 5000}, "unknown", "SAS_PROGRAM_TIMED_OUT", *UNKNOWN, 1, 504),
    "HTTP 500": Row({"status": 500}, "unknown", "SAS_SERVER_FAILED", *UNKNOWN, 1),
    "HTTP 502": Row({"status": 502}, "unknown", "SAS_SERVER_FAILED", *UNKNOWN, 1),
    "HTTP 504": Row({"status": 504}, "unknown", "SAS_SERVER_FAILED", *UNKNOWN, 1),
    "reset before the answer": Row(
        {"connection": ConnectionFault.RESET_BEFORE}, "unknown", "SAS_CONNECTION_LOST", *UNKNOWN, 0
    ),
    "reset in mid-answer": Row(
        {"connection": ConnectionFault.RESET_MID}, "unknown", "SAS_CONNECTION_LOST", *UNKNOWN, 1
    ),
    "HTML 200": Row({"page": Page.HTML_200}, "unknown", "SAS_ANSWER_IS_HTML", *UNKNOWN, 0),
    "no body": Row({"page": Page.EMPTY}, "unknown", "SAS_ANSWER_EMPTY", *UNKNOWN, 1),
    "cut off": Row({"page": Page.TRUNCATED}, "unknown", "SAS_ANSWER_NOT_XML", *UNKNOWN, 1),
    "text": Row({"page": Page.TEXT}, "unknown", "SAS_ANSWER_NOT_XML", *UNKNOWN, 1),
    "50 MB": Row({"page": Page.HUGE}, "unknown", "SAS_ANSWER_TOO_LARGE", *UNKNOWN, 1),
    "entity bomb": Row({"page": Page.DTD_BOMB}, "unknown", "SAS_ANSWER_NOT_XML", *UNKNOWN, 1),
}  # fmt: skip


def disturbed(site, stored_process, row):
    """One task posted while the next call is disturbed; the answer of a caller who waits."""
    site.emulator.switches = Switches(**row.switches, times=1)
    return post(site, task(stored_process, a=1), wait=30)


def calls(site):
    """The calls that reached SAS, without WSDLs."""
    return [request for request in site.emulator.requests if request.method == "POST"]


def is_parked(site, reply, row, why):
    error = refused(site, reply, row.status, row.code)
    later = get(site, f"/deliveries/{error['deliveryId']}")
    shows_nothing(site, later.text)
    assert (later.body["status"], later.body["attempts"]) == ("parked", 1)
    assert later.body["error"]["why"] == why
    assert [each["effect"] for each in later.body["history"]] == [row.effect]
    assert len(calls(site)) == 1
    assert len(site.emulator.executions) == row.runs


def is_retried(site, reply, row):
    assert reply.status == 200
    assert reply.body["attempts"] == 2
    history = get(site, f"/deliveries/{reply.body['deliveryId']}").body["history"]
    assert [(each["effect"], each.get("code", "")) for each in history] == [
        (row.effect, row.code),
        ("ran", ""),
    ]
    assert len(calls(site)) == 2
    assert len(site.emulator.executions) == row.runs + 1


@pytest.mark.parametrize("stored_process", PLAIN)
@pytest.mark.parametrize("name", ROWS)
def test_a_plain_route_is_never_called_again_unless_sas_certainly_did_nothing(
    shared, stored_process, name
):
    row = ROWS[name]
    reply = disturbed(shared, stored_process, row)
    if row.plain == RETRY:
        assert row.runs == 0
        is_retried(shared, reply, row)
    else:
        is_parked(shared, reply, row, row.plain)


@pytest.mark.parametrize("stored_process", IDEMPOTENT)
@pytest.mark.parametrize("name", ROWS)
def test_an_idempotent_route_is_called_again_wherever_that_can_help(shared, stored_process, name):
    row = ROWS[name]
    reply = disturbed(shared, stored_process, row)
    if row.idempotent == RETRY:
        is_retried(shared, reply, row)
    else:
        is_parked(shared, reply, row, row.idempotent)


SLOW = [Switches(delay_s=3), Switches(connection=ConnectionFault.SLOW_BODY, drip_s=0.3)]


@pytest.mark.parametrize("switches", SLOW, ids=["no answer", "an answer that drips"])
def test_an_answer_that_does_not_come_in_time_is_of_unknown_effect(shared, switches):
    for stored_process in PLAIN:
        assert post(shared, task(stored_process), wait=30).status == 200
    shared.emulator.forget()
    shared.emulator.switches = replace(switches, times=4)
    names = [*PLAIN, *IDEMPOTENT]
    replies = at_once([lambda name=name: post(shared, task(name), wait=30) for name in names])
    for reply in replies[:2]:
        error = refused(shared, reply, 504, "SAS_ANSWER_TIMED_OUT", "within 1 s")
        assert (error["status"], error["why"]) == ("parked", "outcome_unknown")
        history = get(shared, f"/deliveries/{error['deliveryId']}").body["history"]
        assert [each["effect"] for each in history] == ["unknown"]
    for reply in replies[2:]:
        assert (reply.status, reply.body["attempts"]) == (200, 2)
        history = get(shared, f"/deliveries/{reply.body['deliveryId']}").body["history"]
        assert [each["effect"] for each in history] == ["unknown", "ran"]
    runs = Counter(execution.delivery_id for execution in shared.emulator.executions)
    assert sorted(runs.values()) == [1, 1, 2, 2]
    assert all(runs[reply.error["deliveryId"]] == 1 for reply in replies[:2])


def test_retry_after_is_waited_for(shared):
    shared.emulator.switches = Switches(status=503, retry_after_s=1, times=1)
    assert post(shared, task("Rest", a=1), wait=30).body["attempts"] == 2
    first, second = (request.received_at for request in calls(shared))
    assert 1.0 <= (second - first).total_seconds() < 5


def test_the_last_attempt_parks_and_says_that_attempts_are_exhausted(open_site):
    site = open_site(SERVICE_CONFIG.replace("[Rest]", "max_attempts = 3\n[Rest]"))
    site.emulator.switches = Switches(status=503)
    error = refused(site, post(site, task("Rest", a=1), wait=30), 502, "SAS_BUSY", "HTTP 503")
    assert error["why"] == "attempts_exhausted:sas_busy"
    assert len(calls(site)) == 3
    assert not site.emulator.executions


def test_a_huge_answer_is_not_read_to_its_end(shared):
    shared.emulator.switches = Switches(page=Page.HUGE, huge_bytes=2**40, times=1)
    reply = post(shared, task("Rest", a=1), wait=30)
    refused(shared, reply, 502, "SAS_ANSWER_TOO_LARGE", "10485760 bytes")


def test_a_request_that_sas_does_not_understand_is_held_against_its_wsdl_once(open_site):
    site = open_site(SERVICE_CONFIG)
    site.emulator.switches = Switches(fault=2000)
    for _ in range(2):
        reply = post(site, task("Soap", a=1), wait=30)
        error = refused(site, reply, 502, "SAS_CLIENT_FAULT", "published WSDL is the pinned one")
    assert [request.path for request in site.emulator.requests if "reload" in request.path] == [
        "/SASBIWS/services/Shared%20Data/Echo?wsdl&reload=true"
    ]
    assert error["why"] == "request_refused"


def test_a_wsdl_that_imports_from_another_server_is_never_followed(open_site):
    site = open_site(SERVICE_CONFIG, switches=Switches(wsdl_import="external"))
    for stored_process in ("Soap", "Soap again"):
        reply = post(site, task(stored_process, a=1), wait=30)
        error = refused(
            site, reply, 502, "SAS_CONTRACT_UNUSABLE", "it is not on", site.emulator.url
        )
        later = get(site, f"/deliveries/{error['deliveryId']}").body
        assert (later["status"], later["error"]["why"]) == ("parked", "contract_unusable")
        assert [each["effect"] for each in later["history"]] == ["not_run"]
    assert not calls(site)
    assert not list((site.home / "wsdl_cache").rglob("*.wsdl"))


@contextmanager
def impostor(emulator, *answers):
    """A server that publishes SAS's WSDLs and gives calls these answers, SAS's own for None."""
    left = list(answers)

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self):
            with urlopen(emulator.url + self.path) as wsdl:
                self.answer(200, wsdl.read())

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(*(left.pop(0) or self.passed_on(body)))

        def passed_on(self, body):
            passed = {
                name: self.headers[name]
                for name in ("Content-Type", "SOAPAction")
                if name in self.headers
            }
            with urlopen(Request(emulator.url + self.path, body, passed)) as answer:
                return answer.status, answer.read()

        def answer(self, status, body):
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


SOAP_FAULT = b"""\
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>
<faultcode>s:Server</faultcode><faultstring>java.lang.NullPointerException</faultstring>
</s:Fault></s:Body></s:Envelope>"""

SPOILED = {
    "a SOAP fault without a SAS code": (
        500,
        SOAP_FAULT,
        "SAS_SERVER_FAILED",
        "NullPointerException",
    ),
    "such a fault with status 200": (200, SOAP_FAULT, "SAS_SERVER_FAILED", "NullPointerException"),
    "XML that is not SAS's": (200, b"<hello/>", "SAS_ANSWER_NOT_SAS", "<hello>"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_an_answer_that_tells_nothing_parks_a_plain_route_and_is_retried_by_an_idempotent_one(
    open_premises, name
):
    *bad, code, told = SPOILED[name]
    with ExitStack() as stack:
        premises = open_premises()
        sas = stack.enter_context(impostor(premises.emulator, bad, bad, bad, None, bad, None))
        service_config = SERVICE_CONFIG.replace("{sas}", sas)
        (premises.home / "conf/serviceConfig.ini").write_text(service_config, encoding="utf-8")
        site = stack.enter_context(premises.serving())
        for stored_process in PLAIN:
            error = refused(site, post(site, task(stored_process), wait=30), 502, code, told)
            assert error["why"] == "outcome_unknown"
        for stored_process in IDEMPOTENT:
            assert post(site, task(stored_process), wait=30).body["attempts"] == 2
        assert len(site.emulator.executions) == 2
