"""Waiting for the result: within the wait 200, after it 202, and never with all threads."""

import socket
import time

import pytest
from callers import at_once, get, post, task, until

from adapter.web.waiting import preferred_wait_s

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
retry_first = 0.02
retry_max = 0.1
concurrency = 10
[adapter:server]
threads = 4
[Echo]
[Slow]
[Hello]
wait = 20
"""


def timed(call):
    """What a call gives, and how many seconds it took."""
    started = time.monotonic()
    return call(), time.monotonic() - started


def test_nobody_waits_who_does_not_ask(shared):
    reply, took_s = timed(lambda: post(shared, task("Slow", seconds=0.7)))
    assert reply.status == 202
    assert took_s < 0.7
    assert shared.ended(reply.body["deliveryId"])["status"] == "delivered"


def test_a_result_within_the_wait_is_given_as_soon_as_it_is_there(shared):
    reply, took_s = timed(lambda: post(shared, task("Slow", seconds=0.5), wait=30))
    assert (reply.status, reply.body["status"]) == (200, "delivered")
    assert 0.5 <= took_s < 5


def test_a_result_after_the_wait_is_delivered_all_the_same(shared):
    reply, took_s = timed(lambda: post(shared, task("Slow", seconds=2), wait=1))
    assert (reply.status, reply.body["status"]) == (202, "running")
    assert 1 <= took_s < 2
    assert reply.headers["location"] == f"/deliveries/{reply.body['deliveryId']}"
    later = shared.ended(reply.body["deliveryId"])
    assert (later["status"], later["attempts"]) == ("delivered", 1)
    assert len(shared.emulator.executions) == 1


def test_a_route_may_wait_by_itself(shared):
    assert post(shared, task("Hello")).status == 200


def test_the_caller_s_preference_beats_the_route_s_wait(shared):
    assert post(shared, task("Hello"), wait=0).status == 202
    assert post(shared, task("Echo"), wait=30).status == 200


@pytest.mark.parametrize(
    "prefer", ["respond-async, wait=30", 'wait="30"', "WAIT=30", "return=minimal; wait = 30"]
)
def test_a_preference_is_read_in_every_spelling_of_its_standard(shared, prefer):
    assert post(shared, task("Echo"), Prefer=prefer).status == 200


PREFERENCES = [
    ("", 7.0),
    ("wait=3", 3.0),
    ("wait=0", 0.0),
    ("wait=55", 55.0),
    ("wait=56", 55.0),
    ("wait=600", 55.0),
    ("wait=99999999999", 55.0),
    ("wait=-1", 7.0),
    ("wait=1.5", 7.0),
    ("wait=x", 7.0),
    ("wait", 7.0),
    ("await=3", 7.0),
    ("x=wait=3", 7.0),
]


@pytest.mark.parametrize(("prefer", "wait_s"), PREFERENCES)
def test_nobody_waits_longer_than_55_seconds_and_nonsense_is_no_preference(prefer, wait_s):
    assert preferred_wait_s(prefer, 7.0) == wait_s


def test_a_wait_of_the_route_is_capped_too():
    assert preferred_wait_s("", 600.0) == 55.0


def test_at_most_half_of_the_threads_wait_and_the_others_answer_meanwhile(shared):
    slow = task("Slow", seconds=1.5)
    began = []

    def wait():
        began.append(1)
        return timed(lambda: post(shared, slow, wait=30))

    def look():
        until(lambda: len(began) == 4 and len(shared.emulator.requests) == 4)
        return timed(lambda: get(shared, "/healthz"))

    *waited, (health, health_s) = at_once([wait, wait, wait, wait, look])
    assert sorted(reply.status for reply, _ in waited) == [200, 200, 202, 202]
    assert all(took_s < 1.5 for reply, took_s in waited if reply.status == 202)
    assert all(took_s >= 1.5 for reply, took_s in waited if reply.status == 200)
    assert health.status == 200
    assert health_s < 1.5
    for reply, _ in waited:
        assert shared.ended(reply.body["deliveryId"])["status"] == "delivered"


def test_a_seat_is_free_again_for_the_next_who_waits(shared):
    for _ in range(3):
        assert post(shared, task("Echo"), wait=30).status == 200


def test_a_caller_who_leaves_while_waiting_loses_nothing(shared):
    body = task("Slow", seconds=0.5)
    host, _, port = shared.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST /ExecuteSTP HTTP/1.1\r\nHost: {host}\r\nPrefer: wait=30\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        shared.emulator.wait_for(lambda sas: sas.requests)
    (execution,) = shared.emulator.wait_for(lambda sas: sas.executions).executions
    assert shared.ended(execution.delivery_id)["status"] == "delivered"


def test_the_outcome_that_is_there_already_needs_no_seat(shared):
    key = {"Idempotency_Key": "seatless"}
    first = post(shared, task("Echo"), wait=30, **key)

    def again():
        until(lambda: len(shared.emulator.requests) == 3)
        return post(shared, task("Echo"), wait=30, **key)

    def slow():
        return post(shared, task("Slow", seconds=0.7), wait=30)

    _, _, replayed = at_once([slow, slow, again])
    assert (replayed.status, replayed.body) == (200, first.body)
