"""Which delivery is next: the statements of a lease, each inside the caller's transaction."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping

from adapter.core.breaker import Breaker
from adapter.core.delivery import Gate, Idle, State
from adapter.store.tables import RUNNING, WAITING, attempts, breakers, deliveries, rates

# Each stored process with waiting deliveries is found by one look into the index, however many
# wait; another look finds when its first one is due, and when the one that came first is.
_WAITING = sa.text("""
WITH RECURSIVE names(name) AS (
    SELECT min(stored_process) FROM deliveries WHERE state IN ('queued', 'retrying')
    UNION ALL
    SELECT (
        SELECT min(stored_process) FROM deliveries
        WHERE state IN ('queued', 'retrying') AND stored_process > names.name
    ) FROM names WHERE names.name IS NOT NULL
)
SELECT * FROM (
    SELECT name, (
        SELECT min(due_at) FROM deliveries
        WHERE state IN ('queued', 'retrying') AND stored_process = names.name
    ) AS due_at, (
        SELECT due_at FROM deliveries
        WHERE state IN ('queued', 'retrying') AND stored_process = names.name
        ORDER BY accepted_at, id LIMIT 1
    ) AS head_due_at
    FROM names WHERE name IS NOT NULL
) AS found WHERE due_at IS NOT NULL ORDER BY due_at, name
""")

_CLAIMED = (
    deliveries.c.id,
    deliveries.c.stored_process,
    deliveries.c.document,
    deliveries.c.request_id,
    deliveries.c.attempts,
    deliveries.c.forgiven,
    deliveries.c.queued_at,
    deliveries.c.links_expire_at,
    deliveries.c.token,
)


@dataclass(frozen=True)
class Line:
    """The waiting deliveries of one stored process.

    Args:
        due_at: When the first of them is due.
        head_due_at: When the one that arrived first is due.
    """

    name: str
    due_at: float
    head_due_at: float

    def next_at(self, gate: Gate) -> float:
        """When the one that may be next is due."""
        return self.head_due_at if gate.in_order else self.due_at


@dataclass
class _Now:
    """What the gates are measured by, read in the claiming transaction."""

    time_s: float
    by_name: Counter[str] = field(default_factory=Counter)
    by_server: Counter[str] = field(default_factory=Counter)
    by_address: Counter[str] = field(default_factory=Counter)
    breakers: Mapping[str, Breaker] = field(default_factory=dict)
    next_at: Mapping[str, float] = field(default_factory=dict)

    def opens_at(self, line: Line, gate: Gate) -> float | None:
        """When the gate opens by the clock; None where another attempt must end first."""
        if self.by_name[line.name] >= gate.concurrency:
            return None
        if self.by_server[gate.server] >= gate.server_concurrency:
            return None
        breaker = self.breakers.get(gate.address, Breaker())
        opens_at = max(line.next_at(gate), breaker.open_until or 0.0)
        if gate.interval_s:
            opens_at = max(opens_at, self.next_at.get(line.name, 0.0))
        tried = self.by_address[gate.address]
        return opens_at if breaker.permits(max(opens_at, self.time_s), tried) else None


def waiting(connection: Connection) -> tuple[Line, ...]:
    """Every stored process with waiting deliveries, the one whose first is due first in front."""
    return tuple(Line(*row) for row in connection.execute(_WAITING))


def claim(
    connection: Connection, owner: str, gates: Mapping[str, Gate], time_s: float
) -> RowMapping | Idle:
    """The delivery claimed: the first due one of the first stored process whose gate is open."""
    now = _read(connection, time_s)
    opening = []
    for line in waiting(connection):
        gate = gates.get(line.name)
        opens_at = now.opens_at(line, gate) if gate else time_s
        if gate and opens_at is not None and opens_at <= time_s:
            row = _claim_first(connection, owner, line.name, gate, time_s)
            if row is not None:
                _begin_attempt(connection, row, time_s)
                _space(connection, line.name, gate, time_s)
                return row
        if opens_at is not None:
            opening.append(opens_at)
    return Idle(min(opening, default=None))


def all_breakers(connection: Connection) -> Mapping[str, Breaker]:
    """The breakers that are not at rest, by address."""
    found = connection.execute(sa.select(breakers))
    return {row.address: Breaker(row.failures, row.open_until) for row in found}


def breaker_at(connection: Connection, address: str) -> Breaker:
    """The breaker of this address, at rest where none is kept."""
    query = sa.select(breakers).where(breakers.c.address == address)
    row = connection.execute(query).first()
    return Breaker(row.failures, row.open_until) if row else Breaker()


def _read(connection: Connection, time_s: float) -> _Now:
    # Counted here: grouped by SQLite, it would walk the index of all stored processes instead.
    columns = (deliveries.c.stored_process, deliveries.c.server, deliveries.c.address)
    running = connection.execute(sa.select(*columns).where(RUNNING)).all()
    return _Now(
        time_s,
        Counter(row.stored_process for row in running),
        Counter(_known(row.server for row in running)),
        Counter(_known(row.address for row in running)),
        all_breakers(connection),
        {row.stored_process: row.next_at for row in connection.execute(sa.select(rates))},
    )


def _known(values: Iterable[str | None]) -> Iterable[str]:
    return (value for value in values if value)


def _claim_first(
    connection: Connection, owner: str, stored_process: str, gate: Gate, now: float
) -> RowMapping | None:
    first = _first(stored_process, gate, now)
    statement = (
        sa.update(deliveries)
        .where(deliveries.c.id == first)
        .values(
            state=State.RUNNING.value,
            attempts=deliveries.c.attempts + 1,
            owner=owner,
            token=uuid.uuid4().hex,
            server=gate.server,
            address=gate.address,
            updated_at=now,
        )
        .returning(*_CLAIMED)
    )
    return connection.execute(statement).mappings().first()


def _first(stored_process: str, gate: Gate, now: float) -> Any:
    query = sa.select(deliveries.c.id).where(WAITING, deliveries.c.stored_process == stored_process)
    if gate.in_order:
        query = query.order_by(deliveries.c.accepted_at, deliveries.c.id)
    else:
        query = query.where(deliveries.c.due_at <= now).order_by(deliveries.c.due_at)
    return query.limit(1).with_for_update(skip_locked=True).scalar_subquery()


def _begin_attempt(connection: Connection, row: RowMapping, now: float) -> None:
    statement = sa.insert(attempts).values(
        delivery_id=row["id"], number=row["attempts"], started_at=now
    )
    connection.execute(statement)


def _space(connection: Connection, stored_process: str, gate: Gate, now: float) -> None:
    """Let the next attempt of this stored process begin an interval later."""
    if not gate.interval_s:
        return
    connection.execute(sa.delete(rates).where(rates.c.stored_process == stored_process))
    next_at = now + gate.interval_s
    connection.execute(sa.insert(rates).values(stored_process=stored_process, next_at=next_at))
