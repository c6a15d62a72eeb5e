"""How often a caller has failed or called: what is counted per address or name, within bounds."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from adapter.web.refusals import TooManyRequests

FREE_FAILURES = 10
"""Wrong credentials that one address may send within `WINDOW_S` and still be answered 401."""

WINDOW_S = 60.0
Seen = TypeVar("Seen")

MOST_KNOWN = 10_000
"""Addresses and callers that are remembered; the one met longest ago is forgotten first."""


@dataclass
class Failures:
    """Wrong credentials by address.

    Args:
        monotonic: Seconds that only go forward.
    """

    monotonic: Callable[[], float]
    _known: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def often(self, address: str) -> bool:
        """Whether this address has failed more often than is free."""
        with self._lock:
            return self._count(address) > FREE_FAILURES

    def failed(self, address: str) -> int:
        """Seconds that this address must wait before it fails again; 0 for the first ones."""
        with self._lock:
            count = self._count(address) + 1
            since = self.monotonic() if count == 1 else self._known[address][1]
            _remember(self._known, address, (count, since))
            left_s = since + WINDOW_S - self.monotonic()
        return max(math.ceil(left_s), 1) if count > FREE_FAILURES else 0

    def _count(self, address: str) -> int:
        count, since = self._known.get(address, (0, 0.0))
        return count if self.monotonic() - since < WINDOW_S else 0


@dataclass
class Pace:
    """Requests a second by caller: so many at once, and so many more each second.

    Args:
        per_second: 0 lets any number pass.
        monotonic: Seconds that only go forward.
    """

    per_second: int
    monotonic: Callable[[], float]
    _known: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, caller: str) -> None:
        """Nothing, where this caller may make one more request now.

        Raises:
            TooManyRequests: It may not yet.
        """
        if not self.per_second:
            return
        with self._lock:
            now, most = self.monotonic(), float(self.per_second)
            left, since = self._known.get(caller, (most, now))
            left = min(most, left + (now - since) * most)
            _remember(self._known, caller, (left - 1 if left >= 1 else left, now))
        if left < 1:
            raise TooManyRequests(
                f"more than {self.per_second} requests a second from one caller", retry_after_s=1
            )


def _remember(known: OrderedDict[str, Seen], name: str, seen: Seen) -> None:
    known[name] = seen
    known.move_to_end(name)
    while len(known) > MOST_KNOWN:
        known.popitem(last=False)
