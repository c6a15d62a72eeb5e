"""What goes wrong on demand: statuses, pages, delays, connections; for whom and how often."""

import time
from dataclasses import replace

import pytest
import requests
from lxml import etree

from adapter.emulator import ConnectionFault, Page, Switches

HELLO = "storedProcesses/A/Hello"
AFTER_RUN = {500, 502, 504}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 415, 429, 500, 502, 503, 504])
def test_status(caller, emulator, soap_body, status):
    emulator.switches = Switches(status=status)
    for answer in (caller.rest(HELLO), caller.soap("A/Hello", soap_body("hello"))):
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "text/html;charset=UTF-8"
        assert f"HTTP Status {status}" in etree.fromstring(answer.content).findtext(".//h1")
        assert "Retry-After" not in answer.headers
    assert len(emulator.executions) == (2 if status in AFTER_RUN else 0)


@pytest.mark.parametrize("status", [429, 503, 502])
def test_retry_after(caller, emulator, status):
    emulator.switches = Switches(status=status, retry_after_s=7)
    assert caller.rest(HELLO).headers["Retry-After"] == "7"


def test_status_401_asks_for_basic(caller, emulator):
    emulator.switches = Switches(status=401)
    assert caller.rest(HELLO).headers["WWW-Authenticate"] == 'Basic realm="SAS"'


@pytest.mark.parametrize(
    ("page", "status", "text"),
    [
        (Page.HTML_200, 200, "Welcome"),
        (Page.LOGIN_200, 200, 'type="password"'),
        (Page.HTML_401, 401, "HTTP Status 401"),
        (Page.HTML_404, 404, "HTTP Status 404"),
    ],
)
def test_pages_in_front_keep_the_stored_process_from_running(caller, emulator, page, status, text):
    emulator.switches = Switches(page=page)
    answer = caller.rest(HELLO)
    assert (answer.status_code, text in answer.text) == (status, True)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert not emulator.executions


@pytest.mark.parametrize("page", [Page.HTML_200, Page.LOGIN_200])
def test_pages_with_status_200_are_not_xml(caller, emulator, page):
    emulator.switches = Switches(page=page)
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(caller.rest(HELLO).content)


def test_redirect_leads_to_the_login_page(caller, emulator, soap_body):
    emulator.switches = Switches(page=Page.REDIRECT_LOGIN)
    first = caller.rest(HELLO, allow_redirects=False)
    assert (first.status_code, first.headers["Location"]) == (302, "/SASLogon/login")
    followed = caller.soap("A/Hello", soap_body("hello"))
    assert followed.url == f"{emulator.url}/SASLogon/login"
    assert (followed.status_code, 'type="password"' in followed.text) == (200, True)
    assert not emulator.executions


def test_empty(caller, emulator):
    emulator.switches = Switches(page=Page.EMPTY)
    answer = caller.rest(HELLO)
    assert (answer.status_code, answer.content) == (200, b"")
    assert len(emulator.executions) == 1


def test_truncated(caller, emulator, soap_body):
    whole = caller.soap("A/Hello", soap_body("hello")).content
    emulator.switches = Switches(page=Page.TRUNCATED)
    cut = caller.soap("A/Hello", soap_body("hello")).content
    assert cut == whole[: len(whole) // 2]
    assert len(emulator.executions) == 2


def test_text(caller, emulator):
    emulator.switches = Switches(page=Page.TEXT)
    answer = caller.rest(HELLO)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "restarted" in answer.text


@pytest.mark.parametrize("size", [1_000_000, 50 * 1024 * 1024])
def test_huge(caller, emulator, size):
    emulator.switches = Switches(page=Page.HUGE, huge_bytes=size)
    with caller.rest(HELLO, stream=True) as answer:
        assert "Content-Length" not in answer.headers
        assert sum(len(chunk) for chunk in answer.iter_content(1 << 20)) == size


def test_huge_is_50_mebibytes_by_default_and_may_be_left_alone(caller, emulator):
    assert Switches().huge_bytes == 52_428_800
    emulator.switches = Switches(page=Page.HUGE)
    with caller.rest(HELLO, stream=True) as answer:
        assert answer.raw.read(6) == b"<hello"


def test_dtd_bomb(caller, emulator, soap_body):
    emulator.switches = Switches(page=Page.DTD_BOMB)
    for answer in (caller.rest(HELLO), caller.soap("A/Hello", soap_body("hello"))):
        assert answer.status_code == 200
        assert b"<!ENTITY" in answer.content
        with pytest.raises(etree.XMLSyntaxError, match="amplification"):
            etree.fromstring(answer.content)


def test_delay_comes_after_the_run(caller, emulator):
    emulator.switches = Switches(delay_s=30)
    with pytest.raises(requests.ReadTimeout):
        caller.session.get(f"{emulator.url}/SASBIWS/rest/{HELLO}", timeout=0.1)
    emulator.wait_for(lambda e: len(e.executions) == 1)


def test_short_delay(caller, emulator):
    emulator.switches = Switches(delay_s=0.1)
    began = time.monotonic()
    assert caller.rest(HELLO).status_code == 200
    assert time.monotonic() - began >= 0.1


def test_reset_before_the_run(caller, emulator):
    emulator.switches = Switches(connection=ConnectionFault.RESET_BEFORE)
    with pytest.raises(requests.ConnectionError) as raised:
        caller.rest(HELLO)
    assert "ConnectionResetError" in str(raised.value)
    assert len(emulator.requests) == 1
    assert not emulator.executions


def test_reset_in_the_middle_of_the_answer(caller, emulator):
    whole = caller.rest(HELLO).content
    emulator.switches = Switches(connection=ConnectionFault.RESET_MID)
    with caller.rest(HELLO, stream=True) as answer:
        assert int(answer.headers["Content-Length"]) == len(whole)
        assert answer.raw.read(10) == whole[:10]
        with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
            answer.content  # noqa: B018  # reading is the test
    assert len(emulator.executions) == 2


def test_slow_body(caller, emulator):
    emulator.switches = Switches(connection=ConnectionFault.SLOW_BODY, drip_s=0.0001)
    assert caller.rest(HELLO).text.endswith("</helloResponse>")
    emulator.switches = replace(emulator.switches, drip_s=60)
    with caller.rest(HELLO, stream=True) as answer:
        assert answer.status_code == 200
    assert len(emulator.executions) == 2


@pytest.mark.parametrize("only", ["Echo", "echo", "E cho"])
def test_only_one_stored_process(caller, emulator, rest_body, only):
    emulator.switches = Switches(status=503, only=only)
    assert caller.rest(HELLO).status_code == 200
    assert caller.rest("storedProcesses/Echo", rest_body({"a": "b"})).status_code == 503


def test_only_finds_the_operation_of_a_service(caller, emulator):
    emulator.switches = Switches(fault=4000, only="Count_Segment")
    body = caller.message("rest-request-count_Segment.xml")
    assert caller.rest("CI360Jobs", body).status_code == 500
    envelope = caller.message("soap-request-CI360Jobs-count_Segment.xml")
    assert caller.soap("CI360Jobs", envelope).status_code == 500
    download = caller.message("rest-request-DownloadFile.xml")
    assert caller.rest("CI360Jobs", download).status_code == 200


def test_times(caller, emulator, rest_body):
    emulator.switches = Switches(status=503, only="Hello", times=2, lrecl=80)
    caller.rest("storedProcesses/Echo", rest_body({"a": "b"}))
    statuses = [caller.rest(HELLO).status_code for _ in range(4)]
    assert statuses == [503, 503, 200, 200]
    assert emulator.switches == Switches(only="Hello", lrecl=80)


def test_times_counts_what_is_left(caller, emulator):
    emulator.switches = Switches(fault=5000, times=3)
    caller.rest(HELLO)
    assert emulator.switches.times == 2


def test_descriptions_are_disturbed_only_when_asked(caller, emulator):
    emulator.switches = Switches(status=503, times=1)
    assert caller.wsdl("DownloadFile").status_code == 200
    emulator.switches = replace(emulator.switches, disturb_wsdl=True)
    assert caller.wsdl("DownloadFile").status_code == 503
    assert caller.wsdl("DownloadFile").status_code == 200


@pytest.mark.parametrize(
    ("page", "status"), [(Page.LOGIN_200, 200), (Page.TRUNCATED, 200), (Page.HTML_404, 404)]
)
def test_pages_in_place_of_a_description(caller, emulator, page, status):
    whole = caller.wsdl("DownloadFile").content
    emulator.switches = Switches(page=page, disturb_wsdl=True)
    answer = caller.wsdl("DownloadFile")
    assert answer.status_code == status
    assert answer.content != whole


def test_description_by_a_connection_that_breaks(caller, emulator):
    emulator.switches = Switches(connection=ConnectionFault.RESET_BEFORE, disturb_wsdl=True)
    with pytest.raises(requests.ConnectionError):
        caller.wsdl("DownloadFile")


def test_what_a_stored_process_leaves(caller, emulator, same_xml, vectors):
    emulator.switches = Switches(output="none")
    body = caller.message("soap-request-DownloadFile.xml")
    expected = (vectors / "messages/soap-response-DownloadFile-empty.xml").read_bytes()
    same_xml(caller.soap("DownloadFile", body).content, expected)
    assert caller.rest(f"{HELLO}/dataTargets/_WEBOUT").content == b""
    emulator.switches = Switches(output="empty")
    assert "<Value/>" in caller.rest(HELLO).text
    assert caller.rest(f"{HELLO}/dataTargets/_WEBOUT").content == b""
