"""What every ledger lets a person do: send again, cancel, reject again."""

import pytest

from adapter.core.delivery import Filter, Gate, Idle, Outcome, Rejection, State
from adapter.core.errors import (
    AlreadyAccepted,
    DeliveryNotWaiting,
    DeliveryUnknown,
    DocumentInvalid,
    Problem,
)
from adapter.core.failures import ConnectionRefused
from adapter.core.message import IdempotencyKey, KeySource, Message
from adapter.core.verdict import Delivered, Park, Retry

FAILURE = ConnectionRefused("no")


def any_number(_):
    return Gate(1000)


def end(store, clock, verdict, failure=None):
    lease = store.lease("o", any_number)
    assert store.record(lease, Outcome(verdict, "soap", clock.now(), failure=failure))


def bring(store, ledger, clock, message, state):
    """A delivery in this state; its id."""
    if state is State.REJECTED:
        store.reject(Rejection("r1", "Echo", b'{"a": "1"}', "request-1", "STP_UNKNOWN", "no"))
        return "r1"
    task = message(key="task 7")
    store.add(task)
    match state:
        case State.RUNNING:
            assert store.lease("o", any_number)
        case State.DELIVERED:
            end(store, clock, Delivered())
        case State.PARKED:
            end(store, clock, Park("attempts_exhausted:not_sent"), FAILURE)
        case State.RETRYING:
            end(store, clock, Retry(600.0), FAILURE)
        case State.CANCELLED:
            end(store, clock, Park("outcome_unknown"), FAILURE)
            ledger.cancel(task.delivery_id, "discarded")
    return task.delivery_id


def mended(delivery_id, key="task 7", stored_process="Download File"):
    """The message that today's configuration makes of the payload."""
    return Message(
        delivery_id,
        stored_process,
        IdempotencyKey(key, KeySource.BULK_TASK),
        b'{"a": "1"}',
        b"<Table>mended</Table>",
        "request-1",
        "DAT9",
        1_700_009_000.0,
    )


SENT_AGAIN = [State.PARKED, State.CANCELLED, State.RETRYING, State.QUEUED]


@pytest.mark.parametrize("state", SENT_AGAIN)
def test_sealed_document_is_sent_again_at_once(store, ledger, clock, message, state):
    name = bring(store, ledger, clock, message, state)
    attempts = store.get(name).attempts
    clock.advance(100.0)

    ledger.requeue(name)

    found = store.get(name)
    assert (found.state, found.why, found.code, found.message) == (State.QUEUED, "", "", "")
    assert (found.queued_at, found.due_at, found.updated_at) == (clock.now(),) * 3
    assert found.accepted_at == clock.now() - 100.0
    assert len(found.history) == attempts
    lease = store.lease("o", any_number)
    assert (lease.delivery_id, lease.table) == (name, b"<Table>\n</Table>")
    assert (lease.attempt, lease.tried) == (attempts + 1, 1)
    assert ledger.kept(name).key == "task 7"


@pytest.mark.parametrize("state", [*SENT_AGAIN, State.REJECTED])
def test_mended_document_takes_the_place_of_the_sealed_one(store, ledger, clock, message, state):
    name = bring(store, ledger, clock, message, state)

    ledger.requeue(name, mended("not this one"))

    assert store.lease("o", any_number).table == b"<Table>mended</Table>"
    found = store.get(name)
    assert (found.task_id, found.links_expire_at) == ("DAT9", 1_700_009_000.0)
    assert (found.stored_process, found.details) == ("Download File", ())
    assert ledger.kept(name).key == "task 7"
    assert store.get("not this one") is None


def test_waiting_ones_keep_their_own_key(store, ledger, clock, message):
    name = bring(store, ledger, clock, message, State.PARKED)

    ledger.requeue(name, mended(name, key="another"))

    assert ledger.kept(name).key == "task 7"
    assert store.add(message(key="task 7")).replayed


@pytest.mark.parametrize("state", [State.RUNNING, State.DELIVERED])
def test_what_runs_or_was_delivered_is_not_sent_again(store, ledger, clock, message, state):
    name = bring(store, ledger, clock, message, state)
    before = store.get(name)

    for sent in (None, mended(name)):
        with pytest.raises(DeliveryNotWaiting, match=f"{name} is {state}, expected cancelled, "):
            ledger.requeue(name, sent)

    assert store.get(name) == before


def test_rejected_one_has_no_document_to_send_again(store, ledger, clock, message):
    name = bring(store, ledger, clock, message, State.REJECTED)
    with pytest.raises(DeliveryNotWaiting, match="has no document"):
        ledger.requeue(name)

    ledger.cancel(name, "discarded")
    with pytest.raises(DeliveryNotWaiting, match="has no document"):
        ledger.requeue(name)

    ledger.requeue(name, mended(name))
    assert store.get(name).state is State.QUEUED


@pytest.mark.parametrize("state", [State.REJECTED, State.CANCELLED])
def test_task_that_was_accepted_meanwhile_is_not_sent_twice(store, ledger, clock, message, state):
    name = bring(store, ledger, clock, message, state)
    other = message(key="task 7")
    assert not store.add(other).replayed
    before = store.get(name)

    with pytest.raises(AlreadyAccepted, match=f"as delivery {other.delivery_id} "):
        ledger.requeue(name, mended(name))

    assert store.get(name) == before
    assert ledger.count(Filter()) == {state: 1, State.QUEUED: 1}


def test_same_key_of_another_stored_process_is_another_task(store, ledger, clock, message):
    name = bring(store, ledger, clock, message, State.REJECTED)
    store.add(message("Echo", key="task 7"))

    ledger.requeue(name, mended(name))

    assert store.get(name).state is State.QUEUED


CANCELLABLE = [State.QUEUED, State.RETRYING, State.PARKED, State.REJECTED]


@pytest.mark.parametrize("state", CANCELLABLE)
def test_cancelled_is_never_sent_again_by_itself(store, ledger, clock, message, state):
    name = bring(store, ledger, clock, message, state)
    before = store.get(name)
    clock.advance(1000.0)

    ledger.cancel(name, "discarded")

    found = store.get(name)
    assert (found.state, found.why, found.updated_at) == (
        State.CANCELLED,
        "discarded",
        clock.now(),
    )
    assert (found.code, found.message, found.history) == (
        before.code,
        before.message,
        before.history,
    )
    assert store.lease("o", any_number) == Idle()


@pytest.mark.parametrize("state", [State.RUNNING, State.DELIVERED, State.CANCELLED])
def test_what_runs_or_has_ended_is_not_cancelled(store, ledger, clock, message, state):
    name = bring(store, ledger, clock, message, state)
    before = store.get(name)

    with pytest.raises(DeliveryNotWaiting, match=f"is {state}, expected parked, queued, "):
        ledger.cancel(name, "discarded")

    assert store.get(name) == before


def test_cancelled_task_sent_again_is_a_new_delivery(store, ledger, clock, message):
    name = bring(store, ledger, clock, message, State.CANCELLED)

    added = store.add(message(key="task 7"))

    assert not added.replayed
    assert added.delivery_id != name
    assert ledger.kept(name).key == "task 7"


def test_cancelled_one_takes_its_key_back(store, ledger, clock, message):
    name = bring(store, ledger, clock, message, State.CANCELLED)
    ledger.requeue(name)

    again = store.add(message(key="task 7"))

    assert (again.delivery_id, again.replayed) == (name, True)


def test_rejected_again_says_why_now(store, ledger, clock, message):
    name = bring(store, ledger, clock, message, State.REJECTED)
    clock.advance(5.0)

    problem = Problem("Table/a", "is not a number", "a number", "x", 3)
    ledger.reject_again(name, DocumentInvalid("the document is bad\0", (problem,)))

    found = store.get(name)
    assert (found.state, found.why, found.code) == (
        State.REJECTED,
        "document_invalid",
        "DOCUMENT_INVALID",
    )
    assert (found.message, found.details) == ("the document is bad\\x00", (problem,))
    assert found.updated_at == clock.now()


@pytest.mark.parametrize("state", [state for state in State if state is not State.REJECTED])
def test_only_a_rejected_one_is_rejected_again(store, ledger, clock, message, state):
    name = bring(store, ledger, clock, message, state)
    before = store.get(name)

    with pytest.raises(DeliveryNotWaiting, match=f"is {state}, expected rejected"):
        ledger.reject_again(name, DocumentInvalid("bad"))

    assert store.get(name) == before


def test_reject_again_of_nothing(ledger):
    with pytest.raises(DeliveryUnknown):
        ledger.reject_again("none", DocumentInvalid("bad"))


def test_worker_and_person_never_both_have_it(store, ledger, clock, message, in_threads):
    """Either the worker leases it, or the person cancels it: one of them comes too late."""
    names = []
    for _ in range(30):
        task = message()
        store.add(task)
        names.append(task.delivery_id)
    won = {"cancelled": [], "leased": []}

    def one(number):
        for name in names:
            if number:
                lease = store.lease("o", any_number)
                if not isinstance(lease, Idle):
                    won["leased"].append(lease.delivery_id)
            else:
                try:
                    ledger.cancel(name, "discarded")
                    won["cancelled"].append(name)
                except DeliveryNotWaiting:
                    pass

    in_threads(3, one)

    assert sorted(won["cancelled"] + won["leased"]) == sorted(names)
    assert ledger.count(Filter()) == {
        state: len(found)
        for state, found in (
            (State.CANCELLED, won["cancelled"]),
            (State.RUNNING, won["leased"]),
        )
        if found
    }
