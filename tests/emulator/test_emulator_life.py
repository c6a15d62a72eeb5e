"""An emulator from start to stop, and its connections."""

import gc
import socket
import threading
import time

import pytest
import requests

from adapter.emulator import Emulator, Switches

HELLO = "/SASBIWS/rest/storedProcesses/Hello"


def talk(emulator, text):
    """Send bytes on a connection of its own and return all that comes until it is closed."""
    host, port = emulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_starts_and_stops_without_a_with():
    emulator = Emulator()
    with pytest.raises(RuntimeError, match="start it first"):
        _ = emulator.url
    emulator.start()
    assert requests.get(emulator.url + HELLO, timeout=5).status_code == 200
    with pytest.raises(RuntimeError, match="running already"):
        emulator.start()
    emulator.stop()
    emulator.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(emulator.url + HELLO, timeout=5)


def test_comes_back_at_its_address_with_its_memory(caller, emulator):
    url = emulator.url
    emulator.switches = Switches(lrecl=80)
    caller.rest("storedProcesses/Hello")
    emulator.stop()
    with pytest.raises(requests.ConnectionError):
        caller.rest("storedProcesses/Hello")
    emulator.start()
    assert emulator.url == url
    assert caller.rest("storedProcesses/Hello").status_code == 200
    assert (len(emulator.executions), emulator.switches.lrecl) == (2, 80)


def test_port_that_is_taken(emulator):
    other = Emulator(int(emulator.url.rsplit(":", 1)[1]))
    with pytest.raises(OSError, match="in use"):
        other.start()
    other.stop()


def test_any_host_has_an_address_to_call():
    with Emulator(host="0.0.0.0") as emulator:  # noqa: S104
        assert emulator.url.startswith("http://127.0.0.1:")
        assert requests.get(emulator.url, timeout=5).status_code == 200


@pytest.mark.parametrize(
    "switches", [Switches(), Switches(delay_s=60), Switches(connection="slow_body", drip_s=60)]
)
def test_stop_ends_what_is_going_on(caller, emulator, rest_body, switches):
    emulator.switches = switches
    outcome = []

    def call():
        try:
            seconds = "0" if switches.disturbs else "60"
            outcome.append(caller.rest("storedProcesses/Slow", rest_body(seconds=seconds)))
        except requests.RequestException as error:
            outcome.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    emulator.wait_for(lambda e: len(e.executions if switches.disturbs else e.requests) == 1)
    began = time.monotonic()
    emulator.stop()
    thread.join(5)
    assert time.monotonic() - began < 2
    assert isinstance(outcome[0], requests.RequestException)
    assert len(emulator.executions) == (1 if switches.disturbs else 0)


def test_wait_for_returns_as_soon_as_it_is_true(caller, emulator):
    thread = threading.Thread(target=caller.rest, args=("storedProcesses/Hello",))
    thread.start()
    assert emulator.wait_for(lambda e: e.executions, timeout_s=5) is emulator
    thread.join(5)
    assert emulator.executions[0].stored_process == "Hello"


def test_wait_for_gives_up(emulator):
    with pytest.raises(TimeoutError, match="0 requests and 0 executions"):
        emulator.wait_for(lambda e: e.executions, timeout_s=0.01)


def test_wait_for_hears_of_switches(emulator):
    changed = threading.Timer(0.01, setattr, (emulator, "switches", Switches(fault=1000)))
    changed.start()
    emulator.wait_for(lambda e: e.switches.fault == 1000)
    changed.join()


def test_forget(caller, emulator):
    caller.rest("storedProcesses/Hello")
    emulator.forget()
    assert (emulator.requests, emulator.executions) == ((), ())


def test_requests_are_kept_as_they_came(caller, emulator, rest_body):
    body = rest_body({"a": "b"})
    caller.rest("storedProcesses/Echo?x=1", body, headers={"X-Request-ID": "d"})
    (request,) = emulator.requests
    assert (request.method, request.body) == ("POST", body)
    assert request.path == "/SASBIWS/rest/storedProcesses/Echo?x=1"
    assert request.headers["content-type"] == request.headers["Content-Type"] == "application/xml"
    assert "X-Request-Id" in request.headers
    assert request.received_at.utcoffset().total_seconds() == 0


def test_log_gets_a_line_for_each_request(tmp_path):
    lines = []
    with Emulator(folder=tmp_path, log=lines.append) as emulator:
        requests.get(emulator.url + HELLO, timeout=5)
        emulator.switches = Switches(connection="reset_mid")
        with pytest.raises(requests.RequestException):
            requests.get(emulator.url + HELLO, timeout=5)
    assert lines[0].startswith(f"GET {HELLO} 200 ")
    assert lines[1].endswith(" ms, reset after half of the body")


def test_quiet_by_default(caller, emulator, capfd):
    caller.rest("storedProcesses/Hello")
    talk(emulator, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
    assert capfd.readouterr() == ("", "")


def test_connection_is_kept_alive(caller, emulator):
    assert caller.rest("storedProcesses/Hello").raw.version == 11
    text = f"GET {HELLO} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    assert talk(emulator, text + text).count(b"HTTP/1.1 200 OK") == 2


def test_chunked_request(caller, emulator, rest_body, results):
    body = rest_body({"a": "b"})
    chunks = iter([body[:7], body[7:]])
    assert results(caller.rest("storedProcesses/Echo", chunks)) == [{"A": "b"}]
    assert emulator.requests[0].body == body
    assert results(caller.rest("storedProcesses/Echo", body)) == [{"A": "b"}]


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nx\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
    ],
)
def test_request_without_an_end_is_400(emulator, framing):
    answer = talk(emulator, b"POST / HTTP/1.1\r\nHost: x\r\n" + framing)
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_many_at_once(caller, emulator):
    statuses = []

    def call():
        statuses.append(requests.get(emulator.url + HELLO, timeout=5).status_code)

    threads = [threading.Thread(target=call) for _ in range(40)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(5)
    assert statuses == [200] * 40
    assert len(emulator.executions) == 40


def test_temporary_folder_goes_with_the_emulator():
    emulator = Emulator()
    folder = emulator.folder
    assert folder.is_dir()
    del emulator
    gc.collect()
    assert not folder.exists()
