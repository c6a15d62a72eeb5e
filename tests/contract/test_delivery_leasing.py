"""Which delivery every store gives out next, and to how many at a time."""

import threading

import pytest

from adapter.core.answer import Answer
from adapter.core.failures import AnswerTimedOut, ConnectionRefused
from adapter.core.verdict import Delivered, Park, Retry
from adapter.ports import AccountHold, Attempt, Outcome, State


def any_number(_):
    return 1000


def test_lease_carries_what_the_attempt_needs(store, clock, message):
    task = message(table=b"<Table>1</Table>")
    store.add(task)
    clock.advance(2.0)

    lease = store.lease("owner", any_number)

    assert (lease.delivery_id, lease.stored_process) == (task.delivery_id, task.stored_process)
    assert (lease.table, lease.request_id) == (task.table, "request-1")
    assert (lease.attempt, lease.started_at) == (1, clock.now())
    found = store.get(task.delivery_id)
    assert (found.state, found.attempts) == (State.RUNNING, 1)
    assert found.history == (Attempt(1, "", clock.now()),)


def test_oldest_is_leased_first(store, clock, message):
    tasks = [message() for _ in range(3)]
    for task in tasks:
        clock.advance(1.0)
        store.add(task)

    leased = [store.lease("o", any_number).delivery_id for _ in tasks]

    assert leased == [task.delivery_id for task in tasks]


def test_stored_process_whose_oldest_is_due_first_comes_first(store, clock, message):
    for name in ("B", "A", "C", "A"):
        clock.advance(1.0)
        store.add(message(name))

    assert [store.lease("o", any_number).stored_process for _ in range(4)] == ["B", "A", "C", "A"]


def test_no_more_run_than_their_stored_process_allows(store, message):
    for name in ("A", "A", "A", "B"):
        store.add(message(name))

    leased = [store.lease("o", {"A": 2, "B": 1}.__getitem__) for _ in range(4)]

    assert sorted(lease.stored_process for lease in leased if lease) == ["A", "A", "B"]
    assert leased[3] is None


def test_ended_attempt_makes_room(store, clock, message):
    store.add(message())
    store.add(message())
    lease = store.lease("o", lambda _: 1)
    assert store.lease("o", lambda _: 1) is None

    store.record(lease, Outcome(Park("x"), "soap", clock.now(), failure=AnswerTimedOut("late")))

    assert store.lease("o", lambda _: 1) is not None


def test_one_held_up_blocks_no_other(store, clock, message):
    store.add(message("held"))
    clock.advance(1.0)
    store.add(message("free"))

    lease = store.lease("o", lambda name: 0 if name == "held" else 1)

    assert lease.stored_process == "free"


def test_retry_of_one_blocks_no_other_of_its_stored_process(store, clock, message):
    first, second = message(), message()
    store.add(first)
    lease = store.lease("o", any_number)
    store.record(lease, Outcome(Retry(60.0), "soap", clock.now(), failure=ConnectionRefused("no")))
    clock.advance(1.0)
    store.add(second)

    assert store.lease("o", any_number).delivery_id == second.delivery_id
    assert store.lease("o", any_number) is None


def test_concurrency_may_ask_the_store_itself(store, message):
    store.add(message())
    store.hold(AccountHold("someone", 1.0, "no"))

    def limit(_):
        store.release("someone")
        return 1 if not store.holds() else 0

    assert store.lease("o", limit) is not None


def test_concurrency_that_fails_leaves_the_delivery_waiting(store, message):
    task = message()
    store.add(task)

    def fail(name):
        raise LookupError(name)

    with pytest.raises(LookupError):
        store.lease("o", fail)
    assert store.get(task.delivery_id).state is State.QUEUED


def test_eight_threads_lease_each_delivery_once(store, message, in_threads):
    ids = {store.add(message(f"stp-{number % 3}")).delivery_id for number in range(80)}

    def lease_all(number):
        found = []
        while lease := store.lease(f"owner-{number}", any_number):
            found.append((lease.delivery_id, lease.token))
        return found

    leased = [pair for found in in_threads(8, lease_all) for pair in found]

    assert sorted(delivery_id for delivery_id, _ in leased) == sorted(ids)
    assert len({token for _, token in leased}) == len(ids)


def test_limit_holds_between_threads(store, clock, message, in_threads):
    for _ in range(40):
        store.add(message())
    running, most, guard = set(), [], threading.Lock()

    def work(number):
        while store.next_due(0.0) is not None:
            lease = store.lease(f"owner-{number}", lambda _: 3)
            if lease is None:
                continue
            with guard:
                running.add(lease.delivery_id)
                most.append(len(running))
            with guard:
                running.remove(lease.delivery_id)
            store.record(
                lease, Outcome(Park("x"), "soap", clock.now(), failure=AnswerTimedOut("late"))
            )

    in_threads(8, work)

    assert len(most) == 40
    assert max(most) <= 3


def test_abandoned_are_the_running_leases_of_one_owner(store, clock, message):
    for _ in range(3):
        store.add(message())
    leases = [store.lease(owner, any_number) for owner in ("a", "a", "b")]

    assert sorted(store.abandoned("a"), key=str) == sorted(leases[:2], key=str)
    assert store.owners() == {"a", "b"}
    assert store.abandoned("c") == ()


def test_ended_leases_have_no_owner(store, clock, message):
    store.add(message())
    store.record(
        store.lease("a", any_number), Outcome(Delivered(), "soap", clock.now(), answer=Answer())
    )

    assert store.owners() == frozenset()
    assert store.abandoned("a") == ()


def test_next_due_is_the_first_after_a_time(store, clock, message):
    assert store.next_due(0.0) is None
    now = clock.now()
    for name, wait_s in (("A", 30.0), ("B", 10.0), ("A", 20.0)):
        store.add(message(name))
        lease = store.lease("o", any_number)
        outcome = Outcome(Retry(wait_s), "soap", now, failure=ConnectionRefused("no"))
        store.record(lease, outcome)

    assert [store.next_due(after) for after in (0.0, now + 10, now + 20, now + 30)] == [
        now + 10,
        now + 20,
        now + 30,
        None,
    ]
