"""A store moves into another, of either engine: all of it, checked, and cut off anywhere."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapter.core.answer import Answer, Stream
from adapter.core.delivery import AccountHold, Filter, Gate, Outcome, Rejection, State
from adapter.core.errors import Problem, StoreUnavailable
from adapter.core.failures import ConnectionRefused
from adapter.core.message import IdempotencyKey, KeySource, Message
from adapter.core.moving import CopyDiffers, CopyRefused, StoreInUse
from adapter.core.verdict import Delivered, Park, Retry
from adapter.store import copying, versions
from adapter.store.deliveries import SqlDeliveries
from adapter.store.ledger import SqlLedger
from adapter.store.places import opened, place_of
from adapter.store.presence import Presence
from adapter.store.server_clock import ServerClock
from adapter.store.slots import ProcessSlot

PROGRAM = Path(__file__).with_name("migration_program.py")
ANSWER = Answer(
    {"count": "42 ä \u2028"}, {"pdf": Stream("application/pdf", "JVBE\0\ud800", "base64")}
)
GATE = Gate(1000, server="sas", address="http://sas/Echo", interval_s=0.5)


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request, tmp_path):
    """Where the store is copied to."""
    if request.param == "sqlite":
        return str(tmp_path / "other" / "deliveries.sqlite")
    return request.getfixturevalue("postgresql").new_url()


@pytest.fixture
def full(store, ledger, clock):
    """A store with something of everything."""
    for number in range(10):
        key = IdempotencyKey(f"key {number} ä\u20ac", KeySource.EVENT)
        payload, table = bytes(range(256)) * number + b"{}", f"<Table>{number}</Table>".encode()
        task = Message(f"d{number}", "Écho", key, payload, table, "r", "T", 1e9 / 3 + number)
        store.add(task)
    for verdict in (Delivered(), Park("seen"), Retry(600.0), Park("links_expired")):
        clock.advance(1.1)
        failure = None if isinstance(verdict, Delivered) else ConnectionRefused("no ä")
        answer = None if failure else ANSWER
        lease = store.lease("o", lambda _: GATE)
        store.record(lease, Outcome(verdict, "soap", clock.now(), answer=answer, failure=failure))
    clock.advance(1.1)
    assert store.lease("dead", lambda _: GATE)
    ledger.cancel(next(iter(ledger.find(Filter(frozenset((State.QUEUED,))), 1))).delivery_id, "x")
    problems = (Problem("a", "b", "c", "d", 3),)
    store.reject(Rejection("r1", "Echo", b"\0\xff", "r", "STP_UNKNOWN", "no", problems))
    store.hold(AccountHold("u@sas", 1.25, "no", by_hand=True))
    return store


def copied(place, other, tell=lambda *_: None):
    into = opened(place_of(other), copying.begin)
    whence = opened(place_of(place))
    try:
        return copying.copy(whence, into, tell)
    finally:
        whence.dispose()
        into.dispose()


def content(place):
    """Everything in a store, as values."""
    engine = opened(place_of(place), lambda *_: None)
    with engine.connect() as connection:
        found = {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in copying._TABLES
        }
    engine.dispose()
    return found


def test_everything_is_the_same(full, place, other):
    steps = []
    tables = copied(place, other, lambda *step: steps.append(step))

    before = content(place)
    assert content(other) == before
    assert {each.table: each.rows for each in tables} == {
        name: len(rows) for name, rows in before.items()
    }
    assert before["attempts"]
    assert before["rates"]
    assert steps[0][0] == 0
    assert steps[-1] == (steps[-1][1], 2 * sum(each.rows for each in tables))


def test_copy_is_worked_on(full, place, other, clock):
    copied(place, other)

    store = SqlDeliveries(opened(place_of(other)), clock)
    clock.advance(700.0)
    assert [lease.delivery_id for lease in store.abandoned("dead")]
    assert store.lease("o2", lambda _: Gate(1000)).delivery_id
    assert store.get("d0") == full.get("d0")
    assert store.get("d0").result == ANSWER
    store.close()


def test_sum_does_not_depend_on_the_engine(full, place, other, tmp_path):
    third = str(tmp_path / "third.sqlite")

    assert copied(place, other) == copied(other, third)


def test_store_of_an_adapter_that_took_nothing_in_counts_as_empty(full, place, other):
    opened(place_of(other)).dispose()

    copied(place, other)

    assert content(other) == content(place)


def test_store_with_deliveries_is_not_copied_into(full, place, other, clock, message):
    there = SqlDeliveries(opened(place_of(other)), clock)
    there.add(message())

    with pytest.raises(CopyRefused, match="holds 1 rows, expected none"):
        copied(place, other)

    assert there.get("id-0")
    there.close()


def test_store_is_not_copied_into_itself(full, place):
    with pytest.raises(CopyRefused):
        copied(place, place)


def test_no_adapter_opens_what_is_not_complete(other):
    opened(place_of(other), copying.begin).dispose()

    with pytest.raises(StoreUnavailable, match="run sasbiws store copy again"):
        opened(place_of(other))


def test_living_adapter_hinders(full, place, other, tmp_path, clock):
    folder = Path(place).parent if "://" not in place else tmp_path
    slot = ProcessSlot(folder / "processes")
    engine = opened(place_of(place))
    in_file = engine.dialect.name == "sqlite"
    presence = slot if in_file else Presence(engine, slot, ServerClock(clock))
    with pytest.raises(StoreInUse, match="is in use by"):
        copied(place, other)
    presence.release()
    engine.dispose()

    copied(place, other)


def test_nobody_writes_meanwhile(full, place, other):
    """The source stands still: whoever opens it to write waits, and is refused."""
    tried = []

    def write(done, total):
        if not tried:
            engine = opened(place_of(place), lambda *_: None) if "://" in place else None
            if engine is None:
                tried.append("locked")
                return
            with engine.connect() as connection:
                connection.execute(sa.text("SET lock_timeout = '50ms'"))
                with pytest.raises(sa.exc.OperationalError):
                    connection.execute(sa.text("DELETE FROM holds"))
                tried.append("locked")
            engine.dispose()

    copied(place, other, write)

    assert tried == ["locked"]


def test_difference_is_told_and_keeps_adapters_away(full, place, other):
    """Something else changes what was written, before it is checked."""

    def spoil(done, total):
        if done == total // 2:
            engine = opened(place_of(other), lambda *_: None)
            with engine.begin() as connection:
                connection.execute(sa.text("UPDATE deliveries SET why = 'x' WHERE id = 'd3'"))
            engine.dispose()

    with pytest.raises(CopyDiffers, match="the table deliveries has 11 rows of SHA-256 "):
        copied(place, other, spoil)

    with pytest.raises(StoreUnavailable, match="has not ended"):
        opened(place_of(other))
    copied(place, other)
    assert content(other) == content(place)


def test_killed_copy_goes_on(full, place, other, clock, monkeypatch):
    """`kill -9` at many points; between them the source changes as an adapter would change it."""
    ledger = SqlLedger(full._database._engine, clock)
    kills = 0
    for number in range(2, 1000, 11):
        done = subprocess.run(
            [sys.executable, str(PROGRAM), "copy_and_die", place, other, str(number)],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        if done.stdout == "done\n":
            break
        assert done.returncode == -9, done.stderr
        kills += 1
        if kills == 3:
            ledger.purge(Filter(frozenset((State.REJECTED,))), 1)
            # A key moves from one delivery to another, which both may be copied already.
            ledger.cancel("d1", "discarded")
            key = IdempotencyKey("key 1 ä\u20ac", KeySource.EVENT)
            assert not full.add(Message("a0", "Écho", key, b"{}", b"<T/>", "r")).replayed

    assert kills > 3
    assert content(other) == content(place)
    opened(place_of(other)).dispose()


def test_older_source_is_refused(place, other):
    opened(place_of(place)).dispose()
    opened(place_of(place), lambda connection, _: versions.mark(connection, 1)).dispose()

    with pytest.raises(Exception, match="has version 1, expected 3"):
        copied(place, other)
