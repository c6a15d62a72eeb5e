"""Clock and threads of delivery: leases what is due, attempts it, takes over from the dead."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from adapter.bell import Bell
from adapter.core.delivery import Claimant, Idle, Lease, Outcome
from adapter.core.errors import StoreUnavailable
from adapter.deliver import Deliver
from adapter.observe import Observer
from adapter.ports import Clock, DeliveryStore

IDLE_S = 1.0
"""Seconds between looks for work of other processes, and for dead ones."""

STORE_PAUSE_S = 1.0
"""Seconds before a database that does not answer is asked again."""


@dataclass(frozen=True)
class _Leased:
    """A lease, and when it was asked for, by the clock's `monotonic`."""

    lease: Lease
    since: float


@dataclass
class Worker:
    """One dispatcher thread that leases, and `threads` threads that attempt.

    Args:
        owner: This process, proven alive by a lock of the operating system.
        dead: Which of these owners are dead.
        threads: Attempts at a time.
        unbroken: Whether nobody can have taken this process for dead since a time of the clock's
            `monotonic`.
    """

    deliver: Deliver
    deliveries: DeliveryStore
    clock: Clock
    bell: Bell
    observer: Observer
    owner: str
    dead: Callable[[Iterable[str]], frozenset[str]]
    threads: int
    unbroken: Callable[[float], bool]
    _known: set[str] = field(default_factory=set)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin to deliver."""
        self._free = threading.Semaphore(self.threads)
        self._leased: queue.SimpleQueue[_Leased | None] = queue.SimpleQueue()
        self._dispatcher = threading.Thread(target=self._dispatch, name="dispatch", daemon=True)
        # Daemons, for a process that was told to stop must not wait for SAS to answer.
        for number in range(self.threads):
            name = f"deliver-{number}"
            threading.Thread(target=self._deliver, name=name, daemon=True).start()
        self._dispatcher.start()

    def stop(self, grace_s: float) -> bool:
        """Lease nothing more; True when every attempt ended within `grace_s` seconds.

        An attempt that is still running is left leased: the next start judges it.
        """
        self._stopping.set()
        self.bell.ring()
        self._dispatcher.join()
        finished = self._all_free(self.clock.monotonic() + grace_s)
        self._ended.set()
        for _ in range(self.threads):
            self._leased.put(None)
        return finished

    def _all_free(self, deadline: float) -> bool:
        """True once no thread has an attempt under way; False when the deadline comes first."""
        return all(
            self._free.acquire(timeout=max(deadline - self.clock.monotonic(), 0.0))
            for _ in range(self.threads)
        )

    def _dispatch(self) -> None:
        looked_at = -IDLE_S
        while not self._stopping.is_set():
            due = self.bell.due
            try:
                if self.clock.monotonic() - looked_at >= IDLE_S:
                    looked_at = self.clock.monotonic()
                    self._take_over()
                pause_s = self._lease_all()
            except StoreUnavailable as error:
                self._tell(error)
                self._stopping.wait(STORE_PAUSE_S)
            except Exception as error:  # noqa: BLE001  whatever it was, deliveries go on
                self.observer.crash("dispatch", error)
                self._stopping.wait(STORE_PAUSE_S)
            else:
                self.bell.wait_due(due, pause_s)

    def _take_over(self) -> None:
        owners = self.deliveries.owners()
        if self.owner in owners:
            self._give_back_unknown()
        for owner in self.dead(owners - {self.owner}):
            self.deliver.recover(owner)

    def _give_back_unknown(self) -> None:
        """Undo leases that no thread works on: only the answer to their commit was lost."""
        for lease in self.deliveries.abandoned(self.owner):
            if lease.token not in self._known and self.deliveries.give_back(lease):
                self.observer.event("given_back", logging.WARNING, delivery=lease.delivery_id)
                self.bell.ring()

    def _lease_all(self) -> float:
        """Lease while something is due and a thread is free; seconds until the next look.

        However much is due, it ends after `IDLE_S` seconds: the dead are looked for between.
        """
        if not self.unbroken(self.clock.monotonic()):
            return IDLE_S
        until = self.clock.monotonic() + IDLE_S
        while self._may_lease(until) and self._free.acquire(timeout=IDLE_S):
            leased: Lease | Idle = Idle()
            since = self.clock.monotonic()
            try:
                leased = self.deliver.lease(self.owner)
            finally:
                if isinstance(leased, Idle):
                    self._free.release()
            if isinstance(leased, Idle):
                return self._pause_s(leased)
            self._known.add(leased.token)
            self._leased.put(_Leased(leased, since))
        return 0.0

    def _may_lease(self, until: float) -> bool:
        return not self._stopping.is_set() and self.clock.monotonic() < until

    def _pause_s(self, idle: Idle) -> float:
        if idle.until is None:
            return IDLE_S
        return min(max(idle.until - self.clock.now(), 0.0), IDLE_S)

    def _deliver(self) -> None:
        for leased in iter(self._leased.get, None):
            following: _Leased | None = leased
            while following is not None:
                following = self._work(following)
            self._free.release()
            self.bell.ring()

    def _work(self, leased: _Leased) -> _Leased | None:
        """Make the attempt; the next one, if it was leased with the record of this one."""
        lease = leased.lease
        try:
            if self._stopping.is_set():
                self.deliveries.give_back(lease)
            # Others may have taken it over where the process was out of sight: it is not sent then.
            elif self.unbroken(leased.since):
                return self._record(lease, self.deliver.attempt(lease))
            self._known.discard(lease.token)
        except StoreUnavailable as error:
            self._tell(error)
        except Exception as error:  # noqa: BLE001  the lease stays: the next start judges it
            self.observer.crash("record", error)
        return None

    def _record(self, lease: Lease, outcome: Outcome) -> _Leased | None:
        """Write the outcome down; the next lease, if that came with it."""
        try:
            following = self._record_and_lease(lease, outcome)
        except Exception as error:  # noqa: BLE001  the fault may be the next one's, not this one's
            self._tell(error)
            self._record_alone(lease, outcome)
            following = None
        self._known.discard(lease.token)
        return following

    def _record_alone(self, lease: Lease, outcome: Outcome) -> None:
        """Write the outcome down, however long that takes.

        Raises:
            StoreUnavailable: The process stops before that can be; the lease stays.
        """
        while True:
            try:
                self.deliver.record(lease, outcome)
            except StoreUnavailable as error:
                if self._ended.is_set():
                    raise
                self._tell(error)
            else:
                return
            self._ended.wait(STORE_PAUSE_S)

    def _record_and_lease(self, lease: Lease, outcome: Outcome) -> _Leased | None:
        since = self.clock.monotonic()
        if self._stopping.is_set() or not self.unbroken(since):
            self.deliver.record(lease, outcome)
            return None
        claimant = Claimant(self.owner, self.clock.new_id())
        leased: Lease | Idle = Idle()
        self._known.add(claimant.token)  # before it is leased: what is not known is given back
        try:
            leased = self.deliver.record_and_lease(lease, outcome, claimant)
        finally:
            if isinstance(leased, Idle):
                self._known.discard(claimant.token)
        return None if isinstance(leased, Idle) else _Leased(leased, since)

    def _tell(self, error: Exception) -> None:
        if isinstance(error, StoreUnavailable):
            self.observer.store_lost(error)
        else:
            self.observer.crash("record", error)
