"""What every ledger deletes: what a person names, and what was kept long enough."""

import sqlite3

import pytest
import sqlalchemy as sa

from adapter.core.delivery import Filter, Gate, Outcome, Rejection, Retention, State
from adapter.core.message import IdempotencyKey, KeySource, Message
from adapter.core.verdict import Delivered, Park
from adapter.store.tables import attempts

SECRET = "X-Amz-Signature=0123456789abcdef"


def add(store, clock, count, verdict=None, first=0):
    """So many deliveries, one a second; ended with this verdict, if there is one."""
    names = [f"d{number:03}" for number in range(first, first + count)]
    for name in names:
        clock.advance(1.0)
        key = IdempotencyKey(name, KeySource.RANDOM)
        store.add(Message(name, "Echo", key, f'"{SECRET}"'.encode(), b"<Table/>", ""))
        if verdict:
            lease = store.lease("o", lambda _: Gate(1000))
            store.record(lease, Outcome(verdict, "soap", clock.now()))
    return names


def reject(store, name):
    store.reject(Rejection(name, "Echo", b"{}", "r", "STP_UNKNOWN", "no"))


def left(ledger):
    return sorted(delivery.delivery_id for delivery in ledger.find(Filter(), 1000))


def test_oldest_go_first_and_no_more_than_asked_for(store, ledger, clock):
    names = add(store, clock, 7, Park("seen"))

    assert ledger.purge(Filter(), 3) == 3
    assert left(ledger) == names[3:]
    assert ledger.purge(Filter(), 3) == 3
    assert ledger.purge(Filter(), 3) == 1
    assert ledger.purge(Filter(), 3) == 0


def test_only_what_is_meant_goes(store, ledger, clock):
    add(store, clock, 2, Park("seen"))
    add(store, clock, 2, Delivered(), first=2)

    assert ledger.purge(Filter(frozenset((State.PARKED,)), ids=frozenset(("d001",))), 10) == 1
    assert left(ledger) == ["d000", "d002", "d003"]


def test_what_has_not_ended_never_goes(store, ledger, clock):
    add(store, clock, 3)
    assert store.lease("o", lambda _: Gate(1000))

    assert ledger.purge(Filter(), 10) == 0
    assert ledger.purge(Filter(frozenset((State.QUEUED, State.RUNNING))), 10) == 0
    clock.advance(1e9)
    assert ledger.expire(Retention(dict.fromkeys(State, 0.0)), 10) == 0
    assert ledger.count(Filter()) == {State.QUEUED: 2, State.RUNNING: 1}


def test_every_ended_state_goes(store, ledger, clock):
    add(store, clock, 1, Park("seen"))
    add(store, clock, 1, Delivered(), first=1)
    add(store, clock, 1, first=2)
    ledger.cancel("d002", "discarded")
    reject(store, "r1")

    assert ledger.purge(Filter(), 10) == 4
    assert left(ledger) == []


@pytest.mark.parametrize("drop", [
    lambda ledger: ledger.purge(Filter(), 10),
    lambda ledger: ledger.expire(Retention({State.PARKED: 0.5}), 10),
])  # fmt: skip
def test_attempts_go_with_their_delivery(store, ledger, clock, drop):
    add(store, clock, 2, Park("seen"))
    add(store, clock, 1, first=2)
    assert store.lease("o", lambda _: Gate(1000))
    clock.advance(1.0)

    assert drop(ledger) == 2

    with ledger._database.read() as connection:
        assert connection.execute(sa.select(attempts.c.delivery_id)).scalars().all() == ["d002"]


def test_purged_task_sent_again_is_new(store, ledger, clock, message):
    task = message(key="task 7")
    store.add(task)
    lease = store.lease("o", lambda _: Gate(1000))
    store.record(lease, Outcome(Delivered(), "soap", clock.now()))
    ledger.purge(Filter(), 1)

    assert not store.add(message(key="task 7")).replayed


def test_each_state_is_kept_for_its_own_time(store, ledger, clock):
    add(store, clock, 2, Delivered())
    add(store, clock, 2, Park("seen"), first=2)
    reject(store, "r1")
    clock.advance(100.0)
    add(store, clock, 1, Delivered(), first=4)

    kept = Retention({State.DELIVERED: 50.0, State.PARKED: 500.0})
    assert ledger.expire(kept, 10) == 2
    assert left(ledger) == ["d002", "d003", "d004", "r1"]

    clock.advance(500.0)
    assert ledger.expire(kept, 10) == 3
    assert left(ledger) == ["r1"]


def test_time_counts_from_the_last_change(store, ledger, clock):
    add(store, clock, 1, Park("seen"))
    clock.advance(100.0)
    ledger.cancel("d000", "discarded")
    clock.advance(50.0)

    assert ledger.expire(Retention({State.CANCELLED: 60.0, State.PARKED: 1.0}), 10) == 0
    clock.advance(20.0)
    assert ledger.expire(Retention({State.CANCELLED: 60.0}), 10) == 1


def test_nothing_expires_where_nothing_says_so(store, ledger, clock):
    add(store, clock, 1, Delivered())
    clock.advance(1e12)

    assert ledger.expire(Retention({}), 10) == 0


def test_limit_holds_over_all_states(store, ledger, clock):
    add(store, clock, 3, Delivered())
    add(store, clock, 3, Park("seen"), first=3)
    clock.advance(10.0)
    kept = Retention({State.DELIVERED: 1.0, State.PARKED: 1.0})

    assert [ledger.expire(kept, 4) for _ in range(3)] == [4, 2, 0]


def test_clock_that_jumped_back_drops_nothing(store, ledger, clock):
    add(store, clock, 2, Delivered())
    clock.advance(-1e6)

    assert ledger.expire(Retention({State.DELIVERED: 0.0}), 10) == 0


def test_purged_bytes_are_gone_from_the_file(store, ledger, clock, path, request):
    if ledger._database.dialect != "sqlite":
        return
    add(store, clock, 5, Park("seen"))
    files = lambda: b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))  # noqa: E731
    assert SECRET.encode() in files()

    assert ledger.purge(Filter(), 10) == 5

    assert SECRET.encode() not in files()


def test_expiry_looks_into_its_index(ledger, path):
    if ledger._database.dialect != "sqlite":
        return
    ledger.expire(Retention({State.DELIVERED: 0.0}), 10)
    query = (
        "SELECT id FROM deliveries WHERE state IN ('delivered', 'parked', 'rejected', 'cancelled')"
        " AND state IN ('delivered') AND updated_at < 1 ORDER BY updated_at LIMIT 500"
    )
    connection = sqlite3.connect(path)
    plan = connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
    connection.close()

    assert [row[3] for row in plan] == [
        "SEARCH deliveries USING INDEX ended (state=? AND updated_at<?)"
    ]
