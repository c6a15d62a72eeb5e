"""Read and write transactions on one engine, and the one place where database errors are named."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from adapter.core.errors import StoreUnavailable
from adapter.store import postgresql_causes
from adapter.store.groups import Group
from adapter.store.sqlite_causes import REMEDIES, file_cause, sqlite_cause
from adapter.store.telling import Teller

Result = TypeVar("Result")

READ_ONLY = "read_only"
"""Execution option of a transaction that only reads, so that it need not wait for a writer."""

_READS: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {READ_ONLY: True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}

WRITER_WAIT_S = 15.0
"""Seconds a thread waits for the other writers of its process."""

UNSURE_PAUSES_S = (0.1, 0.4, 1.0, 2.0, 4.0, 8.0)
"""Seconds between looks whether a transaction is on disk."""

_TOLD = "told"
"""Mark of a connection in whose transaction deliveries change."""

_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('sasbiws_claims'))")

_writers: WeakKeyDictionary[Engine, threading.Lock] = WeakKeyDictionary()
"""One lock for all who write through one engine."""

_writers_guard = threading.Lock()


class Database:
    """Transactions on one engine; what goes wrong with them leaves as StoreUnavailable.

    Args:
        engine: As opened, for instance by `open_sqlite`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.dialect = engine.dialect.name
        self._reader = engine.execution_options(**_READS[self.dialect])
        self.name = name_of(engine)
        # SQLite has one writer: queueing here is fair, its own waiting is a lottery.
        self._writer = _writer_of(engine) if self.dialect == "sqlite" else None
        self._file = Path(self.name) if self.dialect == "sqlite" else None
        self._group = Group(self._write_grouped, self._late, lambda: WRITER_WAIT_S)
        self._grouped: Connection | None = None
        self._teller = Teller(engine)
        with named_errors(self.name):
            self._identity = self._identity_now()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: on disk when it ends, undone when it raises."""
        with self._writing(), self._engine.begin() as connection:
            yield connection
            told = connection.info.pop(_TOLD, False)
        if told:
            self._teller.tell()

    @contextmanager
    def _write_grouped(self) -> Iterator[Connection]:
        """As `write`, on a connection that stays with the group: to fetch one takes its time."""
        with self._writing():
            connection = self._grouped or self._engine.connect()
            self._grouped = None
            try:
                with connection.begin():
                    yield connection
            except BaseException:
                connection.close()
                raise
            self._grouped = connection

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A block in which no other thread of this process writes, its errors named."""
        with named_errors(self.name), ExitStack() as stack:
            self._become_writer(stack)
            self._check_file()
            stack.enter_context(self._without_read_only())
            yield

    @contextmanager
    def _without_read_only(self) -> Iterator[None]:
        """A block after which no connection is kept that was opened while the file was read-only.

        SQLite opens such a file all the same, and that connection never writes again.
        """
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            if getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY:
                self._engine.dispose()
            raise

    def together(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` gives, once its changes are on disk; SQLite writes those of threads at once.

        It runs in a transaction that may be shared, and may be undone and run again.
        """
        if self.dialect == "sqlite":
            return self._group.run(work)
        with self.write() as connection:
            return work(connection)

    def certainly(self, work: Callable[[Connection], Result]) -> Result:
        """As `together`, for work that does no harm when it is done twice.

        Where only the answer to its commit was lost, it is done again until there is one.

        Raises:
            StoreUnavailable: It is not on disk; or nobody can tell, for as long as this waits.
        """
        pauses = iter(UNSURE_PAUSES_S if self.dialect == "postgresql" else ())
        unsure = False

        def noted(connection: Connection) -> Result:
            nonlocal unsure
            result = work(connection)
            unsure = True
            return result

        while True:
            try:
                return self.together(noted)
            except StoreUnavailable:
                pause_s = next(pauses, None)
                if pause_s is None or not unsure:
                    raise
            time.sleep(pause_s)

    def alone(self, connection: Connection) -> None:
        """Until this transaction ends no other one that is `alone` goes on, on any host.

        SQLite has one writer anyway.
        """
        if self.dialect == "postgresql":
            connection.execute(_ALONE)

    def tell(self, connection: Connection) -> None:
        """When this transaction is on disk, wake the processes of every host that listen."""
        if self.dialect == "postgresql":
            connection.info[_TOLD] = True

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
        self._teller.close()
        grouped, self._grouped = self._grouped, None
        if grouped is not None:
            grouped.close()
        self._engine.dispose()

    def _become_writer(self, stack: ExitStack) -> None:
        if self._writer is None:
            return
        if not self._writer.acquire(timeout=WRITER_WAIT_S):
            raise self._late()
        stack.callback(self._writer.release)

    def _late(self) -> StoreUnavailable:
        return unavailable(self.name, f"other threads write for more than {WRITER_WAIT_S:g} s")

    def _check_file(self) -> None:
        # On Linux an open file goes on living after it was deleted: what is written to it is lost.
        if self._identity_now() != self._identity:
            raise unavailable(self.name, "it was replaced while in use; restart the adapter")

    def _identity_now(self) -> tuple[int, int] | None:
        if self._file is None:
            return None
        status = self._file.stat()
        return status.st_dev, status.st_ino


def _writer_of(engine: Engine) -> threading.Lock:
    with _writers_guard:
        return _writers.setdefault(engine, threading.Lock())


def name_of(engine: Engine) -> str:
    """What an administrator calls this database: the file, or the address without password."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=True)


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
    match error:
        case PoolTimeout():
            return "all its connections are in use"
        case DBAPIError():
            return cause_of(error.orig) if error.orig is not None else "the connection failed"
        case OSError():
            return file_cause(error)
        case sqlite3.Error():
            return sqlite_cause(error)
    if hasattr(error, "sqlstate"):
        return postgresql_causes.cause(error)
    return type(error).__name__


def unavailable(path: str, cause: str, what: str = "the delivery database") -> StoreUnavailable:
    """The error that says what cannot be used, why, and what mends it."""
    error = StoreUnavailable(f"{what} {path} cannot be used: {cause}")
    error.remedy = REMEDIES.get(cause, error.remedy)
    return error
