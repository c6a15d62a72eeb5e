"""The thread that keeps this process in touch with those that share its PostgreSQL database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack

import psycopg
from sqlalchemy import Connection, Engine

from adapter.core.errors import StoreUnavailable
from adapter.store.database import cause_of, name_of, named_errors, unavailable
from adapter.store.presence import Presence
from adapter.store.telling import CHANNEL

TICK_S = 0.5
"""Seconds between looks whether to stop."""

AWAY_S = 1.0
"""Seconds before a database that does not answer is asked again."""


class Listener:
    """Hears what changes elsewhere, and gives a sign of life meanwhile.

    Its connection is its own: however busy the process is, both go on.

    Args:
        engine: Of a PostgreSQL database.
        presence: Gives the signs of life.
        ring: Called for changes, one call for all that come together.
        trouble: Called once when the database stops to answer.
    """

    def __init__(
        self,
        engine: Engine,
        presence: Presence,
        ring: Callable[[], None],
        trouble: Callable[[StoreUnavailable], None],
    ) -> None:
        self._engine = engine
        self._presence = presence
        self._ring = ring
        self._trouble = trouble
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listen", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End within about a second; where the database does not answer, leave the thread to it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(AWAY_S + TICK_S)

    def _run(self) -> None:
        away = False
        while not self._stopping.is_set():
            try:
                with named_errors(name_of(self._engine)), ExitStack() as stack:
                    connection = stack.enter_context(self._connected())
                    away = False
                    self._listen(connection)
            except Exception as error:  # noqa: BLE001  whatever it was, signs of life go on
                if not away:
                    self._trouble(_named(error, name_of(self._engine)))
                away = True
                self._stopping.wait(AWAY_S)

    def _connected(self) -> Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()
        return connection

    def _listen(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        self._presence.beat(connection)
        self._ring()  # what has changed before it was listened to
        while not self._stopping.is_set():
            if self._presence.is_due():
                self._presence.beat(connection)
            if _heard(connection):
                self._ring()


def _named(error: Exception, name: str) -> StoreUnavailable:
    if isinstance(error, StoreUnavailable):
        return error
    return unavailable(name, f"the adapter failed: {type(error).__name__}")


def _heard(connection: Connection) -> bool:
    """True as soon as something has changed; False when nothing has for a while."""
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)  # noqa: S101  only PostgreSQL is listened to
    try:
        return bool(list(raw.notifies(timeout=TICK_S, stop_after=1)))
    except psycopg.Error as error:
        raise unavailable(name_of(connection.engine), cause_of(error)) from None
