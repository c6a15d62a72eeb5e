"""What an operator does to deliveries: send again, discard, cancel, hold, release, drop, export."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from adapter.accept import kept_name, prepare
from adapter.bell import Bell
from adapter.core.delivery import AccountHold, Delivery, Filter, Kept, State
from adapter.core.document import Facts
from adapter.core.errors import (
    AdapterError,
    DeliveryNotWaiting,
    HoldUnknown,
    Rejected,
    StoreUnavailable,
)
from adapter.core.failures import LinksExpired
from adapter.core.message import Message
from adapter.core.payload import Limits, Payload
from adapter.core.redact import shortened
from adapter.current import RouteTable
from adapter.observe import Observer
from adapter.ports import Clock, DeliveryLedger, DeliveryStore, Schemas
from adapter.store.links import document_without_signatures, payload_masked
from adapter.survey import Held, Survey

PURGED_AT_ONCE = 500
"""Deliveries dropped in one transaction: few enough that no intake waits for it."""

DISCARDED = "discarded"
CANCELLED = "cancelled"
"""Words for why a delivery is cancelled."""

Tell = Callable[[int], object]
"""Is told how many are done so far."""


@dataclass(frozen=True)
class Retried:
    """A delivery that is due now.

    Args:
        may_run_twice: True where an attempt before may have run the stored process, which is not
            marked idempotent.
        hold: What keeps it from being sent; None where nothing does.
    """

    delivery_id: str
    may_run_twice: bool
    hold: AccountHold | None = None


@dataclass(frozen=True)
class Result:
    """What became of one delivery; `refusal` is None where it was done.

    Args:
        may_run_twice: As of `Retried`.
    """

    delivery_id: str
    refusal: AdapterError | None = None
    may_run_twice: bool = False


@dataclass(frozen=True)
class Exported:
    """A delivery with what it was sent from, every link masked."""

    delivery: Delivery
    kept: Kept


@dataclass(frozen=True)
class Operate:
    """The use case: each verb of an operator, on one delivery or on all that are meant.

    Args:
        schemas: Gives the schemas as they are on disk now.
        by: Who operates, for the log: `cli` or `http`.
    """

    survey: Survey
    routes: RouteTable
    schemas: Callable[[], Schemas]
    deliveries: DeliveryStore
    ledger: DeliveryLedger
    clock: Clock
    bell: Bell
    observer: Observer
    limits: Limits
    by: str = "http"

    def retry(self, delivery_id: str, *, as_sent: bool = False) -> Retried:
        """The delivery, due now, with its document built anew from the kept payload.

        A rejected one that is still wrong stays rejected, for the reason there is now.

        Args:
            delivery_id: A parked, rejected, cancelled or waiting one.
            as_sent: Send the sealed document as it is.

        Raises:
            DeliveryUnknown: There is none of this id.
            DeliveryNotWaiting: It is running or delivered, or has no document to send as it is.
            Rejected: Its payload is no valid document.
            LinksExpired: Nothing could be fetched any more.
            AlreadyAccepted: Its task was accepted meanwhile as another delivery.
        """
        retried = self._retry(delivery_id, self.schemas(), as_sent=as_sent)
        self._tell("retry", delivery=delivery_id, as_sent=as_sent, twice=retried.may_run_twice)
        return retried

    def discard(self, delivery_id: str) -> None:
        """Never send a parked or rejected delivery again.

        Raises:
            DeliveryUnknown: There is none of this id.
            DeliveryNotWaiting: It is neither.
        """
        self._discard(delivery_id)
        self._tell("discard", delivery=delivery_id)

    def cancel(self, delivery_id: str) -> None:
        """Never send a queued or retrying delivery.

        Raises:
            DeliveryUnknown: There is none of this id.
            DeliveryNotWaiting: It is neither.
        """
        self._cancel(delivery_id)
        self._tell("cancel", delivery=delivery_id)

    def retry_all(
        self, ids: Sequence[str], tell: Tell, *, as_sent: bool = False
    ) -> tuple[Result, ...]:
        """What became of each; the first refusal does not end it."""
        schemas = self.schemas()
        return self._all(
            "retry", ids, tell, lambda name: self._retry(name, schemas, as_sent=as_sent)
        )

    def discard_all(self, ids: Sequence[str], tell: Tell) -> tuple[Result, ...]:
        """What became of each; the first refusal does not end it."""
        return self._all("discard", ids, tell, self._discard)

    def cancel_all(self, ids: Sequence[str], tell: Tell) -> tuple[Result, ...]:
        """What became of each; the first refusal does not end it."""
        return self._all("cancel", ids, tell, self._cancel)

    def purge(self, wanted: Filter, tell: Tell) -> int:
        """How many ended deliveries were deleted, a few in each transaction."""
        deleted = 0
        try:
            while count := self.ledger.purge(wanted, PURGED_AT_ONCE):
                deleted += count
                tell(deleted)
        finally:
            self._tell("purge", deleted=deleted)
        return deleted

    def hold(self, stored_process: str, message: str) -> Held:
        """A hold by hand on the account of a stored process: nothing is sent for it from now on.

        Raises:
            StpUnknown: It has no route.
        """
        account = self.routes.choose(stored_process).account
        hold = AccountHold(account, self.clock.now(), message, by_hand=True)
        self.deliveries.hold(hold)
        self._tell("hold", account=account, message=message)
        self.bell.ring()
        return self.survey.covered(hold)

    def release(self, *, stored_process: str = "", account: str = "") -> Held:
        """The hold that is lifted: of this account, or of that of this stored process.

        Raises:
            StpUnknown: The stored process has no route.
            HoldUnknown: Nothing holds it.
        """
        name = account or self.routes.choose(stored_process).account
        hold = self.deliveries.holds().get(name)
        if hold is None:
            raise HoldUnknown(f"nothing holds {shortened(name)!r}")
        self.deliveries.release(name)
        self._tell("release", account=name)
        self.bell.ring()
        return self.survey.covered(hold)

    def export(self, wanted: Filter) -> Iterator[Exported]:
        """Each delivery that is meant, with what it was sent from; links are masked."""
        ids = [delivery.delivery_id for delivery in self.survey.meant(wanted)]
        self._tell("export", deliveries=len(ids))
        return self._exported(ids)

    def _exported(self, ids: Sequence[str]) -> Iterator[Exported]:
        for delivery_id in ids:
            if delivery := self.deliveries.get(delivery_id):
                yield Exported(delivery, _masked(self.ledger.kept(delivery_id)))

    def _retry(self, delivery_id: str, schemas: Schemas, *, as_sent: bool) -> Retried:
        delivery = self.survey.get(delivery_id)
        _refuse_delivered(delivery)
        message = None if as_sent else self._rebuilt(self.ledger.kept(delivery_id), schemas)
        self._refuse_expired(None if delivery.staged else (message or delivery).links_expire_at)
        self.ledger.requeue(delivery_id, message)
        self.bell.ring()
        queued = replace(delivery, state=State.QUEUED)
        return Retried(
            delivery_id, self.survey.may_run_twice(delivery), self.survey.hold_of(queued)
        )

    def _rebuilt(self, kept: Kept, schemas: Schemas) -> Message:
        """The message that the kept payload becomes today."""
        delivery, name = kept.delivery, kept.delivery.stored_process
        payload = Payload.parse(kept.payload, self.limits)
        path_name = "" if kept_name(payload.stp_name) == name else name
        facts = Facts(delivery.delivery_id, delivery.accepted_at)
        try:
            prepared = prepare(payload, path_name, self.routes, schemas, facts)
        except Rejected as error:
            error.delivery_id, error.stored_process = delivery.delivery_id, name
            if delivery.state is State.REJECTED:
                self.ledger.reject_again(delivery.delivery_id, error)
            raise
        return Message.seal(
            prepared.document,
            payload,
            stored_process=prepared.route.stored_process,
            delivery_id=delivery.delivery_id,
            request_id=kept.request_id,
            stage=prepared.route.staging.on,
        )

    def _refuse_expired(self, links_expire_at: float | None) -> None:
        if links_expire_at is not None and links_expire_at < self.clock.now():
            raise LinksExpired("the presigned links of the task have expired: it cannot be sent")

    def _discard(self, delivery_id: str) -> None:
        self._end(delivery_id, (State.PARKED, State.REJECTED), DISCARDED, "queued ones: cancel")

    def _cancel(self, delivery_id: str) -> None:
        self._end(delivery_id, (State.QUEUED, State.RETRYING), CANCELLED, "parked ones: discard")

    def _end(self, delivery_id: str, states: tuple[State, State], why: str, other: str) -> None:
        state = self.survey.get(delivery_id).state
        if state not in states:
            expected = " or ".join(states)
            raise DeliveryNotWaiting(
                f"delivery {delivery_id} is {state}, expected {expected} (for {other})"
            )
        self.ledger.cancel(delivery_id, why)
        self.bell.ring()

    def _all(
        self, verb: str, ids: Sequence[str], tell: Tell, act: Callable[[str], object]
    ) -> tuple[Result, ...]:
        results: list[Result] = []
        try:
            for delivery_id in ids:
                results.append(self._result(verb, delivery_id, act))
                tell(len(results))
                if isinstance(lost := results[-1].refusal, StoreUnavailable):
                    results += [Result(name, lost) for name in ids[len(results) :]]
                    break
        finally:
            refused = sum(result.refusal is not None for result in results)
            self._tell(verb, deliveries=len(ids), done=len(results) - refused, refused=refused)
        return tuple(results)

    def _result(self, verb: str, delivery_id: str, act: Callable[[str], object]) -> Result:
        try:
            done = act(delivery_id)
        except AdapterError as error:
            self._tell(verb, delivery=delivery_id, outcome="refused", code=error.code)
            return Result(delivery_id, error)
        self._tell(verb, delivery=delivery_id, outcome="done")
        return Result(delivery_id, None, isinstance(done, Retried) and done.may_run_twice)

    def _tell(self, verb: str, **facts: object) -> None:
        self.observer.event("operator", logging.INFO, verb=verb, by=self.by, **facts)


def _refuse_delivered(delivery: Delivery) -> None:
    if delivery.state is State.DELIVERED:
        raise DeliveryNotWaiting(
            f"delivery {delivery.delivery_id} is delivered, and the signatures of its links are "
            "erased: to run it once more, post the task again with an Idempotency-Key of your own"
        )


def _masked(kept: Kept) -> Kept:
    table = None if kept.table is None else document_without_signatures(kept.table)
    payload, _ = payload_masked(kept.payload)
    return replace(kept, payload=payload, table=table)
