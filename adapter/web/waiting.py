"""A caller who waits for the result, on the same path as one who does not."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from adapter.bell import Bell
from adapter.core.delivery import Delivery
from adapter.ports import Clock
from adapter.survey import Survey

MAX_WAIT_S = 55.0
"""CI 360 ends a connector's call after 60 s."""

LOOK_S = 0.25
"""Seconds between looks for what another process has delivered."""

_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d+)\"?\s*(?:$|[,;])", re.IGNORECASE)


def preferred_wait_s(prefer: str, default_s: float) -> float:
    """Seconds to wait: the `Prefer: wait=N` header (RFC 7240), else the route's; at most 55."""
    told = _WAIT.search(prefer)
    return min(float(told.group(1)) if told else default_s, MAX_WAIT_S)


@dataclass
class Waiting:
    """Looks after deliveries for those who ask.

    Args:
        seats: Callers that may wait at a time; the others are answered at once.
    """

    survey: Survey
    clock: Clock
    bell: Bell
    seats: int
    _free: threading.Semaphore = field(init=False)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._free = threading.Semaphore(self.seats)

    def until_ended(self, delivery_id: str, wait_s: float) -> Delivery:
        """The delivery once it has ended or is held, or as it stands after `wait_s` seconds."""
        with self._seat(wait_s) as seconds:
            deadline = self.clock.monotonic() + seconds
            while True:
                rung = self.bell.rung
                delivery = self.survey.get(delivery_id)
                left_s = deadline - self.clock.monotonic()
                over = left_s <= 0 or self._ended.is_set()
                if delivery.state.ended or over or self.survey.hold_of(delivery):
                    return delivery
                self.bell.wait(rung, min(left_s, LOOK_S))

    def end(self) -> None:
        """Nobody waits any longer: the process stops, and what was accepted is on disk."""
        self._ended.set()
        self.bell.ring()

    @contextmanager
    def _seat(self, wait_s: float) -> Iterator[float]:
        """The seconds this caller may wait: none where all seats are taken."""
        if wait_s <= 0 or not self._free.acquire(blocking=False):
            yield 0.0
            return
        try:
            yield wait_s
        finally:
            self._free.release()
