"""A lease that was never used: the delivery goes back to where it stood."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from adapter.core.delivery import Lease, State
from adapter.store.tables import RUNNING, attempts, deliveries


def give_back(connection: Connection, lease: Lease, now: float) -> bool:
    """True where the delivery waits again, as if it had not been leased; False where lost."""
    tried_before = deliveries.c.attempts - deliveries.c.forgiven > 1
    changed = connection.execute(
        sa.update(deliveries)
        .where(deliveries.c.id == lease.delivery_id, deliveries.c.token == lease.token, RUNNING)
        .values(
            state=sa.case((tried_before, State.RETRYING.value), else_=State.QUEUED.value),
            attempts=deliveries.c.attempts - 1,
            owner=None,
            token=None,
            server=None,
            address=None,
            updated_at=now,
        )
    )
    if not changed.rowcount:
        return False
    connection.execute(
        sa.delete(attempts).where(
            attempts.c.delivery_id == lease.delivery_id, attempts.c.number == lease.attempt
        )
    )
    return True
