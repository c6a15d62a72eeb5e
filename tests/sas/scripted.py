"""Servers on real sockets that do what a script says, and stand-ins for clock and store."""

import re
import socket
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field

from adapter.ports import Contract

PASSWORD = "p<ä>ss&word"
SIGNATURE = "X-Amz-Signature=0123456789abcdef"


class Clock:
    """The machine's."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)

    def jitter(self):
        return 0.5

    def new_id(self):
        return uuid.uuid4().hex


class Contracts:
    """Pinned contracts in memory; `pin_once` fetches once, whoever asks."""

    def __init__(self):
        self.pinned = {}
        self._lock = threading.Lock()

    def get(self, address):
        return self.pinned.get(address)

    def pin_once(self, address, fetch):
        with self._lock:
            if address not in self.pinned:
                self.pinned[address] = fetch()
            return self.pinned[address]


@dataclass
class Server:
    """A listening socket whose `script` has every connection to itself."""

    script: object
    scheme: str = "http"
    host: str = "127.0.0.1"
    port: int = 0
    connections: int = 0
    requests: list = field(default_factory=list)
    sent_bytes: int = 0

    @property
    def url(self):
        return f"{self.scheme}://{self.host}:{self.port}"

    def read_request(self, connection):
        """The next request as it came in, or b"" when the client is gone."""
        request = b""
        while b"\r\n\r\n" not in request:
            piece = connection.recv(65536)
            if not piece:
                return b""
            request += piece
        head, _, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        while length and len(body) < int(length.group(1)):
            body += connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]


def http(status=200, body=b"", headers=(), *, length=True):
    """One HTTP answer as it stands on the wire."""
    lines = [f"HTTP/1.1 {status} Reason", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def answering(*answers):
    """A script that gives every request the next answer, the last one for ever, on kept lines."""
    left = list(answers)

    def script(server, connection):
        while server.read_request(connection):
            connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    return script


def publishing(files):
    """A script that publishes files by request target."""

    def script(server, connection):
        while request := server.read_request(connection):
            content = files.get(request.split(b" ")[1].decode())
            if content is None:
                connection.sendall(http(404, b"<html>nothing here</html>"))
            else:
                connection.sendall(content if content.startswith(b"HTTP/") else http(200, content))

    return script


def started(script, context=None, *, accepting=True):
    """A listening socket and the server that plays the script to all who connect."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(script, "https" if context else "http", port=listener.getsockname()[1])
    if accepting:
        threading.Thread(target=_accept, args=(listener, server, context), daemon=True).start()
    return listener, server


def _accept(listener, server, context):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        server.connections += 1
        threading.Thread(target=_play, args=(connection, server, context), daemon=True).start()


def _play(connection, server, context):
    with suppress(OSError), connection:
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        with connection:
            server.script(server, connection)


def pinned(contracts, address, files):
    """Pin files, the WSDL first, under an address."""
    main = next(iter(files))
    contracts.pinned[address] = Contract(address, main, files, 0.0)
    return contracts.pinned[address]
