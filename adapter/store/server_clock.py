"""The clock of the database server, for all hosts that share it."""

from __future__ import annotations

import time

from adapter.ports import Clock


def elapsed_s() -> float:
    """Seconds that only go forward; where the system tells, also those that it slept."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class ServerClock:
    """Time by the server's clock. This host's own may be wrong, or jump: nothing here follows it.

    Args:
        own: Tells the time until the server's is known; chance and ids are its.
    """

    def __init__(self, own: Clock) -> None:
        self._own = own
        self._ahead_s: float | None = None

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        if self._ahead_s is None:
            return self._own.now()
        return self.monotonic() + self._ahead_s

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return elapsed_s()

    def jitter(self) -> float:
        """A random number of at least 0 and less than 1."""
        return self._own.jitter()

    def new_id(self) -> str:
        """An id that no other delivery has."""
        return self._own.new_id()

    def set(self, server_s: float, asked_at: float, answered_at: float) -> None:
        """Take what the server told; what agrees with it already stays as it is.

        Args:
            server_s: Its time, read between the two.
            asked_at: By `monotonic`.
            answered_at: By `monotonic`.
        """
        least, most = server_s - answered_at, server_s - asked_at
        known = (least + most) / 2 if self._ahead_s is None else self._ahead_s
        self._ahead_s = min(max(known, least), most)
