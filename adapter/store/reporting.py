"""What a delivery database is and holds, whatever version its tables have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from adapter.core.delivery import State
from adapter.store import places, tables, versions
from adapter.store.database import Database
from adapter.store.places import Place


@dataclass(frozen=True)
class Report:
    """What is known of a database.

    Args:
        engine: `sqlite` or `postgresql`.
        place: The file, or the address without password.
        version: Of its tables; 0 where there are none, negative during a copy into them.
        states: How many deliveries are in each state that has any.
        size_bytes: On disk, with indexes; of a file also what stands beside it.
    """

    engine: str
    place: str
    version: int
    states: Mapping[str, int]
    size_bytes: int


def report(place: Place) -> Report:
    """The report of a database; nothing in it is changed.

    Raises:
        StoreUnavailable: It cannot be opened, or is of a newer version or another program.
    """
    found: list[int] = []
    engine = places.opened(
        place, lambda connection, name: found.append(versions.found(connection, name))
    )
    database = Database(engine)
    try:
        # Not while it was opened: nobody may wait for the counting.
        with database.read() as connection:
            return _report_of(connection, database.name, found[0])
    finally:
        database.close()


def _report_of(connection: Connection, name: str, version: int) -> Report:
    states = _states(connection) if version else {}
    size_bytes = _size_bytes(connection, name) if version else 0
    return Report(connection.dialect.name, name, version, states, size_bytes)


def _states(connection: Connection) -> Mapping[str, int]:
    state = tables.deliveries.c.state
    query = sa.select(state, sa.func.count()).group_by(state)
    found = {row[0]: row[1] for row in connection.execute(query)}
    return {each.value: found[each.value] for each in State if each.value in found}


def _size_bytes(connection: Connection, name: str) -> int:
    if connection.dialect.name == "sqlite":
        path = Path(name)
        return sum(file.stat().st_size for file in (path, Path(f"{path}-wal")) if file.exists())
    there = set(sa.inspect(connection).get_table_names())
    sizes = [
        sa.func.pg_total_relation_size(each) for each in tables.METADATA.tables if each in there
    ]
    return sum(connection.execute(sa.select(size)).scalar_one() for size in sizes)
