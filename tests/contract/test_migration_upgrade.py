"""Tables of an older version become today's: the same as new ones, nothing lost, all or nothing."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapter.core.delivery import Gate, Lease, State
from adapter.core.errors import StoreOutdated, StoreUnavailable
from adapter.core.message import IdempotencyKey, KeySource, Message
from adapter.core.moving import StoreInUse
from adapter.store import tables, versions
from adapter.store.deliveries import SqlDeliveries
from adapter.store.ledger import SqlLedger
from adapter.store.places import opened, place_of
from adapter.store.slots import ProcessSlot
from adapter.store.upgrading import copy_of, migrate, upgrade

PROGRAM = Path(__file__).with_name("migration_program.py")
LINK = "https://b.example.com/f?X-Amz-Date=20260101T000000Z&X-Amz-Expires=3600&X-Amz-Signature=abc"
EXPIRES = 1_767_225_600.0 + 3600.0
PAYLOAD = f'{{"taskId": "DAT1", "sendParameters": {{"url": "{LINK}"}}}}'.encode()

FACTS = {
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2""",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2""",
}


@pytest.fixture
def version_1(place):
    """A database as the first sasbiws made it, with a delivery in every state; its place."""
    opened(place_of(place), first_tables).dispose()
    return place


def first_tables(connection, name):
    del name
    migrate(connection, "0001")
    for number, state in enumerate(State):
        connection.execute(
            sa.text("""
                INSERT INTO deliveries (id, stored_process, state, key_value, key_source, digest,
                    payload, document, request_id, attempts, accepted_at, updated_at, due_at, owner,
                    token, transport, why, code, message, details, result)
                VALUES (:id, 'Echo', :id, :key, 'bulk_task', 'd', :payload, :document, 'r', 2,
                    :at, :at, :at, :owner, :owner, 'soap', 'w', 'C', 'ä', '[]', '{"a": 1}')
            """),
            {
                "id": state.value,
                "key": None if state is State.REJECTED else f"key of {state}",
                "payload": PAYLOAD if state is not State.REJECTED else b'{"broken',
                "document": None if state is State.REJECTED else b"<Table/>",
                "at": 1_700_000_000.25 + number,
                "owner": "o" if state is State.RUNNING else None,
            },
        )
        for attempt in (1, 2):
            connection.execute(
                sa.text("""
                    INSERT INTO attempts (delivery_id, number, transport, started_at, ended_at,
                        effect, code, message, http_status)
                    VALUES (:id, :number, 'soap', 1.5, 2.5, 'ran', 'C', 'm', 500)
                """),
                {"id": state.value, "number": attempt},
            )
    connection.execute(
        sa.text("INSERT INTO holds (account, since, message) VALUES ('a', 1.5, 'm')")
    )
    if connection.dialect.name == "sqlite":
        # It knew nothing of Alembic.
        connection.execute(sa.text("DROP TABLE alembic_version"))
        connection.exec_driver_sql("PRAGMA user_version = 1")


def upgraded(place):
    return opened(place_of(place), upgrade)


def schema(engine):
    """All that makes one schema differ from another, in words of the database itself."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            return {name: connection.execute(sa.text(query)).all() for name, query in FACTS.items()}
        found = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE sql <> ''"))
        return {name: re.sub(r'[\s"]+', "", sql) for name, sql in found}


def rows(place, table, order="1, 2"):
    """All rows of a table, as mappings, whatever the version."""
    engine = opened(place_of(place), lambda *_: None)
    with engine.connect() as connection:
        query = sa.text(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608
        found = [dict(row) for row in connection.execute(query).mappings()]
    engine.dispose()
    return found


def version_of(place):
    found = []
    opened(place_of(place), lambda *parts: found.append(versions.found(*parts))).dispose()
    return found[0]


def test_migrations_and_new_tables_are_the_same(place, request, tmp_path):
    migrated = opened(place_of(place), lambda connection, _: migrate(connection))
    is_file = migrated.dialect.name == "sqlite"
    other = tmp_path / "new.sqlite" if is_file else request.getfixturevalue("postgresql").new_url()
    made = opened(place_of(str(other)))

    assert schema(migrated) == schema(made)
    migrated.dispose()
    made.dispose()


def test_nothing_is_lost(version_1):
    before = {name: rows(version_1, name) for name in ("deliveries", "attempts", "holds")}

    upgraded(version_1).dispose()

    assert version_of(version_1) == tables.VERSION
    assert rows(version_1, "attempts") == before["attempts"]
    assert rows(version_1, "holds") == [{**before["holds"][0], "by_hand": False}]
    for old, new in zip(before["deliveries"], rows(version_1, "deliveries"), strict=True):
        cancelled = old["state"] == "cancelled"
        readable = old["state"] != "rejected"
        assert new == {
            **old,
            "key_value": None if cancelled else old["key_value"],
            "freed_key": old["key_value"] if cancelled else None,
            "task_id": "DAT1" if readable else "",
            "links_expire_at": EXPIRES if readable else None,
            "queued_at": old["accepted_at"],
            "forgiven": 0,
            "server": None,
            "address": None,
            "staging": None,
        }


def test_upgraded_database_is_worked_on(version_1, clock):
    engine = upgraded(version_1)
    store, ledger = SqlDeliveries(engine, clock), SqlLedger(engine, clock)
    clock.advance(100.0)

    assert store.add(
        Message("x", "Echo", IdempotencyKey("key of parked", KeySource.BULK_TASK), PAYLOAD, b"", "r")
    ).delivery_id == "parked"  # fmt: skip
    assert [each.delivery_id for each in store.abandoned("o")] == ["running"]
    assert isinstance(store.lease("o2", lambda _: Gate(1000)), Lease)
    ledger.requeue("cancelled")
    assert ledger.kept("cancelled").key == "key of cancelled"
    assert list(store.holds()) == ["a"]
    store.close()


def test_large_columns_stand_last_in_a_file(version_1):
    upgraded(version_1).dispose()
    if "://" not in version_1:
        assert list(rows(version_1, "deliveries")[0])[-3:] == ["payload", "document", "staging"]


def test_older_database_is_refused_and_says_what_to_do(version_1):
    with pytest.raises(StoreOutdated, match="has version 1, expected 3") as caught:
        opened(place_of(version_1))

    assert "sasbiws store upgrade" in caught.value.remedy
    assert version_of(version_1) == 1


def test_upgrade_of_today_s_changes_nothing(place):
    opened(place_of(place)).dispose()
    before = rows(place, "alembic_version", "1")
    upgraded(place).dispose()

    assert rows(place, "alembic_version", "1") == before == [{"version_num": "0003"}]
    assert not copy_of(Path(place)).exists()


def test_upgrade_of_an_empty_database_makes_it(place):
    upgraded(place).dispose()

    opened(place_of(place)).dispose()


def test_newer_database_is_refused(place):
    opened(place_of(place), lambda connection, _: first_of_a_newer(connection)).dispose()

    for prepare in (versions.prepare, upgrade):
        with pytest.raises(StoreUnavailable, match="has version 99, expected at most 3"):
            opened(place_of(place), prepare)


def first_of_a_newer(connection):
    tables.METADATA.create_all(connection)
    versions.mark(connection, 99)


def test_database_of_another_program_is_refused(place):
    opened(place_of(place), lambda connection, _: strange(connection)).dispose()

    for prepare in (versions.prepare, upgrade):
        with pytest.raises(StoreUnavailable, match="is a database of another program"):
            opened(place_of(place), prepare)


def strange(connection):
    connection.execute(sa.text("CREATE TABLE deliveries (id integer)"))


def test_living_adapter_hinders(version_1, path):
    if "://" in version_1:
        return
    slot = ProcessSlot(path.parent / "processes")
    with pytest.raises(StoreInUse, match=r"is in use by 1 process$"):
        upgraded(version_1)
    assert version_of(version_1) == 1
    slot.release()

    upgraded(version_1).dispose()


def test_file_is_copied_before_for_its_owner_alone(version_1, path):
    if "://" in version_1:
        return
    upgraded(version_1).dispose()

    copy = Path(f"{path}.before-0003")
    assert copy.stat().st_mode & 0o777 == 0o600
    connection = sqlite3.connect(copy)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM deliveries").fetchone() == (len(State),)
    connection.close()
    assert not Path(f"{copy}.part").exists()


def test_file_of_an_odd_name_is_upgraded(tmp_path):
    place = str(tmp_path / "100% a?b#.sqlite")
    opened(place_of(place), first_tables).dispose()

    upgraded(place).dispose()

    assert version_of(place) == 3


def test_killed_upgrade_leaves_either_version_whole(version_1):
    """`kill -9` before each statement in turn, and before the commit."""
    before = {name: rows(version_1, name) for name in ("deliveries", "attempts", "holds")}
    kills = 0
    for number in range(1, 1000, 9):
        done = subprocess.run(
            [sys.executable, str(PROGRAM), "upgrade_and_die", version_1, str(number)],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        if done.stdout == "done\n":
            break
        assert done.returncode == -9, done.stderr
        kills += 1
        assert version_of(version_1) == 1
        assert {name: rows(version_1, name) for name in before} == before

    assert kills > 3
    assert version_of(version_1) == 3
    assert len(rows(version_1, "deliveries")) == len(State)
    assert len(rows(version_1, "attempts")) == 2 * len(State)
