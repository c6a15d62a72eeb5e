"""What a process that delivers does beside: drop what was kept long enough, warn in time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from adapter.core.delivery import Filter, Retention, State
from adapter.core.errors import StoreUnavailable
from adapter.observe import Observer
from adapter.ports import Clock, DeliveryLedger

ROUND_S = 60.0
"""Seconds between two rounds."""

AGAIN_S = 5.0
"""Seconds to the next round after one that the database refused."""

BATCH = 500
"""Deliveries dropped in one transaction: few enough that no intake waits for it."""

SOON_S = 3600.0
"""Seconds before presigned links expire from which on a waiting delivery is warned of."""

SHOWN = 20
"""Deliveries that one round warns of by name."""

_UNDER_WAY = frozenset(state for state in State if not state.ended)


@dataclass
class Upkeep:
    """One thread with a round a minute.

    Args:
        retention: How long ended deliveries are kept.
        tidy: Removes the staged files that nobody needs any more.
    """

    ledger: DeliveryLedger
    retention: Retention
    clock: Clock
    observer: Observer
    tidy: Callable[[], None] = lambda: None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _warned: frozenset[str] = frozenset()

    def start(self) -> None:
        """Begin; the first round is at once."""
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the transaction under way."""
        self._stopping.set()
        self._thread.join()

    def round(self) -> None:
        """Drop what was kept long enough, then warn of links that soon expire."""
        self._expire()
        self.tidy()
        self._warn()

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause_s = ROUND_S
            try:
                self.round()
            except StoreUnavailable as error:
                self.observer.store_lost(error)
                pause_s = AGAIN_S
            except Exception as error:  # noqa: BLE001  whatever it was, the next round comes
                self.observer.crash("upkeep", error)
            self._stopping.wait(pause_s)

    def _expire(self) -> None:
        dropped = 0
        while not self._stopping.is_set() and (count := self.ledger.expire(self.retention, BATCH)):
            dropped += count
        if dropped:
            self.observer.event("expired", deliveries=dropped)

    def _warn(self) -> None:
        now = self.clock.now()
        soon = Filter(states=_UNDER_WAY, links_expire_before=now + SOON_S)
        found = self.ledger.find(soon, SHOWN)
        for delivery in found:
            if delivery.delivery_id not in self._warned:
                self.observer.expiring(delivery, now)
        self._warned = frozenset(delivery.delivery_id for delivery in found)
