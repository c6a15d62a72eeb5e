"""Changes of several threads in one commit: each is told what became of its own."""

import sqlite3
import threading
import time

import pytest
from sqlalchemy import event

from adapter.core.answer import Answer
from adapter.core.delivery import Gate, Lease, Outcome, State
from adapter.core.errors import IdempotencyKeyReused, StoreUnavailable
from adapter.core.message import KeySource
from adapter.core.verdict import Delivered
from adapter.store import database
from adapter.store.database import Database
from adapter.store.deliveries import SqlDeliveries, open_sqlite
from adapter.store.tables import holds

LIMIT_S = 20.0


def test_fifty_threads_that_post_one_payload_make_one_delivery(store, message, in_threads):
    tasks = [message(key="k") for _ in range(50)]

    added = in_threads(50, lambda number: store.add(tasks[number]))

    assert len({each.delivery_id for each in added}) == 1
    assert [each.replayed for each in added].count(False) == 1


def test_many_threads_add_many_deliveries(store, message, in_threads):
    tasks = [message(f"stp-{number % 3}") for number in range(96)]

    added = in_threads(16, lambda number: [store.add(task) for task in tasks[number::16]])

    assert sum(len(each) for each in added) == 96
    assert all(store.get(task.delivery_id).state is State.QUEUED for task in tasks)


def test_refused_one_spoils_no_other(store, message, in_threads):
    header = {"key": "k", "source": KeySource.HEADER}
    store.add(message(**header))
    tasks = [
        message(payload=b"other", **header) if number % 5 == 0 else message()
        for number in range(20)
    ]

    def add(number):
        try:
            return store.add(tasks[number]).delivery_id
        except IdempotencyKeyReused:
            return "refused"

    told = in_threads(20, add)

    assert told == ["refused" if n % 5 == 0 else task.delivery_id for n, task in enumerate(tasks)]
    assert [store.get(task.delivery_id) is None for task in tasks] == [
        n % 5 == 0 for n in range(20)
    ]


def test_adds_leases_and_records_of_threads_go_together(store, clock, message, in_threads):
    def work(number):
        for _ in range(5):
            store.add(message(f"stp-{number % 2}"))
            lease = store.lease("o", lambda _: Gate(1000))
            assert isinstance(lease, Lease)
            outcome = Outcome(Delivered(), "soap", clock.now(), answer=Answer({"n": str(number)}))
            assert store.record(lease, outcome)
            assert store.get(lease.delivery_id).result.parameters == {"n": str(number)}

    in_threads(12, work)

    assert store.owners() == frozenset()


# One writer: SQLite


@pytest.fixture
def shared(path):
    opened = Database(open_sqlite(path))
    yield opened
    opened.close()


def insert(connection, account):
    connection.execute(holds.insert().values(account=account, since=0.0, message="", by_hand=False))


def accounts(shared):
    with shared.read() as connection:
        return set(connection.execute(holds.select()).scalars())


@pytest.fixture
def commits(shared):
    """One entry for each commit."""
    seen = []
    event.listen(shared._engine, "commit", seen.append)
    return seen


@pytest.fixture
def grouped(shared, eventually):
    """Runs works that wait for one that leads, each in a thread; what each gave or raised."""

    def run(works, last_commit_s=LIMIT_S):
        told = [None] * len(works)
        shared._group._commit_s = last_commit_s
        entered, go_on = threading.Event(), threading.Event()

        def lead(connection):
            entered.set()
            assert go_on.wait(LIMIT_S)
            return "led"

        def one(number, work):
            try:
                told[number] = shared.together(work)
            except (LookupError, StoreUnavailable) as error:
                told[number] = error

        leader = threading.Thread(target=shared.together, args=(lead,))
        leader.start()
        assert entered.wait(LIMIT_S)
        threads = [threading.Thread(target=one, args=pair) for pair in enumerate(works)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(shared._group._waiting) == len(works), "all wait")
        go_on.set()
        for thread in [leader, *threads]:
            thread.join(LIMIT_S)
        return told

    return run


def numbered(number):
    def change(connection):
        insert(connection, str(number))
        return number

    return change


def test_those_who_wait_share_one_commit_where_it_takes_long(shared, grouped, commits):
    assert grouped([numbered(number) for number in range(5)]) == list(range(5))
    assert len(commits) == 1
    assert accounts(shared) == {"0", "1", "2", "3", "4"}


def test_nobody_waits_for_others_changes_where_a_commit_takes_no_time(shared, grouped, commits):
    told = grouped([numbered(number) for number in range(5)], last_commit_s=0.0)

    assert told == list(range(5))
    assert len(commits) > 1
    assert accounts(shared) == {"0", "1", "2", "3", "4"}


def test_how_long_the_last_commit_took_is_known(shared):
    event.listen(shared._engine, "commit", lambda _: time.sleep(0.05))

    shared.together(numbered(1))

    assert shared._group._commit_s >= 0.05


def test_error_in_the_midst_falls_to_its_own_thread(shared, grouped):
    def good(number):
        return lambda connection: insert(connection, str(number))

    def bad(connection):
        insert(connection, "half")
        raise LookupError("mine")

    told = grouped([good(1), bad, good(2)])

    assert [type(each) for each in told] == [type(None), LookupError, type(None)]
    assert accounts(shared) == {"1", "2"}


def test_database_error_falls_to_its_own_thread(shared, grouped):
    def good(connection):
        insert(connection, "good")

    def bad(connection):
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    told = grouped([bad, good, bad])

    assert [type(each) for each in told] == [StoreUnavailable, type(None), StoreUnavailable]
    assert "no such table" in told[0].message
    assert accounts(shared) == {"good"}


def test_all_who_wait_are_told_that_the_database_is_locked(path, clock, message, in_threads):
    store = SqlDeliveries(open_sqlite(path), clock)
    store.add(message())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    tasks = [message() for _ in range(8)]

    def add(number):
        try:
            return store.add(tasks[number])
        except StoreUnavailable as error:
            return error

    told = in_threads(8, add)
    other.execute("ROLLBACK")
    other.close()

    assert all("locked" in each.message for each in told)
    assert len({id(each) for each in told}) == 8
    assert all(store.get(task.delivery_id) is None for task in tasks)
    assert not store.add(tasks[0]).replayed
    store.close()


def test_thread_that_waits_too_long_for_its_turn_is_told_and_changes_nothing(
    path, clock, message, monkeypatch
):
    store = SqlDeliveries(open_sqlite(path), clock)
    entered, go_on = threading.Event(), threading.Event()

    def hold_up(_):
        entered.set()
        assert go_on.wait(LIMIT_S)

    holder = threading.Thread(target=store._database.together, args=(hold_up,))
    holder.start()
    assert entered.wait(LIMIT_S)
    monkeypatch.setattr(database, "WRITER_WAIT_S", 0.05)
    task = message()

    with pytest.raises(StoreUnavailable, match="other threads"):
        store.add(task)

    go_on.set()
    holder.join(LIMIT_S)
    monkeypatch.undo()
    assert store.get(task.delivery_id) is None
    assert not store.add(task).replayed
    store.close()
