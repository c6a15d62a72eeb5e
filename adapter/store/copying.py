"""Moves every row of one delivery database into another, in steps that may be cut off anywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, Row

from adapter.core.moving import CopyDiffers, CopyRefused
from adapter.store import tables, versions
from adapter.store.database import Database
from adapter.store.inhabitants import refuse_used

BATCH = 200
"""Rows written in one transaction."""

_TABLES = tuple(table for table in tables.METADATA.sorted_tables if table is not tables.processes)
"""All but the processes that live: parents before their children."""

_BEGUN = -tables.VERSION


@dataclass(frozen=True)
class Copied:
    """What is in one table, the same on both sides.

    Args:
        rows: How many.
        sha256: The sum of the SHA-256 of each row, modulo 2**256, in hexadecimal digits: it does
            not depend on the order in which a database sorts.
    """

    table: str
    rows: int
    sha256: str


def begin(connection: Connection, name: str) -> None:
    """Prepare a database to be copied into: empty, or with what an earlier copy has left.

    No adapter opens it until the copy has ended.

    Raises:
        CopyRefused: There are deliveries in it that no copy has brought.
        StoreInUse: Adapters work on it.
        StoreUnavailable: It is of a newer version or of another program.
    """
    version = versions.found(connection, name)
    if version == 0:
        tables.METADATA.create_all(connection)
    elif version == tables.VERSION:
        refuse_used(connection, name)
        rows = sum(_count(connection, table) for table in _TABLES)
        if rows:
            raise CopyRefused(f"the delivery database {name} holds {rows} rows, expected none")
    elif version != _BEGUN:
        raise CopyRefused(
            f"the delivery database {name} has version {abs(version)}, "
            f"expected {tables.VERSION} or an empty database"
        )
    versions.mark(connection, _BEGUN)


def copy(source: Engine, target: Engine, tell: Callable[[int, int], None]) -> tuple[Copied, ...]:
    """Every table, the same on both sides when it returns; only then adapters open the target.

    The source does not change meanwhile: who writes to it waits, and then is refused.

    Args:
        source: As opened.
        target: As opened with `begin`.
        tell: Is told how many steps are done, and of how many.

    Raises:
        CopyDiffers: What was written is not what was read.
        StoreInUse: Adapters work on the source.
        StoreUnavailable: Either cannot be used; what is copied stays, and the next copy goes on.
    """
    into = Database(target)
    whence = Database(source)
    with whence.write() as connection:
        refuse_used(connection, whence.name)
        _hold_still(connection)
        pace = _Pace(2 * sum(_count(connection, table) for table in _TABLES), tell)
        pace.step(0)
        for table in _TABLES:
            _drop_strays(connection, into, table)
        read = [_transfer(connection, into, table, pace) for table in _TABLES]
    with into.write() as connection:
        written = [_copied(connection, table, pace) for table in _TABLES]
        _refuse_difference(read, written)
        versions.mark(connection, tables.VERSION)
    return tuple(written)


@dataclass
class _Pace:
    total: int
    tell: Callable[[int, int], None]
    done: int = 0

    def step(self, rows: int) -> None:
        self.done += rows
        self.tell(self.done, self.total)


@dataclass
class _Sum:
    rows: int = 0
    number: int = 0

    def add(self, digests: Iterator[bytes]) -> None:
        for digest in digests:
            self.rows += 1
            self.number = (self.number + int.from_bytes(digest)) % 2**256

    def of(self, table: sa.Table) -> Copied:
        return Copied(table.name, self.rows, f"{self.number:064x}")


def _hold_still(connection: Connection) -> None:
    """Nobody writes until this transaction ends; on SQLite nobody does anyway."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(table.name for table in _TABLES)
        connection.execute(sa.text(f"LOCK TABLE {names} IN SHARE MODE"))


def _drop_strays(source: Connection, into: Database, table: sa.Table) -> None:
    """Delete what an earlier copy brought and the source has no more, or has changed since."""
    with into.read() as connection:
        strays = [
            key
            for batch in _batches(connection, table)
            for key in _differing(batch, _rows_at(source, table, _keys(table, batch)), table)
        ]
    for at in range(0, len(strays), BATCH):
        with into.write() as connection:
            connection.execute(sa.delete(table).where(_is_one_of(table, strays[at : at + BATCH])))


def _differing(
    batch: Sequence[Row[Any]], there: Sequence[Row[Any]], table: sa.Table
) -> list[tuple[Any, ...]]:
    same = {_digest(row) for row in there}
    return _keys(table, [row for row in batch if _digest(row) not in same])


def _transfer(source: Connection, into: Database, table: sa.Table, pace: _Pace) -> Copied:
    total = _Sum()
    for batch in _batches(source, table):
        total.add(map(_digest, batch))
        keys = _keys(table, batch)
        with into.write() as connection:
            there = set(_keys(table, _rows_at(connection, table, keys)))
            rows = [row for row, key in zip(batch, keys, strict=True) if key not in there]
            if rows:
                connection.execute(sa.insert(table), [dict(row._mapping) for row in rows])  # noqa: SLF001  SQLAlchemy's own name for it
        pace.step(len(batch))
    return total.of(table)


def _copied(connection: Connection, table: sa.Table, pace: _Pace) -> Copied:
    total = _Sum()
    for batch in _batches(connection, table):
        total.add(map(_digest, batch))
        pace.step(len(batch))
    return total.of(table)


def _refuse_difference(read: Sequence[Copied], written: Sequence[Copied]) -> None:
    for one, other in zip(read, written, strict=True):
        if one != other:
            raise CopyDiffers(
                f"the table {one.table} has {other.rows} rows of SHA-256 {other.sha256}, "
                f"expected {one.rows} of {one.sha256}"
            )


def _batches(connection: Connection, table: sa.Table) -> Iterator[Sequence[Row[Any]]]:
    """All rows in the order of their key, as this database sorts it."""
    query = sa.select(table).order_by(*table.primary_key).limit(BATCH)
    after = query
    while batch := connection.execute(after).all():
        yield batch
        last = sa.tuple_(*_literals(table, _keys(table, batch[-1:])[0]))
        after = query.where(sa.tuple_(*table.primary_key) > last)


def _literals(table: sa.Table, key: tuple[Any, ...]) -> list[sa.BindParameter[Any]]:
    columns = zip(table.primary_key, key, strict=True)
    return [sa.literal(value, column.type) for column, value in columns]


def _rows_at(
    connection: Connection, table: sa.Table, keys: Sequence[tuple[Any, ...]]
) -> Sequence[Row[Any]]:
    return connection.execute(sa.select(table).where(_is_one_of(table, keys))).all()


def _is_one_of(table: sa.Table, keys: Sequence[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    return sa.tuple_(*table.primary_key).in_(keys)


def _keys(table: sa.Table, rows: Sequence[Row[Any]]) -> list[tuple[Any, ...]]:
    names = [column.name for column in table.primary_key]
    return [tuple(row._mapping[name] for name in names) for row in rows]  # noqa: SLF001  SQLAlchemy's own name for it


def _count(connection: Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def _digest(row: Row[Any]) -> bytes:
    text = json.dumps(tuple(row), sort_keys=True, default=_hexadecimal)
    return hashlib.sha256(text.encode("ascii")).digest()


def _hexadecimal(raw: bytes) -> str:
    return bytes(raw).hex()
