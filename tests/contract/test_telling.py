"""What is told to the processes of every host, and what it costs."""

import threading
from contextlib import suppress

import pytest

from adapter.core.redact import Secret
from adapter.store import telling
from adapter.store.deliveries import SqlDeliveries
from adapter.store.postgresql import open_postgresql
from adapter.store.telling import CHANNEL


@pytest.fixture
def database(postgresql):
    return postgresql.new_database()


@pytest.fixture
def store(postgresql, database, clock):
    store = SqlDeliveries(open_postgresql(Secret(postgresql.url(database))), clock)
    yield store
    store.close()


@pytest.fixture
def heard(postgresql, database):
    """How much was told since, and in the next half second."""
    with postgresql.connect(database) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        yield lambda: len(list(connection.notifies(timeout=0.5)))


def telling_threads():
    return [thread for thread in threading.enumerate() if thread.name == "tell"]


def test_change_is_told_once(store, message, heard):
    store.add(message())

    assert heard() == 1
    assert heard() == 0


def test_what_is_undone_is_not_told(store, heard):
    with suppress(ZeroDivisionError), store._database.write() as connection:
        store._database.tell(connection)
        raise ZeroDivisionError

    assert heard() == 0


def test_changes_of_many_threads_share_what_is_told(store, message, heard, in_threads):
    tasks = [[message() for _ in range(10)] for _ in range(8)]

    in_threads(8, lambda number: [store.add(task) for task in tasks[number]])

    assert 1 <= heard() <= 80


def test_last_word_is_said_before_the_end(store, message, heard):
    store.add(message())
    store.close()

    assert heard() == 1


def test_thread_ends_when_there_is_nothing_to_tell_and_begins_again(
    store, message, heard, eventually, monkeypatch
):
    monkeypatch.setattr(telling, "IDLE_S", 0.05)
    before = set(telling_threads())
    store.add(message())
    eventually(lambda: set(telling_threads()) <= before, "it has ended")

    store.add(message())

    assert heard() == 2


def test_nothing_is_waited_for_when_it_cannot_be_told(store, message, postgresql, eventually):
    store.add(message())
    postgresql.stop("immediate")
    store._database._teller.tell()
    postgresql.start()

    store.add(message())
