"""Tells the processes of every host that deliveries have changed, without holding up any commit."""

from __future__ import annotations

import threading
from contextlib import suppress

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

CHANNEL = "sasbiws_deliveries"
"""Where PostgreSQL tells it."""

IDLE_S = 10.0
"""Seconds without anything to tell after which the thread ends."""

END_S = 2.0
"""Seconds for the last word before the connections are given up."""


class Teller:
    """One thread that says NOTIFY for all who changed something meanwhile.

    Inside their transactions it would serialise their commits, with the wait for the disk of each:
    PostgreSQL keeps the order of what is told. What a process that dies leaves untold, the others
    find at their next look.

    Args:
        engine: Of a PostgreSQL database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._changed = threading.Condition()
        self._wanted = False
        self._closed = False
        self._thread: threading.Thread | None = None

    def tell(self) -> None:
        """Something has changed, and is on disk."""
        with self._changed:
            self._wanted = True
            self._closed = False
            self._changed.notify_all()
            # Begun at need, and anew where a fork has left it behind.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="tell", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Say what is left to be said, and end."""
        with self._changed:
            thread, self._closed = self._thread, True
            self._changed.notify_all()
        if thread is not None:
            thread.join(END_S)

    def _run(self) -> None:
        while self._is_wanted():
            # Where it cannot be said now, the others look by themselves.
            with suppress(SQLAlchemyError), self._engine.begin() as connection:
                connection.exec_driver_sql(f"NOTIFY {CHANNEL}")

    def _is_wanted(self) -> bool:
        """True when there is something to tell; False when the thread is to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._wanted or self._closed, IDLE_S)
            wanted, self._wanted = self._wanted, False
            if not wanted:
                self._thread = None
            return wanted
