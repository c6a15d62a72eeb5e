"""Answers that are due at a moment, however their bytes drip in."""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


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

    def wait_anew(self, seconds: float) -> None:
        """From now on the next bytes are due within so many seconds."""
        self._due_at = time.monotonic() + seconds

    def close(self) -> None:
        """Let go of the socket."""
        self._file.close()
        super().close()


class DueResponse(http.client.HTTPResponse):
    """An answer whose headers and body together must come within the socket's time-out."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self._due = _DueSocket(sock)
        self.fp = io.BufferedReader(self._due)

    def wait_anew(self, seconds: float) -> None:
        """From now on the next bytes are due within so many seconds."""
        self._due.wait_anew(seconds)

    def begin(self) -> None:
        """Read status and headers.

        Raises:
            RemoteDisconnected: They are cut off, which http.client takes for their end.
        """
        super().begin()
        if self._due.ended:
            raise http.client.RemoteDisconnected("the headers are cut off")
