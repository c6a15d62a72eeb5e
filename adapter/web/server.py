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
from collections.abc import Iterable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from flask import Flask
from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel

from adapter.core.access import Network, ServerLimits, address_of, within
from adapter.core.errors import AddressInUse
from adapter.observe import Observer
from adapter.web.refusals import Refusal, RequestTooSlow, TooManyConnections
from adapter.web.unread import SPOKE_TLS, TLS, UnreadTask, refused

LOOPBACK = "127.0.0.1"
BACKLOG = 128
CONNECTIONS = 200
"""Callers at a time; below the 512 that `select()` can watch on Windows."""

CHANNEL_TIMEOUT_S = 120
CLEANUP_S = 1
"""Seconds between two looks for connections that must be closed."""

HEADER_BYTES = 32 * 1024
_LOOK_S = 0.05
_SILENT_S = 0.5
_BIND_AGAIN_S = 5.0
_LIMITS = ServerLimits()


class _QuietChannel(HTTPChannel):  # type: ignore[misc]  # no types
    """A connection that the loop leaves alone while a thread writes to it, instead of spinning.

    Attributes:
        coming_since: When the request that comes in began, in seconds of the monotonic clock;
            None between two requests.
    """

    error_task_class = UnreadTask
    coming_since: float | None = None

    def __init__(self, server: Any, *args: Any, **options: Any) -> None:
        super().__init__(server, *args, **options)
        self.coming_since = time.monotonic()
        if error := server.guests.one_too_many(self):
            self.turn_away(error)

    def received(self, data: bytes) -> bool:
        """What came in, and since when it is part of a request that is not whole."""
        before = self.request
        if before is None and data.startswith(TLS):
            self.turn_away(SPOKE_TLS)
            return False
        read = bool(super().received(data))
        if self.request is None:
            self.coming_since = None
        elif self.request is not before:
            self.coming_since = time.monotonic()
        return read

    def turn_away(self, error: Refusal, level: int = logging.WARNING) -> None:
        """End the connection with this error, as far as its caller still hears it."""
        answer = refused(error, self.addr[0], level=level)
        if not self.total_outbufs_len:  # else it would stand in the middle of another answer
            with suppress(OSError):
                self.socket.send(answer.whole())
        self.will_close = True

    def writable(self) -> bool:
        """True where the loop itself has something to do."""
        free = self.total_outbufs_len and self.outbuf_lock.acquire(blocking=False)
        if free:
            self.outbuf_lock.release()
        return bool(free or self.will_close or self.close_when_flushed)


class _Guests:
    """Sees to it that no caller takes the place of others."""

    def __init__(self, limits: ServerLimits, trusted: Sequence[Network]) -> None:
        self._limits = limits
        self._trusted = trusted

    def one_too_many(self, newcomer: _QuietChannel) -> Refusal | None:
        """What to tell a connection that is one more than its address may have."""
        most, host = self._limits.connections_per_address, newcomer.addr[0]
        if not most or within(address_of(host), self._trusted):
            return None
        channels = list(newcomer.server.active_channels.values())
        if len([each for each in channels if each.addr[0] == host]) <= most:
            return None
        return TooManyConnections(f"{host} has {most} connections already", retry_after_s=1)

    def end_slow_ones(self, channels: Iterable[_QuietChannel]) -> None:
        """Close the connections whose request is not whole in time."""
        now, most_s = time.monotonic(), self._limits.request_timeout_s
        for channel in channels:
            if channel.coming_since is None:
                continue
            if channel.requests:  # it is not read from meanwhile: the caller is not to blame
                channel.coming_since = now
            elif now - channel.coming_since > most_s:
                # Whoever only connected, in reserve or to see an open port, asked for nothing.
                level = logging.WARNING if channel.request else logging.DEBUG
                channel.turn_away(RequestTooSlow(f"no whole request within {most_s:g} s"), level)


class HttpServer:
    """A WSGI application at an address, from `start` to `drain`.

    Args:
        app: What answers.
        listener: Of `listen`.
        threads: Requests that are answered at a time.
        max_body_bytes: The application's own limit; four times as much is read before it is asked.
        limits: What one caller may cost.
        trusted: Proxies, which may have as many connections as they like.
    """

    def __init__(  # noqa: PLR0913  each is a limit of its own
        self,
        app: Flask,
        listener: socket.socket,
        *,
        threads: int,
        max_body_bytes: int,
        limits: ServerLimits = _LIMITS,
        trusted: Sequence[Network] = (),
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
            cleanup_interval=CLEANUP_S,
            max_request_body_size=4 * max_body_bytes,
            inbuf_overflow=2 * max_body_bytes,
            max_request_header_size=HEADER_BYTES,
            clear_untrusted_proxy_headers=False,
            expose_tracebacks=False,
            ident=None,
        )
        self._server.channel_class = _QuietChannel
        self._server.max_body_bytes = max_body_bytes
        self._server.guests = self._guests = _Guests(limits, trusted)
        self._end_idle_ones = self._server.maintenance
        self._server.maintenance = self._tidy
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

    def _tidy(self, now: float) -> None:
        """Close what is idle for too long, and what comes in too slowly; in the loop's thread."""
        self._end_idle_ones(now)
        self._guests.end_slow_ones(list(self._server.active_channels.values()))

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
