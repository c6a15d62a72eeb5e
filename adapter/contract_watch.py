"""Clock and thread of the pinned contracts: compares them with what SAS publishes, and tells."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from adapter.core import sasbiws
from adapter.core.contract_check import ContractAlert, ContractCheck
from adapter.core.failures import DeliveryError
from adapter.core.route import Accept, Route, TransportName
from adapter.current import RouteTable
from adapter.observe import Observer
from adapter.ports import Clock, Contract, ContractStore
from adapter.sas.refresh import MAX_TOLD, REMEDY, compare, counted
from adapter.sas.wsdl import digest
from adapter.store.contract_checks import ContractChecks
from adapter.wsdl.diff import Change

LOOK_S = 60.0
"""Seconds between looks for a comparison that is due."""

RETRY_S = 900.0
"""Seconds after which a comparison that could not be made is tried again, if not due sooner."""


@dataclass(frozen=True)
class Watched:
    """One pinned contract, and the routes that are called by it."""

    contract: Contract
    routes: tuple[Route, ...]

    @property
    def every_s(self) -> float:
        """Seconds between comparisons; 0 where no route wants any."""
        return min((r.contract.refresh_s for r in self.routes if r.contract.refresh_s), default=0.0)

    @property
    def accepts(self) -> bool:
        """Whether every route agrees that a harmless change replaces the pin."""
        return all(route.contract.accept is Accept.COMPATIBLE for route in self.routes)

    @property
    def names(self) -> tuple[str, ...]:
        """The stored processes that are called by it."""
        return tuple(route.stored_process for route in self.routes)

    def is_due(self, check: ContractCheck, now: float) -> bool:
        """Whether it is time to compare again; a pin is as good as a comparison."""
        pause_s = min(self.every_s, RETRY_S) if check.failure else self.every_s
        return now >= max(check.checked_at, self.contract.fetched_at) + pause_s


@dataclass
class ContractWatch:
    """One thread that asks SAS; no call ever waits for it, and what it cannot get changes nothing.

    Of several processes on one home, one makes each comparison.

    Args:
        routes: Which contracts are compared, and how often.
        contracts: The pinned ones.
        checks: What earlier comparisons found, shared between processes.
        published: What SAS publishes for a route now.
        look_s: Seconds between looks.
    """

    routes: RouteTable
    contracts: ContractStore
    checks: ContractChecks
    published: Callable[[Route], Contract]
    clock: Clock
    observer: Observer
    look_s: float = LOOK_S
    _stopping: threading.Event = field(default_factory=threading.Event)
    _trouble: str = ""
    _begun: bool = False

    def start(self) -> None:
        """Begin to compare, where a route asks for it and nothing has begun yet."""
        if not self._begun and any(route.contract.refresh_s for route in self.routes.all()):
            self._begun = True
            # A daemon, for a process that was told to stop must not wait for SAS to answer.
            threading.Thread(target=self._run, name="contracts", daemon=True).start()

    def stop(self) -> None:
        """Begin no further comparison; one under way is left behind."""
        self._stopping.set()

    def alerts(self) -> tuple[ContractAlert, ...]:
        """The web services that publish another WSDL than the pinned one, breaking ones first.

        Raises:
            OSError: What the comparisons found cannot be read.
        """
        found = self.checks.all()
        standing = (
            _alert(each, found[each.contract.address])
            for each in self._watched()
            if each.contract.address in found
            and found[each.contract.address].pinned == digest(each.contract)
            and found[each.contract.address].changes
        )
        return tuple(sorted(standing, key=lambda alert: (not alert.breaking, alert.address)))

    def look(self) -> None:
        """Make every comparison that is due."""
        for each in self._watched():
            if self._stopping.is_set():
                return
            if each.every_s and self._claimed(each):
                self._check(each)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except OSError as error:
                self._tell_trouble(error.strerror or str(error))
            except Exception as error:  # noqa: BLE001  whatever it was, the next look may be better
                self.observer.crash("contract_watch", error)
            self._stopping.wait(self.look_s)

    def _watched(self) -> Iterator[Watched]:
        for contract in self.contracts.all():
            if isinstance(contract, Contract):
                yield Watched(contract, tuple(_called_by(self.routes, contract.address)))

    def _claimed(self, each: Watched) -> bool:
        now = self.clock.now()
        return self.checks.claim(each.contract.address, now, lambda check: each.is_due(check, now))

    def _check(self, each: Watched) -> None:
        address = each.contract.address
        known = self.checks.all().get(address, ContractCheck())
        try:
            published = self.published(each.routes[0])
        except DeliveryError as error:
            self._tell_failure(each, known, error)
            self.checks.record(address, replace(known, failure=error.message))
            return
        if known.failure:
            self.observer.event("contract_available", address=address)
        changes = compare(each.contract, published, each.names)
        if changes and each.accepts and not changes[0].breaking:
            changes = self._replaced(each, published, changes)
        self._conclude(each, known, published, changes)

    def _replaced(
        self, each: Watched, published: Contract, changes: tuple[Change, ...]
    ) -> tuple[Change, ...]:
        """What still differs: nothing, once the published one is pinned."""
        try:
            self.contracts.replace(published)
        except DeliveryError as error:
            address = each.contract.address
            self.observer.event(
                "contract_not_replaced", logging.WARNING, address=address, message=error.message
            )
            return changes
        self._tell("contract_replaced", logging.INFO, each, changes)
        return ()

    def _conclude(
        self, each: Watched, known: ContractCheck, published: Contract, changes: tuple[Change, ...]
    ) -> None:
        pair = (digest(each.contract), digest(published))
        same = (known.pinned, known.published) == pair
        if changes and not same:
            level = logging.ERROR if changes[0].breaking else logging.WARNING
            self._tell("contract_changed", level, each, changes, remedy=REMEDY)
        now = self.clock.now()
        since = known.since if same else now
        told = tuple(map(str, changes))
        breaking = any(change.breaking for change in changes)
        check = ContractCheck(now, "", *pair, since, breaking, told)
        self.checks.record(each.contract.address, check)

    def _tell(
        self, event: str, level: int, each: Watched, changes: tuple[Change, ...], remedy: str = ""
    ) -> None:
        """One line that sums up, and one for each change."""
        address, stp = each.contract.address, ", ".join(each.names)
        told = counted(changes)
        self.observer.event(event, level, address=address, stp=stp, found=told, remedy=remedy)
        for change in changes[:MAX_TOLD]:
            self.observer.event("contract_change", level, address=address, change=str(change))

    def _tell_trouble(self, message: str) -> None:
        """Once for each: the next look comes soon."""
        if message != self._trouble:
            self._trouble = message
            self.observer.event("contract_watch", logging.WARNING, message=message)

    def _tell_failure(self, each: Watched, known: ContractCheck, error: DeliveryError) -> None:
        """Once, until a comparison can be made again: calls go on by the pinned contract."""
        if not known.failure:
            self.observer.event(
                "contract_unavailable",
                logging.WARNING,
                address=each.contract.address,
                code=error.code,
                message=error.message,
                remedy=error.remedy,
            )


def _alert(each: Watched, check: ContractCheck) -> ContractAlert:
    return ContractAlert(
        each.contract.address, each.names, check.since, check.breaking, check.changes, REMEDY
    )


def _called_by(routes: RouteTable, address: str) -> Iterator[Route]:
    """The routes that are called by the contract of this address."""
    for route in routes.named.values():
        if route.transport is TransportName.SOAP and route.address == address:
            yield route
    default = routes.default
    if default is not None and not routes.named and default.transport is TransportName.SOAP:
        name = sasbiws.stored_process_at(default.stpurl, address)
        if name is not None:
            yield routes.choose(name)
