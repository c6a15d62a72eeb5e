"""The thread that hears of changes elsewhere, and gives signs of life."""

import threading
import time
from contextlib import ExitStack

import pytest
from tcp_proxy import Proxy

from adapter.core.redact import Secret
from adapter.store import listening
from adapter.store import presence as presence_module
from adapter.store.deliveries import SqlDeliveries
from adapter.store.listening import Listener
from adapter.store.postgresql import open_postgresql
from adapter.store.presence import Presence
from adapter.store.server_clock import ServerClock
from adapter.store.slots import ProcessSlot


class Bell:
    """Counts, and can be waited for."""

    def __init__(self):
        self.rung = 0
        self.condition = threading.Condition()

    def ring(self):
        with self.condition:
            self.rung += 1
            self.condition.notify_all()

    def wait_beyond(self, rung, timeout_s=20.0):
        with self.condition:
            assert self.condition.wait_for(lambda: self.rung > rung, timeout_s), "it was not rung"


@pytest.fixture
def database(postgresql):
    return postgresql.new_database()


@pytest.fixture
def proxy(postgresql):
    postgresql.start()
    proxy = Proxy(postgresql.port)
    yield proxy
    proxy.close()


@pytest.fixture
def listening_at(tmp_path, clock):
    """Starts a listener on a database; gives the bell it rings, its presence and its troubles."""
    with ExitStack() as stack:

        def start(url):
            engine = open_postgresql(Secret(url))
            stack.callback(engine.dispose)
            presence = Presence(engine, ProcessSlot(tmp_path / "processes"), ServerClock(clock))
            stack.callback(presence.release)
            bell, troubles = Bell(), []
            listener = Listener(engine, presence, bell.ring, troubles.append)
            listener.start()
            stack.callback(listener.stop)
            bell.wait_beyond(0)
            return listener, bell, presence, troubles

        yield start


@pytest.fixture
def store(postgresql, database, clock):
    store = SqlDeliveries(open_postgresql(Secret(postgresql.url(database))), clock)
    yield store
    store.close()


def seen_at(postgresql, database):
    return postgresql.execute("SELECT max(seen_at) FROM processes", database)[0][0]


def test_change_elsewhere_rings(listening_at, postgresql, database, store, message):
    _, bell, _, _ = listening_at(postgresql.url(database))
    rung = bell.rung
    store.add(message())

    bell.wait_beyond(rung, timeout_s=5.0)


def test_half_of_all_changes_are_heard_within_20_ms(
    listening_at, postgresql, database, store, message
):
    _, bell, _, _ = listening_at(postgresql.url(database))
    took = []
    for _ in range(21):
        rung = bell.rung
        store.add(message())
        began = time.monotonic()
        bell.wait_beyond(rung)
        took.append(time.monotonic() - began)

    assert sorted(took)[10] < 0.02


def test_many_changes_at_once_ring_a_few_times(listening_at, postgresql, database):
    _, bell, _, _ = listening_at(postgresql.url(database))
    rung = bell.rung
    with postgresql.connect(database) as connection, connection.transaction():
        for number in range(1000):
            connection.execute(f"NOTIFY sasbiws_deliveries, '{number}'")

    bell.wait_beyond(rung)
    assert bell.rung - rung < 200


def test_stops_within_a_second(listening_at, postgresql, database):
    listener, _, _, _ = listening_at(postgresql.url(database))
    began = time.monotonic()

    listener.stop()

    assert time.monotonic() - began < 1.5
    assert not listener._thread.is_alive()


def test_signs_of_life_go_on_whatever_is_heard(
    listening_at, postgresql, database, eventually, monkeypatch
):
    monkeypatch.setattr(presence_module, "LEASE_S", 0.6)
    listening_at(postgresql.url(database))
    before = seen_at(postgresql, database)
    with postgresql.connect(database) as connection:
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:
            connection.execute("NOTIFY sasbiws_deliveries")

    assert seen_at(postgresql, database) > before + 1.0


@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_restart_of_postgresql_is_survived_and_told_once(
    listening_at, postgresql, database, mode, store, message, eventually
):
    _, bell, presence, troubles = listening_at(postgresql.url(database))

    postgresql.stop(mode)
    eventually(lambda: troubles, "the outage is told")
    time.sleep(2 * listening.AWAY_S)
    rung = bell.rung
    postgresql.start()

    bell.wait_beyond(rung)
    assert [error.code for error in troubles] == ["STORE_UNAVAILABLE"]
    rung = bell.rung
    store.add(message())
    bell.wait_beyond(rung)
    assert presence.unbroken(presence._clock.monotonic())


@pytest.mark.parametrize("how", ["cut", "swallow"])
def test_cut_of_the_network_is_survived(
    listening_at, postgresql, database, proxy, monkeypatch, how, store, message, eventually
):
    monkeypatch.setattr(presence_module, "LEASE_S", 3.0)
    monkeypatch.setattr("adapter.store.postgresql.BoundedConnection.answer_s", 1.0)
    _, bell, presence, troubles = listening_at(postgresql.url(database, proxy.port))

    getattr(proxy, how)()
    eventually(lambda: troubles, "the cut is told")
    eventually(lambda: not presence.unbroken(presence._clock.monotonic()), "it counts as dead")
    rung = bell.rung
    proxy.mend()

    bell.wait_beyond(rung)
    eventually(lambda: presence.unbroken(presence._clock.monotonic()), "it counts as alive")
    rung = bell.rung
    store.add(message())
    bell.wait_beyond(rung)
