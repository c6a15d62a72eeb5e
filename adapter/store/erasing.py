"""Signatures that were overwritten go from the write-ahead log too, soon and at little cost."""

from __future__ import annotations

from adapter.core.errors import StoreUnavailable
from adapter.ports import Clock
from adapter.store.database import Database
from adapter.store.sqlite import empty_log

EVERY_S = 1.0
"""Seconds between two times that the log is emptied: each waits for the disk several times."""


class Eraser:
    """Empties the write-ahead log of one database.

    At once where it was not emptied of late, else at the first look that is `EVERY_S` seconds
    later. What a process leaves behind that dies between, the next one erases at its first look.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._wanted = database.dialect == "sqlite"
        self._emptied_at = clock.monotonic() - EVERY_S

    def erase(self) -> None:
        """Something was overwritten that must not stay."""
        self._wanted = self._database.dialect == "sqlite"
        self.look()

    def look(self) -> None:
        """Empty the log where it is time; where somebody reads it just now, later."""
        if self._wanted and self._clock.monotonic() - self._emptied_at >= EVERY_S:
            self._wanted = False  # first: what is erased meanwhile wants it again
            self._wanted = not self._emptied() or self._wanted

    def end(self) -> None:
        """Empty the log now, if there is anything to erase."""
        self._emptied_at = self._clock.monotonic() - EVERY_S
        self.look()

    def _emptied(self) -> bool:
        try:
            emptied = empty_log(self._database)
        except StoreUnavailable:
            return False  # what is on disk is on disk, whether or not the log can be emptied
        if emptied:
            self._emptied_at = self._clock.monotonic()
        return emptied
