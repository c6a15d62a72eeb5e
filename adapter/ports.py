"""What the use cases need of SAS, the store and the clock; each room below fills one in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from adapter.core.answer import Answer
from adapter.core.errors import Problem
from adapter.core.failures import DeliveryError
from adapter.core.message import Message
from adapter.core.redact import Secret
from adapter.core.route import Route
from adapter.core.verdict import Verdict


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
    """The exact request that a call sends. Header values that hold a secret are `Secret`."""

    method: str
    address: str
    headers: Mapping[str, str | Secret]
    body: bytes = field(repr=False)
    masked_body: bytes

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


class ContractStore(Protocol):
    """Keeps pinned contracts, by address."""

    def get(self, address: str) -> Contract | None:
        """The pinned contract, or None.

        Raises:
            ContractUnusable: A file is missing or its hash does not match.
        """

    def pin_once(self, address: str, fetch: Callable[[], Contract]) -> Contract:
        """The pinned contract; fetched and pinned if there is none, by one process only."""


class Schemas(Protocol):
    """Compiled schemas of the instream data source."""

    def problems(self, document: bytes, schema: str) -> tuple[Problem, ...]:
        """Everything in the document that the schema of this file name does not allow."""


class State(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    PARKED = "parked"
    REJECTED = "rejected"

    @property
    def ended(self) -> bool:
        """True where nothing more happens without a person."""
        return self in (State.DELIVERED, State.PARKED, State.REJECTED)


@dataclass(frozen=True)
class Attempt:
    """One finished or running attempt. Times are seconds since 1970-01-01 UTC."""

    number: int
    transport: str
    started_at: float
    ended_at: float | None = None
    effect: str = ""
    code: str = ""
    message: str = ""
    http_status: int | None = None


@dataclass(frozen=True)
class Delivery:
    """What the store knows of one delivery, without its documents.

    Args:
        why: A stable word that says why it is parked or rejected.
        code: Stable code of the last error; empty after success.
        message: Sentence of the last error.
        result: The answer, once delivered.
    """

    delivery_id: str
    stored_process: str
    state: State
    attempts: int
    accepted_at: float
    updated_at: float
    due_at: float
    transport: str = ""
    why: str = ""
    code: str = ""
    message: str = ""
    details: tuple[Problem, ...] = ()
    result: Answer | None = None
    history: tuple[Attempt, ...] = ()


@dataclass(frozen=True)
class Added:
    """What became of a message: its delivery, and whether an earlier post had made it."""

    delivery_id: str
    replayed: bool


@dataclass(frozen=True)
class Rejection:
    """A payload that cannot be delivered as it is, kept to be replayed."""

    delivery_id: str
    stored_process: str
    payload: bytes
    request_id: str
    code: str
    message: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Lease:
    """The right to make one attempt; `token` proves it."""

    delivery_id: str
    stored_process: str
    table: bytes
    request_id: str
    attempt: int
    token: str
    started_at: float


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended. Exactly one of answer and failure is set."""

    verdict: Verdict
    transport: str
    ended_at: float
    answer: Answer | None = None
    failure: DeliveryError | None = None


@dataclass(frozen=True)
class AccountHold:
    """No call by this account: `message` tells why, `since` in seconds since 1970-01-01 UTC."""

    account: str
    since: float
    message: str


class DeliveryStore(Protocol):
    """Keeps every accepted task until it has ended, and the account of it afterwards.

    Every method raises StoreUnavailable when the database cannot be read or written.
    """

    def add(self, message: Message) -> Added:
        """On disk when it returns. A key met before gives the first delivery.

        Raises:
            IdempotencyKeyReused: An explicit key came before with another body.
        """

    def reject(self, rejection: Rejection) -> None:
        """Keep a rejected payload; the oldest beyond the cap are dropped."""

    def lease(self, owner: str, concurrency: Callable[[str], int]) -> Lease | None:
        """The next due delivery, now running by this owner; None when nothing is due.

        Args:
            owner: The process that will make the attempt.
            concurrency: Attempts that may run at a time for a stored process; 0 for none.
        """

    def record(self, lease: Lease, outcome: Outcome) -> bool:
        """Write down how an attempt ended; False when the lease was lost meanwhile."""

    def abandoned(self, owner: str) -> tuple[Lease, ...]:
        """The running leases of a process that is known to be dead."""

    def owners(self) -> frozenset[str]:
        """The processes that hold running leases."""

    def next_due(self, after: float) -> float | None:
        """When the next waiting delivery falls due after `after`; both in seconds since 1970."""

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
