"""Which delivery is next: the statements of a lease, each inside the caller's transaction."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping

from adapter.ports import State
from adapter.store.tables import RUNNING, WAITING, attempts, deliveries

# Each stored process with waiting deliveries is found by one look into the index, however many
# wait; another look finds when its first one after a given time is due.
_DUE = sa.text("""
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
        WHERE state IN ('queued', 'retrying') AND stored_process = names.name AND due_at > :after
    ) AS due_at
    FROM names WHERE name IS NOT NULL
) AS found WHERE due_at IS NOT NULL ORDER BY due_at, name
""")


def due_names(connection: Connection, now: float) -> list[str]:
    """The stored processes with a due delivery, the one whose oldest is due first in front."""
    found = connection.execute(_DUE, {"after": float("-inf")})
    return [row.name for row in found if row.due_at <= now]


def next_due(connection: Connection, after: float) -> float | None:
    """When the next waiting delivery falls due after this time."""
    row = connection.execute(_DUE, {"after": after}).first()
    return row.due_at if row is not None else None


def claim(
    connection: Connection, owner: str, limits: Mapping[str, int], now: float
) -> RowMapping | None:
    """The delivery claimed: the oldest due one of the first stored process below its limit."""
    running = _running(connection)
    for name in due_names(connection, now):
        if running[name] < limits.get(name, 0):
            row = _claim_oldest(connection, owner, name, now)
            if row is not None:
                _begin_attempt(connection, row, now)
                return row
    return None


def _running(connection: Connection) -> Counter[str]:
    # Counted here: grouped by SQLite, it would walk the index of all stored processes instead.
    query = sa.select(deliveries.c.stored_process).where(RUNNING)
    return Counter(connection.execute(query).scalars())


def _claim_oldest(
    connection: Connection, owner: str, stored_process: str, now: float
) -> RowMapping | None:
    oldest = (
        sa.select(deliveries.c.id)
        .where(WAITING, deliveries.c.stored_process == stored_process, deliveries.c.due_at <= now)
        .order_by(deliveries.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        sa.update(deliveries)
        .where(deliveries.c.id == oldest)
        .values(
            state=State.RUNNING.value,
            attempts=deliveries.c.attempts + 1,
            owner=owner,
            token=uuid.uuid4().hex,
            updated_at=now,
        )
        .returning(
            deliveries.c.id,
            deliveries.c.stored_process,
            deliveries.c.document,
            deliveries.c.request_id,
            deliveries.c.attempts,
            deliveries.c.token,
        )
    )
    return connection.execute(statement).mappings().first()


def _begin_attempt(connection: Connection, row: RowMapping, now: float) -> None:
    statement = sa.insert(attempts).values(
        delivery_id=row["id"], number=row["attempts"], started_at=now
    )
    connection.execute(statement)
