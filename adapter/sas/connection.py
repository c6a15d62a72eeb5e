"""Connections that know whether a request can have been sent, and when its answer is due.

Source: urllib3 2.8 (`urlopen`, `_make_request`) and requests 2.34 (`HTTPAdapter.send`): they wrap
OSError, ssl.SSLError, http.client.HTTPException and their own errors anew and let others through.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import urllib3.connection
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util import Retry

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from urllib3._base_connection import BaseHTTPConnection

_SERVERS = 32
_CONNECTIONS_PER_SERVER = 64


class NotConnectedError(Exception):
    """Name look-up, connect or TLS handshake failed; of no type that urllib3 wraps anew.

    Attributes:
        cause: What went wrong.
    """

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class _DueSocket(io.RawIOBase):
    """Reads a socket until a moment: the socket's time-out is for all reads together.

    A time-out of a socket counts anew for every byte, so an answer that drips would never end.

    Attributes:
        ended: True once the other side has closed.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._due_at = time.monotonic() + (sock.gettimeout() or 0.0)
        # The file keeps the socket open when http.client lets go of it after the headers.
        self._file = sock.makefile("rb", buffering=0)
        self.ended = False

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        """The number of bytes read.

        Raises:
            TimeoutError: The moment has come.
        """
        left_s = self._due_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer is overdue")
        self._sock.settimeout(left_s)
        count = self._file.readinto(buffer)
        self.ended = count == 0
        return count

    def close(self) -> None:
        """Let go of the socket."""
        self._file.close()
        super().close()


class _DueResponse(http.client.HTTPResponse):
    """An answer whose headers and body together must come within the socket's time-out."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self._due = _DueSocket(sock)
        self.fp = io.BufferedReader(self._due)

    def begin(self) -> None:
        """Read status and headers.

        Raises:
            RemoteDisconnected: They are cut off, which http.client takes for their end.
        """
        super().begin()
        if self._due.ended:
            raise http.client.RemoteDisconnected("the headers are cut off")


class _HttpConnection(urllib3.connection.HTTPConnection):
    response_class = _DueResponse

    def __init__(self, *args: Any, at: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._at = at

    def _new_conn(self) -> socket.socket:
        return _connected(self, self._at, super()._new_conn)

    def connect(self) -> None:
        try:
            super().connect()
        except Exception as error:
            raise NotConnectedError(error) from error


class _HttpsConnection(urllib3.connection.HTTPSConnection):
    response_class = _DueResponse

    def __init__(self, *args: Any, at: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._at = at

    def _new_conn(self) -> socket.socket:
        return _connected(self, self._at, super()._new_conn)

    def connect(self) -> None:
        """Connect and shake hands: urllib3 does both here."""
        try:
            super().connect()
        except Exception as error:
            raise NotConnectedError(error) from error


def _connected(
    connection: urllib3.connection.HTTPConnection,
    at: tuple[str, ...],
    connect: Callable[[], socket.socket],
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


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _FreshHttpPool(_HttpPool):
    """Keeps no connection open: one that comes back is closed, and connects anew when taken."""

    def _put_conn(self, conn: BaseHTTPConnection | None) -> None:
        if conn is not None:
            conn.close()
        super()._put_conn(conn)


class _FreshHttpsPool(_HttpsPool):
    def _put_conn(self, conn: BaseHTTPConnection | None) -> None:
        if conn is not None:
            conn.close()
        super()._put_conn(conn)


class Connections(HTTPAdapter):
    """Pools of such connections, safe between threads; nothing is ever sent twice.

    Used without a requests.Session, because that brings what has no place between this adapter
    and SAS: proxies and .netrc of the account that runs it, cookies, redirects.

    Args:
        keep: Whether a connection stays open for the next request.
        at: Numeric addresses to connect to instead of looking hosts up.
    """

    _KEEPING: ClassVar = {"http": _HttpPool, "https": _HttpsPool}
    _FRESH: ClassVar = {"http": _FreshHttpPool, "https": _FreshHttpsPool}

    def __init__(self, *, keep: bool, at: tuple[str, ...] = ()) -> None:
        self._at = at
        self._pools = self._KEEPING if keep else self._FRESH
        super().__init__(_SERVERS, _CONNECTIONS_PER_SERVER, max_retries=Retry(0, read=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Let every pool make the connections of this module."""
        super().init_poolmanager(*args, **kwargs)
        # partial: every connection of a pool gets the addresses.
        pools = {name: partial(pool, at=self._at) for name, pool in self._pools.items()}
        self.poolmanager.pool_classes_by_scheme = pools
