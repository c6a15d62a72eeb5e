"""What every delivery store does with a new message, and with one it has met before."""

from dataclasses import replace

import pytest

from adapter.core.answer import Answer
from adapter.core.delivery import Added, Gate, Idle, Lease, Outcome, State
from adapter.core.errors import IdempotencyKeyReused
from adapter.core.failures import ConnectionLost, ConnectionRefused, LinksExpired
from adapter.core.message import KeySource
from adapter.core.verdict import Delivered, Park, Retry


def any_number(_):
    return Gate(1000)


def test_added_message_waits_and_is_due_at_once(store, clock, message):
    task = message()

    assert store.add(task) == Added(task.delivery_id, replayed=False)

    found = store.get(task.delivery_id)
    assert found.state is State.QUEUED
    assert (found.stored_process, found.attempts, found.history) == ("Download File", 0, ())
    assert found.accepted_at == found.updated_at == found.due_at == clock.now()


def test_unknown_delivery_is_none(store):
    assert store.get("nobody") is None


def test_added_message_is_there_for_another_process(store, open_store, message):
    task = message()
    store.add(task)

    assert open_store().get(task.delivery_id).state is State.QUEUED


@pytest.mark.parametrize("source", [KeySource.HEADER, KeySource.BULK_TASK, KeySource.EVENT])
def test_same_key_and_body_gives_the_first_delivery(store, message, source):
    first, again = message(key="k", source=source), message(key="k", source=source)
    store.add(first)

    assert store.add(again) == Added(first.delivery_id, replayed=True)
    assert store.get(again.delivery_id) is None


def test_keys_are_per_stored_process(store, message):
    store.add(message("A", key="k"))

    assert not store.add(message("B", key="k")).replayed


def test_random_keys_never_meet(store, message):
    assert not any(store.add(message()).replayed for _ in range(3))


def test_explicit_key_with_another_body_is_refused(store, message):
    first = message(key="k", source=KeySource.HEADER)
    store.add(first)

    with pytest.raises(IdempotencyKeyReused, match=first.delivery_id):
        store.add(message(key="k", source=KeySource.HEADER, payload=b'{"a": "2"}'))
    assert store.lease("o", any_number).table == first.table


@pytest.mark.parametrize("source", [KeySource.BULK_TASK, KeySource.EVENT])
def test_waiting_delivery_takes_fresh_links_of_a_derived_key(store, message, source):
    first = message(key="k", source=source)
    fresh = message(key="k", source=source, payload=b'{"a": "2"}', table=b"<Table>2</Table>")
    store.add(first)

    assert store.add(fresh) == Added(first.delivery_id, replayed=True)
    assert store.lease("o", any_number).table == fresh.table


def test_a_delivery_under_way_takes_fresh_links_for_its_next_attempt(store, clock, message):
    store.add(message(key="k"))
    lease = store.lease("o", any_number)
    store.add(message(key="k", payload=b'{"a": "2"}', table=b"<Table>2</Table>"))

    store.record(lease, Outcome(Retry(0.0), "soap", clock.now(), failure=ConnectionRefused("no")))

    assert store.lease("o", any_number).table == b"<Table>2</Table>"


def test_retrying_delivery_takes_fresh_links_too(store, clock, message):
    store.add(message(key="k"))
    lease = store.lease("o", any_number)
    store.record(lease, Outcome(Retry(5.0), "soap", clock.now(), failure=ConnectionRefused("no")))

    store.add(message(key="k", payload=b'{"a": "2"}', table=b"<Table>2</Table>"))

    clock.advance(5.0)
    assert store.lease("o", any_number).table == b"<Table>2</Table>"


@pytest.mark.parametrize("source", [KeySource.BULK_TASK, KeySource.EVENT])
def test_fresh_links_heal_a_delivery_whose_links_expired(store, clock, message, source):
    first = message(key="k", source=source)
    fresh = message(key="k", source=source, payload=b'{"a": "2"}', table=b"<Table>2</Table>")
    store.add(first)
    expired = Outcome(Park("links_expired"), "", clock.now(), failure=LinksExpired("late"))
    assert store.record(store.lease("o", any_number), expired)
    clock.advance(60.0)

    assert store.add(fresh) == Added(first.delivery_id, replayed=True)

    found = store.get(first.delivery_id)
    assert (found.state, found.why, found.code, found.message) == (State.QUEUED, "", "", "")
    assert (found.queued_at, found.due_at) == (clock.now(), clock.now())
    assert found.accepted_at == clock.now() - 60.0
    lease = store.lease("o", any_number)
    assert (lease.table, lease.attempt, lease.tried) == (fresh.table, 2, 1)
    assert lease.queued_at == clock.now()


def test_fresh_links_that_come_during_the_call_heal_it_too(store, clock, message):
    first, fresh = (
        replace(message(key="k", payload=payload), links_expire_at=clock.now() + lasts)
        for payload, lasts in ((b'{"a": "1"}', 9.0), (b'{"a": "2"}', 900.0))
    )
    store.add(first)
    lease = store.lease("o", any_number)
    store.add(fresh)

    expired = Outcome(Park("links_expired"), "soap", clock.now(), failure=ConnectionRefused("no"))
    assert store.record(lease, expired)

    again = store.lease("o", any_number)
    assert (again.delivery_id, again.links_expire_at) == (first.delivery_id, clock.now() + 900.0)


def test_the_same_links_again_heal_nothing(store, clock, message):
    first = message(key="k")
    store.add(first)
    expired = Outcome(Park("links_expired"), "", clock.now(), failure=LinksExpired("late"))
    assert store.record(store.lease("o", any_number), expired)

    assert store.add(message(key="k")).replayed

    assert store.get(first.delivery_id).state is State.PARKED
    assert store.lease("o", any_number) == Idle()


def test_explicit_key_heals_nothing(store, clock, message):
    first = message(key="k", source=KeySource.HEADER)
    store.add(first)
    expired = Outcome(Park("links_expired"), "", clock.now(), failure=LinksExpired("late"))
    assert store.record(store.lease("o", any_number), expired)

    with pytest.raises(IdempotencyKeyReused):
        store.add(message(key="k", source=KeySource.HEADER, payload=b'{"a": "2"}'))

    assert store.get(first.delivery_id).state is State.PARKED


@pytest.mark.parametrize("verdict", [Delivered(), Park("outcome_unknown")])
def test_what_has_ended_is_not_changed_by_a_second_post(store, clock, message, verdict):
    first = message(key="k")
    store.add(first)
    lease = store.lease("o", any_number)
    store.record(lease, Outcome(verdict, "soap", clock.now(), answer=Answer()))
    before = store.get(first.delivery_id)
    clock.advance(1.0)

    assert store.add(message(key="k", payload=b'{"a": "2"}')) == Added(
        first.delivery_id, replayed=True
    )
    assert store.get(first.delivery_id) == before
    assert isinstance(store.lease("o", any_number), Idle)


def test_a_parked_one_waits_for_a_person_with_the_fresh_links(store, ledger, clock, message):
    first = message(key="k")
    store.add(first)
    lost = Outcome(Park("outcome_unknown"), "", clock.now(), failure=ConnectionLost("broke"))
    assert store.record(store.lease("o", any_number), lost)

    fresh = message(key="k", payload=b'{"a": "2"}', table=b"<Table>2</Table>")
    assert store.add(replace(fresh, links_expire_at=clock.now() + 9)).replayed

    assert isinstance(store.lease("o", any_number), Idle)
    kept = ledger.kept(first.delivery_id)
    assert (kept.delivery.state, kept.delivery.why) == (State.PARKED, "outcome_unknown")
    assert (kept.payload, kept.table) == (fresh.payload, fresh.table)
    assert kept.delivery.links_expire_at == clock.now() + 9


def test_explicit_key_is_known_after_delivery(store, clock, message):
    first = message(key="k", source=KeySource.HEADER)
    store.add(first)
    store.record(
        store.lease("o", any_number), Outcome(Delivered(), "soap", clock.now(), answer=Answer())
    )

    assert store.add(message(key="k", source=KeySource.HEADER)).replayed
    with pytest.raises(IdempotencyKeyReused):
        store.add(message(key="k", source=KeySource.HEADER, payload=b"{}"))


@pytest.mark.parametrize("key", ["k" * 100_000, "\ud800", "a\0b", "ä", "Zoë/1/🦉", " "])
def test_any_key_identifies_its_task(store, message, key):
    first = message(key=key, source=KeySource.EVENT)
    store.add(first)

    assert store.add(message(key=key, source=KeySource.EVENT)) == Added(
        first.delivery_id, replayed=True
    )
    assert not store.add(message(key=key + "x", source=KeySource.EVENT)).replayed


def test_twenty_posts_of_one_key_at_once_make_one_delivery(store, message, in_threads):
    tasks = [message(key="k") for _ in range(20)]

    added = in_threads(20, lambda number: store.add(tasks[number]))

    assert len({each.delivery_id for each in added}) == 1
    assert [each.replayed for each in added].count(False) == 1
    assert isinstance(store.lease("o", any_number), Lease)
    assert isinstance(store.lease("o", any_number), Idle)
