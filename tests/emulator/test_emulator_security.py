"""Who is let in: nobody is asked by default, users by UsernameToken or Basic."""

import pytest

from adapter.emulator import Switches

USERS = Switches(users={"svc_ci360": "not-a-real-password", "köln": "ü:x"})


@pytest.fixture
def guarded(caller):
    caller.emulator.switches = USERS
    return caller


def test_soap_without_a_token_is_1000(guarded, fault_of, emulator):
    answer = guarded.soap(
        "DownloadFile", guarded.message("soap-request-DownloadFile-anonymous.xml")
    )
    fault = fault_of(answer)
    assert (fault["code"], fault["faultcode"]) == ("1000", "soapenv:Client")
    assert fault["messages"][1] == "No user name was sent."
    assert not emulator.executions


def test_soap_with_a_token_is_let_in(guarded, results):
    answer = guarded.soap("DownloadFile", guarded.message("soap-request-DownloadFile.xml"))
    assert results(answer)[0]["STATUS"] == "done"


def test_soap_with_another_password_is_1000(guarded, fault_of):
    body = guarded.message("soap-request-DownloadFile.xml")
    answer = guarded.soap("DownloadFile", body.replace(b"not-a-real-password", b"wrong"))
    assert fault_of(answer)["messages"] == [
        "The user name or the password was refused.",
        "The metadata server turned down user svc_ci360.",
    ]


def test_soap_takes_no_digest(guarded, fault_of):
    body = guarded.message("soap-request-DownloadFile.xml")
    answer = guarded.soap("DownloadFile", body.replace(b"#PasswordText", b"#PasswordDigest"))
    assert fault_of(answer)["code"] == "1000"


def test_soap_takes_no_basic(guarded, fault_of, soap_body):
    guarded.session.auth = ("svc_ci360", "not-a-real-password")
    assert fault_of(guarded.soap("A/Hello", soap_body("hello")))["code"] == "1000"


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic /w=="},
    ],
)
def test_rest_without_basic_is_401_without_a_body(guarded, header, emulator):
    answer = guarded.rest("storedProcesses/Hello", headers=header)
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="SAS"'
    assert not emulator.executions


def test_rest_with_basic_is_let_in(guarded):
    assert (
        guarded.rest("storedProcesses/Hello", auth=("svc_ci360", "not-a-real-password")).status_code
        == 200
    )
    wrong = guarded.rest("storedProcesses/Hello", auth=("svc_ci360", "wrong"))
    assert wrong.status_code == 401
    umlauts = ("köln".encode(), "ü:x".encode())
    assert guarded.rest("storedProcesses/Hello", auth=umlauts).status_code == 200


def test_strangers_are_not_told_what_is_wrong_with_their_call(guarded, fault_of, soap_body):
    assert fault_of(guarded.soap("A/Count_Segment", soap_body("count_Segment")))["code"] == "1000"
    assert guarded.rest("DownloadFile", b"<other/>").status_code == 401
