"""Whether SAS still publishes the WSDL that is pinned, and what changed, in words."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from adapter.core.failures import ContractUnusable
from adapter.core.route import Route
from adapter.ports import Clock, Contract
from adapter.sas.download import Way
from adapter.sas.published import fetch_contract
from adapter.sas.session import HttpSession
from adapter.sas.wsdl import digest, operation_for
from adapter.wsdl import diff, reading
from adapter.wsdl.diff import Change

MAX_TOLD = 10
"""Changes that the details of an error list one by one."""

REMEDY = (
    "read `sasbiws wsdl diff`, mend the mapping or the stored process if a call breaks, "
    "then pin the published one with `sasbiws wsdl refresh`"
)


def compare(
    pinned: Contract, published: Contract, stored_processes: Iterable[str] = ("",)
) -> tuple[Change, ...]:
    """Every change that the published WSDL makes, breaking ones first; none for the same one.

    Args:
        pinned: What calls are made with.
        published: What SAS publishes now.
        stored_processes: Whom the operations serve; an empty name stands for all operations.
    """
    if published.files == pinned.files:
        return ()
    old = reading.read(pinned.files, pinned.main)
    new = reading.read(published.files, published.main)
    changes: dict[Change, None] = {}
    for name in stored_processes:
        changes |= dict.fromkeys(diff.diff(old, new, name))
        changes |= dict.fromkeys(_no_longer_read(pinned, published, name))
    return tuple(sorted(changes, key=lambda change: not change.breaking))


def _no_longer_read(pinned: Contract, published: Contract, name: str) -> Iterator[Change]:
    """What no rule sees: zeep reads the one and stumbles over the other."""
    if not name:
        return
    try:
        operation_for(published, name, instream=_takes_document(pinned, name))
    except ContractUnusable as error:
        yield Change("wsdl", True, name, pinned.main, published.main, error.message)  # noqa: FBT003


def _takes_document(pinned: Contract, name: str) -> bool:
    """Whether the pinned operation has a data source; one with prompts alone has none."""
    try:
        operation_for(pinned, name)
    except ContractUnusable:
        return False
    return True


class Refresh:
    """Compares pinned contracts with published ones, each once per process, and changes none."""

    def __init__(self, session: HttpSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._lock = threading.Lock()
        self._told: dict[tuple[str, str], tuple[str, ...]] = {}

    def published(self, route: Route) -> Contract:
        """What SAS publishes for this route now, built anew.

        Raises:
            DeliveryError: It cannot be had, or is no WSDL that may be used.
        """
        return fetch_contract(
            self._session, route.address, clock=self._clock, way=Way.of(route), reload=True
        )

    def compared(self, pinned: Contract, route: Route) -> tuple[str, ...]:
        """Sentences on the comparison; none while another thread makes it."""
        key = (pinned.address, digest(pinned))
        with self._lock:
            if key in self._told:
                return self._told[key]
            self._told[key] = ()
        self._told[key] = told = self._comparison(pinned, route)
        return told

    def _comparison(self, pinned: Contract, route: Route) -> tuple[str, ...]:
        try:
            changes = compare(pinned, self.published(route), [route.stored_process])
        except Exception as error:  # noqa: BLE001  the fault that led here must not be hidden
            return (f"the published WSDL cannot be compared with the pinned one: {error}",)
        if not changes:
            return ("the published WSDL is the pinned one",)
        return (
            f"the published WSDL differs from the pinned one: {counted(changes)}; {REMEDY}",
            *map(str, changes[:MAX_TOLD]),
        )


def counted(changes: tuple[Change, ...]) -> str:
    """How many changes, and how many of them break a call."""
    breaking = sum(change.breaking for change in changes)
    noun = "change" if len(changes) == 1 else "changes"
    return f"{len(changes)} {noun}, {breaking} breaking"
