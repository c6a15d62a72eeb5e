"""Which version the tables of a database have, and whether it is the one that is needed."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from adapter.core.errors import StoreOutdated, StoreUnavailable
from adapter.store import tables

_VERSION = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""As Alembic keeps it: beside the other tables, since no delivery knows of it."""


def prepare(connection: Connection, name: str) -> None:
    """Tables of the version that is needed; made where the database is empty.

    Args:
        connection: In a transaction that nobody else who prepares is in.
        name: Of the database, for the sentence.

    Raises:
        StoreOutdated: The tables are of an older version.
        StoreUnavailable: They are of a newer version or of another program, or a copy into them
            has not ended.
    """
    version = found(connection, name)
    if version == 0:
        tables.METADATA.create_all(connection)
        mark(connection, tables.VERSION)
    elif version < 0:
        raise StoreUnavailable(
            f"a copy into the delivery database {name} was begun and has not ended: "
            "run sasbiws store copy again, from the same database"
        )
    elif version < tables.VERSION:
        raise StoreOutdated(
            f"the delivery database {name} has version {version}, expected {tables.VERSION}"
        )


def found(connection: Connection, name: str) -> int:
    """The version of the tables; 0 where there are none, negative during a copy into them.

    Raises:
        StoreUnavailable: They are of a newer version, or of another program.
    """
    there = sa.inspect(connection).get_table_names()
    version = _recorded(connection, there)
    if version > tables.VERSION:
        raise StoreUnavailable(
            f"the delivery database {name} has version {version}, "
            f"expected at most {tables.VERSION}: it was written by a newer sasbiws"
        )
    ours = tables.deliveries.name in there
    # A file holds nothing else; a database may hold tables of other programs beside.
    strange = there if connection.dialect.name == "sqlite" else ours
    if (version and not ours) or (strange and not version):
        raise StoreUnavailable(f"{name} is a database of another program")
    return version


def mark(connection: Connection, version: int) -> None:
    """Write down which version the tables have."""
    _VERSION.create(connection, checkfirst=True)
    connection.execute(sa.delete(_VERSION))
    connection.execute(sa.insert(_VERSION).values(version_num=revision(version)))
    mark_file(connection, version)


def mark_file(connection: Connection, version: int) -> None:
    """Write it into the head of an SQLite file too, where the first sasbiws looks for it."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA user_version = {version}")


def revision(version: int) -> str:
    """The name of a version among the migrations."""
    return f"{version:04}"


def _recorded(connection: Connection, there: list[str]) -> int:
    if connection.dialect.name == "sqlite":
        return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if _VERSION.name not in there:
        return 0
    number = connection.execute(sa.select(_VERSION.c.version_num)).scalar()
    return int(number) if number and number.lstrip("-").isdecimal() else 0
