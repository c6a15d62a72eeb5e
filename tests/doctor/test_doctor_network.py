"""Each check of the service and of the way to SAS, tested by breaking that one thing."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from adapter import config
from adapter.cli.serving import Serving
from adapter.config.caller_file import write_callers
from adapter.core.access import Area, Caller, Method
from adapter.doctor.check import Outcome
from adapter.doctor.network import certificate_result
from adapter.doctor.tls import Certificate
from adapter.emulator import Switches

REST = "[DEFAULT]\nstpurl = {sas}/SASBIWS/rest/storedProcesses/X/{{stpName}}\nconnect_timeout = 2\n[Echo]\n"


def test_an_empty_operator_token(patient):
    (patient.home / "var/operator.token").write_text("")
    found, code = patient.one("token")
    assert (found.result.outcome, code) == (Outcome.FAIL, 1)


def test_a_port_that_is_free_and_no_adapter(patient):
    assert patient.one("port")[0].result.outcome is Outcome.OK
    found, code = patient.one("service")
    assert (found.result.outcome, code) == (Outcome.WARN, 0)


def test_a_port_that_another_program_has(patient):
    port = patient.emulator.url.rpartition(":")[2]
    patient.listen_on("127.0.0.1", port)
    found, code = patient.one("port")
    assert (found.result.outcome, code) == (Outcome.FAIL, 2)
    assert patient.one("service")[0].result.outcome is Outcome.SKIP


def test_an_adapter_that_is_not_ready(patient):
    with Serving(config.load(patient.home, {})):
        assert patient.one("service")[0].result.outcome is Outcome.OK
        (patient.home / "var/deliveries.sqlite").rename(patient.home / "var/gone")
        found, code = patient.one("service")
        assert (found.result.outcome, code) == (Outcome.FAIL, 1)


def test_the_endpoint_is_told_as_it_is_typed(patient):
    told = patient.one("endpoint")[0].result
    assert told.found == f"http://127.0.0.1:{patient.port}/ExecuteSTP"
    assert told.details == ("Method: POST", "Header: Content-Type = application/json")


def test_an_address_for_everybody_is_told_with_what_is_typed_in_its_place(patient):
    patient.listen_on("0.0.0.0", 8100)  # noqa: S104  nothing listens
    told = patient.one("endpoint")[0].result
    assert told.details[-1].endswith(", or a name that stands in hosts too")


def test_the_header_of_callers_is_told_with_the_endpoint(patient):
    callers = [
        Caller("a", Method.BEARER, frozenset((Area.WEBHOOK,)), "0" * 64),
        Caller("k", Method.API_KEY, frozenset((Area.WEBHOOK,)), "1" * 64),
    ]
    write_callers(patient.home, callers)
    header = patient.one("endpoint")[0].result.details[-1]
    assert header == "Header: Authorization or X-API-Key, as sasbiws auth add printed it"


def test_proxy_variables_are_named_without_their_password(patient):
    patient.environ = {"https_proxy": "http://me:hidden@proxy:3128"}
    found, code = patient.one("proxy")
    assert (found.result.outcome, code) == (Outcome.WARN, 0)
    assert "HTTPS_PROXY" in found.result.found
    assert "hidden" not in str(found)


def test_an_unknown_host_and_all_that_needs_it(patient):
    patient.configure(sas="http://sas.invalid")
    found, code = patient.seen("credentials", "clock")
    by_id = {each.check.id: each.result.outcome for each in found}
    assert code == 3
    assert by_id["name"] is Outcome.FAIL
    assert {by_id[each] for each in ("tcp", "http", "clock", "credentials")} == {Outcome.SKIP}


def test_a_closed_port(patient):
    patient.configure(sas=f"http://127.0.0.1:{patient.port}")
    found, code = patient.one("tcp")
    assert (found.result.outcome, code) == (Outcome.FAIL, 3)


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        ("expired", "the certificate has expired"),
        ("self-signed", "self-signed"),
        ("elsewhere", "for another"),
    ],
)
def test_a_certificate_that_is_not_trusted(patient, tls_server, vectors, certificate, said):
    port = tls_server(vectors / f"tls/{certificate}.pem")
    text = f"{REST}ca_file = {vectors / 'tls/ca.pem'}\n"
    patient.configure(text, sas=f"https://127.0.0.1:{port}")
    found, code = patient.one("tls")
    assert (found.result.outcome, code) == (Outcome.FAIL, 3)
    assert said in found.result.found
    assert "and ends on" in found.result.details[0]
    assert patient.one("http")[0].result.outcome is Outcome.SKIP


def test_a_certificate_that_is_trusted(patient, tls_server, vectors):
    port = tls_server(vectors / "tls/valid.pem")
    text = f"{REST}ca_file = {vectors / 'tls/ca.pem'}\n"
    patient.configure(text, sas=f"https://127.0.0.1:{port}")
    assert patient.one("tls")[0].result.outcome is Outcome.OK


def test_a_certificate_that_ends_soon():
    now = datetime.now(UTC)
    soon = certificate_result(Certificate(("sas",), now + timedelta(days=20, hours=1)), now)
    assert (soon.outcome, "20 days" in soon.found) == (Outcome.WARN, True)


def test_a_web_server_that_fails(patient, answering):
    port = answering(b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n")
    patient.configure(sas=f"http://127.0.0.1:{port}")
    found, code = patient.one("http")
    assert (found.result.outcome, code) == (Outcome.FAIL, 3)


def test_a_clock_that_is_wrong(patient, answering):
    old = b"HTTP/1.1 200 OK\r\nDate: Tue, 01 Jan 2019 10:00:00 GMT\r\nContent-Length: 0\r\n\r\n"
    patient.configure(sas=f"http://127.0.0.1:{answering(old)}")
    found, code = patient.one("clock")
    assert (found.result.outcome, code) == (Outcome.WARN, 0)
    assert "ahead of that of SAS" in found.result.found


def users(patient, **switches):
    patient.emulator.switches = Switches(users=dict(patient.emulator.switches.users), **switches)


@pytest.mark.parametrize(
    ("switches", "outcome", "code"),
    [
        ({"value_kind": "anyType"}, Outcome.WARN, 0),
        ({"operation_spelling": "pascal"}, Outcome.FAIL, 1),
    ],
)
def test_a_wsdl_that_is_not_the_pinned_one(patient, switches, outcome, code):
    patient.one("wsdl", fix=True)
    users(patient, **switches)
    found, ended = patient.one("wsdl", fix=True)
    assert (found.result.outcome, found.mended, ended) == (outcome, "", code)


def test_a_wsdl_that_is_not_served(patient):
    users(patient, disturb_wsdl=True, status=404)
    found, code = patient.one("wsdl")
    assert (found.result.outcome, code) == (Outcome.FAIL, 1)


def test_a_rest_path_that_is_not_there(patient):
    patient.configure(
        "[DEFAULT]\nstpurl = {sas}/SASBIWS/rest/storedProcesses/Nowhere/{{stpName}}\n[Nobody]\n"
    )
    found, code = patient.one("rest-path")
    assert (found.result.outcome, code) == (Outcome.FAIL, 1)


@pytest.mark.parametrize("stp", ["Echo", "DownloadFile"])
def test_a_wrong_password_is_sent_once_and_never_shown(patient, stp):
    patient.configure(credentials="[DEFAULT]\nstpusername = sasdemo\nstppassword = wrong-Secret\n")
    found, code = patient.one("credentials", stp=stp)
    assert (found.result.outcome, code) == (Outcome.FAIL, 2)
    assert "wrong-Secret" not in str(found.to_json())
    assert not patient.emulator.executions


def test_a_missing_user(patient):
    patient.configure(credentials="[DEFAULT]\n")
    found, code = patient.one("credentials", stp="Echo")
    assert (found.result.outcome, code) == (Outcome.FAIL, 2)


def test_a_sas_that_lets_in_strangers_proves_nothing(patient):
    patient.emulator.switches = Switches()
    found, _ = patient.one("credentials", stp="Echo")
    assert found.result.outcome is Outcome.OK
    assert "--call" in found.result.details[0]


def test_a_call_that_fails(patient):
    body = b'{"sendParameters": {"stpName": "Echo", "a": "1"}}'
    assert patient.one("call", stp="Echo", payload=body)[0].result.outcome is Outcome.OK
    assert len(patient.emulator.executions) == 1
    users(patient, fault=3000, only="Echo")
    found, code = patient.one("call", stp="Echo", payload=body)
    assert (found.result.outcome, code) == (Outcome.FAIL, 1)


def test_a_host_of_links_that_cannot_be_reached(patient, tls_server, vectors):
    closed = f"127.0.0.1:{patient.port}"
    untrusted = f"127.0.0.1:{tls_server(vectors / 'tls/self-signed.pem')}"
    found, code = patient.seen("files", files_hosts=(closed, untrusted))
    told = [each.result.outcome for each in found if each.check.id == "files"]
    assert (told, code) == ([Outcome.FAIL, Outcome.FAIL], 3)


def test_hosts_of_links_are_those_of_the_newest_deliveries_and_inner_ones_are_not_called(
    patient, tls_server, vectors
):
    port = tls_server(vectors / "tls/self-signed.pem")
    signed = (
        f"X-Amz-Date={datetime.now(UTC):%Y%m%dT%H%M%SZ}&X-Amz-Expires=900&X-Amz-Signature=planted"
    )
    with Serving(config.load(patient.home, {})) as serving:
        body = {"file": f"https://127.0.0.1:{port}/rows.csv?{signed}"}
        url = f"{serving.url}/ExecuteSTP/Echo"
        requests.post(url, json=body, timeout=10).raise_for_status()
        found, code = patient.one("files")
    assert (found.subject, code) == (f"127.0.0.1:{port}", 0)
    assert found.result.outcome is Outcome.WARN  # a task alone makes nobody call this machine
    assert "planted" not in str(found.to_json())
