"""What becomes of a task that never reached SAS: it waits, and is delivered once SAS is there."""

import socket
import ssl
import sys
from contextlib import ExitStack, contextmanager, suppress
from threading import Thread

import pytest
from callers import at_once, get, post, refused, task, until

ROUTES = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/Echo
retry_first = 0.02
breaker_pause = 0.2
retry_max = 0.1
connect_timeout = 0.1
max_attempts = {attempts}
[Rest]
[Rest again]
idempotent = true
[Soap]
stpurl = {sas}/SASBIWS/services/Shared Data/Echo
[Soap again]
stpurl = {sas}/SASBIWS/services/Shared Data/Echo
idempotent = true
"""

ALL = ["Rest", "Rest again", "Soap", "Soap again"]


def routes(sas="{sas}", attempts=1000):
    return ROUTES.replace("{sas}", sas).replace("{attempts}", str(attempts))


def is_waiting(site, delivery_id, code):
    """Until a delivery has been tried in vain, with nothing sent."""
    later = get(site, f"/deliveries/{delivery_id}").body
    if not later["history"] or "error" not in later:
        return False
    assert later["error"]["code"] == code
    assert {each["effect"] for each in later["history"] if "endedAt" in each} <= {"not_sent"}
    assert later["status"] in ("retrying", "running")
    assert later["held"] is False
    return "dueAt" in later


def test_sas_that_is_down_is_waited_for_and_every_task_runs_once(open_site):
    site = open_site(routes())
    for stored_process in ALL:
        assert post(site, task(stored_process), wait=30).status == 200
    site.emulator.stop()
    site.emulator.forget()
    replies = [post(site, task(stored_process, a=1)) for stored_process in ALL]
    assert [reply.status for reply in replies] == [202] * 4
    for reply in replies:
        until(
            lambda reply=reply: is_waiting(site, reply.body["deliveryId"], "SAS_CONNECTION_REFUSED")
        )
    site.emulator.start()
    assert [site.ended(reply.body["deliveryId"])["status"] for reply in replies] == [
        "delivered"
    ] * 4
    assert len(site.emulator.executions) == 4


def test_a_wsdl_that_was_never_fetched_is_waited_for(open_site):
    site = open_site(routes())
    site.emulator.stop()
    replies = [post(site, task(stored_process, a=1)) for stored_process in ("Soap", "Soap again")]
    for reply in replies:
        until(
            lambda reply=reply: is_waiting(
                site, reply.body["deliveryId"], "SAS_CONTRACT_UNAVAILABLE"
            )
        )
    site.emulator.start()
    assert [site.ended(reply.body["deliveryId"])["status"] for reply in replies] == [
        "delivered"
    ] * 2
    assert len(site.emulator.executions) == 2


def test_a_caller_who_waits_for_sas_that_is_down_is_told_202_in_time(open_site):
    site = open_site(routes())
    site.emulator.stop()
    reply = post(site, task("Rest", a=1), wait=1)
    assert (reply.status, reply.body["status"]) in [(202, "retrying"), (202, "running")]


@contextmanager
def unknown_name(_vectors):
    yield "http://no-such-host.invalid:81"


@contextmanager
def nobody_listening(_vectors):
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unheard.getsockname()[1]}"


@contextmanager
def full_backlog(_vectors):
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003  a socket's own name
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def unknown_certificate(vectors):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(vectors / "tls/self-signed.pem")
    with talking(
        lambda connection: context.wrap_socket(connection, server_side=True).close()
    ) as port:
        yield f"https://127.0.0.1:{port}"


@contextmanager
def no_tls(_vectors):
    with talking(
        lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    ) as port:
        yield f"https://127.0.0.1:{port}"


@contextmanager
def silent_handshake(_vectors):
    with talking(lambda connection: connection.recv(4096) and connection.recv(1)) as port:
        yield f"https://127.0.0.1:{port}"


@contextmanager
def talking(say):
    """A listening port that says one thing to each connection, and closes it."""

    def serve(listener):
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    connection.settimeout(5)
                    say(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


TIMED_OUT = ("SAS_CONNECT_TIMED_OUT", 504)
REFUSED = ("SAS_CONNECTION_REFUSED", 502)
WAYS = [
    (unknown_name, "SAS_NAME_NOT_FOUND", 502),
    (nobody_listening, *REFUSED),
    # Only Linux leaves a connection to a full backlog waiting.
    (full_backlog, *(TIMED_OUT if sys.platform == "linux" else REFUSED)),
    (silent_handshake, *TIMED_OUT),
    (unknown_certificate, "SAS_TLS_FAILED", 502),
    (no_tls, "SAS_TLS_FAILED", 502),
]


@pytest.mark.parametrize(
    ("way", "code", "status"), WAYS, ids=lambda value: getattr(value, "__name__", None)
)
def test_what_was_not_sent_is_tried_again_on_every_route_until_attempts_are_exhausted(
    open_site, vectors, way, code, status
):
    with way(vectors) as sas:
        site = open_site(routes(sas, attempts=2))
        replies = at_once([lambda name=name: post(site, task(name), wait=30) for name in ALL])
    for name, reply in zip(ALL, replies, strict=True):
        soap = name.startswith("Soap")
        told = (502, "SAS_CONTRACT_UNAVAILABLE") if soap else (status, code)
        error = refused(site, reply, *told, sas)
        assert error["why"] == "attempts_exhausted:not_sent"
        history = get(site, f"/deliveries/{error['deliveryId']}").body["history"]
        assert [each["effect"] for each in history] == ["not_sent", "not_sent"]
