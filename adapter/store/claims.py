"""Which delivery is next: the statements of a lease, each inside the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from adapter.core.breaker import Breaker
from adapter.core.delivery import Claimant, Gate, Idle, State
from adapter.core.failures import Effect
from adapter.store.prepared import Prepared, upsert
from adapter.store.rows import begun_columns
from adapter.store.tables import RUNNING, WAITING, attempts, breakers, deliveries, holds, rates

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
    deliveries.c.staging,
)

_LINES = Prepared(_WAITING)

# Counted here: grouped by SQLite, it would walk the index of all stored processes instead.
_RUNNING = Prepared(
    sa.select(deliveries.c.stored_process, deliveries.c.server, deliveries.c.address).where(RUNNING)
)
_BREAKERS = Prepared(sa.select(breakers.c.address, breakers.c.failures, breakers.c.open_until))
_HELD = Prepared(sa.select(holds.c.account))
_RATES = Prepared(sa.select(rates.c.stored_process, rates.c.next_at))
_SPACE = Prepared(upsert(rates))
_BEGIN = Prepared(sa.insert(attempts))


_MAY_HAVE_RUN = Prepared(
    sa.select(attempts.c.number).where(
        attempts.c.delivery_id == sa.bindparam("of_id"),
        attempts.c.number > sa.bindparam("after"),
        sa.text(f"effect IN ('{Effect.RAN}', '{Effect.UNKNOWN}')"),
    )
)


def _claim_first(*order: sa.ColumnElement[Any], due: bool) -> Prepared:
    """Claims the first waiting delivery of a stored process that is due, or none.

    Args:
        order: Which is the first.
        due: Whether those that are not due are passed over, and those that others change just now.
    """
    query = sa.select(deliveries.c.id).where(
        WAITING, deliveries.c.stored_process == sa.bindparam("of_name")
    )
    is_due = deliveries.c.due_at <= sa.bindparam("due_by")
    if due:
        query = query.where(is_due)
    first = query.order_by(*order).limit(sa.literal_column("1"))
    if not due:  # locked by others, it holds up those behind it
        head = first.scalar_subquery()
        first = sa.select(deliveries.c.id).where(WAITING, is_due, deliveries.c.id == head)
    return Prepared(
        sa.update(deliveries)
        .where(deliveries.c.id == first.with_for_update(skip_locked=True).scalar_subquery())
        .values(attempts=deliveries.c.attempts + sa.literal_column("1"))
        .returning(*_CLAIMED)
    )


_CLAIM_DUE = _claim_first(deliveries.c.due_at, due=True)
_CLAIM_OLDEST = _claim_first(deliveries.c.accepted_at, deliveries.c.id, due=False)


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
    held: frozenset[str] = frozenset()

    def opens_at(self, line: Line, gate: Gate) -> float | None:
        """When the gate opens by the clock; None where another attempt must end first."""
        if gate.account in self.held or self.by_name[line.name] >= gate.concurrency:
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
    return tuple(Line(*row) for row in _LINES.all(connection))


def claim(
    connection: Connection,
    claimant: Claimant,
    lines: Iterable[Line],
    gates: Mapping[str, Gate],
    time_s: float,
) -> Mapping[str, Any] | Idle:
    """The delivery claimed: the first due one of the first stored process whose gate is open.

    Args:
        connection: In the transaction that read the lines, alone.
        claimant: Who will make the attempt.
        lines: All that wait.
        gates: Of every line.
        time_s: Now.
    """
    now = _read(connection, gates, time_s)
    opening = []
    for line in lines:
        gate = gates[line.name]
        opens_at = now.opens_at(line, gate)
        if opens_at is not None and opens_at <= time_s:
            row = _claim_one(connection, claimant, line.name, gate, time_s)
            if row is not None:
                return row
        if opens_at is not None:
            opening.append(opens_at)
    return Idle(min(opening, default=None))


def all_breakers(connection: Connection) -> Mapping[str, Breaker]:
    """The breakers that are not at rest, by address."""
    found = _BREAKERS.all(connection)
    return {address: Breaker(failures, until) for address, failures, until in found}


def _read(connection: Connection, gates: Mapping[str, Gate], time_s: float) -> _Now:
    running = _RUNNING.all(connection)
    rated = any(gate.interval_s for gate in gates.values())
    return _Now(
        time_s,
        Counter(name for name, _, _ in running),
        Counter(server for _, server, _ in running if server),
        Counter(address for _, _, address in running if address),
        all_breakers(connection),
        dict(_RATES.all(connection)) if rated else {},
        frozenset(account for (account,) in _HELD.all(connection)),
    )


def _claim_one(
    connection: Connection, claimant: Claimant, stored_process: str, gate: Gate, now: float
) -> dict[str, Any] | None:
    claimed = {
        "state": State.RUNNING.value,
        "owner": claimant.owner,
        "token": claimant.token,
        "server": gate.server,
        "address": gate.address,
        "updated_at": now,
    }
    first = _CLAIM_OLDEST if gate.in_order else _CLAIM_DUE
    row = first.first(connection, claimed, of_name=stored_process, due_by=now)
    if row is not None:
        if row["attempts"] - row["forgiven"] > 1:
            ran = _MAY_HAVE_RUN.all(connection, of_id=row["id"], after=row["forgiven"])
            row["may_have_run"] = bool(ran)
        _BEGIN.run(connection, begun_columns(row["id"], row["attempts"], now))
        if gate.interval_s:
            columns = {"stored_process": stored_process, "next_at": now + gate.interval_s}
            _SPACE.run(connection, columns)
    return row
