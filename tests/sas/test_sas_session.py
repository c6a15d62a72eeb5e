"""Every failure on the way to SAS and back has its name, met over real sockets."""

import gzip
import os
import queue
import socket
import struct
import sys
import time

import pytest
from scripted import PASSWORD, answering, http

from adapter.core import failures
from adapter.core.redact import Secret
from adapter.ports import HttpRequest
from adapter.sas.session import MAX_ANSWER_BYTES

REQUEST_BODY = b"<x/>"


def post(address, **headers):
    return HttpRequest("POST", address, headers, REQUEST_BODY, bytes)


@pytest.fixture
def exchange(session):
    def call(address, **bounds):
        bounds = {"timeout_s": 5.0, "connect_timeout_s": 2.0, "fresh": True, "ca_file": ""} | bounds
        return session.exchange(post(address), **bounds)

    return call


def test_an_answer_comes_back_whole(exchange, serve):
    server = serve(answering(http(207, b"<a/>", ["X-One: 1", "x-one: 2"])))
    answer = exchange(server.url + "/a%20b")
    assert (answer.status, answer.body, answer.headers["x-one"]) == (207, b"<a/>", "1, 2")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /a%20b HTTP/1.1\r\n")
    assert body == REQUEST_BODY
    assert b"User-Agent: sasbiws/" in head


def test_secrets_are_revealed_on_the_wire_only(session, serve):
    server = serve(answering(http()))
    request = post(server.url, Authorization=Secret("Basic c2VjcmV0"))
    session.exchange(request, timeout_s=5)
    assert b"Authorization: Basic c2VjcmV0" in server.requests[0]
    assert "c2VjcmV0" not in repr(request)
    assert REQUEST_BODY.decode() not in repr(request)


class TestNotSent:
    """Nothing can have reached SAS: the delivery is tried again."""

    def test_unknown_name(self, exchange):
        with pytest.raises(failures.NameNotFound, match=r"http://no-such-host\.invalid:81 is unkn"):
            exchange("http://no-such-host.invalid:81/")

    def test_address_of_ipv6_without_a_port(self, exchange):
        with pytest.raises(failures.NotSent) as told:
            exchange("https://[::1]/")
        assert not isinstance(told.value, failures.NameNotFound)

    @pytest.mark.parametrize(
        "address",
        ["http://", "http://[::1", "http://h:99999/", "ftp://h/", "http://" + "a" * 70 + ".test/"],
    )
    def test_no_address(self, exchange, address):
        with pytest.raises(failures.NameNotFound):
            exchange(address)

    def test_refused(self, exchange):
        with socket.socket() as unheard:
            unheard.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{unheard.getsockname()[1]}"
            with pytest.raises(failures.ConnectionRefused, match=r"takes no connection: .*refused"):
                exchange(address)

    def test_handshake_that_never_ends(self, exchange, serve):
        silent = serve(lambda _server, connection: connection.recv(1) and time.sleep(3))
        start = time.monotonic()
        with pytest.raises(failures.ConnectTimedOut, match=r"handshake took more than 0.3 s"):
            exchange(silent.url.replace("http:", "https:"), connect_timeout_s=0.3)
        assert time.monotonic() - start < 2

    if sys.platform == "linux":  # elsewhere a full backlog refuses

        def test_connect_time_out(self, exchange):
            with socket.socket() as listener:
                listener.bind(("127.0.0.1", 0))
                listener.listen(0)
                waiting = [socket.socket() for _ in range(4)]
                for each in waiting:
                    each.setblocking(False)  # noqa: FBT003  a socket's own name
                    each.connect_ex(listener.getsockname())
                with pytest.raises(failures.ConnectTimedOut, match=r"not connect within 0.3 s"):
                    exchange(f"http://127.0.0.1:{listener.getsockname()[1]}", connect_timeout_s=0.3)
                for each in waiting:
                    each.close()

    def test_port_that_speaks_no_tls(self, exchange, serve):
        server = serve(answering(http()))

        def plain(_server, connection):
            connection.recv(10)
            connection.sendall(http(400, b"plain"))

        server.script = plain
        with pytest.raises(failures.TlsFailed, match="does not speak TLS"):
            exchange(server.url.replace("http:", "https:"))

    def test_server_that_hangs_up_in_the_handshake(self, exchange, serve):
        server = serve(lambda _server, connection: connection.recv(10))
        with pytest.raises(failures.TlsFailed, match="broke off the handshake"):
            exchange(server.url.replace("http:", "https:"))

    @pytest.mark.parametrize(
        ("certificate", "reason"),
        [
            ("self-signed", "self-signed"),
            ("expired", "has expired"),
            ("elsewhere", "is for another"),
        ],
    )
    def test_certificate(self, exchange, serve, tls, ca_file, certificate, reason):
        server = serve(answering(http()), tls(certificate))
        with pytest.raises(failures.TlsFailed, match=reason):
            exchange(server.url, ca_file=ca_file)
        assert server.requests == []

    def test_certificate_for_another_name(self, exchange, serve, tls, ca_file):
        server = serve(answering(http()), tls("elsewhere"))
        with pytest.raises(failures.TlsFailed, match="is for another host name"):
            exchange(server.url.replace("127.0.0.1", "localhost"), ca_file=ca_file)

    def test_unknown_authority(self, exchange, serve, tls):
        server = serve(answering(http()), tls("valid"))
        with pytest.raises(failures.TlsFailed, match="unknown authority"):
            exchange(server.url)

    @pytest.mark.parametrize("content", [None, b"no certificate"])
    def test_authorities_that_are_not_there(self, exchange, serve, tls, tmp_path, content):
        server = serve(answering(http()), tls("valid"))
        ca_file = tmp_path / "ca.pem"
        if content:
            ca_file.write_bytes(content)
        with pytest.raises(failures.TlsFailed):
            exchange(server.url, ca_file=str(ca_file))


def test_trusted_certificate(exchange, serve, tls, ca_file):
    server = serve(answering(http(200, b"<ok/>")), tls("valid"))
    assert exchange(server.url, ca_file=ca_file).body == b"<ok/>"


def hung_up(_connection):
    """Nothing, and the connection closes."""


def reset(connection):
    no_linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)


LOST = {
    "closed before the answer": hung_up,
    "reset before the answer": reset,
    "not HTTP": lambda connection: connection.sendall(b"\x15\x03\x03\x00\x02\x02F"),
    "cut in a header": lambda connection: connection.sendall(b"HTTP/1.1 503 No\r\nX-A"),
    "cut after a header": lambda connection: connection.sendall(b"HTTP/1.1 503 No\r\nX: 1\r\n"),
    "cut in the body": lambda connection: connection.sendall(http(200, b"<a/>")[:-2]),
    "reset in the body": lambda connection: (
        connection.sendall(http(200, b"<a/>")[:-2]),
        reset(connection),
    ),
    "cut in a chunk": lambda connection: connection.sendall(
        http(200, b"9\r\n<a/>", ["Transfer-Encoding: chunked"], length=False)
    ),
    "cut between chunks": lambda connection: connection.sendall(
        http(200, b"4\r\n<a/>\r\n", ["Transfer-Encoding: chunked"], length=False)
    ),
    "chunk of no size": lambda connection: connection.sendall(
        http(200, b"zz\r\n<a/>\r\n", ["Transfer-Encoding: chunked"], length=False)
    ),
    "two lengths": lambda connection: connection.sendall(http(200, b"<a/>", ["Content-Length: 9"])),
}


class TestOutcomeUnknown:
    """The request was on its way: the stored process may have run."""

    @pytest.mark.parametrize("ending", LOST.values(), ids=LOST)
    @pytest.mark.parametrize("fresh", [True, False])
    def test_connection_lost(self, exchange, serve, ending, fresh):
        def script(server, connection):
            server.read_request(connection)
            ending(connection)

        server = serve(script)
        with pytest.raises(failures.ConnectionLost, match="broke after the request"):
            exchange(server.url, fresh=fresh)
        assert len(server.requests) == 1

    def test_tls_broken_in_the_answer(self, exchange, serve, tls, ca_file):
        def script(server, connection):
            server.read_request(connection)
            connection.sendall(http(200, b"<a/>")[:-2])
            raw = socket.socket(fileno=connection.detach())
            raw.sendall(b"this is no TLS record at all")
            raw.close()

        server = serve(script, tls("valid"))
        with pytest.raises(failures.ConnectionLost):
            exchange(server.url, ca_file=ca_file)

    @pytest.mark.parametrize(
        "begun",
        [b"", b"HTTP/1.1 200 OK\r\n", http(200, length=False), http(200, b"x" * 99)[:-90]],
        ids=["nothing", "status line", "headers", "half a body"],
    )
    @pytest.mark.parametrize("encrypted", [False, True])
    def test_silence(self, exchange, serve, tls, ca_file, begun, encrypted):
        def script(server, connection):
            server.read_request(connection)
            connection.sendall(begun)
            connection.recv(1)

        server = serve(script, tls("valid") if encrypted else None)
        start = time.monotonic()
        with pytest.raises(failures.AnswerTimedOut, match=r"no complete answer within 0.4 s"):
            exchange(server.url, timeout_s=0.4, ca_file=ca_file)
        assert 0.3 < time.monotonic() - start < 2

    @pytest.mark.parametrize("part", ["headers", "body", "chunks"])
    def test_drip(self, exchange, serve, part):
        begun = {
            "headers": b"HTTP/1.1 200 OK\r\nX-Long: ",
            "body": http(200, b"x" * 1000)[:-1000],
            "chunks": http(200, b"", ["Transfer-Encoding: chunked"], length=False) + b"3e8\r\n",
        }[part]

        def script(server, connection):
            server.read_request(connection)
            connection.sendall(begun)
            for _ in range(100):
                time.sleep(0.05)
                connection.sendall(b"x")

        start = time.monotonic()
        with pytest.raises(failures.AnswerTimedOut):
            exchange(serve(script).url, timeout_s=0.5)
        assert 0.4 < time.monotonic() - start < 2

    def test_request_that_is_not_taken(self, session, serve):
        server = serve(None, accepting=False)
        request = HttpRequest("POST", server.url, {}, b"x" * 30_000_000, bytes)
        start = time.monotonic()
        with pytest.raises(failures.AnswerTimedOut):
            session.exchange(request, timeout_s=0.5, connect_timeout_s=0.5)
        assert time.monotonic() - start < 3

    @pytest.mark.parametrize("declared", [True, False])
    def test_fifty_megabytes(self, exchange, serve, declared):
        piece = b"x" * 65536

        def script(server, connection):
            server.read_request(connection)
            length = ["Content-Length: 52428800"] if declared else []
            connection.sendall(http(200, b"", length, length=False))
            for _ in range(800):
                connection.sendall(piece)
                server.sent_bytes += len(piece)

        server = serve(script)
        with pytest.raises(failures.AnswerTooLarge, match=f"more than {MAX_ANSWER_BYTES} bytes"):
            exchange(server.url)
        time.sleep(0.1)
        assert server.sent_bytes < 25_000_000  # what sockets hold comes on top of the limit

    @pytest.mark.parametrize("chunked", [True, False])
    def test_gzip_bomb(self, exchange, serve, chunked):
        bomb = gzip.compress(b"x" * 40_000_000)
        headers = ["Content-Encoding: gzip"]
        if chunked:
            headers.append("Transfer-Encoding: chunked")
            bomb = b"%x\r\n%b\r\n0\r\n\r\n" % (len(bomb), bomb)
        server = serve(answering(http(200, bomb, headers, length=not chunked)))
        with pytest.raises(failures.AnswerTooLarge):
            exchange(server.url)

    def test_gzip_that_is_none(self, exchange, serve):
        server = serve(answering(http(200, b"no gzip", ["Content-Encoding: gzip"])))
        with pytest.raises(failures.AnswerNotXml, match="cannot be unpacked"):
            exchange(server.url)

    def test_status_is_told_where_the_answer_had_begun(self, exchange, serve):
        def script(server, connection):
            server.read_request(connection)
            connection.sendall(http(200, b"<a/>")[:-2])

        with pytest.raises(failures.ConnectionLost) as caught:
            exchange(serve(script).url)
        assert caught.value.http_status == 200


def test_gzip_is_unpacked(exchange, serve):
    body = gzip.compress(b"<a>" + b"x" * 200_000 + b"</a>")
    server = serve(answering(http(200, body, ["Content-Encoding: gzip"])))
    assert len(exchange(server.url).body) == 200_007


def test_an_answer_may_end_with_the_connection(exchange, serve):
    def script(server, connection):
        server.read_request(connection)
        connection.sendall(http(200, b"<a/>", length=False))

    assert exchange(serve(script).url).body == b"<a/>"


def test_an_early_answer_counts_though_the_request_was_cut_off(session, serve):
    def script(_server, connection):
        connection.recv(10)
        connection.sendall(http(503, b"", ["Retry-After: 7"]))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    request = HttpRequest("POST", serve(script).url, {}, b"x" * 100_000, bytes)
    assert session.exchange(request, timeout_s=5).status == 503


@pytest.mark.parametrize(("fresh", "connections"), [(True, 3), (False, 1)])
def test_connections_are_kept_where_a_repeat_does_no_harm(exchange, serve, fresh, connections):
    server = serve(answering(http(200, b"<a/>")))
    for _ in range(3):
        exchange(server.url, fresh=fresh)
    assert server.connections == connections
    assert (b"Connection: close" in server.requests[0]) is fresh


def test_a_connection_that_was_idle_for_long_is_not_used_again(exchange, serve, monkeypatch):
    """The server may close it at any moment, and a firewall may have forgotten it."""
    monkeypatch.setattr("adapter.sas.connection.KEPT_S", 0.0)
    server = serve(answering(http(200, b"<a/>")))
    for _ in range(3):
        exchange(server.url, fresh=False)
    assert server.connections == 3


def test_what_follows_an_answer_is_no_answer_to_the_next_request(exchange, serve):
    def script(server, connection):
        while server.read_request(connection):
            connection.sendall(http(200, b"<mine/>") + http(200, b"<stray/>"))

    server = serve(script)
    assert [exchange(server.url, fresh=False).body for _ in range(3)] == [b"<mine/>"] * 3


def test_a_fresh_connection_is_closed_afterwards(exchange, serve):
    ends = queue.Queue()

    def script(server, connection):
        server.read_request(connection)
        connection.sendall(http(200, b"<a/>"))
        ends.put(connection.recv(1))

    exchange(serve(script).url)
    assert ends.get(timeout=30) == b""


def test_redirects_are_not_followed_and_cookies_not_kept(exchange, serve):
    answer = http(302, b"", ["Location: /SASLogon/login", "Set-Cookie: JSESSIONID=1"])
    server = serve(answering(answer))
    for _ in range(2):
        assert exchange(server.url, fresh=False).status == 302
    assert len(server.requests) == 2
    assert not any(b"JSESSIONID" in each for each in server.requests)


def test_the_account_of_the_service_has_no_say(exchange, serve, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    server = serve(answering(http(200, b"<a/>")))
    assert exchange(server.url).status == 200
    assert b"Authorization" not in server.requests[0]


def test_user_info_in_an_address_is_in_no_message(exchange):
    with pytest.raises(failures.NameNotFound) as caught:
        exchange(f"http://me:{PASSWORD[-4:]}@no-such-host.invalid/")
    assert PASSWORD[-4:] not in str(caught.value)
