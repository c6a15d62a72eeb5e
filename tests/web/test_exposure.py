"""What an open port lets in: hosts, origins, slow and many connections, headers of answers."""

import json
import logging
import socket
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from callers import at_once, get, post, refused, send, shows_nothing, task

from adapter import config
from adapter.cli.serve import announce
from adapter.cli.serving import Serving
from adapter.config.caller_file import write_callers
from adapter.core.access import Area, Caller, Method
from adapter.web import exposure
from adapter.web.auth_proof import token_proof
from adapter.web.peer import Hosts
from adapter.web.refusals import ExposureRefused

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
[Echo]
[adapter:server]
request_timeout = 1
connections_per_address = 6
[adapter:auth]
hosts = adapter.example.com
"""

ANY = "0.0.0.0"  # noqa: S104  what must be refused


def endpoint(site):
    parts = urlsplit(site.url)
    return parts.hostname, parts.port


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:{port}", "localhost", "LOCALHOST:{port}", "adapter.example.com",
     "Adapter.Example.COM:443", "127.0.0.10", "[::1]:{port}"],
)  # fmt: skip
def test_the_names_of_this_adapter_are_taken(shared, host):
    asked = host.format(port=endpoint(shared)[1])
    assert get(shared, "/readyz", Host=asked).status == 200
    assert post(shared, task("Echo"), Host=asked, Origin=f"http://{asked}").status == 202


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "10.0.0.1", "", "localhost.evil",
     "adapter.example.com.evil", "x@127.0.0.1", "127.0.0.1, evil.example", "[::2]:80", "evil.example#@127.0.0.1"],
)  # fmt: skip
def test_a_name_that_was_pointed_here_is_refused_at_every_address(shared, host):
    asked = host.format(port=endpoint(shared)[1])
    for target in ("/readyz", "/deliveries", "/nothing"):
        error = refused(shared, get(shared, target, Host=asked), 403, "HOST_REFUSED")
        assert "hosts in [adapter:auth]" in error["remedy"]
    refused(shared, post(shared, task("Echo"), Host=asked), 403, "HOST_REFUSED")


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://["]
)
def test_a_page_of_another_site_is_refused(shared, origin):
    refused(shared, post(shared, task("Echo"), Origin=origin), 403, "ORIGIN_REFUSED")
    assert not shared.emulator.executions


@pytest.mark.parametrize(
    ("listening", "asked", "allowed"),
    [
        (ANY, "10.1.2.3:8100", True), ("::", "[fe80::1]:8100", True),
        (ANY, "localhost", True), (ANY, "server", False),
        ("10.1.2.3", "10.1.2.3", True), ("10.1.2.3", "10.1.2.4", False),
        ("10.1.2.3", "localhost", False), ("10.1.2.3", "127.0.0.1", False),
        ("sas01.example.com", "SAS01.example.com:8100", True), ("localhost", "127.0.0.1", True),
        ("::1", "[::1]:8100", True), ("::1", "localhost:8100", True), ("127.0.0.10", "127.0.0.1", True),
    ],
)  # fmt: skip
def test_which_hosts_belong_to_an_address(listening, asked, allowed):
    assert Hosts(listening).allows(asked) is allowed


# Where it may listen.


def home_of(whole, folder, *lines):
    text = "[DEFAULT]\nstpurl = http://sas.example.com/SASBIWS/rest/storedProcesses/{{stpName}}\n"
    return whole.write_home(folder, text + "\n".join(("[adapter:auth]", *lines)))


OPEN = {"SASBIWS_HOST": ANY}


def test_other_machines_need_authentication_or_a_word_in_the_configuration(whole, tmp_path):
    home = home_of(whole, tmp_path)
    with pytest.raises(ExposureRefused) as raised:
        Serving(config.load(home, OPEN))
    assert ANY in raised.value.message
    assert "allow_anonymous = true" in raised.value.remedy
    operator = Caller("o", Method.BEARER, frozenset((Area.OPERATOR,)), token_proof("o"))
    write_callers(home, [operator])
    with pytest.raises(ExposureRefused):
        Serving(config.load(home, OPEN))
    agent = Caller("a", Method.BEARER, frozenset((Area.WEBHOOK,)), token_proof("a"))
    write_callers(home, [operator, agent])
    with Serving(config.load(home, OPEN)) as serving:
        told = list(exposure.notes(ANY, serving.parts.web.reception.schemes))
        assert len(told) == 1
        assert "TLS" in told[0]


def test_nobody_is_let_in_while_an_address_list_alone_is_configured(whole, tmp_path):
    with pytest.raises(ExposureRefused):
        Serving(config.load(home_of(whole, tmp_path, "allow_from = 10.1.2.3"), OPEN))


def test_every_start_says_that_anybody_may_call(whole, tmp_path, caplog):
    settings = config.load(home_of(whole, tmp_path, "allow_anonymous = true"), OPEN)
    for environ, who in ((OPEN, "everybody who reaches it"), ({}, "every program of this machine")):
        settings = config.load(settings.home, environ)
        with caplog.at_level(logging.WARNING, "adapter"), Serving(settings) as serving:
            announce(settings, serving, work=False)
        assert f"allow_anonymous = true: {who}" in caplog.text
        caplog.clear()


# What a caller may cost.


def opened(site):
    connection = socket.create_connection(endpoint(site), timeout=10)
    connection.settimeout(10)
    return closing(connection)


def ended(connection):
    """What the server says until it closes the connection."""
    said = b""
    try:
        while piece := connection.recv(4096):
            said += piece
    except ConnectionResetError:
        pass
    return said


def drip(connection, text):
    """Send one byte every tenth of a second until the server has had enough; its last words."""
    connection.settimeout(0)
    deadline = time.monotonic() + 10
    for byte in text:
        assert time.monotonic() < deadline
        try:
            connection.send(bytes([byte]))
            if connection.recv(4096):
                return
        except BlockingIOError:
            time.sleep(0.1)
        except OSError:
            return


HEAD = b"POST /ExecuteSTP HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"


def test_slow_heads_and_bodies_end_and_others_are_served_meanwhile(shared):
    with opened(shared) as silent, opened(shared) as head, opened(shared) as body:
        head.sendall(HEAD[:20])
        body.sendall(HEAD + b"\r\n{")
        slow = [
            lambda: ended(silent), lambda: drip(head, HEAD[20:] + b"X: " + b"x" * 200),
            lambda: drip(body, b" " * 200),
        ]  # fmt: skip
        began = time.monotonic()
        told = at_once([*slow, *[lambda: post(shared, task("Echo")).status] * 2])
        assert time.monotonic() - began < 8
        assert told[0].startswith(b"HTTP/1.1 408 ")
        assert told[3:] == [202, 202]


def test_a_connection_that_waits_between_requests_is_kept(shared):
    with closing(HTTPConnection(*endpoint(shared), timeout=10)) as connection:
        connection.request("GET", "/healthz")
        assert connection.getresponse().read()
        mine = connection.sock
        time.sleep(2.3)  # longer than a request may take, and a look of the server
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        assert connection.sock is mine


def test_one_address_has_so_many_connections_and_then_again_some(shared):
    with ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(opened(shared))
        with opened(shared) as one_more:
            status, headers, error = told(one_more)
            assert (status, headers["retry-after"]) == (503, "1")
            assert error["code"] == "TOO_MANY_CONNECTIONS"
    deadline = time.monotonic() + 10
    while True:
        try:
            assert get(shared, "/healthz").status == 200
            break
        except (OSError, AssertionError):
            assert time.monotonic() < deadline


def told(connection):
    """Status, headers and error of the answer that ends the connection."""
    head, _, body = ended(connection).partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert headers["content-length"] == str(len(body))
    assert headers["connection"] == "close"
    assert headers["cache-control"] == "no-store"
    error = json.loads(body)["error"]
    assert headers["x-request-id"] == error["requestId"]
    return int(status.split()[1]), headers, error


LARGE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000 + b"\r\n\r\n"
HUGE = b"POST /ExecuteSTP HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n"
SECRET = b"GET / HTTP/1.1\r\n Authorization: Basic geheim\r\nHost: localhost\r\n\r\n"
CODED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n"
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64


@pytest.mark.parametrize(
    ("sent", "status", "code", "words"),
    [
        (LARGE, 431, "HEADERS_TOO_LARGE", "too many bytes"),
        (HUGE, 413, "PAYLOAD_TOO_LARGE", "more than 1048576 bytes"),
        (b"hello\r\n\r\n", 400, "REQUEST_UNREADABLE", "Start line is invalid"),
        (SECRET, 400, "REQUEST_UNREADABLE", "Malformed header line"),
        (CODED, 501, "REQUEST_UNREADABLE", "not supported"),
        (HELLO, 400, "REQUEST_UNREADABLE", "TLS came to a port that speaks HTTP"),
    ],
    ids=["large head", "large body", "no HTTP", "no header", "transfer coding", "TLS"],
)
def test_what_cannot_be_read_is_refused_as_everything_else(
    shared, caplog, sent, status, code, words
):
    with caplog.at_level(logging.WARNING, "adapter"), opened(shared) as connection:
        connection.sendall(sent)
        found, _, error = told(connection)
    assert (found, error["code"]) == (status, code)
    assert words in error["message"]
    assert error["remedy"]
    (line,) = [each for each in caplog.messages if error["requestId"] in each]
    assert f"code={code} " in line
    assert "peer=127.0.0.1" in line
    assert "geheim" not in line + error["message"]


def test_a_head_that_does_not_end_is_logged_and_a_connection_in_reserve_is_not(shared, caplog):
    with (
        caplog.at_level(logging.WARNING, "adapter"),
        opened(shared) as head,
        opened(shared) as silent,
    ):
        head.sendall(HEAD[:20])
        assert told(head)[0] == told(silent)[0] == 408
    assert [each.partition(" ")[0] for each in caplog.messages if "REQUEST_TOO_SLOW" in each] == [
        "refused"
    ]


@pytest.mark.parametrize("status", [200, 202, 400, 401, 403, 404, 405])
def test_every_answer_tells_browsers_to_be_careful(shared, status):
    reply = {
        200: lambda: get(shared, "/healthz"), 202: lambda: post(shared, task("Echo")),
        400: lambda: post(shared, b"{"), 401: lambda: get(shared, "/deliveries/export"),
        403: lambda: get(shared, "/healthz", Host="evil.example"),
        404: lambda: get(shared, "/nothing"),
        405: lambda: send(shared, "DELETE", "/deliveries"),
    }[status]()  # fmt: skip
    assert reply.status == status
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert "server" not in reply.headers
    shows_nothing(shared, reply.text)


SECRETS = ("planted-token-of-a-caller", "planted-password", "cGxhbnRlZDpwbGFudGVkLXBhc3N3b3Jk")


def test_what_callers_show_is_neither_logged_nor_answered(shared, caplog):
    with caplog.at_level(logging.DEBUG):
        for headers in (
            {"Authorization": f"Bearer {SECRETS[0]}"}, {"Authorization": f"Basic {SECRETS[2]}"},
            {"X-API-Key": SECRETS[0]}, {"Authorization": SECRETS[0]},
        ):  # fmt: skip
            for target in ("/deliveries/export", "/deliveries", "/nothing"):
                reply = send(shared, "GET", target, headers=headers)
                assert not [secret for secret in SECRETS if secret in reply.text]
            send(shared, "POST", "/ExecuteSTP", task("Echo"), headers)
    assert not [secret for secret in SECRETS if secret in caplog.text]
