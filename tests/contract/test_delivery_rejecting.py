"""What every delivery store does with payloads that cannot be delivered."""

from adapter.core.delivery import Gate, Idle, Rejection, State
from adapter.core.errors import Problem


def any_number(_):
    return Gate(1000)


def rejection(delivery_id, payload=b"{}", problems=()):
    return Rejection(
        delivery_id, "Download File", payload, "request-1", "DOCUMENT_INVALID", "bad", problems
    )


def test_rejected_payload_is_kept_with_every_problem(store, clock):
    problems = (
        Problem("/Table/InData/x", "too long", "at most 3", "abcd", 7),
        Problem("y", "missing"),
    )
    store.reject(rejection("r", problems=problems))

    found = store.get("r")
    assert (found.state, found.why, found.code) == (
        State.REJECTED,
        "document_invalid",
        "DOCUMENT_INVALID",
    )
    assert (found.message, found.details) == ("bad", problems)
    assert found.attempts == 0


def test_rejected_payloads_are_never_leased(store):
    store.reject(rejection("r"))

    assert isinstance(store.lease("o", any_number), Idle)
    assert store.lease("o", any_number) == Idle()


def test_oldest_rejected_beyond_the_number_are_dropped(open_store, clock):
    store = open_store(keep_rejected=3)
    for number in range(5):
        clock.advance(1.0)
        store.reject(rejection(f"r{number}"))

    assert [store.get(f"r{number}") is not None for number in range(5)] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_oldest_rejected_beyond_the_bytes_are_dropped(store, clock, monkeypatch):
    monkeypatch.setattr("adapter.store.deliveries.KEEP_REJECTED_BYTES", 1000)
    for number in range(4):
        clock.advance(1.0)
        store.reject(rejection(f"r{number}", payload=b"x" * 400))

    assert [store.get(f"r{number}") is not None for number in range(4)] == [
        False,
        False,
        True,
        True,
    ]


def test_accepted_ones_are_never_dropped_for_rejected_ones(open_store, clock, message):
    store = open_store(keep_rejected=1)
    task = message()
    store.add(task)
    for number in range(3):
        clock.advance(1.0)
        store.reject(rejection(f"r{number}"))

    assert store.get(task.delivery_id) is not None


def test_rejection_may_hold_what_no_database_takes(store):
    store.reject(
        Rejection("r", "a\ud800\0", b"\xff\x00", "i\ud800d", "STP_NAME_INVALID", "b\ud800ad")
    )

    assert store.get("r").stored_process == "a\\ud800\\x00"
