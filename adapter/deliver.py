"""Delivering a task: lease > staged document > transport.send > judge > record > observe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapter.bell import Bell
from adapter.core.answer import Answer
from adapter.core.deadline import LINKS_EXPIRED, Deadline, deadline
from adapter.core.delivery import AccountHold, Claimant, Gate, Idle, Lease, Outcome
from adapter.core.errors import StpUnknown
from adapter.core.failures import (
    AttemptCrashed,
    DeliveryError,
    GaveUp,
    LinksExpired,
    MayHaveRun,
    RouteUnknown,
    WorkerDied,
)
from adapter.core.route import Order, Policy, Route, TransportName
from adapter.core.stage_failures import NotStaged
from adapter.core.verdict import Delivered, Ended, Hold, Retry, judge
from adapter.current import RouteTable
from adapter.observe import Observer
from adapter.ports import Call, Clock, DeliveryStore, Transport


@dataclass(frozen=True)
class Deliver:
    """The use case: one attempt at a time, its outcome on disk before the next."""

    routes: RouteTable
    transports: Mapping[TransportName, Transport]
    deliveries: DeliveryStore
    clock: Clock
    bell: Bell
    observer: Observer

    def lease(self, owner: str) -> Lease | Idle:
        """The next delivery that may be sent, now this process's to attempt."""
        return self.deliveries.lease(owner, self._gate)

    def attempt(self, lease: Lease) -> Outcome:
        """The outcome of one call to SAS; it is not on disk yet."""
        route: Route | None = None
        try:
            route = self._route(lease)
            self._refuse_late(lease, route)
            _refuse_twice(lease, route)
            self.observer.sending(lease, route)
            answer = self.transports[route.transport].send(
                Call(route, _staged_document(lease), lease.delivery_id)
            )
        except DeliveryError as failure:
            return self._failed(lease, failure, route)
        except Exception as error:  # noqa: BLE001  a defect of ours says nothing about SAS
            self.observer.crash("attempt", error)
            crash = AttemptCrashed(f"the adapter failed: {type(error).__name__}")
            return self._failed(lease, crash, route)
        return self._delivered(route, answer)

    def record(self, lease: Lease, outcome: Outcome) -> None:
        """Write the outcome down, hold the account if SAS refused it, and tell."""
        self._hold_refused(outcome)
        kept = self.deliveries.record(lease, outcome)
        self.observer.attempt(lease, outcome, lost=not kept)
        self.bell.ring()

    def record_and_lease(self, lease: Lease, outcome: Outcome, claimant: Claimant) -> Lease | Idle:
        """As `record`, and in the same commit the next delivery, as `lease` gives it."""
        self._hold_refused(outcome)
        kept, leased = self.deliveries.record_and_lease(lease, outcome, claimant, self._gate)
        self.observer.attempt(lease, outcome, lost=not kept)
        self.bell.ring(due=isinstance(leased, Idle))
        return leased

    def recover(self, owner: str) -> None:
        """Judge what a dead process left running: attempts of unknown effect."""
        for lease in self.deliveries.abandoned(owner):
            death = WorkerDied("the adapter stopped before SAS's answer was on disk")
            self.record(lease, self._failed(lease, death, self._known_route(lease)))

    def _route(self, lease: Lease) -> Route:
        try:
            return self.routes.choose(lease.stored_process)
        except StpUnknown as error:
            raise RouteUnknown(error.message) from None

    def _known_route(self, lease: Lease) -> Route | None:
        try:
            return self._route(lease)
        except RouteUnknown:
            return None

    def _refuse_late(self, lease: Lease, route: Route) -> None:
        until = _deadline(lease, route.policy)
        if self.clock.now() <= until.at:
            return
        if until.why == LINKS_EXPIRED:
            raise LinksExpired("the presigned links of the task expired before it could be sent")
        raise GaveUp(f"the task waited longer than {route.policy.give_up_after_s:g} s")

    def _gate(self, stored_process: str) -> Gate:
        try:
            route = self.routes.choose(stored_process)
        except StpUnknown:
            return Gate(1)  # leased, so that it is parked with the reason
        return Gate(
            concurrency=route.concurrency,
            account=route.account,
            server=route.server,
            server_concurrency=route.server_concurrency,
            address=route.address,
            breaker=route.breaker,
            interval_s=route.interval_s,
            in_order=route.order is Order.ARRIVAL,
        )

    def _delivered(self, route: Route, answer: Answer) -> Outcome:
        return Outcome(Delivered(), route.transport, self.clock.now(), answer=answer)

    def _failed(self, lease: Lease, failure: DeliveryError, route: Route | None) -> Outcome:
        """The outcome by the route of the attempt, whatever a reload has changed meanwhile."""
        policy, transport, account = Policy(), "", ""
        if route is not None:
            policy, transport, account = route.policy, str(route.transport), route.account
        ended = Ended(self.clock.now(), _deadline(lease, policy))
        verdict = judge(failure, lease.tried, policy, self.clock.jitter(), ended)
        if isinstance(verdict, Hold) and self._called_otherwise_now(lease, route):
            verdict = Retry(0.0)  # what SAS refused is in force no more: a hold would stay
        return Outcome(verdict, transport, ended.at, failure=failure, account=account)

    def _called_otherwise_now(self, lease: Lease, route: Route | None) -> bool:
        """Whether a reload has changed the credentials since the attempt began."""
        now = self._known_route(lease)
        return bool(route and now and now.credentials != route.credentials)

    def _hold_refused(self, outcome: Outcome) -> None:
        if not isinstance(outcome.verdict, Hold):
            return
        account = outcome.account
        message = outcome.failure.message if outcome.failure else ""
        self.deliveries.hold(AccountHold(account, outcome.ended_at, message))
        self.observer.held(account, message)


def _refuse_twice(lease: Lease, route: Route) -> None:
    if lease.may_have_run and not route.policy.idempotent:
        raise MayHaveRun("an attempt before may have run it, and it is marked idempotent no more")


def _deadline(lease: Lease, policy: Policy) -> Deadline:
    staged = lease.staging is not None and lease.staging.done_at is not None
    links_expire_at = None if staged else lease.links_expire_at
    return deadline(lease.queued_at, policy.give_up_after_s, links_expire_at)


def _staged_document(lease: Lease) -> bytes:
    """The document to send: where files are staged, with these in place of their links."""
    if lease.staging is None:
        return lease.table
    if lease.staging.done_at is None:
        raise NotStaged("the files of the task are not here yet; they are fetched first")
    return lease.staging.in_place_of_links(lease.table)
