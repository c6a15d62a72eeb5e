"""One HTTP connection: requests are read whole, answers go out as they say they do."""

import os
import re
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from socket import SO_LINGER, SOL_SOCKET, socket
from socketserver import BaseServer

from adapter.emulator.http_messages import Answer, Headers, Request, Sending, text_answer

CHUNK_BYTES = 64 * 1024
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")
# Closing with a linger of zero sends RST. Windows keeps the two fields as shorts.
_LINGER_ZERO = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a connection needs: who answers, when to give up, where to log."""

    respond: Callable[[Request], Answer]
    stopping: threading.Event
    log: Callable[[str], None] | None


class BadFramingError(ValueError):
    """Raised for a request whose end cannot be found."""


class Conversation(BaseHTTPRequestHandler):
    """The requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    # Seconds without a byte from the caller.
    timeout = 120
    # Headers and body are two writes; with Nagle's algorithm the second would wait for an ACK.
    disable_nagle_algorithm = True

    def __init__(self, terms: Terms, connection: socket, peer: object, server: BaseServer) -> None:
        """Serve the connection until it ends."""
        self._terms = terms
        super().__init__(connection, peer, server)

    def do_GET(self) -> None:
        """Answer one request of any method."""
        began = time.monotonic()
        try:
            answer = self._terms.respond(self._request())
        except BadFramingError as error:
            self.close_connection = True
            answer = text_answer(str(error), 400)
        self._send(answer)
        self._log(answer, time.monotonic() - began)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def version_string(self) -> str:
        """Return what the header Server says."""
        return "SASBIWS-emulator"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write nothing: requests are logged once they are answered."""

    def _log(self, answer: Answer, took_s: float) -> None:
        if self._terms.log is None:
            return
        how = "" if answer.sending is Sending.WHOLE else f", {answer.sending}"
        line = f"{self.command} {self.path} {answer.status} {took_s * 1000:.0f} ms{how}"
        self._terms.log(line)

    def _request(self) -> Request:
        received_at = datetime.now(UTC)
        headers = Headers(self.headers.items())
        return Request(self.command, self.path, headers, self._body(headers), received_at)

    def _body(self, headers: Headers) -> bytes:
        if headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(iter(self._chunk, b""))
        length = headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()):
            raise BadFramingError(f"Content-Length is {length!r}; expected a number of bytes.")
        return self._exactly(int(length))

    def _chunk(self) -> bytes:
        size = self.rfile.readline(1024).partition(b";")[0].strip()
        if not _CHUNK_SIZE.fullmatch(size):
            raise BadFramingError("A chunk does not start with its size.")
        chunk = self._exactly(int(size, 16))
        while self.rfile.readline(1024).strip() and not chunk:
            pass  # trailers after the last chunk
        return chunk

    def _exactly(self, size: int) -> bytes:
        body = self.rfile.read(size)
        if len(body) < size:
            raise ConnectionAbortedError(f"The caller left after {len(body)} of {size} bytes.")
        return body

    def _send(self, answer: Answer) -> None:
        match answer.sending:
            case Sending.WHOLE:
                self._send_head(answer)
                self._send_body(answer)
            case Sending.RESET_BEFORE:
                self._reset()
            case Sending.RESET_MID:
                self._send_head(answer)
                self.wfile.write(answer.body[: len(answer.body) // 2])
                self._reset()
            case Sending.DRIP:
                self._send_head(answer)
                self._drip(answer)

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.padded_bytes:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _send_body(self, answer: Answer) -> None:
        if self.command == "HEAD":
            return
        if not answer.padded_bytes:
            self.wfile.write(answer.body)
            return
        left = answer.padded_bytes - len(answer.body)
        self._send_chunk(answer.body)
        while left > 0 and not self._terms.stopping.is_set():
            size = min(left, CHUNK_BYTES)
            self._send_chunk(b" " * size)
            left -= size
        self._send_chunk(b"")

    def _send_chunk(self, chunk: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))

    def _drip(self, answer: Answer) -> None:
        for at in range(len(answer.body)):
            if self._terms.stopping.wait(answer.drip_s):
                break
            self.wfile.write(answer.body[at : at + 1])

    def _reset(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(SOL_SOCKET, SO_LINGER, _LINGER_ZERO)
        # The socket stays open for as long as a file made from it is.
        self.rfile.close()
        self.connection.close()
