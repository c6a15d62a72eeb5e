"""A TCP proxy: the network between an adapter and its database, which a test cuts and mends."""

import socket
import threading
from contextlib import suppress


class Proxy:
    """Forwards to a port of this machine, from `start` to `close`.

    Attributes:
        port: Where it listens; stays the same over cuts.
    """

    def __init__(self, target_port):
        self._target = ("127.0.0.1", target_port)
        self._guard = threading.Lock()
        self._open = set()
        self._deaf = False
        self._listener = None
        self.port = 0
        self.mend()

    def mend(self):
        """Take connections, and forward both ways."""
        self._deaf = False
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
            self.port = self._listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def lose_answers(self):
        """From now on what the server says is lost, though it hears everything."""
        self._deaf = True

    def cut(self):
        """Break every connection and refuse new ones."""
        listener, self._listener = self._listener, None
        if listener is not None:
            # Closing alone would leave the thread in accept, and the port taken.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._guard:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                if listener.fileno() < 0:
                    return
                client.close()  # the server is away
                continue
            with self._guard:
                self._open |= {client, server}
            for source, sink, answers in ((client, server, False), (server, client, True)):
                arguments = (source, sink, answers)
                threading.Thread(target=self._forward, args=arguments, daemon=True).start()

    def _forward(self, source, sink, answers):
        with suppress(OSError):
            while chunk := source.recv(65536):
                if not (answers and self._deaf):
                    sink.sendall(chunk)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        with self._guard:
            self._open.discard(source)
        source.close()
