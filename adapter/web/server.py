"""The HTTP server: waitress on a socket of ours, with a quiet loop and a stop that drops nobody.

Why waitress, and why each setting: docs/decisions/0004-wsgi-server.md.
"""

from __future__ import annotations

import errno
import logging
import select
import socket
import threading
import time
from contextlib import suppress
from ipaddress import ip_address

from flask import Flask
from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel

from adapter.core.errors import AddressInUse
from adapter.observe import Observer

LOOPBACK = "127.0.0.1"
BACKLOG = 128
CONNECTIONS = 200
"""Callers at a time; below the 512 that `select()` can watch on Windows."""

CHANNEL_TIMEOUT_S = 120
HEADER_BYTES = 32 * 1024
_LOOK_S = 0.05
_SILENT_S = 0.5
_BIND_AGAIN_S = 5.0


class _QuietChannel(HTTPChannel):  # type: ignore[misc]  # no types
    """A connection that the loop leaves alone while a thread writes to it, instead of spinning."""

    def writable(self) -> bool:
        """True where the loop itself has something to do."""
        free = self.total_outbufs_len and self.outbuf_lock.acquire(blocking=False)
        if free:
            self.outbuf_lock.release()
        return bool(free or self.will_close or self.close_when_flushed)


class HttpServer:
    """A WSGI application at an address, from `start` to `drain`.

    Args:
        app: What answers.
        listener: Of `listen`.
        threads: Requests that are answered at a time.
        max_body_bytes: The application's own limit; four times as much is read before it is asked.
    """

    def __init__(
        self, app: Flask, listener: socket.socket, *, threads: int, max_body_bytes: int
    ) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._listener = listener
        self._server = create_server(
            app,
            sockets=[listener],
            threads=threads,
            connection_limit=CONNECTIONS,
            backlog=BACKLOG,
            channel_timeout=CHANNEL_TIMEOUT_S,
            max_request_body_size=4 * max_body_bytes,
            inbuf_overflow=2 * max_body_bytes,
            max_request_header_size=HEADER_BYTES,
            clear_untrusted_proxy_headers=False,
            expose_tracebacks=False,
            ident=None,
        )
        self._server.channel_class = _QuietChannel
        host, port = listener.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._loop = threading.Thread(target=self._server.run, name="http", daemon=True)

    def start(self) -> None:
        """Answer from now on."""
        self._loop.start()

    def stop_listening(self) -> None:
        """Take the callers that are connected already, refuse all others."""
        self._in_loop(self._close_listener)

    def drain(self, grace_s: float) -> bool:
        """Let requests under way be answered; False where `grace_s` seconds were too short."""
        deadline = time.monotonic() + grace_s
        self.stop_listening()
        while self._busy() and time.monotonic() < deadline:
            self._in_loop(self._release)
            time.sleep(_LOOK_S)
        finished = not self._server.active_channels
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
        self._in_loop(self._end_loop)
        self._loop.join(timeout=1.0)
        self._server.trigger.close()
        return finished

    def _busy(self) -> bool:
        return bool(self._server.accepting or self._server.active_channels)

    def _in_loop(self, act: object) -> None:
        """Waitress is not safe between threads: what changes its state runs in its own."""
        self._server.trigger.pull_trigger(act)

    def _close_listener(self) -> None:
        if not self._server.accepting:
            return
        while select.select([self._listener], [], [], 0)[0]:
            self._server.handle_accept()
        # Not server.close(): that closes the trigger too, whose descriptor others may get.
        wasyncore.dispatcher.close(self._server)

    def _end_loop(self) -> None:
        """Close every connection; the loop ends, for it has nothing left to watch."""
        # Not closed yet: this may run before the thread that asked for it has written to it.
        self._server.trigger.del_channel()
        wasyncore.close_all(self._server._map)  # noqa: SLF001

    def _release(self) -> None:
        """Tell callers being answered that the connection ends; close the silent ones."""
        for channel in list(self._server.active_channels.values()):
            with channel.requests_lock:
                for request in channel.requests:
                    request.headers["CONNECTION"] = "close"
                busy = channel.requests or channel.request or channel.total_outbufs_len
            if not busy and channel.last_activity < time.time() - _SILENT_S:
                channel.will_close = not select.select([channel.socket], [], [], 0)[0]


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address, which no other process shares; port 0 takes a free port.

    A loopback address such as 127.0.0.10 that this system does not have gives way to 127.0.0.1.

    Raises:
        AddressInUse: Somebody listens there, or the address is not this machine's.
    """
    deadline = time.monotonic() + _BIND_AGAIN_S
    while True:
        try:
            return _bound(host, port)
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL and host != LOOPBACK and is_loopback(host):
                note = f"{host} is no address of this system; listening on {LOOPBACK} instead"
                Observer().event("note", logging.WARNING, note=note)
                return listen(LOOPBACK, port)
            # On Windows an exclusive port stays taken until the last old connection is gone.
            if not hasattr(socket, "SO_EXCLUSIVEADDRUSE") or time.monotonic() > deadline:
                reason = error.strerror or str(error)
                raise AddressInUse(f"cannot listen on {host}:{port}: {reason}") from None
            time.sleep(_SILENT_S)


def _bound(host: str, port: int) -> socket.socket:
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind)
    try:
        alone = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
        listener.setsockopt(socket.SOL_SOCKET, alone, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def is_loopback(host: str) -> bool:
    """True for an address that only this machine can reach."""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False
