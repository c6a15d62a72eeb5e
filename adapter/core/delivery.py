"""What is known of a delivery: where it stands, its attempts, and the right to make one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from adapter.core.answer import Answer
from adapter.core.breaker import BreakerPolicy
from adapter.core.errors import Problem
from adapter.core.failures import DeliveryError
from adapter.core.message import IdempotencyKey
from adapter.core.staging import Staging
from adapter.core.verdict import Verdict


class State(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    PARKED = "parked"
    REJECTED = "rejected"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """True where nothing more happens without a person."""
        return self not in (State.QUEUED, State.RUNNING, State.RETRYING)


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
        queued_at: When it was accepted, or last sent again by a person.
        why: A stable word that says why it is parked, rejected or cancelled.
        code: Stable code of the last error; empty after success.
        message: Sentence of the last error.
        result: The answer, once delivered.
        task_id: The bulk task or the event it came from; empty where none was named.
        links_expire_at: When its first presigned link expires; None where it has none, or needs
            none because its files are staged.
        staging: How it stands with its files; None where they are not staged.
    """

    delivery_id: str
    stored_process: str
    state: State
    attempts: int
    accepted_at: float
    queued_at: float
    updated_at: float
    due_at: float
    transport: str = ""
    why: str = ""
    code: str = ""
    message: str = ""
    details: tuple[Problem, ...] = ()
    result: Answer | None = None
    history: tuple[Attempt, ...] = ()
    task_id: str = ""
    links_expire_at: float | None = None
    staging: Staging | None = None

    @property
    def staged(self) -> bool:
        """Whether its files are here: it needs its links no more."""
        return self.staging is not None and self.staging.done_at is not None


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
    task_id: str = ""
    own_key: IdempotencyKey | None = None


@dataclass(frozen=True)
class Gate:
    """What must be free before a delivery of one stored process may be leased.

    The limits hold across threads, processes and hosts that share the store.

    Args:
        concurrency: Attempts of the stored process at a time.
        account: Who calls SAS: while the account is held, nothing of it is leased.
        server: The SAS server that is called; empty where no route is known.
        server_concurrency: Attempts at a time on this server, over all stored processes.
        address: The address that is called; each has a breaker of its own.
        breaker: When that opens.
        interval_s: Seconds between the starts of two attempts; 0 sets no rate.
        in_order: Only the oldest waiting delivery may be next, due or not.
    """

    concurrency: int
    account: str = ""
    server: str = ""
    server_concurrency: int = 1000
    address: str = ""
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    interval_s: float = 0.0
    in_order: bool = False


@dataclass(frozen=True)
class Claimant:
    """Who leases.

    Args:
        owner: The process that will make the attempt.
        token: What proves the lease to be this one; new for each.
    """

    owner: str
    token: str


@dataclass(frozen=True)
class Lease:
    """The right to make one attempt; `token` proves it. Times in seconds since 1970-01-01 UTC.

    Args:
        attempt: Number of this attempt over the life of the delivery, from 1.
        tried: Number of this attempt since a person last sent the delivery, from 1.
        queued_at: When it was accepted, or last sent again by a person.
        links_expire_at: When its first presigned link expires; None where it has none.
        gate: What it passed.
        staging: How it stands with its files; None where they are not staged.
        may_have_run: Whether another attempt since then may have run the stored process.
    """

    delivery_id: str
    stored_process: str
    table: bytes = field(repr=False)
    request_id: str
    attempt: int
    token: str
    started_at: float
    tried: int
    queued_at: float
    links_expire_at: float | None = None
    gate: Gate = field(default_factory=lambda: Gate(1), compare=False)
    staging: Staging | None = None
    may_have_run: bool = False


@dataclass(frozen=True)
class Idle:
    """Nothing may be leased now.

    Args:
        until: When that may change by the clock alone, in seconds since 1970-01-01 UTC; None when
            only a change of some delivery can change it.
    """

    until: float | None = None


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended. Exactly one of answer and failure is set.

    `account` is the one it was called by, where it failed; empty where nothing was called.
    """

    verdict: Verdict
    transport: str
    ended_at: float
    answer: Answer | None = None
    failure: DeliveryError | None = None
    account: str = ""


@dataclass(frozen=True)
class AccountHold:
    """No call by this account: `message` tells why, `since` in seconds since 1970-01-01 UTC.

    One set `by_hand` stays until a person lifts it.
    """

    account: str
    since: float
    message: str
    by_hand: bool = False


@dataclass(frozen=True)
class Filter:
    """Which deliveries are meant; what is left out allows any.

    Args:
        states: One of these.
        stored_process: Exactly this one.
        code: Stable code of the last error, or the word `why`.
        task_id: The bulk task or event.
        text: Part of the id, the stored process, the key, the task or the last error, in any case.
        before: Accepted before this time, in seconds since 1970-01-01 UTC.
        since: Accepted at this time or later.
        ids: One of these.
        links_expire_before: With presigned links that expire before this time.
    """

    states: frozenset[State] = frozenset()
    stored_process: str = ""
    code: str = ""
    task_id: str = ""
    text: str = ""
    before: float | None = None
    since: float | None = None
    ids: frozenset[str] = frozenset()
    links_expire_before: float | None = None


@dataclass(frozen=True)
class Kept:
    """What a delivery can be sent again from.

    Args:
        delivery: What is known of it.
        payload: The body as received; of a delivered one without the signatures of its links.
        table: The sealed instream document; None for a rejected one.
        request_id: The id of the request that brought it.
        key: The idempotency key as stored; of a rejected one only what the caller gave.
    """

    delivery: Delivery
    payload: bytes = field(repr=False)
    table: bytes | None = field(repr=False)
    request_id: str
    key: str


@dataclass(frozen=True)
class Retention:
    """Seconds that ended deliveries are kept, by state; where one is missing, for ever."""

    keep_s: Mapping[State, float]
