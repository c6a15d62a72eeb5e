"""Connections that know whether a request can have been sent, and when its answer is due.

They are urllib3's own, without its pools: nothing is sent again, no redirect is followed, and no
proxy, .netrc or cookie of the account that runs the adapter has a say.

Source: urllib3 2.8 (`HTTPConnection`, `HTTPSConnection`): `connect` is name look-up, connect and
TLS handshake; all else is after the first byte of a request may have left.
"""

from __future__ import annotations

import errno
import socket
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import certifi
import urllib3.connection
from urllib3 import HTTPResponse
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from adapter.sas.due import DueResponse

_KEPT_PER_SERVER = 64

KEPT_S = 4.0
"""Seconds that a connection is kept idle: less than the 5 s after which Apache httpd, which SAS Web
Server is, closes one by default, and far less than firewalls take to forget one without a word."""


@dataclass(frozen=True)
class Server:
    """Where a connection leads.

    Args:
        scheme: http or https.
        host: Name or numeric address, as in the address; IPv6 without brackets.
        port: Always told: without, http.client looks for it behind the last colon of the host.
        ca_file: Certificate authorities to trust; empty trusts the built-in list.
    """

    scheme: str
    host: str
    port: int
    ca_file: str = ""


@dataclass(frozen=True)
class Wait:
    """How long may be waited, in seconds.

    Args:
        connect_s: For connect, TLS handshake and sending, each.
        answer_s: From the last byte sent to the last byte received.
    """

    connect_s: float
    answer_s: float


class NotConnectedError(Exception):
    """Name look-up, connect or TLS handshake failed.

    Attributes:
        cause: What went wrong.
    """

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class _HttpConnection(urllib3.connection.HTTPConnection):
    response_class = DueResponse
    auto_open = 0  # what was lost is never connected, and sent, anew
    at: tuple[str, ...] = ()
    kept_at = 0.0

    def _new_conn(self) -> socket.socket:
        return _connected(self, self.at, super()._new_conn)


class _HttpsConnection(urllib3.connection.HTTPSConnection):
    response_class = DueResponse
    auto_open = 0
    at: tuple[str, ...] = ()
    kept_at = 0.0

    def _new_conn(self) -> socket.socket:
        return _connected(self, self.at, super()._new_conn)


_Connection = _HttpConnection | _HttpsConnection


def _connected(
    connection: _Connection, at: tuple[str, ...], connect: Callable[[], socket.socket]
) -> socket.socket:
    """A socket to the first of these addresses that takes it; without any, to the host's own.

    The host's name stays what it is for the TLS handshake and the Host header.
    """
    name = connection._dns_host  # noqa: SLF001  what urllib3 looks up
    failure: Exception | None = None
    for address in at:
        connection._dns_host = address  # noqa: SLF001
        try:
            return connect()
        except (NewConnectionError, ConnectTimeoutError) as error:
            failure = error
        finally:
            connection._dns_host = name  # noqa: SLF001
    if failure is not None:
        raise failure
    return connect()


class Connections:
    """Connections to any server, safe between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: defaultdict[Server, list[_Connection]] = defaultdict(list)

    @contextmanager
    def to(
        self, server: Server, wait: Wait, *, fresh: bool, at: tuple[str, ...] = ()
    ) -> Iterator[_Connection]:
        """A connection that nobody else uses meanwhile.

        Args:
            server: Where it leads.
            wait: For how long.
            fresh: A new one, closed afterwards; else one may be taken that was kept, and is kept
                again if the block ends well, with its answer read.
            at: Numeric addresses to connect to instead of looking the host up.

        Raises:
            NotConnectedError: Nothing can have been sent.
        """
        connection = (None if fresh else self._take(server)) or _open(server, wait, at)
        try:
            yield connection
            if not fresh:
                self._keep(server, connection)
                return
        except BaseException:
            connection.close()
            raise
        connection.close()

    def close(self) -> None:
        """Close the connections that were kept."""
        with self._guard:
            for kept in self._kept.values():
                for connection in kept:
                    connection.close()
            self._kept.clear()

    def _take(self, server: Server) -> _Connection | None:
        """One that was kept, and that the other side has not closed since."""
        while True:
            with self._guard:
                if not self._kept[server]:
                    return None
                connection = self._kept[server].pop()
            if connection.is_connected and time.monotonic() - connection.kept_at < KEPT_S:
                return connection
            connection.close()

    def _keep(self, server: Server, connection: _Connection) -> None:
        connection.kept_at = time.monotonic()
        with self._guard:
            if len(self._kept[server]) < _KEPT_PER_SERVER and not connection.is_closed:
                self._kept[server].append(connection)
                return
        connection.close()


def ask(
    connection: _Connection,
    wait: Wait,
    request: tuple[str, str, bytes],
    headers: Mapping[str, str],
) -> HTTPResponse:
    """The answer, its body not read yet.

    Args:
        connection: In nobody else's use.
        wait: For how long.
        request: Method, target and body.
        headers: With names and values that HTTP can carry.

    Raises:
        OSError: The connection broke, or the answer is overdue.
        HTTPException: The answer is no HTTP.
        HTTPError: The same, as urllib3 has it.
    """
    method, target, body = request
    connection.timeout = wait.connect_s
    try:
        connection.request(method, target, body or None, headers, preload_content=False)
    except OSError as error:
        # An answer may have come before the request was taken in whole.
        if error.errno not in {errno.EPIPE, errno.ECONNRESET, errno.EPROTOTYPE}:
            raise
    connection.timeout = wait.answer_s
    return connection.getresponse()


def _open(server: Server, wait: Wait, at: tuple[str, ...]) -> _Connection:
    bounds: dict[str, Any] = {"timeout": wait.connect_s}
    try:
        connection: _Connection
        if server.scheme == "https":
            context = _context(server.ca_file, _changed_at(server.ca_file))
            connection = _HttpsConnection(server.host, server.port, ssl_context=context, **bounds)
        else:
            connection = _HttpConnection(server.host, server.port, **bounds)
        connection.at = at
        connection.connect()
    except Exception as error:
        raise NotConnectedError(error) from error
    return connection


@lru_cache(maxsize=16)
def _context(ca_file: str, _changed_at: float) -> ssl.SSLContext:
    """What TLS trusts, read once: to read the built-in list takes 25 ms."""
    context = create_urllib3_context()
    trusted = ca_file or certifi.where()
    if Path(trusted).is_dir():
        context.load_verify_locations(capath=trusted)
    else:
        context.load_verify_locations(trusted)
    return context


def _changed_at(ca_file: str) -> float:
    return Path(ca_file).stat().st_mtime if ca_file else 0.0
