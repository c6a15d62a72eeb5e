"""Which delivery every store gives out next, and to how many at a time."""

import threading
from dataclasses import replace

import pytest

from adapter.core.answer import Answer
from adapter.core.breaker import BreakerPolicy
from adapter.core.delivery import AccountHold, Attempt, Claimant, Gate, Idle, Lease, Outcome, State
from adapter.core.failures import AnswerTimedOut, ConnectionRefused
from adapter.core.verdict import Delivered, Park, Retry


def any_number(_):
    return Gate(1000)


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


def test_lease_tells_since_when_and_how_often_it_was_tried(store, clock, message):
    accepted_at = clock.now()
    task = replace(message(), links_expire_at=accepted_at + 3600.5)
    store.add(task)
    clock.advance(1.0)
    refused = Outcome(Retry(0.0), "soap", clock.now(), failure=ConnectionRefused("no"))
    assert store.record(store.lease("o", any_number), refused)
    clock.advance(1.0)

    gate = Gate(7, server="http://sas", address="http://sas/a", interval_s=1.0)
    lease = store.lease("o", lambda _: gate)

    assert (lease.attempt, lease.tried) == (2, 2)
    assert (lease.queued_at, lease.links_expire_at) == (accepted_at, accepted_at + 3600.5)
    assert (lease.started_at, lease.gate) == (clock.now(), gate)
    (abandoned,) = store.abandoned("o")
    assert replace(abandoned, gate=gate) == lease


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

    leased = [store.lease("o", {"A": Gate(2), "B": Gate(1)}.__getitem__) for _ in range(4)]

    assert sorted(lease.stored_process for lease in leased[:3]) == ["A", "A", "B"]
    assert isinstance(leased[3], Idle)


def test_ended_attempt_makes_room(store, clock, message):
    store.add(message())
    store.add(message())
    lease = store.lease("o", lambda _: Gate(1))
    assert isinstance(store.lease("o", lambda _: Gate(1)), Idle)

    store.record(lease, Outcome(Park("x"), "soap", clock.now(), failure=AnswerTimedOut("late")))

    assert isinstance(store.lease("o", lambda _: Gate(1)), Lease)


def test_one_held_up_blocks_no_other(store, clock, message):
    store.add(message("held"))
    clock.advance(1.0)
    store.add(message("free"))

    lease = store.lease("o", lambda name: Gate(0 if name == "held" else 1))

    assert lease.stored_process == "free"


def test_retry_of_one_blocks_no_other_of_its_stored_process(store, clock, message):
    first, second = message(), message()
    store.add(first)
    lease = store.lease("o", any_number)
    store.record(lease, Outcome(Retry(60.0), "soap", clock.now(), failure=ConnectionRefused("no")))
    clock.advance(1.0)
    store.add(second)

    assert store.lease("o", any_number).delivery_id == second.delivery_id
    assert isinstance(store.lease("o", any_number), Idle)


def test_concurrency_may_ask_the_store_itself(store, message):
    store.add(message())
    store.hold(AccountHold("someone", 1.0, "no"))

    def limit(_):
        store.release("someone")
        return Gate(1 if not store.holds() else 0)

    assert isinstance(store.lease("o", limit), Lease)


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
        while isinstance(lease := store.lease(f"owner-{number}", any_number), Lease):
            found.append((lease.delivery_id, lease.token))
        return found

    leased = [pair for found in in_threads(8, lease_all) for pair in found]

    assert sorted(delivery_id for delivery_id, _ in leased) == sorted(ids)
    assert len({token for _, token in leased}) == len(ids)


def test_limit_holds_between_threads(store, clock, message, in_threads):
    tasks = [store.add(message()).delivery_id for _ in range(40)]
    running, most, guard = set(), [], threading.Lock()

    def work(number):
        while any(store.get(task).state is State.QUEUED for task in tasks):
            lease = store.lease(f"owner-{number}", lambda _: Gate(3))
            if isinstance(lease, Idle):
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


def ended(clock):
    return Outcome(Retry(60.0), "soap", clock.now(), failure=ConnectionRefused("no"))


def test_record_and_lease_writes_one_down_and_gives_the_next(store, clock, message):
    first, second = message(), message()
    for task in (first, second):
        store.add(task)
    lease = store.lease("o", any_number)

    recorded, following = store.record_and_lease(
        lease, ended(clock), Claimant("o", "of-the-caller"), any_number
    )

    assert recorded
    assert (following.delivery_id, following.token) == (second.delivery_id, "of-the-caller")
    assert store.get(first.delivery_id).state is State.RETRYING
    assert store.get(second.delivery_id).state is State.RUNNING


def test_record_and_lease_counts_the_place_that_the_record_frees(store, clock, message):
    for _ in range(2):
        store.add(message())
    lease = store.lease("o", lambda _: Gate(1))

    assert store.lease("o", lambda _: Gate(1)) == Idle()
    _, following = store.record_and_lease(
        lease, ended(clock), Claimant("o", "t"), lambda _: Gate(1)
    )
    assert isinstance(following, Lease)


def test_record_and_lease_records_where_nothing_is_due(store, clock, message):
    task = message()
    store.add(task)
    lease = store.lease("o", any_number)

    recorded, following = store.record_and_lease(
        lease, ended(clock), Claimant("o", "t"), any_number
    )

    assert recorded
    assert following == Idle(clock.now() + 60.0)
    assert store.get(task.delivery_id).state is State.RETRYING


def test_record_and_lease_leases_though_its_own_lease_was_lost(store, clock, message):
    for _ in range(2):
        store.add(message())
    lost = store.lease("o", any_number)
    store.give_back(lost)

    recorded, following = store.record_and_lease(lost, ended(clock), Claimant("o", "t"), any_number)

    assert not recorded
    assert isinstance(following, Lease)


def test_clock_set_back_is_noticed_though_the_first_look_was_undone(store, clock, message):
    failed = Outcome(Retry(60.0), "soap", clock.now(), failure=ConnectionRefused("no"))
    store.add(message())
    store.record(store.lease("o", any_number), failed)
    clock.advance(-7200.0)

    def undone(connection):
        claimed = store._claim(connection, Claimant("o", "t"), {}, clock.now())
        raise LookupError(claimed)

    with pytest.raises(LookupError):
        store._database.together(undone)

    assert isinstance(store.lease("o", any_number), Lease)


def test_record_and_lease_gives_none_where_a_stored_process_waits_that_it_has_not_met(
    store, clock, message
):
    store.add(message("one"))
    lease = store.lease("o", any_number)
    store.add(message("another"))

    recorded, following = store.record_and_lease(
        lease, ended(clock), Claimant("o", "t"), any_number
    )

    assert (recorded, following) == (True, Idle())
    assert store.lease("o", any_number).stored_process == "another"


def test_attempt_that_ended_by_a_clock_set_back_since_is_due_by_the_new_one(store, clock, message):
    """Also what its failure says of the server must not hold until the old time comes again."""
    gate = Gate(1, address="a", breaker=BreakerPolicy(failures=1, pause_s=30.0))
    store.add(message())
    lease = store.lease("o", lambda _: gate)
    refused = Outcome(Retry(2.0), "soap", clock.now(), failure=ConnectionRefused("no"))
    clock.advance(-7200.0)
    assert isinstance(store.lease("o", lambda _: gate), Idle)

    store.record(lease, refused)
    clock.advance(30.0)

    assert isinstance(store.lease("o", lambda _: gate), Lease)
    assert store.record(lease, refused), "it is known as written down all the same"
