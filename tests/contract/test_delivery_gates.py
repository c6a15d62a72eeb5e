"""What every store lets through: limits, rates, order and breakers, over all that share it."""

import itertools
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from adapter.core.answer import Answer
from adapter.core.breaker import BreakerPolicy
from adapter.core.delivery import AccountHold, Gate, Idle, Lease, Outcome, State
from adapter.core.failures import AnswerTimedOut, ConnectionRefused
from adapter.core.verdict import Delivered, Park, Retry
from adapter.store.tables import deliveries

SAS = "http://sas"
ADDRESS = "http://sas/a"


def on_one_server(most):
    """Any stored process may run ten times, all together only so often."""
    return lambda name: Gate(10, server=SAS, server_concurrency=most, address=f"{SAS}/{name}")


def spaced(seconds):
    return lambda _: Gate(10, interval_s=seconds)


def in_order(_):
    return Gate(10, in_order=True)


def broken(failures, pause_s=30.0):
    policy = BreakerPolicy(failures, pause_s)
    return lambda _: Gate(10, address=ADDRESS, breaker=policy)


def delivered(clock):
    return Outcome(Delivered(), "soap", clock.now(), answer=Answer())


def refused(clock, after_s=0.0):
    return Outcome(Retry(after_s), "soap", clock.now(), failure=ConnectionRefused("no"))


@pytest.fixture
def stores(open_store):
    """Two stores on one database, as two processes have."""
    return open_store(), open_store()


# Servers


def test_limit_of_a_server_holds_over_stored_processes_and_stores(stores, clock, message):
    for name in ("A", "B", "C"):
        stores[0].add(message(name))
    leases = [store.lease("o", on_one_server(2)) for store in stores]

    assert [type(lease) for lease in leases] == [Lease, Lease]
    assert [store.lease("o", on_one_server(2)) for store in stores] == [Idle(), Idle()]

    assert stores[1].record(leases[0], delivered(clock))
    assert isinstance(stores[0].lease("o", on_one_server(2)), Lease)


def test_full_server_holds_up_no_other_server(store, message):
    for name in ("A", "A", "B"):
        store.add(message(name))
    gates = {
        "A": Gate(10, server="http://one", server_concurrency=1),
        "B": Gate(10, server="http://two", server_concurrency=1),
    }

    leased = [store.lease("o", gates.__getitem__) for _ in range(3)]

    assert [getattr(lease, "stored_process", None) for lease in leased] == ["A", "B", None]


def test_limit_of_a_server_holds_between_threads_of_two_stores(stores, clock, message, in_threads):
    names = [f"stp-{number % 4}" for number in range(40)]
    tasks = [stores[0].add(message(name)).delivery_id for name in names]
    running, most, guard = set(), [], threading.Lock()

    def work(number):
        store = stores[number % 2]
        while any(store.get(task).state is State.QUEUED for task in tasks):
            lease = store.lease("o", on_one_server(3))
            if isinstance(lease, Idle):
                continue
            with guard:
                running.add(lease.delivery_id)
                most.append(len(running))
            with guard:
                running.remove(lease.delivery_id)
            assert store.record(lease, delivered(clock))

    in_threads(8, work)

    assert len(most) == 40
    assert max(most) <= 3


# Rates


def test_attempts_of_a_rate_begin_an_interval_apart_in_all_stores(stores, clock, message):
    for _ in range(3):
        stores[0].add(message())
    began = clock.now()

    assert isinstance(stores[0].lease("o", spaced(10.0)), Lease)
    assert [store.lease("o", spaced(10.0)) for store in stores] == [Idle(began + 10.0)] * 2
    clock.advance(9.9)
    assert stores[1].lease("o", spaced(10.0)) == Idle(began + 10.0)
    clock.advance(0.1)
    assert isinstance(stores[1].lease("o", spaced(10.0)), Lease)
    assert stores[0].lease("o", spaced(10.0)) == Idle(began + 20.0)


def test_rate_is_not_saved_up(store, clock, message):
    for _ in range(3):
        store.add(message())
    store.lease("o", spaced(1.0))
    clock.advance(60.0)

    assert isinstance(store.lease("o", spaced(1.0)), Lease)
    assert store.lease("o", spaced(1.0)) == Idle(clock.now() + 1.0)


def test_rate_of_one_holds_up_no_other(store, message):
    for name in ("A", "A", "B"):
        store.add(message(name))
    gates = {"A": Gate(10, interval_s=60.0), "B": Gate(10)}

    leased = [store.lease("o", gates.__getitem__) for _ in range(3)]

    assert [getattr(lease, "stored_process", None) for lease in leased] == ["A", "B", None]


def test_eight_threads_of_two_stores_begin_one_attempt_an_interval(stores, message, in_threads):
    for _ in range(20):
        stores[0].add(message())

    leased = in_threads(8, lambda number: stores[number % 2].lease("o", spaced(1.0)))

    assert [isinstance(lease, Lease) for lease in leased].count(True) == 1


# Order


def test_oldest_that_waits_for_a_retry_blocks_its_stored_process(store, clock, message):
    first, second = message("A"), message("A")
    store.add(first)
    lease = store.lease("o", in_order)
    assert store.record(lease, refused(clock, after_s=60.0))
    clock.advance(1.0)
    store.add(second)
    store.add(message("B"))

    assert store.lease("o", in_order).stored_process == "B"
    assert store.lease("o", in_order) == Idle(clock.now() + 59.0)
    clock.advance(59.0)
    assert store.lease("o", in_order).delivery_id == first.delivery_id


def test_order_of_arrival_is_kept(store, clock, message):
    tasks = [message() for _ in range(4)]
    for task in tasks:
        store.add(task)
        clock.advance(1.0)

    leased = []
    while isinstance(lease := store.lease("o", lambda _: Gate(1, in_order=True)), Lease):
        leased.append(lease.delivery_id)
        assert store.record(lease, delivered(clock))

    assert leased == [task.delivery_id for task in tasks]


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)  # SQLite has one writer anyway
def test_nothing_goes_before_the_oldest_while_somebody_changes_that(stores, clock, message):
    store, other = stores
    first, second = message(), message()
    store.add(first)
    clock.advance(1.0)
    store.add(second)
    with other._database.write() as connection:
        query = sa.select(deliveries.c.id).where(deliveries.c.id == first.delivery_id)
        connection.execute(query.with_for_update())

        assert isinstance(store.lease("o", in_order), Idle)

    assert store.lease("o", in_order).delivery_id == first.delivery_id


def test_parked_head_makes_way(store, clock, message):
    first, second = message(), message()
    store.add(first)
    clock.advance(1.0)
    store.add(second)
    lease = store.lease("o", in_order)
    failure = AnswerTimedOut("late")
    assert store.record(lease, Outcome(Park("x"), "soap", clock.now(), failure=failure))

    assert store.lease("o", in_order).delivery_id == second.delivery_id


# Breakers


def fail(store, clock, gate):
    assert store.record(store.lease("o", gate), refused(clock))


def test_breaker_opens_after_failures_in_a_row_and_lets_one_trial_through(stores, clock, message):
    gate = broken(failures=2)
    for _ in range(3):
        stores[0].add(message())
    fail(stores[0], clock, gate)
    fail(stores[1], clock, gate)
    opened = clock.now()
    assert [store.lease("o", gate) for store in stores] == [Idle(opened + 30.0)] * 2

    clock.advance(30.0)
    trial = stores[1].lease("o", gate)

    assert isinstance(trial, Lease)
    assert [store.lease("o", gate) for store in stores] == [Idle(), Idle()]
    assert stores[1].record(trial, delivered(clock))
    assert isinstance(stores[0].lease("o", gate), Lease)
    assert isinstance(stores[0].lease("o", gate), Lease)


def test_trial_that_fails_opens_it_again(store, clock, message):
    gate = broken(failures=1)
    store.add(message())
    fail(store, clock, gate)
    clock.advance(30.0)

    fail(store, clock, gate)

    assert store.lease("o", gate) == Idle(clock.now() + 30.0)


def test_success_between_starts_the_count_anew(store, clock, message):
    gate = broken(failures=2)
    store.add(message())
    fail(store, clock, gate)
    store.record(store.lease("o", gate), delivered(clock))
    store.add(message())

    fail(store, clock, gate)

    assert isinstance(store.lease("o", gate), Lease)


def test_threads_of_two_stores_make_one_trial(stores, clock, message, in_threads):
    gate = broken(failures=1)
    for _ in range(10):
        stores[0].add(message())
    fail(stores[0], clock, gate)
    clock.advance(30.0)

    leased = in_threads(8, lambda number: stores[number % 2].lease("o", gate))

    assert [isinstance(lease, Lease) for lease in leased].count(True) == 1


def test_failures_of_many_threads_are_all_counted(store, clock, message, in_threads):
    gate = broken(failures=6)
    for _ in range(6):
        store.add(message())
    leases = [store.lease("o", gate) for _ in range(6)]

    in_threads(6, lambda number: store.record(leases[number], refused(clock)))

    assert store.lease("o", gate) == Idle(clock.now() + 30.0)


# Together


UNTIL = [
    # gate                                                 seconds until it opens; None: not by time
    (Gate(10),                                             5.0),
    (Gate(10, in_order=True),                              5.0),
    (Gate(10, interval_s=8.0),                             8.0),
    (Gate(10, interval_s=2.0),                             5.0),
    (Gate(0),                                              None),
    (Gate(10, server=SAS, server_concurrency=0),           None),
]  # fmt: skip


@pytest.mark.parametrize(("gate", "seconds"), UNTIL)
def test_idle_says_when_the_clock_alone_lets_something_through(
    store, clock, message, gate, seconds
):
    store.add(message())
    opened = replace(gate, concurrency=10, server_concurrency=10)
    assert store.record(store.lease("o", lambda _: opened), refused(clock, after_s=5.0))

    assert store.lease("o", lambda _: gate) == Idle(seconds and clock.now() + seconds)


def test_nothing_that_waits_means_nothing_to_wait_for(store):
    assert store.lease("o", spaced(1.0)) == Idle()


def test_gate_of_a_name_that_another_store_added_is_asked_for(stores, clock, message):
    """A store that knows what waits must see what came since, however it remembers."""
    ticks = itertools.count(1)
    for name in ("A", "B", "A", "C"):
        stores[next(ticks) % 2].add(message(name))
        clock.advance(1.0)
        asked = []

        def gate(name, asked=asked):
            asked.append(name)
            return Gate(10)

        assert stores[0].lease("o", gate).stored_process == name
        assert name in asked


# Accounts


def test_held_account_is_leased_nothing_by_any_store_and_others_go_on(stores, message):
    for name in ("A", "B"):
        stores[0].add(message(name))

    def of_its_own(name):
        return Gate(10, account=f"me@{name}")

    stores[1].hold(AccountHold("me@A", 1.0, "refused"))

    assert stores[0].lease("o", of_its_own).stored_process == "B"
    assert stores[0].lease("o", of_its_own) == Idle()
    stores[1].release("me@A")
    assert stores[0].lease("o", of_its_own).stored_process == "A"
