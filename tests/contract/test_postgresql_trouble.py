"""PostgreSQL goes away, stands still, or its answer is lost: what each step of a store then says."""

import threading
import time

import pytest
from tcp_proxy import Proxy

from adapter.core.answer import Answer
from adapter.core.delivery import Gate, Idle, Lease, Outcome, State
from adapter.core.errors import IdempotencyKeyReused, StoreUnavailable
from adapter.core.message import KeySource
from adapter.core.redact import Secret
from adapter.core.verdict import Delivered
from adapter.store.deliveries import SqlDeliveries
from adapter.store.postgresql import open_postgresql

COMMIT = b"COMMIT\0"
"""As it goes over the wire; without the end it would also be met in READ COMMITTED."""


def any_number(_):
    return Gate(1000)


@pytest.fixture
def database(postgresql):
    return postgresql.new_database()


@pytest.fixture
def proxy(postgresql, database):
    proxy = Proxy(postgresql.port)
    yield proxy
    proxy.close()


@pytest.fixture
def store(postgresql, database, proxy, clock):
    """A store whose network can be cut."""
    store = SqlDeliveries(open_postgresql(Secret(postgresql.url(database, proxy.port))), clock)
    store.ping()  # connected, so that what is lost is the answer to a step
    yield store
    proxy.mend()
    store.close()


def lose_next_commit(store, proxy):
    """Of the next step, and not of what those before it still have to tell."""
    store._database._teller.close()
    proxy.lose_answer_to = COMMIT


STEPS = {  # each takes what any of them needs
    "add": lambda store, message, lease: store.add(message()),  # noqa: ARG005
    "lease": lambda store, message, lease: store.lease("o", any_number),  # noqa: ARG005
    "record": lambda store, message, lease: store.record(lease, outcome()),  # noqa: ARG005
    "get": lambda store, message, lease: store.get(lease.delivery_id),  # noqa: ARG005
    "holds": lambda store, message, lease: store.holds(),  # noqa: ARG005
    "ping": lambda store, message, lease: store.ping(),  # noqa: ARG005
}


def outcome():
    return Outcome(Delivered(), "rest", 1.0, answer=Answer({}, {}))


@pytest.fixture
def lease(store, message):
    store.add(message())
    return store.lease("o", any_number)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_away_is_told_at_once_and_over_when_it_is_back(
    store, message, lease, postgresql, step, mode
):
    postgresql.stop(mode)
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match=r"nothing listens there|starting or stopping|lost"):
        STEPS[step](store, message, lease)
    assert time.monotonic() - began < 5.0

    postgresql.start()

    STEPS[step](store, message, lease)
    assert store.get(lease.delivery_id).attempts == 1


@pytest.mark.parametrize("step", STEPS)
def test_restart_between_two_calls_is_not_noticed(store, message, lease, postgresql, step):
    postgresql.stop("immediate")
    postgresql.start()

    STEPS[step](store, message, lease)


@pytest.mark.parametrize("step", ["add", "lease", "record"])
def test_silence_ends_after_the_limit(store, message, lease, proxy, step, monkeypatch):
    monkeypatch.setattr("adapter.store.postgresql.BoundedConnection.answer_s", 1.0)
    proxy.swallow()
    began = time.monotonic()

    with pytest.raises(StoreUnavailable, match="no answer came"):
        STEPS[step](store, message, lease)

    assert time.monotonic() - began < 12.0


def test_server_that_stands_still_is_not_waited_for(store, message, postgresql, monkeypatch):
    monkeypatch.setattr("adapter.store.postgresql.BoundedConnection.answer_s", 1.0)
    task = message()
    postgresql.freeze()
    try:
        with pytest.raises(StoreUnavailable, match="no answer came"):
            store.add(task)
    finally:
        postgresql.thaw()

    store.add(task)
    assert store.get(task.delivery_id).state is State.QUEUED


def test_add_whose_answer_was_lost_is_accepted_once(store, message, proxy):
    task = message()
    lose_next_commit(store, proxy)

    added = store.add(task)

    assert proxy.lost.is_set()
    assert (added.delivery_id, added.replayed) == (task.delivery_id, False)
    assert isinstance(store.lease("o", any_number), Lease)
    assert isinstance(store.lease("o", any_number), Idle)


def test_add_whose_answer_was_lost_is_known_by_its_key(store, message, proxy):
    first = message(key="k", source=KeySource.BULK_TASK)
    store.add(first)
    again = message(key="k", source=KeySource.BULK_TASK)
    lose_next_commit(store, proxy)

    added = store.add(again)

    assert (added.delivery_id, added.replayed) == (first.delivery_id, True)


def test_add_whose_answer_was_lost_waits_for_a_restart(store, message, proxy, postgresql):
    """The database goes away with the answer: the caller is told 202, for it is on disk."""
    task = message()
    lose_next_commit(store, proxy)

    def restart():
        assert proxy.lost.wait(10)
        postgresql.stop("immediate")
        time.sleep(0.5)
        postgresql.start()

    restarting = threading.Thread(target=restart)
    restarting.start()
    try:
        added = store.add(task)
    finally:
        restarting.join(timeout=60)

    assert not added.replayed
    assert store.get(task.delivery_id).state is State.QUEUED


def test_add_that_cannot_be_found_out_about_is_refused(store, message, proxy, monkeypatch):
    monkeypatch.setattr("adapter.store.database.UNSURE_PAUSES_S", (0.1, 0.1))
    task = message()
    lose_next_commit(store, proxy)
    cutting = threading.Thread(target=lambda: proxy.lost.wait(10) and proxy.cut())
    cutting.start()

    with pytest.raises(StoreUnavailable):
        store.add(task)
    cutting.join(timeout=10)
    proxy.mend()

    assert store.add(task).replayed is False


def test_refusal_of_a_key_is_no_lost_answer(store, message, proxy):
    store.add(message(key="k", source=KeySource.HEADER))

    with pytest.raises(IdempotencyKeyReused):
        store.add(message(key="k", source=KeySource.HEADER, payload=b'{"b": "2"}'))


def test_record_whose_answer_was_lost_is_recorded(store, message, proxy, lease):
    ended = outcome()
    lose_next_commit(store, proxy)
    with pytest.raises(StoreUnavailable):
        store.record(lease, ended)

    assert store.record(lease, ended) is True
    found = store.get(lease.delivery_id)
    assert (found.state, len(found.history)) == (State.DELIVERED, 1)


def test_lease_whose_answer_was_lost_is_found_and_given_back(store, clock, message, proxy):
    store.add(message())
    clock.advance(1.0)
    task = message()
    store.add(task)
    store.lease("before", any_number)  # it knows now what waits: the next COMMIT is of a claim
    lose_next_commit(store, proxy)
    with pytest.raises(StoreUnavailable):
        store.lease("o", any_number)

    (lost,) = store.abandoned("o")

    assert store.give_back(lost)
    found = store.get(task.delivery_id)
    assert (found.state, found.attempts, found.history) == (State.QUEUED, 0, ())
    assert store.lease("o", any_number).attempt == 1


RAISED = [
    ("53100", "the disk is full"),
    ("53200", "it is out of memory"),
    ("25006", "it is read-only, such as a standby"),
    ("57P01", "it is starting or stopping"),
    ("58030", "the disk reports an error"),
    ("XX001", "it is corrupt"),
    ("40P01", "it ended a deadlock"),
    ("P0001", "PostgreSQL reports RaiseException (SQLSTATE P0001)"),
]


@pytest.mark.parametrize(("state", "cause"), RAISED)
def test_error_of_the_server_is_told_without_what_was_sent(
    store, message, postgresql, database, state, cause
):
    postgresql.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION 'geheim %', NEW.payload USING ERRCODE = '{state}'; END $$",
        database,
    )
    postgresql.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON deliveries FOR EACH ROW EXECUTE FUNCTION refuse()",
        database,
    )

    with pytest.raises(StoreUnavailable) as caught:
        store.add(message())

    assert caught.value.message.endswith(f"cannot be used: {cause}")


def test_statement_that_takes_too_long_is_ended(postgresql, database, clock, message):
    url = f"{postgresql.url(database)}?options=-c%20lock_timeout%3D300ms"
    store = SqlDeliveries(open_postgresql(Secret(url)), clock)
    with postgresql.connect(database) as connection, connection.transaction():
        connection.execute("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable, match="a lock was not free in time"):
            store.add(message())
    store.close()


def test_all_connections_in_use_are_told(store, message, monkeypatch, postgresql, database):
    pool = store._database._engine.pool
    monkeypatch.setattr(pool, "_timeout", 0.2)
    taken = [store._database._engine.connect() for _ in range(20)]
    with pytest.raises(StoreUnavailable, match="all its connections are in use"):
        store.add(message())
    for connection in taken:
        connection.close()
