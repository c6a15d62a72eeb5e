"""Wakes the threads of this process when a delivery has changed, so that nobody polls."""

from __future__ import annotations

import threading


class Bell:
    """A counter that threads can wait on."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rung = 0

    @property
    def rung(self) -> int:
        """How often it has been rung; read it before looking at what may change."""
        return self._rung

    def ring(self) -> None:
        """Wake everybody who waits."""
        with self._condition:
            self._rung += 1
            self._condition.notify_all()

    def wait(self, rung: int, timeout_s: float) -> None:
        """Return once it has been rung more often than `rung`, or after `timeout_s` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._rung > rung, timeout_s)
