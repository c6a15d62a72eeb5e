"""Statements that are compiled once: to build and compile one costs more than to run it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.dialects import postgresql, sqlite

INSERT: Mapping[str, Callable[[sa.Table], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""The INSERT of each dialect that can say ON CONFLICT."""

Value = Any
_Bind = Callable[[Value], Value]


@dataclass(frozen=True)
class _Compiled:
    """The driver's own SQL, and how it takes its parameters."""

    sql: str
    constants: Mapping[str, Value]
    binds: Mapping[str, _Bind]
    in_order: Callable[[dict[str, Value]], Any]

    def parameters(self, values: dict[str, Value]) -> Any:
        found = {**self.constants, **values}
        for name, bind in self.binds.items():
            found[name] = bind(found[name])
        return self.in_order(found)


class Prepared:
    """A statement of SQLAlchemy Core that each dialect compiles once.

    Values come back as the driver gives them: texts, numbers and bytes, not JSON.

    Args:
        statement: Made for any dialect, or for the one of each connection.
    """

    def __init__(self, statement: Any | Callable[[Dialect], Any]) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, ...], _Compiled] = {}

    def run(
        self, connection: Connection, columns: Mapping[str, Value] | None = None, **bound: Value
    ) -> int:
        """Run it; the number of rows that it changed.

        Args:
            connection: In a transaction.
            columns: What an INSERT or UPDATE writes.
            bound: Values of its `bindparam`s.
        """
        return int(self._executed(connection, columns or {}, bound).rowcount)

    def first(
        self, connection: Connection, columns: Mapping[str, Value] | None = None, **bound: Value
    ) -> dict[str, Value] | None:
        """The first row by the names of its columns, or None; arguments as of `run`."""
        cursor = self._executed(connection, columns or {}, bound)
        known = isinstance(cursor, CursorResult)
        names = list(cursor.keys()) if known else [name for name, *_ in cursor.description or ()]
        found = cursor.fetchall()  # to its end: else it is still at work when its transaction ends
        return dict(zip(names, found[0], strict=True)) if found else None

    def all(self, connection: Connection, **bound: Value) -> list[tuple[Value, ...]]:
        """Every row; arguments as of `run`."""
        return self._executed(connection, {}, bound).fetchall()  # type: ignore[no-any-return]

    def _executed(
        self, connection: Connection, columns: Mapping[str, Value], bound: Mapping[str, Value]
    ) -> Any:
        """For SQLite the driver's cursor: what SQLAlchemy puts around it takes 10 times longer."""
        key = (connection.dialect.name, *columns)
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = self._compile(connection.dialect, tuple(columns))
        parameters = compiled.parameters({**columns, **bound})
        if connection.dialect.name != "sqlite":
            # A connection that broke is known to SQLAlchemy by the error of a statement.
            return connection.exec_driver_sql(compiled.sql, parameters)
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101  what the dialect stands for
        return driver.execute(compiled.sql, parameters)

    def _compile(self, dialect: Dialect, columns: tuple[str, ...]) -> _Compiled:
        made = self._statement(dialect) if callable(self._statement) else self._statement
        compiled = made.compile(dialect=dialect, column_keys=list(columns) or None)
        assert isinstance(compiled, sa.sql.compiler.SQLCompiler)  # noqa: S101  not of a table
        binds = {
            name: process
            for name, bound in compiled.binds.items()
            if (process := bound.type.dialect_impl(dialect).bind_processor(dialect))
        }
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        return _Compiled(str(compiled), constants, binds, _order(compiled.positiontup))


def _order(names: list[str] | None) -> Callable[[dict[str, Value]], Any]:
    """What makes parameters of values by name; the driver wants them in order, or by name."""
    if names is None:
        return dict
    if len(names) > 1:
        return itemgetter(*names)
    return lambda found: tuple(found[name] for name in names)


def upsert(
    table: sa.Table, where: Callable[[Any], sa.ColumnElement[bool]] | None = None
) -> Callable[[Dialect], Any]:
    """An INSERT of whole rows that replaces what stands under the same primary key.

    Args:
        table: Of the rows.
        where: Given the new row, tells whether the old one may be replaced; left out, it may.
    """

    def made(dialect: Dialect) -> Any:
        statement = INSERT[dialect.name](table)
        others = {c.name: statement.excluded[c.name] for c in table.c if not c.primary_key}
        may = where(statement.excluded) if where else None
        return statement.on_conflict_do_update(
            index_elements=table.primary_key, set_=others, where=may
        )

    return made
