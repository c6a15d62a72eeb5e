"""What a call is made of, and whom it is sent to."""

import re
import ssl
from contextlib import ExitStack

import pytest
from scripted import PASSWORD, Clock, Contracts, started

from adapter.core.redact import Secret
from adapter.core.route import Credentials, Policy, Route, TransportName
from adapter.emulator import Emulator
from adapter.ports import Call
from adapter.sas.session import HttpSession


@pytest.fixture
def serve():
    """Start scripted servers; all are closed in the end."""
    with ExitStack() as stack:

        def start(script, context=None, *, accepting=True):
            listener, server = started(script, context, accepting=accepting)
            stack.enter_context(listener)
            return server

        yield start


@pytest.fixture
def tls(vectors):
    """A server's TLS context with the named certificate."""

    def context(name):
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(vectors / "tls" / f"{name}.pem")
        return made

    return context


@pytest.fixture
def ca_file(vectors):
    return str(vectors / "tls" / "ca.pem")


@pytest.fixture
def session():
    session = HttpSession()
    yield session
    session.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def contracts():
    return Contracts()


@pytest.fixture
def emulator():
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def credentials():
    return Credentials("svc_ci360", Secret(PASSWORD))


@pytest.fixture
def table(vectors):
    """The Table of the sample messages, line by line as they have it."""
    request = (vectors / "messages" / "rest-request-DownloadFile.xml").read_bytes()
    return re.search(rb"<Table>.*</Table>", request, re.DOTALL).group()


@pytest.fixture
def call(table):
    """A call by either transport."""

    def make(stpurl, transport=TransportName.REST, *, name="Download File", **facts):
        idempotent = facts.pop("idempotent", False)
        delivery_id = facts.pop("delivery_id", "d-1")
        sent = facts.pop("table", table)
        facts.setdefault("timeout_s", 5.0)
        facts.setdefault("connect_timeout_s", 2.0)
        policy = Policy(idempotent=idempotent)
        return Call(Route(name, stpurl, transport, "", policy=policy, **facts), sent, delivery_id)

    return make
