"""Which processes live that share one PostgreSQL database, on whatever host."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from adapter.store.database import name_of, named_errors
from adapter.store.server_clock import ServerClock
from adapter.store.slots import ProcessSlot
from adapter.store.tables import processes

LEASE_S = 30.0
"""Seconds without a sign of life after which a process of another host is dead."""

BEATS = 6
"""Signs of life in that time."""

KEPT_S = 86_400.0
"""Seconds after which what is left of a dead process is removed."""

_LEFT = 0.0
"""The sign of a process that ended in good order."""

_TIME = "extract(epoch from clock_timestamp())::float8"
_NOW = sa.literal_column(_TIME, sa.Double)

_BEAT = sa.text(f"""
INSERT INTO processes (owner, place, host, pid, started_at, seen_at)
VALUES (:owner, :place, :host, :pid, {_TIME}, {_TIME})
ON CONFLICT (owner) DO UPDATE SET seen_at = EXCLUDED.seen_at
RETURNING seen_at
""")  # noqa: S608


@dataclass(frozen=True)
class _Watched:
    """The newest sign of life of a process, None where there is none; and since when it is that.

    By this host's `monotonic`: a clock that jumps, even the server's, makes nobody dead.
    """

    sign: float | None
    since: float


class Presence:
    """Proof that this process lives, for those beside it and for those on other hosts.

    Those beside see its lock; the others see how old its last sign of life is. Whoever gave none
    for `LEASE_S` seconds is taken for dead, and must take itself for dead: see `unbroken`.

    Args:
        engine: Of a PostgreSQL database.
        slot: The lock; released with this.
        clock: Is set by each sign of life.

    Raises:
        StoreUnavailable: The first sign of life could not be given.
    """

    def __init__(self, engine: Engine, slot: ProcessSlot, clock: ServerClock) -> None:
        self._engine = engine
        self._slot = slot
        self._clock = clock
        self._guard = threading.Lock()
        self._since = self._beat_at = self._looked_at = float("-inf")
        self._watched: Mapping[str, _Watched] = {}
        self.owner = slot.owner
        with named_errors(name_of(engine)), engine.begin() as connection:
            self.beat(connection)
            connection.execute(sa.delete(processes).where(processes.c.seen_at < _NOW - KEPT_S))

    def beat(self, connection: Connection) -> None:
        """Give a sign of life.

        Raises:
            SQLAlchemyError: It could not be given.
        """
        asked_at = self._clock.monotonic()
        who = {"owner": self.owner, "place": self._slot.place}
        host = {"host": platform.node(), "pid": os.getpid()}
        seen_at = connection.execute(_BEAT, who | host).scalar_one()
        answered_at = self._clock.monotonic()
        before = self._clock.now()
        self._clock.set(seen_at, asked_at, answered_at)
        slept_s = self._clock.now() - before  # as where this machine stood still unnoticed
        with self._guard:
            if answered_at - self._beat_at + max(slept_s, 0.0) > LEASE_S:
                self._since = answered_at
            self._beat_at = asked_at

    def unbroken(self, since: float) -> bool:
        """True where nobody can have taken this process for dead since then.

        Args:
            since: By the clock's `monotonic`.
        """
        with self._guard:
            alive = self._clock.monotonic() - self._beat_at <= LEASE_S
            return alive and self._since <= since

    def dead(self, owners: Iterable[str]) -> frozenset[str]:
        """Those of these processes that are dead; to be asked by one thread, again and again.

        Those of this place by their locks, at once; any other when its sign of life has stayed
        the same for `LEASE_S` seconds of watching. Watching begins anew after a pause: the others
        may have been cut off as this process was.
        """
        asked = frozenset(owners) - {self.owner}
        if not asked:
            return asked
        found = self._find(asked)
        beside = (owner for owner, (place, _) in found.items() if place == self._slot.place)
        return self._slot.dead(beside) | self._late(
            {owner: found[owner][1] if owner in found else None for owner in asked}
        )

    def is_due(self) -> bool:
        """True when the next sign of life is to be given."""
        return self._clock.monotonic() - self._beat_at >= LEASE_S / BEATS

    def release(self) -> None:
        """Let go, as at death, and say so where the database answers."""
        left = sa.update(processes).where(processes.c.owner == self.owner).values(seen_at=_LEFT)
        with suppress(SQLAlchemyError), self._engine.begin() as connection:
            connection.execute(left)
        self._engine.dispose()
        self._slot.release()

    def _find(self, owners: frozenset[str]) -> Mapping[str, tuple[str, float]]:
        """Place and newest sign of life of those that are known."""
        query = sa.select(processes.c.owner, processes.c.place, processes.c.seen_at)
        with named_errors(name_of(self._engine)), self._engine.begin() as connection:
            found = connection.execute(query.where(processes.c.owner.in_(owners)))
            return {row.owner: (row.place, row.seen_at) for row in found}

    def _late(self, signs: Mapping[str, float | None]) -> frozenset[str]:
        now = self._clock.monotonic()
        paused, self._looked_at = now - self._looked_at > LEASE_S / 2, now
        before = {} if paused else self._watched
        fresh = {owner: _Watched(sign, now) for owner, sign in signs.items()}
        self._watched = {
            owner: before[owner] if owner in before and before[owner].sign == seen.sign else seen
            for owner, seen in fresh.items()
        }
        return frozenset(
            owner
            for owner, seen in self._watched.items()
            if seen.sign == _LEFT or now - seen.since > LEASE_S
        )
