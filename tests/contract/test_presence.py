"""Which processes live, over several places that share one PostgreSQL database."""

import itertools
import time

import pytest

from adapter.core.redact import Secret
from adapter.store import presence as module
from adapter.store.postgresql import open_postgresql
from adapter.store.presence import Presence
from adapter.store.server_clock import ServerClock
from adapter.store.slots import ProcessSlot


class SteppedClock(ServerClock):
    """The server's clock, on a host whose `monotonic` a test moves."""

    def __init__(self, own):
        super().__init__(own)
        self.moved_s = 0.0

    def monotonic(self):
        return super().monotonic() + self.moved_s


@pytest.fixture
def url(postgresql):
    return postgresql.new_url()


@pytest.fixture
def born(url, tmp_path, clock):
    """Makes presences; each in a place of its own, as on another host, unless it is named."""
    made = []
    names = itertools.count()

    def make(place=None):
        folder = tmp_path / (place or f"place-{next(names)}")
        engine = open_postgresql(Secret(url))
        made.append(Presence(engine, ProcessSlot(folder), SteppedClock(clock)))
        return made[-1]

    yield make
    for each in made:
        each.release()
        each._engine.dispose()


def beat(presence):
    with presence._engine.begin() as connection:
        presence.beat(connection)


def look_for(presence, seconds, owners, step=5.0, beating=()):
    """What is told dead after this time, in which `presence` looked again and again."""
    for _ in range(int(seconds / step)):
        presence._clock.moved_s += step
        for each in (presence, *beating):
            beat(each)
        presence.dead(owners)
    return presence.dead(owners)


def test_process_of_the_same_place_is_dead_as_soon_as_its_lock_is_free(born):
    mine, other = born("a"), born("a")
    assert mine.dead([other.owner]) == frozenset()

    other._slot.release()

    assert mine.dead([other.owner]) == {other.owner}


def test_two_homes_of_one_host_do_not_read_each_others_locks(born):
    mine, other = born("a"), born("b")

    assert mine.dead([other.owner]) == frozenset()
    assert other.dead([mine.owner]) == frozenset()


def test_copy_of_a_home_is_another_place(born, tmp_path):
    first = born("a")
    (tmp_path / "b").mkdir(mode=0o700)
    (tmp_path / "b/place").write_bytes((tmp_path / "a/place").read_bytes())

    assert born("b")._slot.place != first._slot.place
    assert born("a")._slot.place == first._slot.place


def test_silent_process_elsewhere_is_dead_after_the_lease(born):
    mine, silent, lively = born(), born(), born()
    owners = [silent.owner, lively.owner, mine.owner]

    assert look_for(mine, module.LEASE_S, owners, beating=[lively]) == frozenset()
    assert look_for(mine, 5.0, owners, beating=[lively]) == {silent.owner}


def test_process_that_left_is_dead_at_once(born):
    mine, other = born(), born()

    other.release()

    assert mine.dead([other.owner]) == {other.owner}


def test_process_that_nobody_knows_is_dead_after_the_lease(born):
    mine = born()

    assert mine.dead(["somebody"]) == frozenset()
    assert look_for(mine, module.LEASE_S + 5.0, ["somebody"]) == {"somebody"}


def test_who_has_just_come_waits_before_it_says_of_anybody_that_he_is_dead(born):
    silent = born()
    watcher = born()
    look_for(watcher, module.LEASE_S, [silent.owner])

    newcomer = born()

    assert newcomer.dead([silent.owner]) == frozenset()


def test_who_was_away_begins_to_watch_anew(born):
    """A PostgreSQL that was away for long makes nobody dead who has not beaten meanwhile."""
    mine, other = born(), born()
    mine.dead([other.owner])

    mine._clock.moved_s += module.LEASE_S * 10

    assert mine.dead([other.owner]) == frozenset()
    assert look_for(mine, module.LEASE_S - 5.0, [other.owner]) == frozenset()
    assert look_for(mine, 10.0, [other.owner]) == {other.owner}


def test_jump_of_the_server_s_clock_makes_nobody_dead(born, postgresql, url):
    mine, other = born(), born()
    mine.dead([other.owner])
    for jump_s in (-7200, 7200):
        with other._engine.begin() as connection:
            connection.exec_driver_sql("UPDATE processes SET seen_at = seen_at + %s", (jump_s,))
        assert mine.dead([other.owner]) == frozenset()


def test_unbroken_since_any_time_that_it_beat_through(born):
    mine = born()
    began = mine._clock.monotonic()
    for _ in range(5):
        mine._clock.moved_s += module.LEASE_S / 2
        beat(mine)

    assert mine.unbroken(began)


def test_who_has_not_beaten_for_the_lease_takes_itself_for_dead(born):
    mine = born()
    leased_at = mine._clock.monotonic()
    mine._clock.moved_s += module.LEASE_S + 1.0

    assert not mine.unbroken(leased_at)
    assert not mine.unbroken(mine._clock.monotonic())

    beat(mine)

    assert not mine.unbroken(leased_at)
    assert mine.unbroken(mine._clock.monotonic())


def test_machine_that_stood_still_without_noticing_takes_itself_for_dead(born):
    mine = born()
    leased_at = mine._clock.monotonic()
    mine._clock._ahead_s -= module.LEASE_S + 1.0  # the server's clock went on meanwhile

    beat(mine)

    assert not mine.unbroken(leased_at)


def test_whoever_is_taken_for_dead_knows_it(born):
    """However the two times lie, nobody is dead to others and alive to itself."""
    mine, other = born(), born()
    owners = [other.owner]
    while not mine.dead(owners):
        mine._clock.moved_s += 1.0
        other._clock.moved_s += 1.0
        beat(mine)

    assert not other.unbroken(other._clock.monotonic())


def test_rows_of_long_ago_are_removed(born, postgresql, url):
    old = born()
    with old._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE processes SET seen_at = seen_at - 86500")
    new = born()

    with new._engine.begin() as connection:
        found = connection.exec_driver_sql("SELECT owner FROM processes").scalars().all()
    assert found == [new.owner]


def test_row_tells_host_and_process(born):
    import os
    import platform

    mine = born()

    with mine._engine.begin() as connection:
        row = connection.exec_driver_sql("SELECT * FROM processes").mappings().one()
    assert (row["owner"], row["host"], row["pid"]) == (mine.owner, platform.node(), os.getpid())
    assert abs(row["started_at"] - time.time()) < 60


def test_clock_is_the_server_s(born, clock):
    mine = born()

    assert clock.now() == 1_700_000_000.0
    assert abs(mine._clock.now() - time.time()) < 1.0


def test_clock_takes_only_what_contradicts_it(clock):
    mine = ServerClock(clock)
    assert mine.now() == clock.now()
    asked = mine.monotonic()

    mine.set(5000.0, asked, asked + 2.0)
    assert mine._ahead_s == pytest.approx(5000.0 - asked - 1.0)

    mine.set(5000.5, asked, asked + 2.0)
    assert mine._ahead_s == pytest.approx(5000.0 - asked - 1.0)

    mine.set(9000.0, asked, asked + 0.2)
    assert mine._ahead_s == pytest.approx(9000.0 - asked - 0.2)


def test_jump_of_this_host_s_clock_changes_nothing(born, monkeypatch):
    mine = born()
    before = mine._clock.now()

    monkeypatch.setattr(time, "time", lambda: 0.0)

    assert 0.0 <= mine._clock.now() - before < 5.0
