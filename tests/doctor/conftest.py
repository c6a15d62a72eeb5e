"""A home whose SAS is the emulator, and servers by TLS that do nothing but shake hands."""

import socket
import ssl
import threading
from contextlib import suppress

import pytest
from patients import PASSWORD, Patient, free_port

from adapter.cli.init import copy_home
from adapter.emulator import Emulator, Switches


@pytest.fixture
def patient(tmp_path):
    switches = Switches(users={"sasdemo": PASSWORD})
    with Emulator(switches=switches, folder=tmp_path / "sas") as emulator:
        home = tmp_path / "home"
        copy_home(home)
        (home / "var").mkdir(mode=0o700)
        made = Patient(home, emulator, free_port())
        made.configure()
        made.listen_on("127.0.0.1", made.port)
        yield made


@pytest.fixture
def tls_server():
    """Starts a server that shakes hands with the certificate of a file; its port."""
    listeners = []

    def start(pem):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=_shake, args=(listener, context), daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for listener in listeners:
        listener.close()


def _shake(listener, context):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with suppress(OSError), connection, context.wrap_socket(connection, server_side=True) as s:
            s.settimeout(2)
            s.recv(1)


@pytest.fixture
def answering():
    """Starts a web server that gives every caller the same bytes; its port."""
    listeners = []

    def start(answer):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=_answer, args=(listener, answer), daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for listener in listeners:
        listener.close()


def _answer(listener, answer):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with suppress(OSError), connection:
            connection.settimeout(2)
            connection.recv(65536)
            connection.sendall(answer)
