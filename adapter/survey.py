"""What an operator sees: deliveries, what holds them up, and what soon will be too late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapter.core.breaker import Breaker
from adapter.core.delivery import AccountHold, Attempt, Delivery, Filter, State
from adapter.core.errors import DeliveryIdAmbiguous, DeliveryUnknown, StpUnknown
from adapter.core.failures import Effect
from adapter.core.redact import shortened
from adapter.core.route import Route
from adapter.core.verdict import TABLE
from adapter.current import RouteTable
from adapter.ports import Clock, DeliveryLedger, DeliveryStore

SOON_S = 3600.0
"""Seconds before presigned links expire from which on a delivery is warned of."""

EVERY = "*"
"""Stands for every stored process, where `[DEFAULT]` is the route of all."""

SHORTEST_ID = 4
"""Characters that the beginning of an id must have to stand for it."""

_PAGE = 1000
_NAMED_AT_MOST = 10
_MAY_HAVE_RUN = frozenset((Effect.RAN, Effect.UNKNOWN))
_RISKY_CODES = frozenset(kind.code for kind in TABLE if kind.effect in _MAY_HAVE_RUN)
_NOT_SENT_YET = frozenset((State.QUEUED, State.RETRYING, State.PARKED))


@dataclass(frozen=True)
class Held:
    """A hold with the stored processes that it covers; `*` stands for every one."""

    hold: AccountHold
    stored_processes: tuple[str, ...]


@dataclass(frozen=True)
class Overview:
    """How it stands with all deliveries.

    Args:
        counts: Deliveries by state; a state without any is left out.
        holds: Those in force, the oldest first.
        breakers: Those that are open, by address.
        links_expire_soon: Deliveries not sent yet whose links expire within the hour.
    """

    counts: Mapping[State, int]
    holds: tuple[Held, ...]
    breakers: Mapping[str, Breaker]
    links_expire_soon: tuple[Delivery, ...]


@dataclass(frozen=True)
class Survey:
    """Looks at deliveries, and changes nothing."""

    routes: RouteTable
    deliveries: DeliveryStore
    ledger: DeliveryLedger
    clock: Clock

    def overview(self) -> Overview:
        """How it stands with all deliveries."""
        counts = self.ledger.count(Filter())
        return Overview(counts, self.holds(), self.breakers(), self._expiring())

    def get(self, delivery_id: str) -> Delivery:
        """Everything that is known of a delivery.

        Raises:
            DeliveryUnknown: There is none of this id.
        """
        delivery = self.deliveries.get(delivery_id)
        if delivery is None:
            raise _unknown(delivery_id)
        return delivery

    def whole_id(self, beginning: str) -> str:
        """The id that begins so.

        Raises:
            DeliveryUnknown: None does.
            DeliveryIdAmbiguous: Several do.
        """
        if self.deliveries.get(beginning) is not None:
            return beginning
        found = self._beginning(beginning) if len(beginning) >= SHORTEST_ID else []
        if not found:
            raise _unknown(beginning)
        if len(found) > 1:
            more = ", …" if len(found) > _NAMED_AT_MOST else ""
            raise DeliveryIdAmbiguous(
                f"{len(found)} deliveries begin with {shortened(beginning)!r}: "
                f"{', '.join(found[:_NAMED_AT_MOST])}{more}"
            )
        return found[0]

    def meant(self, wanted: Filter) -> tuple[Delivery, ...]:
        """Every delivery that is meant, newest first, in one look."""
        number = sum(self.ledger.count(wanted).values())
        return self.ledger.find(wanted, number) if number else ()

    def holds(self) -> tuple[Held, ...]:
        """The holds in force, the oldest first."""
        found = sorted(self.deliveries.holds().values(), key=lambda hold: hold.since)
        return tuple(self.covered(hold) for hold in found)

    def covered(self, hold: AccountHold) -> Held:
        """The hold with the stored processes that it covers."""
        routes = self.routes
        names = {name for name, route in routes.named.items() if route.account == hold.account}
        if not routes.named and routes.default and routes.default.account == hold.account:
            names = {EVERY}
        return Held(hold, tuple(sorted(names)))

    def hold_of(self, delivery: Delivery) -> AccountHold | None:
        """What keeps a waiting delivery from being sent; None where nothing does."""
        if delivery.state not in (State.QUEUED, State.RETRYING):
            return None
        route = self.route_of(delivery)
        return self.deliveries.holds().get(route.account) if route else None

    def breakers(self) -> dict[str, Breaker]:
        """The breakers that are open, by address."""
        found = self.ledger.breakers()
        return {at: breaker for at, breaker in found.items() if breaker.open_until is not None}

    def may_run_twice(self, delivery: Delivery) -> bool:
        """True where the stored process may have run, and is not marked idempotent."""
        route = self.route_of(delivery)
        if route is not None and route.policy.idempotent:
            return False
        return delivery.code in _RISKY_CODES or any(map(_may_have_run, delivery.history))

    def route_of(self, delivery: Delivery) -> Route | None:
        """The route it takes today; None where there is none."""
        try:
            return self.routes.choose(delivery.stored_process)
        except StpUnknown:
            return None

    def _expiring(self) -> tuple[Delivery, ...]:
        now = self.clock.now()
        soon = Filter(states=_NOT_SENT_YET, links_expire_before=now + SOON_S)
        found = self.ledger.find(soon, _PAGE)
        return tuple(each for each in found if (each.links_expire_at or 0) >= now)

    def _beginning(self, beginning: str) -> list[str]:
        found: list[str] = []
        offset = 0
        while page := self.ledger.find(Filter(text=beginning), _PAGE, offset):
            ids = (delivery.delivery_id for delivery in page)
            found += [name for name in ids if name.startswith(beginning)]
            offset += _PAGE
        return found


def _may_have_run(attempt: Attempt) -> bool:
    return attempt.effect in _MAY_HAVE_RUN


def _unknown(delivery_id: str) -> DeliveryUnknown:
    return DeliveryUnknown(f"there is no delivery {shortened(delivery_id)!r}")
