"""Where a delivery database is, as an operator writes it: a file, or a PostgreSQL address."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import Engine

from adapter.core.redact import Secret
from adapter.store import versions
from adapter.store.database import named_errors
from adapter.store.sharing import open_store
from adapter.store.sqlite import Prepare, open_sqlite

Place = Path | Secret
"""The file of an SQLite database, or the address of a PostgreSQL one."""

_ADDRESS = re.compile(r"postgres(ql)?(\+\w+)?://", re.IGNORECASE)


def place_of(text: str) -> Place:
    """What is meant by `var/deliveries.sqlite` or `postgresql://…`."""
    return Secret(text) if _ADDRESS.match(text) else Path(text)


def opened(place: Place, prepare: Prepare = versions.prepare) -> Engine:
    """The engine of a delivery database.

    Raises:
        ConfigurationInvalid: It is a PostgreSQL database, and psycopg is not installed.
        StoreOutdated: It is of an older version.
        StoreUnavailable: It cannot be opened.
    """
    if isinstance(place, Path):
        return open_sqlite(place, prepare)
    return open_store(Path(), place, prepare)


def expect(place: Place) -> None:
    """Nothing, where a file is there; what opens it would make it.

    Raises:
        StoreUnavailable: It is not.
    """
    if isinstance(place, Path):
        with named_errors(str(place)):
            place.stat()
