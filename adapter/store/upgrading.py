"""Brings the tables of an older version to the one that is needed, in one transaction."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from adapter.store import tables, versions
from adapter.store.inhabitants import refuse_used

_MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(connection: Connection, name: str) -> int:
    """The version that the tables had; they have the newest when this transaction ends.

    Nothing is changed before a file was copied: see `copy_beside`.

    Args:
        connection: In a transaction that nobody else who prepares is in.
        name: Of the database: the file, or the address without password.

    Raises:
        StoreInUse: Adapters work on it.
        StoreUnavailable: They are of a newer version or of another program, or a copy into them
            has not ended.
    """
    version = versions.found(connection, name)
    if not 0 < version < tables.VERSION:
        versions.prepare(connection, name)
        return version
    refuse_used(connection, name)
    if connection.dialect.name == "sqlite":
        copy_beside(Path(name))
    versions.mark(connection, version)
    migrate(connection)
    versions.mark_file(connection, tables.VERSION)
    return version


def migrate(connection: Connection, to: str = "head") -> None:
    """Every migration that the database has not had, up to this one."""
    script = ScriptDirectory(str(_MIGRATIONS))

    def steps(heads: tuple[str, ...], _: MigrationContext) -> list[MigrationStep]:
        missing = reversed(list(script.iterate_revisions(to, heads or "base")))
        return [MigrationStep.upgrade_from_script(script.revision_map, each) for each in missing]

    context = MigrationContext.configure(connection, opts={"fn": steps})
    with Operations.context(context):
        context.run_migrations()


def copy_beside(path: Path) -> Path:
    """A copy of the file as it is, for its owner alone: `deliveries.sqlite.before-0002`.

    It appears as a whole or not at all; one of an earlier attempt is replaced.
    """
    copy = copy_of(path)
    part = Path(f"{copy}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    with part.open("rb+") as written:
        os.fsync(written.fileno())
    part.replace(copy)
    return copy


def copy_of(path: Path) -> Path:
    """Where the copy of a file is kept."""
    return Path(f"{path}.before-{versions.revision(tables.VERSION)}")
