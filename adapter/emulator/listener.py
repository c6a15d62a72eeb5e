"""A small HTTP server on a real socket, for the emulator and for its file server."""

import os
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.server import ThreadingHTTPServer
from queue import SimpleQueue
from socketserver import TCPServer

from adapter.emulator.conversation import Conversation, Terms
from adapter.emulator.http_messages import Answer, Request

_ANY_HOST = {"", "0.0.0.0"}  # noqa: S104  # what a user may have asked for
_DRAIN_S = 2.0
_POLL_S = 0.01


class Listener:
    """A server that answers every request with ``respond``; it keeps its port over a restart."""

    def __init__(
        self,
        respond: Callable[[Request], Answer],
        host: str,
        port: int,
        log: Callable[[str], None] | None = None,
        stopping: threading.Event | None = None,
    ) -> None:
        """Take the address; port 0 takes a free one at the first start.

        Args:
            respond: gives the answer to a request, in a thread of its connection.
            host: address to listen at.
            port: TCP port, 0 for a free one.
            log: gets one line for each request.
            stopping: is set from a stop to the next start, for a ``respond`` that waits.
        """
        self._stopping = stopping or threading.Event()
        self._terms = Terms(respond, self._stopping, log)
        self._host = host
        self._port = port
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """The address to call, without a slash at its end.

        Raises:
            RuntimeError: the port is not known before the first start.
        """
        if not self._port:
            raise RuntimeError("The server has no address yet; start it first.")
        return f"http://{'127.0.0.1' if self._host in _ANY_HOST else self._host}:{self._port}"

    def start(self) -> None:
        """Listen, and answer in threads of its own.

        Raises:
            OSError: the port is taken.
            RuntimeError: it is running already.
        """
        if self._server is not None:
            raise RuntimeError(f"The server at {self.url} is running already.")
        server = _Server((self._host, self._port), self._terms)
        self._stopping.clear()
        self._server = server
        self._port = int(server.server_address[1])
        serve = partial(server.serve_forever, _POLL_S)
        threading.Thread(target=serve, name=f"listener-{self._port}", daemon=True).start()

    def stop(self) -> None:
        """Close the port and every connection; wait a little for what is being answered."""
        if self._server is None:
            return
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.close_connections()
        self._server = None


class _Server(ThreadingHTTPServer):
    """A thread for each open connection; one that is done takes the next."""

    daemon_threads = True
    request_queue_size = 128
    # On Windows the option would let two servers have one port.
    allow_reuse_address = os.name == "posix"

    def __init__(self, address: tuple[str, int], terms: Terms) -> None:
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._accepted: SimpleQueue[tuple[socket.socket, object] | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        super().__init__(address, partial(Conversation, terms))

    def server_bind(self) -> None:
        # HTTPServer would look up the host's name, which takes seconds on some laptops.
        TCPServer.server_bind(self)

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        with self._changed:
            self._connections.add(request)
        if not self._idle.acquire(blocking=False):
            threading.Thread(target=self._serve_accepted, daemon=True).start()
        self._accepted.put((request, client_address))

    def _serve_accepted(self) -> None:
        while accepted := self._accepted.get():
            self.process_request_thread(*accepted)
            self._idle.release()
        self._accepted.put(None)  # for the next thread

    def server_close(self) -> None:
        super().server_close()
        self._accepted.put(None)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        super().shutdown_request(request)
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()

    def close_connections(self) -> None:
        with self._changed:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._connections, _DRAIN_S)

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that went away is no error of this server.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]
