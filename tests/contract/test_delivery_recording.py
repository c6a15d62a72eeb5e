"""What every delivery store writes down of an attempt, and the holds that follow."""

import pytest

from adapter.core.answer import Answer, Stream
from adapter.core.delivery import AccountHold, Attempt, Gate, Idle, Outcome, State
from adapter.core.errors import Problem
from adapter.core.failures import (
    AnswerTimedOut,
    ClientFault,
    ConnectionRefused,
    CredentialsRefused,
    ProgramFailed,
)
from adapter.core.verdict import Delivered, Hold, Park, Retry

ANSWER = Answer(
    {"count": "42"},
    {
        "outstream": Stream("text/xml", "<a>ä</a>"),
        "pdf": Stream("application/pdf", "JVBE", "base64"),
    },
)


def any_number(_):
    return Gate(1000)


VERDICTS = [
    # verdict           failure                    state            why    due   effect
    (Retry(7.5),        ConnectionRefused("no"),   State.RETRYING,  "",    7.5,  "not_sent"),
    (Park("unknown"),   AnswerTimedOut("no"),      State.PARKED,    "unknown", None, "unknown"),
    (Park("failed"),    ProgramFailed("no", syscc="8", http_status=500), State.PARKED, "failed", None, "ran"),
    (Hold(),            CredentialsRefused("no", http_status=401), State.QUEUED, "", 0.0, "not_run"),
]  # fmt: skip


@pytest.mark.parametrize(("verdict", "failure", "state", "why", "due", "effect"), VERDICTS)
def test_failed_attempt_is_written_down(
    store, clock, message, verdict, failure, state, why, due, effect
):
    task = message()
    store.add(task)
    started = clock.now()
    lease = store.lease("o", any_number)
    clock.advance(3.0)

    assert store.record(lease, Outcome(verdict, "rest", clock.now(), failure=failure))

    found = store.get(task.delivery_id)
    assert (found.state, found.why, found.code, found.message) == (state, why, failure.code, "no")
    assert (found.transport, found.result, found.updated_at) == ("rest", None, clock.now())
    if due is not None:
        assert found.due_at == clock.now() + due
    assert found.history == (
        Attempt(1, "rest", started, clock.now(), effect, failure.code, "no", failure.http_status),
    )


def test_delivered_keeps_the_answer(store, clock, message):
    task = message()
    store.add(task)

    store.record(
        store.lease("o", any_number), Outcome(Delivered(), "soap", clock.now(), answer=ANSWER)
    )

    found = store.get(task.delivery_id)
    assert (found.state, found.result, found.code, found.message) == (
        State.DELIVERED,
        ANSWER,
        "",
        "",
    )
    assert found.history[0].effect == "ran"
    assert store.lease("o", any_number) == Idle()


def test_success_clears_the_error_of_the_attempt_before(store, clock, message):
    task = message()
    store.add(task)
    failure = ClientFault("no", details=("prompt count is missing", "outer"))
    store.record(
        store.lease("o", any_number), Outcome(Retry(0.0), "soap", clock.now(), failure=failure)
    )
    assert store.get(task.delivery_id).details == (
        Problem("SAS_CLIENT_FAULT", "prompt count is missing"),
        Problem("SAS_CLIENT_FAULT", "outer"),
    )

    store.record(
        store.lease("o", any_number), Outcome(Delivered(), "soap", clock.now(), answer=ANSWER)
    )

    found = store.get(task.delivery_id)
    assert (found.code, found.message, found.why, found.details) == ("", "", "", ())
    assert [attempt.number for attempt in found.history] == [1, 2]
    assert found.history[0].code == "SAS_CLIENT_FAULT"


def test_retry_is_due_in_time_and_not_before(store, clock, message):
    store.add(message())
    store.record(
        store.lease("o", any_number),
        Outcome(Retry(10.0), "soap", clock.now(), failure=ConnectionRefused("no")),
    )
    clock.advance(9.9)
    assert isinstance(store.lease("o", any_number), Idle)

    clock.advance(0.2)
    assert store.lease("o", any_number).attempt == 2


def test_lease_can_be_recorded_once(store, clock, message):
    store.add(message())
    lease = store.lease("o", any_number)
    assert store.record(lease, Outcome(Park("x"), "soap", clock.now(), failure=AnswerTimedOut("x")))
    before = store.get(lease.delivery_id)

    other = Outcome(Park("y"), "soap", clock.now(), failure=AnswerTimedOut("y"))
    assert not store.record(lease, other)
    assert store.get(lease.delivery_id) == before


def test_lost_lease_changes_nothing(store, clock, message):
    task = message()
    store.add(task)
    frozen = store.lease("frozen", any_number)
    (found,) = store.abandoned("frozen")
    assert store.record(
        found, Outcome(Retry(0.0), "soap", clock.now(), failure=AnswerTimedOut("died"))
    )
    current = store.lease("other", any_number)
    before = store.get(task.delivery_id)

    assert not store.record(frozen, Outcome(Delivered(), "soap", clock.now(), answer=ANSWER))

    assert store.get(task.delivery_id) == before
    assert store.record(current, Outcome(Delivered(), "soap", clock.now(), answer=ANSWER))


def test_many_threads_record_one_lease_once(store, clock, message, in_threads):
    store.add(message())
    lease = store.lease("o", any_number)

    def record(number):
        return store.record(
            lease, Outcome(Delivered(), "soap", clock.now() + number, answer=ANSWER)
        )

    assert in_threads(8, record).count(True) == 1
    assert len(store.get(lease.delivery_id).history) == 1


def test_hold_is_in_force_until_released(store, open_store):
    hold = AccountHold("user@http://sas", 12.5, "SAS answered 401")
    store.hold(hold)

    assert open_store().holds() == {hold.account: hold}
    store.release(hold.account)
    assert store.holds() == {}
    store.release(hold.account)


def test_second_hold_of_an_account_replaces_the_first(store):
    store.hold(AccountHold("a", 1.0, "one"))
    store.hold(AccountHold("a", 2.0, "two"))
    store.hold(AccountHold("b", 3.0, "three"))

    assert store.holds() == {"a": AccountHold("a", 2.0, "two"), "b": AccountHold("b", 3.0, "three")}


def test_ping_leaves_no_trace(store):
    store.ping()

    assert store.holds() == {}
    assert store.lease("o", any_number) == Idle()


def test_hold_by_hand_stays_one_when_sas_refuses_the_user_too(store, clock):
    by_hand = AccountHold("a", clock.now(), "not now", by_hand=True)
    store.hold(by_hand)
    store.hold(AccountHold("a", clock.now() + 1.0, "SAS answers 401"))

    assert store.holds() == {"a": by_hand}
