"""A lease that no attempt was made by: every store undoes it."""

from adapter.core.delivery import Gate, Idle, Outcome, State
from adapter.core.failures import ConnectionRefused
from adapter.core.verdict import Retry


def any_number(_):
    return Gate(1, server="s", address="a")


def test_given_back_is_as_if_never_leased(store, clock, message):
    task = message()
    store.add(task)
    before = store.get(task.delivery_id)

    assert store.give_back(store.lease("o", any_number))

    assert store.get(task.delivery_id) == before
    assert store.owners() == frozenset()
    assert store.lease("o", any_number).attempt == 1


def test_given_back_retry_stays_a_retry(store, clock, message):
    task = message()
    store.add(task)
    failed = Outcome(Retry(0.0), "rest", clock.now(), failure=ConnectionRefused("no"))
    store.record(store.lease("o", any_number), failed)

    assert store.give_back(store.lease("o", any_number))

    found = store.get(task.delivery_id)
    assert (found.state, found.attempts, len(found.history)) == (State.RETRYING, 1, 1)
    assert store.lease("o", any_number).tried == 2


def test_lost_lease_is_not_given_back(store, clock, message):
    task = message()
    store.add(task)
    lease = store.lease("o", any_number)
    failed = Outcome(Retry(60.0), "rest", clock.now(), failure=ConnectionRefused("no"))
    store.record(lease, failed)

    assert not store.give_back(lease)
    assert isinstance(store.lease("o", any_number), Idle)


def test_limit_counts_it_no_more(store, message):
    store.add(message())
    store.add(message())
    lease = store.lease("o", any_number)
    assert isinstance(store.lease("o", any_number), Idle)

    store.give_back(lease)

    assert not isinstance(store.lease("o", any_number), Idle)
