"""What the use cases need of SAS, the store and the clock; each room below fills one in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from adapter.core.answer import Answer
from adapter.core.breaker import Breaker
from adapter.core.delivery import (
    AccountHold,
    Added,
    Claimant,
    Delivery,
    Filter,
    Gate,
    Idle,
    Kept,
    Lease,
    Outcome,
    Rejection,
    Retention,
    State,
)
from adapter.core.errors import Problem, Rejected
from adapter.core.failures import ContractUnusable
from adapter.core.message import Message
from adapter.core.redact import Secret
from adapter.core.route import Route


class Clock(Protocol):
    """Time and chance."""

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC."""

    def monotonic(self) -> float:
        """Seconds that only go forward, for durations."""

    def jitter(self) -> float:
        """A random number of at least 0 and less than 1."""

    def new_id(self) -> str:
        """An id that no other delivery has."""


@dataclass(frozen=True)
class Call:
    """One attempt to run a stored process.

    Args:
        route: How it is called.
        table: The instream document.
        delivery_id: Sent as X-Request-ID, so that a web server's log can be matched.
    """

    route: Route
    table: bytes = field(repr=False)
    delivery_id: str


@dataclass(frozen=True)
class HttpRequest:
    """The exact request that a call sends. Header values that hold a secret are `Secret`.

    Args:
        mask: Makes the body fit to be shown.
    """

    method: str
    address: str
    headers: Mapping[str, str | Secret]
    body: bytes = field(repr=False)
    mask: Callable[[bytes], bytes] = field(repr=False)

    def masked_body(self) -> str:
        """The body as it may be shown."""
        return self.mask(self.body).decode()

    def masked_headers(self) -> dict[str, str]:
        """The headers as they may be shown."""
        return {
            name: "***" if isinstance(value, Secret) else value
            for name, value in self.headers.items()
        }


class Transport(Protocol):
    """Speaks SOAP or REST to SASBIWS."""

    def request(self, call: Call) -> HttpRequest:
        """The request the call would send; nothing is sent, but a contract may be fetched.

        Raises:
            DeliveryError: No contract can be had, or it has no operation for this call.
        """

    def send(self, call: Call) -> Answer:
        """The stored process's answer.

        Raises:
            DeliveryError: The leaf that says what SAS may have done.
        """


@dataclass(frozen=True)
class Contract:
    """A WSDL with all that it imports, bytes as received.

    Args:
        address: The address of the web service it was fetched for.
        main: Where the WSDL itself was fetched from.
        files: Content by the address each file answers.
        fetched_at: Seconds since 1970-01-01 UTC.
    """

    address: str
    main: str
    files: Mapping[str, bytes]
    fetched_at: float


@dataclass(frozen=True)
class BrokenContract:
    """A pinned contract that cannot be used.

    Args:
        folder: Where it lies.
        address: The address of the web service; empty where even that cannot be read.
        error: What is wrong with it, and the remedy.
    """

    folder: str
    address: str
    error: ContractUnusable


class ContractStore(Protocol):
    """Keeps pinned contracts, by address."""

    def get(self, address: str) -> Contract | None:
        """The pinned contract, or None.

        Raises:
            ContractUnusable: A file is missing or its hash does not match.
        """

    def pin_once(self, address: str, fetch: Callable[[], Contract]) -> Contract:
        """The pinned contract; fetched and pinned if there is none, by one process only."""

    def replace(self, contract: Contract) -> Contract:
        """The contract, pinned now, in place of the one that was; nobody meets half of it.

        Raises:
            ContractUnavailable: It cannot be kept.
        """

    def all(self) -> tuple[Contract | BrokenContract, ...]:
        """Every pinned contract, also those that cannot be used, in the order of their folders."""


class Schemas(Protocol):
    """Compiled schemas of the instream data source."""

    def problems(self, document: bytes, schema: str) -> tuple[Problem, ...]:
        """Everything in the document that the schema of this file name does not allow."""


class DeliveryStore(Protocol):
    """Keeps every accepted task until it has ended, and the account of it afterwards.

    Every method raises StoreUnavailable when the database cannot be read or written.
    """

    def add(self, message: Message) -> Added:
        """On disk when it returns. A key met before gives the first delivery.

        A derived key with other links heals a first delivery that waits or is `links_expired`.

        Raises:
            IdempotencyKeyReused: An explicit key came before with another body.
        """

    def reject(self, rejection: Rejection) -> None:
        """Keep a rejected payload; the oldest beyond the cap are dropped."""

    def lease(self, owner: str, gate: Callable[[str], Gate]) -> Lease | Idle:
        """The next delivery that is due and passes its gate, now running by this owner.

        Args:
            owner: The process that will make the attempt.
            gate: What must be free for a stored process.
        """

    def record(self, lease: Lease, outcome: Outcome) -> bool:
        """Write down how an attempt ended; False when the lease was lost meanwhile."""

    def record_and_lease(
        self, lease: Lease, outcome: Outcome, claimant: Claimant, gate: Callable[[str], Gate]
    ) -> tuple[bool, Lease | Idle]:
        """What `record` and `lease` give, in one commit.

        Idle also where a stored process waits that is new: a look of its own finds that.
        """

    def give_back(self, lease: Lease) -> bool:
        """Undo a lease that no attempt was made by; False when it was lost meanwhile."""

    def abandoned(self, owner: str) -> tuple[Lease, ...]:
        """The running leases of a process that is known to be dead."""

    def owners(self) -> frozenset[str]:
        """The processes that hold running leases."""

    def get(self, delivery_id: str) -> Delivery | None:
        """What is known of a delivery."""

    def hold(self, hold: AccountHold) -> None:
        """No further lease for this account until it is released."""

    def holds(self) -> Mapping[str, AccountHold]:
        """The holds in force, by account."""

    def release(self, account: str) -> None:
        """Lift the hold of this account."""

    def ping(self) -> None:
        """Nothing, when the database can be written."""


class DeliveryLedger(Protocol):
    """The deliveries as an operator sees and changes them, on the same database.

    Every method raises StoreUnavailable when the database cannot be read or written.
    """

    def find(self, wanted: Filter, limit: int, offset: int = 0) -> tuple[Delivery, ...]:
        """Those that are meant, newest first, without result and history."""

    def count(self, wanted: Filter) -> Mapping[State, int]:
        """How many are meant, by state; a state without any is left out."""

    def kept(self, delivery_id: str) -> Kept:
        """What a delivery can be sent again from.

        Raises:
            DeliveryUnknown: There is none of this id.
        """

    def requeue(self, delivery_id: str, message: Message | None = None) -> None:
        """Due now, in full: attempts and deadline are counted afresh.

        Args:
            delivery_id: A parked, rejected, cancelled or waiting delivery.
            message: What is sent from now on; None sends the sealed document again.

        Raises:
            DeliveryUnknown: There is none of this id.
            DeliveryNotWaiting: It is running or delivered, or was rejected and has no document.
            AlreadyAccepted: Its task was accepted meanwhile as another delivery.
        """

    def reject_again(self, delivery_id: str, error: Rejected) -> None:
        """Still rejected, for this reason now."""

    def cancel(self, delivery_id: str, why: str) -> None:
        """Never sent again by itself: `cancelled` with this word.

        Raises:
            DeliveryUnknown: There is none of this id.
            DeliveryNotWaiting: It is running, delivered or cancelled.
        """

    def purge(self, wanted: Filter, limit: int) -> int:
        """Delete up to `limit` of the ended deliveries that are meant; how many were deleted."""

    def expire(self, retention: Retention, limit: int) -> int:
        """Delete up to `limit` ended deliveries that were kept long enough; how many."""

    def breakers(self) -> Mapping[str, Breaker]:
        """The breakers that are not at rest, by address."""
