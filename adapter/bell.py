"""Wakes the threads of this process when a delivery has changed, so that nobody polls."""

from __future__ import annotations

import threading


class Bell:
    """Counters that threads can wait on.

    Attributes:
        rung: How often it has been rung; read it before looking at what may change.
        due: How often for something that may be due.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.rung = 0
        self.due = 0

    def ring(self, *, due: bool = True) -> None:
        """Wake everybody who waits.

        Args:
            due: False where a delivery has ended and its thread has the next one already.
        """
        with self._condition:
            self.rung += 1
            self.due += due
            self._condition.notify_all()

    def wait(self, rung: int, timeout_s: float) -> None:
        """Return once it has been rung more often than `rung`, or after `timeout_s` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self.rung > rung, timeout_s)

    def wait_due(self, due: int, timeout_s: float) -> None:
        """Return once it has been rung for something due more often than `due`, or after that."""
        with self._condition:
            self._condition.wait_for(lambda: self.due > due, timeout_s)
