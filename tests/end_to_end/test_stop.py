"""Told to stop, a process ends with 0: what ends in time is kept, the rest is judged later."""

import signal
import time

import pytest
from account import check_rules, stories
from adapter_process import SERVE, eventually

WORK = ("-m", "adapter", "work", "--home")
READY = r"delivering the tasks of (\S+)"
GRACE_S = 1.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
def test_work_under_way_ends_well_within_the_grace(start, serve, home, sas, number, runs):
    intake = start(*SERVE, home, "--no-work")
    worker = start(*WORK, home, address=READY)
    slow = intake.post("Slow", {"seconds": "1"}).json()["deliveryId"]
    sas.wait_for(lambda it: it.requests, timeout_s=20)
    queued = [intake.post("Echo", {"n": n}).json()["deliveryId"] for n in range(9)]
    assert worker.stop(number) == 0
    assert intake.stop(number) == 0
    assert "Traceback" not in worker.said() + intake.said()
    after = serve()
    assert after.delivery(slow)["status"] == "delivered"
    ended = [after.ended(delivery_id)["status"] for delivery_id in queued]
    assert set(ended) == {"delivered"}
    assert {runs(delivery_id) for delivery_id in (slow, *queued)} == {1}


@pytest.mark.parametrize("command", [SERVE, WORK])
def test_it_does_not_wait_longer_than_the_grace_and_the_next_start_judges(
    start, serve, home, sas, store_address, runs, command
):
    intake = start(*SERVE, home, "--no-work")
    ready = {"address": READY} if command is WORK else {}
    stopping = start(*command, home, SASBIWS_STOP_GRACE=str(GRACE_S), **ready)
    plain = intake.post("Slow", {"seconds": "60"}).json()["deliveryId"]
    again = intake.post("SlowAgain", {"seconds": "60"}).json()["deliveryId"]
    sas.wait_for(lambda it: len(it.requests) >= 2, timeout_s=20)
    began = time.monotonic()
    assert stopping.stop() == 0
    assert time.monotonic() - began < GRACE_S + 5
    sas.stop()
    sas.start()
    serve()
    eventually(lambda: intake.delivery(plain)["status"] == "parked")
    story = stories(store_address)[plain]
    assert (story.why, story.code) == ("outcome_unknown", "WORKER_DIED")
    check_rules(story, runs(plain), idempotent=False)
    eventually(lambda: intake.delivery(again)["attempts"] >= 2)
