"""The delivery database fails: nothing is accepted that is not on disk, nothing accepted is lost."""

import sqlite3
from contextlib import closing

import pytest
from callers import at_once, get, kept, post, refused, task, until

STORED = ["/readyz", "/deliveries/nope"]


def unavailable(site, reply):
    error = refused(site, reply, 503, "STORE_UNAVAILABLE", "database cannot be used", "log")
    assert int(reply.headers["retry-after"]) >= 1
    assert error["remedy"]
    assert "deliveryId" not in error


@pytest.fixture
def away(site):
    """The var folder taken away by another name, as a drive that is gone; put back by `away()`."""
    aside = site.home / "var-aside"
    (site.home / "var").rename(aside)
    return lambda: aside.rename(site.home / "var")


def test_a_database_that_is_gone_is_told_with_503_and_when_to_send_again(site, away):
    for body in (task("Echo"), task("Nobody"), b"{}", task("DownloadFile")):
        unavailable(site, post(site, body, wait=30))
    for target in STORED:
        unavailable(site, get(site, target))
    assert get(site, "/healthz").status == 200
    refused(site, post(site, b"not json"), 400, "PAYLOAD_NOT_JSON")
    assert not (site.home / "var").exists()
    away()
    assert kept(site) == 0
    assert get(site, "/readyz").status == 200
    assert post(site, task("Echo"), wait=30).status == 200


def test_a_database_that_was_replaced_takes_nothing_that_would_be_lost(site):
    first = post(site, task("Echo"), wait=30).body["deliveryId"]
    file = site.home / "var/deliveries.sqlite"
    original = file.rename(file.with_suffix(".original"))
    file.write_bytes(b"this is no database, and longer than a header of one hundred bytes " * 9)
    unavailable(site, post(site, task("Echo")))
    for target in (*STORED, f"/deliveries/{first}"):
        unavailable(site, get(site, target))
    original.rename(file)
    assert get(site, f"/deliveries/{first}").body["status"] == "delivered"
    assert post(site, task("Echo"), wait=30).status == 200


def test_a_database_that_another_program_locks_is_waited_for_and_then_told(site):
    assert post(site, task("Echo"), wait=30).status == 200
    slow = post(site, task("Slow", seconds=0.5)).body["deliveryId"]
    site.emulator.wait_for(lambda sas: len(sas.requests) == 2)
    file = site.home / "var/deliveries.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        reply, health, read = at_once([
            lambda: post(site, task("Echo", a=1)),
            lambda: get(site, "/healthz"),
            lambda: get(site, f"/deliveries/{slow}"),
        ])  # fmt: skip
        unavailable(site, reply)
        assert (health.status, read.status) == (200, 200)
        other.execute("ROLLBACK")
    later = site.ended(slow)
    assert (later["status"], later["attempts"]) == ("delivered", 1)
    assert kept(site) == 2
    assert len(site.emulator.executions) == 2


def test_the_outcome_of_an_attempt_is_kept_until_the_database_is_back(site):
    delivery_id = post(site, task("Slow", seconds=0.5)).body["deliveryId"]
    site.emulator.wait_for(lambda sas: sas.requests)
    aside = (site.home / "var").rename(site.home / "var-aside")
    site.emulator.wait_for(lambda sas: sas.executions)
    until(lambda: get(site, "/readyz").status == 503)
    aside.rename(site.home / "var")
    later = site.ended(delivery_id)
    assert (later["status"], later["attempts"]) == ("delivered", 1)
    assert len(site.emulator.executions) == 1


def test_a_caller_whose_task_is_on_disk_is_never_told_to_send_it_again(site):
    def take_away():
        site.emulator.wait_for(lambda sas: sas.requests)
        return (site.home / "var").rename(site.home / "var-aside")

    reply, aside = at_once([lambda: post(site, task("Slow", seconds=0.5), wait=30), take_away])
    assert reply.status == 202
    aside.rename(site.home / "var")
    assert site.ended(reply.body["deliveryId"])["status"] == "delivered"
    assert len(site.emulator.executions) == 1
