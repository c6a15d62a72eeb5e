"""Bytes that no client would send: refused or answered, nothing hangs, nothing is told to the log.

`FUZZ_EXAMPLES=5000 pytest tests/web/test_fuzz_bytes.py -s` runs longer, and prints how many.
"""

import logging
import re
import socket
import time
from collections import Counter
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from callers import PASSWORD, SIGNATURE, get, shows_nothing
from fuzzing import WANTED, count, examples
from hypothesis import given
from hypothesis import strategies as st

from adapter.log_files import log_files
from adapter.observe import log, start_logging

LIMIT_S = 10
HEADER = b"Authorization: Bearer " + PASSWORD.encode()
SIGNED = b'{"a": "https://files.example.test/x?X-Amz-Signature=' + SIGNATURE.encode() + b'"}'
MOST_ANSWER = 1024 * 1024
STATUS = re.compile(rb"^HTTP/1\.[01] (\d{3}) ", re.MULTILINE)
GOOD = range(100, 300)
ITS_FAULT = range(400, 500)
NEVER_HEARD_OF = {501, 505}
"""A transfer coding, or a version of HTTP, that no server here has."""

pytestmark = [
    pytest.mark.timeout(90 + WANTED),
    # The adapter under test runs in this process, and draws the waits before its retries.
    pytest.mark.filterwarnings("ignore:Do not use the .random. module inside strategies"),
    pytest.mark.filterwarnings("ignore:Generating overly large repr"),
]

TARGETS = st.sampled_from(
    [
        b"/ExecuteSTP", b"/ExecuteSTP/Echo", b"/ExecuteSTP/%00", b"/ExecuteSTP/%ff%fe", b"/",
        b"/ExecuteSTP/../../etc/passwd", b"//ExecuteSTP", b"*", b"http://other.example.test/",
        b"/deliveries?limit=%00", b"/deliveries/" + b"a" * 40_000, b"/holds?\xff", b"", b"\x00",
        b"/deliveries?state=" + b"x&state=" * 500, b"/deliveries/export", b"/openapi.json#a",
    ]
)  # fmt: skip
METHODS = st.sampled_from(
    [b"POST", b"GET", b"HEAD", b"OPTIONS", b"PUT", b"TRACE", b"CONNECT", b"post", b"G\x00T", b"",
     b"POST POST", b"X" * 5000]
)  # fmt: skip
VERSIONS = st.sampled_from(
    [b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9.9", b"http/1.1", b"", b"HTTP/1.1 x", b"\xff"]
)
BODIES = st.one_of(
    st.sampled_from(
        [
            SIGNED, b"{}", b"", b"\xff\xfe" + SIGNED, SIGNED[:-4], b"[" * 50_000,
            b'{"a":' * 2000, b'{"a": ' + b"9" * 50_000 + b"}", b'{"a": 1e999999999}',
            b'{"a": -0.' + b"0" * 10_000 + b"1}", b'{"a": NaN}', b'{"a": "\\ud800"}',
            b'{"a": "\xc3\x28"}', b'{"a": 1, "a": 2}', b"\x00" * 100, b"<!DOCTYPE a>",
            b'{"' + b"k" * 70_000 + b'": 1}', b'{"sendParameters": {"stpName": ["Echo"]}}',
        ]
    ),
    st.binary(max_size=200),
)  # fmt: skip
FRAMINGS = st.one_of(
    st.just("right"),
    st.just("right"),
    st.sampled_from(
        [
            b"Content-Length: 0", b"Content-Length: -1", b"Content-Length: 1e3",
            b"Content-Length: 99999999999999999999", b"Content-Length: 5\r\nContent-Length: 6",
            b"Content-Length: +5", b"Content-Length: 1_0", b"Content-Length: ", b"",
            b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: gzip",
            b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: \x0bchunked",
            b"Transfer-Encoding: chunked", b"Expect: 100-continue\r\nContent-Length: 3",
        ]
    ),
)  # fmt: skip
HEADERS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                b"Host: a\r\nHost: b", b"Host: \xff", b": nameless", b"no colon", b" folded",
                b"X: \x00", b"X\x00: a", b"X : a", b"Prefer: wait=99999999999999999999",
                b"Prefer: wait=-1", b"Idempotency-Key: \xff", b"Idempotency-Key: ",
                b"Idempotency-Key: " + b"k" * 300, b"X-Request-ID: a\tb", b"Origin: \xff",
                b"Origin: http://[", b"Content-Encoding: gzip", b"Cookie: " + b"c" * 30_000,
                b"Authorization: \xff", b"Authorization: Basic Og==", b"Connection: close",
                b"Connection: upgrade\r\nUpgrade: h2c", b"X: a\nY: b", b"X: a\rY: b",
                b"X-Forwarded-For: " + b"1.1.1.1, " * 500, b"Content-Type: text/\xff",
                b"\r\n".join(b"H%d: v" % n for n in range(900)), b"X: " + b"x" * 40_000,
            ]
        ),
        st.binary(max_size=40),
    ),
    max_size=2,
)  # fmt: skip
CHUNKS = st.sampled_from(
    [
        b"5\r\nhello\r\n0\r\n\r\n", b"5\r\nhel", b"ffffffffffffffffff\r\nx", b"-1\r\nx\r\n",
        b"5;a=" + b"b" * 5000 + b"\r\nhello\r\n0\r\n\r\n", b"0\r\nX: y\r\n\r\n", b"g\r\n", b"\r\n",
        b"5\r\nhello!!\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"1\nx\n0\n\n",
    ]
)  # fmt: skip


FIRST_LINES = st.one_of(
    st.just(b"POST /ExecuteSTP/Echo HTTP/1.1"),
    st.builds(b"POST %b HTTP/1.1".__mod__, TARGETS),
    st.tuples(METHODS, TARGETS, VERSIONS).map(b" ".join),
)


@st.composite
def requests_of_bytes(draw):
    """A request where anything may be wrong; or no request at all."""
    framing, body = draw(FRAMINGS), draw(BODIES)
    if framing == "right":
        framing = b"Content-Length: %d" % len(body)
    elif b"chunked" in framing:
        body = draw(CHUNKS)
    first = draw(FIRST_LINES)
    host = draw(st.sampled_from([[b"Host: 127.0.0.1"], []]))
    return b"\r\n".join([first, *host, HEADER, *draw(HEADERS), framing, b"", body])


JUNK = st.one_of(
    st.binary(max_size=300),
    st.sampled_from(
        [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\r\n" * 1000, b"\x00" * 70_000, b"GET / HTTP/1.1\r\n" + b"a" * 70_000, b"GET",
        ]
    ),
)  # fmt: skip
INPUTS = st.lists(st.one_of(requests_of_bytes(), requests_of_bytes(), JUNK), max_size=3).map(
    b"".join
)


@pytest.fixture(scope="module")
def told(module_site, tmp_path_factory):
    """Everything that is logged, at DEBUG, by the adapter and by every library."""
    folder = tmp_path_factory.mktemp("logs")
    root = logging.getLogger()
    before = root.level, log.level, log.propagate, log.handlers[:]
    start_logging("DEBUG", folder)
    everything = logging.FileHandler(folder / "libraries.log", encoding="utf-8", delay=True)
    root.addHandler(everything)
    try:
        yield lambda: "".join(
            file.read_text("utf-8")
            for file in (*log_files(folder), folder / "libraries.log")
            if file.exists()
        )
    finally:
        root.removeHandler(everything)
        everything.close()
        for handler in log.handlers:
            handler.close()
        root.setLevel(before[0])
        log.setLevel(before[1])
        log.propagate = before[2]
        log.handlers[:] = before[3]


def answer_to(site, sent: bytes) -> bytes:
    """All that comes back until the server closes; fails where it does neither in time."""
    address = urlsplit(site.url)
    with closing(socket.create_connection((address.hostname, address.port), LIMIT_S)) as caller:
        received = b""
        try:
            caller.sendall(sent)
            caller.shutdown(socket.SHUT_WR)
            while (part := caller.recv(65536)) and len(received) < MOST_ANSWER:
                received += part
        except TimeoutError:
            raise
        except OSError:
            pass  # closed before all was read: refused as well
        return received


def test_whatever_is_sent_is_refused_or_answered_and_the_server_goes_on(
    module_site, told, record_property
):
    inputs, answers = [], Counter()

    @examples(400)
    @given(sent=INPUTS)
    def survived(sent):
        inputs.append(len(sent))
        started = time.monotonic()
        received = answer_to(module_site, sent)
        assert time.monotonic() - started < LIMIT_S
        statuses = [int(status) for status in STATUS.findall(received)]
        answers.update(statuses)
        assert not received or received.startswith(b"HTTP/1.")
        for status in statuses:
            assert status in GOOD or status in ITS_FAULT or status in NEVER_HEARD_OF
        shows_nothing(module_site, received.decode("latin-1"))

    survived()
    count(record_property, len(inputs), f"answers by status: {dict(sorted(answers.items()))}")
    assert answers.total() > len(inputs) / 4
    assert get(module_site, "/healthz").status == get(module_site, "/readyz").status == 200
    module_site.post({"a": 1}, "/Echo", Prefer="wait=20")
    assert "outcome=delivered" in told()
    for secret in (PASSWORD, SIGNATURE, "Traceback"):
        assert secret not in told()
