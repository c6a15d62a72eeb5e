"""Read and write transactions on one engine, and the one place where database errors are named."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from adapter.core.errors import StoreUnavailable

READ_ONLY = "read_only"
"""Execution option of a transaction that only reads, so that it need not wait for a writer."""

WRITER_WAIT_S = 15.0
"""Seconds a thread waits for the other writers of its process."""

CHANNEL = "sasbiws_deliveries"
"""Where PostgreSQL tells the processes of every host that deliveries have changed."""

_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('sasbiws_claims'))")
_TELL = text(f"NOTIFY {CHANNEL}")

_CAUSES = {
    sqlite3.SQLITE_BUSY: "it is locked by another program",
    sqlite3.SQLITE_LOCKED: "it is locked by another program",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_PERM: "it is read-only",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; its folder is missing or read-only",
    sqlite3.SQLITE_CORRUPT: "it is corrupt",
    sqlite3.SQLITE_NOTADB: "it is corrupt, or not an SQLite database",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
}


class Database:
    """Transactions on one engine; what goes wrong with them leaves as StoreUnavailable.

    Args:
        engine: As opened, for instance by `open_sqlite`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**{READ_ONLY: True})
        self.dialect = engine.dialect.name
        self.name = name_of(engine)
        # SQLite has one writer: queueing here is fair, its own waiting is a lottery.
        self._writer = threading.Lock() if self.dialect == "sqlite" else None
        self._file = Path(self.name) if self.dialect == "sqlite" else None
        with named_errors(self.name):
            self._identity = self._identity_now()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: on disk when it ends, undone when it raises."""
        with named_errors(self.name), ExitStack() as stack:
            self._become_writer(stack)
            self._check_file()
            yield stack.enter_context(self._engine.begin())

    def alone(self, connection: Connection) -> None:
        """Until this transaction ends no other one that is `alone` goes on, on any host.

        SQLite has one writer anyway.
        """
        if self.dialect == "postgresql":
            connection.execute(_ALONE)

    def tell(self, connection: Connection) -> None:
        """When this transaction is on disk, wake the processes of every host that listen."""
        if self.dialect == "postgresql":
            connection.execute(_TELL)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that sees one state of the database and waits for nobody."""
        with named_errors(self.name):
            self._check_file()
            with self._reader.begin() as connection:
                yield connection

    @contextmanager
    def raw(self) -> Iterator[sqlite3.Connection]:
        """An SQLite connection outside any transaction, while no other thread writes."""
        with named_errors(self.name), ExitStack() as stack:
            self._become_writer(stack)
            connection = self._engine.raw_connection()
            stack.callback(connection.close)
            raw = connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)  # noqa: S101  only SQLite asks for it
            yield raw

    def close(self) -> None:
        """Give up every connection."""
        self._engine.dispose()

    def _become_writer(self, stack: ExitStack) -> None:
        if self._writer is None:
            return
        if not self._writer.acquire(timeout=WRITER_WAIT_S):
            raise unavailable(self.name, f"other threads write for more than {WRITER_WAIT_S:g} s")
        stack.callback(self._writer.release)

    def _check_file(self) -> None:
        # On Linux an open file goes on living after it was deleted: what is written to it is lost.
        if self._identity_now() != self._identity:
            raise unavailable(self.name, "it was replaced while in use; restart the adapter")

    def _identity_now(self) -> tuple[int, int] | None:
        if self._file is None:
            return None
        status = self._file.stat()
        return status.st_dev, status.st_ino


def name_of(engine: Engine) -> str:
    """What an administrator calls this database: the file, or the address without password."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return engine.url.render_as_string(hide_password=True)


@contextmanager
def named_errors(path: str, what: str = "the delivery database") -> Iterator[None]:
    """A block whose database and file errors leave as StoreUnavailable.

    Without their cause: SQLAlchemy's errors quote statements and their parameters.

    Args:
        path: File or folder, for the sentence.
        what: What it is.

    Raises:
        StoreUnavailable: The database or its folder refuses; the sentence says which and why.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise unavailable(path, cause_of(error), what) from None


def cause_of(error: BaseException) -> str:
    """A few words about a database or file error, without statement and parameters."""
    if isinstance(error, DBAPIError):
        return cause_of(error.orig) if error.orig is not None else "the connection failed"
    if isinstance(error, FileNotFoundError):
        return "it is missing"
    if isinstance(error, PermissionError):
        return "it is read-only for this user, or its folder is"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, sqlite3.Error):
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return _CAUSES.get(primary, str(error))
    return type(error).__name__


def unavailable(path: str, cause: str, what: str = "the delivery database") -> StoreUnavailable:
    """The error that says what cannot be used and why."""
    return StoreUnavailable(f"{what} {path} cannot be used: {cause}")
