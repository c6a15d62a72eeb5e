"""`sasbiws call --dry-run`: the exact request, secrets masked, nothing sent."""

import json

import pytest

from adapter.emulator import Switches, example_bulk_task

PASSWORD = "s3cret pässword"
CREDENTIALS = f"[DEFAULT]\nstpusername = sasdemo\nstppassword = {PASSWORD}\n"
ROUTES = [("Download File", "rest"), ("DownloadFile", "soap")]
BASIC = "c2FzZGVtbzpzM2NyZXQgcMOkc3N3b3Jk"
"""User and password as the header Authorization has them. Source: RFC 7617."""


@pytest.fixture
def call(run, home, emulator):
    (home / "conf/credentials.ini").write_text(CREDENTIALS, encoding="utf-8")
    emulator.switches = Switches(users={"sasdemo": PASSWORD})

    def call_one(*arguments, stdin=b'{"a": "1"}'):
        return run("call", *arguments, "--home", home, stdin=stdin)

    return call_one


def sent(emulator):
    return [request for request in emulator.requests if "wsdl" not in request.path]


@pytest.mark.parametrize(("stp", "transport"), ROUTES)
def test_nothing_is_sent_and_at_most_the_contract_is_fetched(call, emulator, files, stp, transport):
    assert call(stp, "-", "--dry-run", stdin=example_bulk_task(files)).exit_code == 0
    assert emulator.executions == ()
    methods = [request.method for request in emulator.requests]
    assert methods == (["GET"] if transport == "soap" else [])


@pytest.mark.parametrize(("stp", "transport"), ROUTES)
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_secrets_and_links_are_masked(call, files, stp, transport, more):
    ended = call(stp, "-", "--dry-run", *more, stdin=example_bulk_task(files))
    assert "***" in ended.out
    for secret in (PASSWORD, BASIC, "X-Amz-Signature", "X-Amz-Security-Token"):
        assert secret not in ended.out + ended.err
    assert f"{files.url}/data.csv?***" in ended.out


@pytest.mark.parametrize("stp", ["Echo", "EchoService"])
def test_the_request_is_the_one_that_is_sent(call, emulator, stp):
    dry = json.loads(call(stp, "-", "--dry-run", "--json").out)
    assert call(stp, "-").exit_code == 0
    (request,) = sent(emulator)
    assert set(dry) == {"method", "address", "headers", "body"}
    assert dry["method"] == request.method
    assert dry["address"] == emulator.url + request.path
    for name, value in dry["headers"].items():
        if name != "X-Request-ID" and value != "***":
            assert request.headers[name] == value
    really = request.body.decode().replace(PASSWORD, "***")
    assert dry["body"] == really


def test_text_shows_method_address_headers_and_body(call, emulator):
    ended = call("Echo", "-", "--dry-run")
    head, body = ended.out.split("\n\n", 1)
    request, *headers = head.splitlines()
    path = "/SASBIWS/rest/storedProcesses/Shared%20Data/CI360Jobs/Echo"
    assert request == f"POST {emulator.url}{path}"
    assert "Content-Type: application/xml" in headers
    assert "Authorization: ***" in headers
    assert body.splitlines()[0] == "<echo>"
    assert "<a>1</a>" in body


def test_a_request_that_cannot_be_made_is_told(call, emulator):
    assert call("Echo", "-", "--dry-run", stdin=b"[]").exit_code == 1
    assert call("Nobody", "-", "--dry-run").exit_code == 2
    emulator.stop()
    assert call("EchoService", "-", "--dry-run").exit_code == 3
    assert call("Echo", "-", "--dry-run").exit_code == 0
