"""The worker: as many at a time as the route allows, nothing lost by an end, however it comes."""

import subprocess
import sys
from contextlib import contextmanager

from callers import at_once, post, task, until

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
retry_first = 0.05
breaker_pause = 0.2
retry_max = 0.2
[Echo]
[Slow]
concurrency = 2
[Slow again]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/Slow
idempotent = true
"""


def most_at_a_time(executions):
    """How many ran at the busiest moment, as SAS saw it."""
    starts = [(each.started_at, 1) for each in executions]
    running = most = 0
    for _, change in sorted([*starts, *((each.finished_at, -1) for each in executions)]):
        running += change
        most = max(most, running)
    return most


def test_a_route_never_runs_more_at_a_time_than_its_concurrency(open_site):
    site = open_site(SERVICE_CONFIG)
    replies = at_once([lambda: post(site, task("Slow", seconds=0.2))] * 8)
    for reply in replies:
        assert site.ended(reply.body["deliveryId"])["status"] == "delivered"
    assert len(site.emulator.executions) == 8
    assert most_at_a_time(site.emulator.executions) == 2


def test_a_busy_route_keeps_no_other_one_waiting(open_site):
    site = open_site(SERVICE_CONFIG)
    slow = [post(site, task("Slow", seconds=0.8)).body["deliveryId"] for _ in range(4)]
    assert post(site, task("Echo"), wait=30).status == 200
    assert {site.delivery(delivery_id)["status"] for delivery_id in slow} <= {"queued", "running"}


def test_a_burst_over_all_workers_is_delivered_in_full(open_site):
    site = open_site(SERVICE_CONFIG.replace("[Echo]", "concurrency = 100\n[Echo]"))
    replies = at_once([lambda n=n: post(site, task("Echo", n=n)) for n in range(40)])
    for reply in replies:
        assert site.ended(reply.body["deliveryId"])["attempts"] == 1
    assert sorted(int(each.columns["n"]) for each in site.emulator.executions) == list(range(40))


def test_what_waits_when_the_adapter_stops_is_delivered_after_its_next_start(open_premises):
    premises = open_premises(SERVICE_CONFIG)
    premises.emulator.stop()
    with premises.serving() as site:
        waiting = [post(site, task("Echo", n=n)).body["deliveryId"] for n in range(5)]
    premises.emulator.start()
    with premises.serving() as site:
        for delivery_id in waiting:
            assert site.ended(delivery_id)["status"] == "delivered"
    assert len(premises.emulator.executions) == 5


def test_a_task_whose_section_is_gone_after_a_restart_is_parked_and_never_sent(open_premises):
    premises = open_premises(SERVICE_CONFIG)
    premises.emulator.stop()
    with premises.serving() as site:
        delivery_id = post(site, task("Echo")).body["deliveryId"]
    premises.emulator.start()
    file = premises.home / "conf/serviceConfig.ini"
    file.write_text(file.read_text("utf-8").replace("[Echo]\n", ""), encoding="utf-8")
    with premises.serving() as site:
        later = site.ended(delivery_id)
        assert (later["status"], later["error"]["code"]) == ("parked", "ROUTE_UNKNOWN")
        assert later["error"]["why"] == "route_unknown"
        assert later["history"][-1]["effect"] == "not_run"
    assert not premises.emulator.requests


def test_an_attempt_under_way_may_end_before_the_adapter_does(open_premises):
    premises = open_premises(SERVICE_CONFIG)
    with premises.serving() as site:
        delivery_id = post(site, task("Slow", seconds=0.5)).body["deliveryId"]
        premises.emulator.wait_for(lambda sas: sas.requests)
    with premises.serving() as site:
        later = site.delivery(delivery_id)
        assert (later["status"], later["attempts"]) == ("delivered", 1)
    assert len(premises.emulator.executions) == 1


def test_an_attempt_that_was_given_up_cannot_change_its_verdict_later(open_premises, caplog):
    caplog.set_level("INFO", "adapter")
    premises = open_premises(SERVICE_CONFIG)
    with premises.serving(grace_s=0.1) as site:
        delivery_id = post(site, task("Slow", seconds=1)).body["deliveryId"]
        premises.emulator.wait_for(lambda sas: sas.requests)
    with premises.serving() as site:
        until(lambda: site.delivery(delivery_id)["status"] == "parked", 2.0)
        until(lambda: "outcome=lease_lost" in caplog.text)
        later = site.delivery(delivery_id)
        assert (later["status"], later["error"]["code"]) == ("parked", "WORKER_DIED")
        assert "result" not in later
    assert len(premises.emulator.executions) == 1


@contextmanager
def process(premises):
    """`sasbiws serve` of these premises in a process of its own: the process and its address."""
    command = [sys.executable, "-m", "adapter", "serve", "--home", str(premises.home)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as started:
        try:
            yield started, started.stdout.readline().split()[-1].removesuffix("/ExecuteSTP")
        finally:
            started.kill()


class Elsewhere:
    """What a caller needs to know of a site in another process."""

    def __init__(self, url):
        self.url = url


def test_after_a_kill_an_attempt_of_unknown_effect_is_parked_or_repeated_within_two_seconds(
    open_premises,
):
    premises = open_premises(SERVICE_CONFIG)
    with process(premises) as (killed, url):
        plain = post(Elsewhere(url), task("Slow", seconds=0.5)).body["deliveryId"]
        again = post(Elsewhere(url), task("Slow again", seconds=0.5)).body["deliveryId"]
        premises.emulator.wait_for(lambda sas: len(sas.requests) == 2)
        killed.kill()
        killed.wait()
    with premises.serving() as site:
        until(lambda: site.delivery(plain)["status"] == "parked", 2.0)
        until(lambda: site.delivery(again)["attempts"] == 2, 2.0)
        parked = site.delivery(plain)
        assert (parked["attempts"], parked["error"]["code"]) == (1, "WORKER_DIED")
        assert (parked["error"]["why"], parked["history"][0]["effect"]) == (
            "outcome_unknown",
            "unknown",
        )
        assert site.ended(again)["status"] == "delivered"
    assert [each.delivery_id for each in premises.emulator.executions].count(plain) == 1
