"""One SQLite file as a delivery database: durable, owner only, on a local disk."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from filelock import FileLock
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from adapter.core.errors import StoreUnavailable
from adapter.store import tables, versions
from adapter.store.database import READ_ONLY, Database, named_errors, unavailable
from adapter.store.sqlite_causes import STRANGE

Prepare = Callable[[Connection, str], object]
"""Makes or checks the tables, in a transaction of its own, of the database of this name."""

BUSY_MS = 5000
"""Milliseconds a statement waits for a writer in another process."""

OPEN_WAIT_S = 30.0
"""Seconds to wait while other processes open the same file."""

LOG_BYTES = 16 * 1024 * 1024
"""Size that the write-ahead log is cut to after it had to grow beyond."""

_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    # Pages of the log, 10 MB: to copy them into the file at every 1,000 costs a tenth of the speed.
    "wal_autocheckpoint = 2500",
    # Freed bytes are zeroed. In the log they stay until `empty_log`: to cut it at every round, as
    # a limit of 0 does, costs a third of the speed, since a file that grows is slow to sync.
    "secure_delete = ON",
    f"journal_size_limit = {LOG_BYTES}",
)
_MOUNTS = Path("/proc/mounts")
_SHARES = re.compile(r"nfs\d?|cifs|smb\w*|fuse\.sshfs")
_OCTAL = re.compile(r"\\([0-7]{3})")


def open_sqlite(path: Path, prepare: Prepare = versions.prepare) -> Engine:
    """The engine of a delivery database; file and folder are created where they are missing.

    Args:
        path: The file.
        prepare: Makes the tables, or checks those that are there.

    Raises:
        StoreOutdated: A database of an older version.
        StoreUnavailable: A network share, a database of a newer version or of another program, or
            a file that cannot be opened.
    """
    path = path if _is_unc(path) else path.absolute()
    _refuse_share(path)
    with named_errors(str(path)):
        _create_file(path)
        engine = _engine(path)
        # SQLite does not wait for a process that turns a new file to WAL just now: it fails.
        with FileLock(f"{path}.lock", OPEN_WAIT_S, mode=0o600, thread_local=False):
            try:
                with engine.begin() as connection:
                    prepare(connection, str(path))
            finally:
                # A connection must not cross a fork, as a preloading web server makes.
                engine.dispose()
    return engine


def empty_log(database: Database) -> bool:
    """True when what was overwritten is gone from the write-ahead log too.

    Waits for nobody: where another connection reads or writes, the log is emptied by a later call.
    """
    with database.raw() as connection:
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    return not busy


def _create_file(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        return
    if not os.access(path, os.R_OK | os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    _refuse_strange(path)  # it stays as it is, with its rights
    if sys.platform != "win32":
        path.chmod(0o600)


def _refuse_strange(path: Path) -> None:
    """Look into a file before anything is written to it.

    Through SQLite alone: to close a file by other means takes from this process the locks that it
    has on it, and the next process to leave would remove the log from under its feet.
    """
    reading = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(reading, uri=True, timeout=0)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            there = {name for (name,) in names}
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB:
            raise unavailable(str(path), STRANGE) from None
        return  # what opens it next tells what it is
    if there and tables.deliveries.name not in there:
        raise StoreUnavailable(f"{path} is a database of another program")


def _engine(path: Path) -> Engine:
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, hide_parameters=True, pool_size=4, max_overflow=-1)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    try:
        for pragma in (f"busy_timeout = {BUSY_MS}", *_PRAGMAS):
            connection.execute(f"PRAGMA {pragma}").close()
    except sqlite3.Error:
        connection.close()
        raise


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get(READ_ONLY)
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101  of an engine that is made here
    driver.execute("BEGIN" if reads else "BEGIN IMMEDIATE")


def _refuse_share(path: Path) -> None:
    """SQLite's locks and its shared memory do not hold on network shares."""
    mounts = _MOUNTS.read_text("utf-8", "replace") if _MOUNTS.exists() else ""
    share = share_of(path, mounts)
    if share:
        raise StoreUnavailable(
            f"the delivery database {path} is on a network share ({share}), "
            "expected a folder on a local disk"
        )


def share_of(path: Path, mounts: str) -> str:
    """What kind of network share a path is on; empty for a local disk.

    Args:
        path: Absolute.
        mounts: Text of /proc/mounts; empty where there is none.
    """
    resolved = path if _is_unc(path) else Path(os.path.realpath(path))
    if _is_unc(resolved):
        return "UNC path"
    kind = ""
    longest = 0
    for line in mounts.splitlines():
        _, mount, found, *_ = line.split(" ")
        folder = Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), mount))
        if resolved.is_relative_to(folder) and len(folder.parts) >= longest:
            kind, longest = found, len(folder.parts)
    return kind if _SHARES.fullmatch(kind) else ""


def _is_unc(path: Path) -> bool:
    text = str(path)
    local = text.startswith(("\\\\?\\", "\\\\.\\")) and not text.startswith("\\\\?\\UNC\\")
    return text.startswith("\\\\") and not local
