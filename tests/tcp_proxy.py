"""A network of the tests' own: a TCP proxy that can be cut, can swallow, and can lose one answer."""

import contextlib
import socket
import struct
import threading

CHUNK = 65536
LOOK_S = 0.02


class Proxy:
    """Forwards a free loopback port to another one.

    Attributes:
        port: Where it listens.
        lose_answer_to: When these bytes were sent, their answer is lost and the connection cut,
            once. The other end has received and done what was sent.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(LOOK_S)
        self._sockets: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._open = threading.Event()
        self._open.set()
        self._flowing = threading.Event()
        self._flowing.set()
        self._closed = False
        self.port = self._listener.getsockname()[1]
        self.lose_answer_to = b""
        self.lost = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset every connection, and every new one."""
        self._open.clear()
        with self._guard:
            gone, self._sockets = self._sockets, set()
        for each in gone:
            reset(each)

    def swallow(self) -> None:
        """Acknowledge everything, and forward nothing."""
        self._flowing.clear()

    def mend(self) -> None:
        """Forward again; connections that swallowed something are reset."""
        if not self._flowing.is_set():
            self.cut()
        self._flowing.set()
        self._open.set()

    def close(self) -> None:
        self._closed = True
        self.cut()
        self._flowing.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            if not self._open.is_set():
                reset(near)
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                reset(near)
                continue
            near.settimeout(None)
            with self._guard:
                self._sockets |= {near, far}
            threading.Thread(target=self._send, args=(near, far), daemon=True).start()
            threading.Thread(target=self._answer, args=(far, near), daemon=True).start()

    def _send(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := near.recv(CHUNK):
                self._flowing.wait()
                wanted = self.lose_answer_to
                if wanted and wanted in chunk:
                    self.lose_answer_to = b""
                    with self._guard:
                        self._sockets.discard(near)
                    far.sendall(chunk)
                    self._swallow_answer(near, far)
                    return
                far.sendall(chunk)
        self._end(near, far)

    def _swallow_answer(self, near: socket.socket, far: socket.socket) -> None:
        self.lost.wait(timeout=10)
        self._end(near, far)

    def _answer(self, far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := far.recv(CHUNK):
                self._flowing.wait()
                with self._guard:
                    known = near in self._sockets
                if not known:
                    self.lost.set()
                    return
                near.sendall(chunk)
        self._end(near, far)

    def _end(self, near: socket.socket, far: socket.socket) -> None:
        with self._guard:
            self._sockets -= {near, far}
        reset(near)
        reset(far)


def reset(each: socket.socket) -> None:
    """Close so that the other end learns it at once, whatever is on its way."""
    with contextlib.suppress(OSError):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
