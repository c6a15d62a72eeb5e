"""`sasbiws serve`, killed and started again: what was accepted ends well."""

import itertools
import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import requests
from adapter_process import Caller, eventually

import adapter
from adapter.emulator import Switches

POSTS, CALLERS = 200, 4
JUDGED_S = 2.0
"""Seconds after a restart within which an abandoned lease is judged."""


def test_what_waits_for_sas_outlives_a_kill_and_is_delivered_once(serve, home, sas, runs):
    sas.stop()
    first = serve()
    ids = [
        first.post(stp, {"n": n}).json()["deliveryId"]
        for stp, n in itertools.product(("Echo", "EchoAgain"), range(10))
    ]
    eventually(lambda: first.delivery(ids[0])["attempts"] > 0)
    first.kill()
    with adapter.open_home(home) as opened:
        cut_off = {name for name in ids[:10] if opened.delivery(name).state == "running"}
    assert len(cut_off) < 10
    sas.start()
    second = serve()
    for delivery_id in ids:
        delivery = second.ended(delivery_id)
        if delivery_id in cut_off:  # on the plain route, so a person decides
            assert delivery["error"]["code"] == "WORKER_DIED"
        else:
            assert (delivery["status"], runs(delivery_id)) == ("delivered", 1)


def test_an_attempt_that_was_running_is_judged_within_two_seconds_of_the_restart(serve, sas, runs):
    sas.switches = Switches(delay_s=60, only="Slow")
    first = serve()
    plain = first.post("Slow").json()["deliveryId"]
    again = first.post("SlowAgain").json()["deliveryId"]
    sas.wait_for(lambda it: len(it.executions) == 2, timeout_s=20)
    assert first.delivery(plain)["status"] == first.delivery(again)["status"] == "running"
    first.kill()
    sas.switches = Switches()
    second = serve()
    parked = second.ended(plain, JUDGED_S)
    assert (parked["status"], parked["error"]["code"]) == ("parked", "WORKER_DIED")
    assert second.ended(again)["status"] == "delivered"
    assert (runs(plain), runs(again)) == (1, 2)
    assert second.find(rf"attempt .*delivery={plain} .*outcome=parked:outcome_unknown")


def test_nothing_that_was_accepted_is_missing_whenever_the_process_dies(serve, sas, runs):
    seed = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(10**6))
    print(f"KILL_SEED={seed}")  # noqa: T201  shown where the test fails
    answers = random.Random(seed).randrange(10, POSTS - 10)  # noqa: S311
    first = serve()
    accepted, enough = [], threading.Event()

    def post(number):
        caller = Caller(first.url)
        try:
            answer = caller.post("Echo", {"n": number})
        except requests.RequestException:
            return
        finally:
            caller.session.close()
        assert answer.status_code == 202
        accepted.append(answer.json()["deliveryId"])
        if len(accepted) >= answers:
            enough.set()

    with ThreadPoolExecutor(CALLERS) as callers:
        results = callers.map(post, range(POSTS))
        assert enough.wait(60)
        first.kill()
        list(results)
    assert answers <= len(accepted) < POSTS
    second = serve()
    deliveries = [second.ended(delivery_id) for delivery_id in accepted]
    for delivery in deliveries:
        why = delivery.get("error", {}).get("code")
        assert (delivery["status"], why) in (("delivered", None), ("parked", "WORKER_DIED"))
        assert runs(delivery["deliveryId"]) <= 1
    assert max(map(runs, {execution.delivery_id for execution in sas.executions})) == 1
