"""Plain XML: what is sent, and what every kind of answer becomes."""

import base64

import pytest
from scripted import PASSWORD, SIGNATURE, answering, http

from adapter.core import failures
from adapter.core.answer import Stream
from adapter.emulator import ConnectionFault, Page, Switches
from adapter.sas.rest import RestTransport

STPURL = "{}/SASBIWS/rest/storedProcesses/Shared Data/CI360/{{{{stpName}}}}"


@pytest.fixture
def rest(session):
    return RestTransport(session)


@pytest.fixture
def stpurl(emulator):
    return STPURL.format(emulator.url)


def test_the_sample_request(rest, call, vectors):
    request = rest.request(call("http://sas/SASBIWS/rest/storedProcesses/F/{{stpName}}"))
    assert request.body == (
        (vectors / "messages" / "rest-request-DownloadFile.xml").read_bytes().rstrip(b"\n")
    )
    assert request.method == "POST"
    assert request.address == "http://sas/SASBIWS/rest/storedProcesses/F/Download%20File"
    assert request.headers == {
        "Content-Type": "application/xml",
        "Accept": "application/xml",
        "X-Request-ID": "d-1",
    }


def test_a_raw_target_is_one_encoded_segment(rest, call):
    request = rest.request(call("http://sas/SASBIWS/rest/x?a=b", target="out/1 ä"))
    assert request.address == "http://sas/SASBIWS/rest/x/dataTargets/out%2F1%20%C3%A4?a=b"
    assert request.headers["Accept"] == "*/*"


def test_nothing_secret_is_shown(rest, call, credentials):
    table = f"<Table><InData><f>https://s3/x?a=1&amp;{SIGNATURE}</f></InData></Table>".encode()
    request = rest.request(call("http://sas/x", credentials=credentials, table=table))
    shown = repr(request) + request.masked_body()
    encoded = base64.b64encode(f"svc_ci360:{PASSWORD}".encode()).decode()
    assert request.headers["Authorization"].reveal() == f"Basic {encoded}"
    assert SIGNATURE.encode() in request.body
    for secret in (PASSWORD, encoded, SIGNATURE, "0123456789abcdef"):
        assert secret not in shown
    assert "https://s3/x?***" in request.masked_body()


def test_a_call_runs_the_stored_process(rest, call, stpurl, emulator):
    answer = rest.send(call(stpurl, name="Echo"))
    (execution,) = emulator.executions
    assert (execution.transport, execution.delivery_id) == ("rest", "d-1")
    assert execution.columns["taskName"] == "Spring mailing, Köln"
    assert answer.streams


def test_a_raw_answer_is_what_the_stored_process_wrote(rest, call, serve, vectors):
    body = (vectors / "messages" / "rest-response-dataTargets-_WEBOUT.xml").read_bytes()
    server = serve(answering(http(200, body, ["Content-Type: text/xml"])))
    answer = rest.send(call(server.url + "/SASBIWS/rest/x", target="_WEBOUT"))
    assert answer.streams == {"_WEBOUT": Stream("text/xml", body.decode("cp1252"))}
    assert server.requests[0].startswith(b"POST /SASBIWS/rest/x/dataTargets/_WEBOUT HTTP/1.1")


def test_credentials_are_checked(rest, call, stpurl, emulator, credentials):
    emulator.switches = Switches(users={"svc_ci360": PASSWORD})
    rest.send(call(stpurl, name="Echo", credentials=credentials))
    with pytest.raises(failures.CredentialsRefused):
        rest.send(call(stpurl, name="Echo"))


@pytest.mark.parametrize(
    ("switches", "error"),
    [
        (Switches(fault=1000), failures.CredentialsRefused),
        (Switches(fault=2000), failures.ClientFault),
        (Switches(fault=3000), failures.ProgramFailed),
        (Switches(fault=4000), failures.ConfigurationFault),
        (Switches(fault=5000), failures.ProgramTimedOut),
        (Switches(status=401), failures.CredentialsRefused),
        (Switches(status=400), failures.RequestRefused),
        (Switches(status=403), failures.RequestRefused),
        (Switches(status=404), failures.RequestRefused),
        (Switches(status=405), failures.RequestRefused),
        (Switches(status=415), failures.RequestRefused),
        (Switches(status=429, retry_after_s=3), failures.SasBusy),
        (Switches(status=503, retry_after_s=3), failures.SasBusy),
        (Switches(status=500), failures.ServerFailed),
        (Switches(status=502), failures.ServerFailed),
        (Switches(status=504), failures.ServerFailed),
        (Switches(page=Page.HTML_200), failures.AnswerIsHtml),
        (Switches(page=Page.HTML_401), failures.CredentialsRefused),
        (Switches(page=Page.HTML_404), failures.RequestRefused),
        (Switches(page=Page.LOGIN_200), failures.CredentialsRefused),
        (Switches(page=Page.REDIRECT_LOGIN), failures.CredentialsRefused),
        (Switches(page=Page.EMPTY), failures.AnswerEmpty),
        (Switches(page=Page.TEXT), failures.AnswerNotXml),
        (Switches(page=Page.TRUNCATED), failures.AnswerNotXml),
        (Switches(page=Page.DTD_BOMB), failures.AnswerNotXml),
        (Switches(page=Page.HUGE), failures.AnswerTooLarge),
        (Switches(connection=ConnectionFault.RESET_BEFORE), failures.ConnectionLost),
        (Switches(connection=ConnectionFault.RESET_MID), failures.ConnectionLost),
        (Switches(connection=ConnectionFault.SLOW_BODY, drip_s=0.1), failures.AnswerTimedOut),
        (Switches(delay_s=3), failures.AnswerTimedOut),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_what_goes_wrong_has_its_name(rest, call, stpurl, emulator, switches, error):
    emulator.switches = switches
    patience_s = 0.6 if error is failures.AnswerTimedOut else 30
    with pytest.raises(error) as caught:
        rest.send(call(stpurl, name="Echo", timeout_s=patience_s))
    assert type(caught.value) is error
    assert SIGNATURE not in str(caught.value)
    if switches.retry_after_s:
        assert caught.value.retry_after_s == 3
    if switches.fault == 3000:
        assert caught.value.syscc == "1012"
