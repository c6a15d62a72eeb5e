"""What the refusals of SQLite and of the file system mean, and what mends each."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

_LOCKED = "it is locked by another program"
_FULL = "the disk is full"
_READ_ONLY = "it is read-only"
_NO_RIGHT = "it is read-only for this user, or its folder is"
_MISSING = "it is missing"
_SHUT = "it cannot be opened; its folder is missing or read-only"
_CORRUPT = "it is corrupt"
STRANGE = "it is corrupt, or not an SQLite database"
_DISK = "the disk reports an error"

_CODES: Mapping[int, str] = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _SHUT,
    sqlite3.SQLITE_CORRUPT: _CORRUPT,
    sqlite3.SQLITE_NOTADB: STRANGE,
    sqlite3.SQLITE_IOERR: _DISK,
}

_AGAIN = "then send again what was refused."
_WRITABLE = f"Let the account of the adapter write the file and its folder; {_AGAIN}"
_RESTORED = (
    "Stop every adapter on it, keep a copy of var as it is, and put the last good copy of the file "
    "back, without its -wal and -shm files; without one, begin anew with an empty var."
)

REMEDIES: Mapping[str, str] = {
    _LOCKED: f"Close the program that has the file open, such as a viewer; {_AGAIN}",
    _FULL: f"Make room on the disk: what was accepted is safe; {_AGAIN}",
    _READ_ONLY: _WRITABLE,
    _NO_RIGHT: _WRITABLE,
    _SHUT: _WRITABLE,
    _MISSING: "Stop the adapter, put the file back with its -wal file, and start; or start anew.",
    _CORRUPT: _RESTORED,
    STRANGE: _RESTORED,
    _DISK: "Look at the disk and at the log of the system; what was accepted is safe if it is.",
}
"""What to do, by the cause; other causes have the remedy of their error."""


def sqlite_cause(error: sqlite3.Error) -> str:
    """A few words about an error of SQLite, without statement and parameters."""
    return _CODES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, str(error))


def file_cause(error: OSError) -> str:
    """A few words about an error of the file system."""
    match error:
        case FileNotFoundError():
            return _MISSING
        case PermissionError():
            return _NO_RIGHT
        case _:
            return error.strerror or type(error).__name__
