"""A clock that was set back: what was timed by the old one must not wait for it to come again."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from adapter.core.staging import WAITS_FROM
from adapter.store.prepared import Prepared
from adapter.store.tables import WAITING, breakers, deliveries, rates

TOLERANCE_S = 1.0
"""Seconds by which a clock may be corrected without more ado."""

_NOW: sa.BindParameter[float] = sa.bindparam("now_s")

_STAGED: sa.ColumnClause[float] = sa.literal_column(str(WAITS_FROM))

# Whatever was last changed in the future was timed by a clock that has been set back since.
_DUE = Prepared(
    sa.update(deliveries)
    .where(WAITING, deliveries.c.due_at > _NOW, deliveries.c.updated_at > _NOW)
    .values(due_at=sa.case((deliveries.c.due_at >= _STAGED, _STAGED + _NOW), else_=_NOW))
)
_TRY = Prepared(sa.update(breakers).where(breakers.c.open_until > _NOW).values(open_until=_NOW))
_GO = Prepared(sa.update(rates).where(rates.c.next_at > _NOW).values(next_at=_NOW))


class ClockBack:
    """Notices that time runs backwards, and lets go of what would wait until it is over."""

    def __init__(self) -> None:
        self._latest: float | None = None

    def look(self, connection: Connection, now: float) -> None:
        """Do what the time asks for, in seconds since 1970, in a transaction that writes."""
        latest = self._latest
        if latest is None:
            # It walks the index of what waits: once for each process.
            _DUE.run(connection, now_s=now)
        elif now < latest - TOLERANCE_S:
            for statement in (_DUE, _TRY, _GO):
                statement.run(connection, now_s=now)

    def looked(self, now: float) -> None:
        """Take note of the time, once what was done is on disk: undone, it is done again."""
        self._latest = now
