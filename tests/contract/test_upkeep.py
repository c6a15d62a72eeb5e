"""What is dropped once it was kept long enough, and what is warned of in time."""

import logging

import pytest

from adapter.core.delivery import Gate, Lease, Outcome, Retention, State
from adapter.core.failures import AnswerTimedOut
from adapter.core.message import IdempotencyKey, KeySource, Message
from adapter.core.verdict import Delivered, Park
from adapter.observe import Observer
from adapter.upkeep import BATCH, SOON_S, Upkeep

DAY_S = 86_400.0
RETENTION = Retention({State.DELIVERED: 30 * DAY_S})


@pytest.fixture
def upkeep(ledger, clock):
    return Upkeep(ledger, RETENTION, clock, Observer())


def task(delivery_id, links_expire_at=None):
    key = IdempotencyKey(delivery_id, KeySource.RANDOM)
    return Message(delivery_id, "stp", key, b"{}", b"<Table/>", "", "", links_expire_at)


def end_all(store, clock, verdict, failure=None):
    while isinstance(lease := store.lease("o", lambda _: Gate(1000)), Lease):
        store.record(lease, Outcome(verdict, "soap", clock.now(), failure=failure))


def test_delivered_ones_go_after_their_time_and_parked_ones_stay(store, clock, upkeep):
    store.add(task("parked"))
    end_all(store, clock, Park("x"), AnswerTimedOut("late"))
    store.add(task("delivered"))
    end_all(store, clock, Delivered())
    clock.advance(30 * DAY_S - 1)
    upkeep.round()
    assert store.get("delivered").state is State.DELIVERED
    clock.advance(2)
    upkeep.round()
    assert store.get("delivered") is None
    assert store.get("parked").state is State.PARKED


def test_a_round_drops_more_than_one_batch(store, clock, upkeep, ledger):
    for number in range(BATCH + 3):
        store.add(task(f"d{number}"))
    end_all(store, clock, Delivered())
    clock.advance(31 * DAY_S)
    upkeep.round()
    assert not any(store.get(f"d{number}") for number in (0, BATCH, BATCH + 2))


def test_links_that_soon_expire_are_told_once(store, clock, upkeep, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("adapter"), "propagate", True)
    store.add(task("soon", clock.now() + SOON_S - 60))
    store.add(task("later", clock.now() + SOON_S + 60))
    with caplog.at_level(logging.WARNING, "adapter"):
        upkeep.round()
        upkeep.round()
    told = [record.getMessage() for record in caplog.records]
    assert told == ["links_expire_soon delivery=soon stp=stp state=queued minutes_left=59"]
