"""The file of the embedded database: who may read it, how durable and how fast it is."""

import subprocess
import sys

from sqlalchemy import event

from adapter.core.delivery import Gate
from adapter.store.deliveries import SqlDeliveries, open_sqlite
from adapter.store.sqlite import LOG_BYTES
from adapter.store.tables import VERSION


def modes(folder):
    return {file.name: file.stat().st_mode & 0o777 for file in [folder, *folder.iterdir()]}


def test_only_the_owner_may_read_folder_and_files(path, clock, message):
    store = SqlDeliveries(open_sqlite(path), clock)
    store.add(message())

    assert modes(path.parent) == {
        "var": 0o700,
        "deliveries.sqlite": 0o600,
        "deliveries.sqlite.lock": 0o600,
        "deliveries.sqlite-wal": 0o600,
        "deliveries.sqlite-shm": 0o600,
    }
    store.close()


def test_file_that_others_could_read_is_closed_to_them(path):
    path.parent.mkdir()
    path.touch(0o644)

    open_sqlite(path).dispose()

    assert path.stat().st_mode & 0o777 == 0o600


def test_opened_twice_in_a_process_it_is_safe_from_another_process_that_leaves(path):
    """Closed by other means than SQLite's, the file would lose its locks, and then its log."""
    engines = [open_sqlite(path), open_sqlite(path)]
    with engines[0].begin() as connection:
        connection.exec_driver_sql("CREATE TABLE seen (a)")
    engines.append(open_sqlite(path))

    counts = [count_of_seen(path)]
    with engines[0].begin() as connection:
        connection.exec_driver_sql("INSERT INTO seen VALUES (1)")
    counts.append(count_of_seen(path))

    for engine in engines:
        engine.dispose()
    assert counts == ["0", "1"]


def count_of_seen(path):
    """As another process finds it that opens the file and leaves."""
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        "print(*c.execute('SELECT count(*) FROM seen').fetchone()); c.close()"
    )
    command = [sys.executable, "-c", program, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_every_connection_is_durable_and_erases(path):
    engine = open_sqlite(path)
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "secure_delete": 1,
        "journal_size_limit": LOG_BYTES,
        "user_version": VERSION,
    }
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted}
    engine.dispose()

    assert found == wanted


def test_name_of_the_file_may_hold_any_character(tmp_path, clock):
    path = tmp_path / "a b" / "x?mode=ro#%20&é.sqlite"
    store = SqlDeliveries(open_sqlite(path), clock)
    store.ping()
    store.close()

    assert path.exists()


def test_partial_indexes_are_used(path, clock):
    engine = open_sqlite(path)
    queries = {
        "waiting": "SELECT min(due_at) FROM deliveries WHERE state IN ('queued', 'retrying') AND stored_process = 'a'",
        "running": "SELECT stored_process FROM deliveries WHERE state = 'running'",
        "rejected": "SELECT id FROM deliveries WHERE state = 'rejected' ORDER BY accepted_at DESC",
    }
    with engine.connect() as connection:
        for index, query in queries.items():
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
            assert any(f"INDEX {index}" in row[3] for row in plan), plan
    engine.dispose()


def test_no_step_of_a_lease_reads_the_whole_table(path, clock, message):
    engine = open_sqlite(path)
    statements = []
    store = SqlDeliveries(engine, clock)
    event.listen(
        engine, "checkout", lambda driver, *_: driver.set_trace_callback(statements.append)
    )
    store.add(message())
    assert store.lease("o", lambda _: Gate(1))  # the first looks whether the clock was set back
    store.add(message("other"))
    statements.clear()
    assert store.lease("o", lambda _: Gate(1))
    plans = []
    with engine.connect() as connection:
        for statement in [text.strip() for text in statements]:
            if statement.startswith(("SELECT", "UPDATE", "WITH")):
                plans += connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
    store.close()

    scans = [row[3] for row in plans if row[3].startswith("SCAN deliveries")]
    assert plans
    assert all("INDEX running" in scan for scan in scans), scans
