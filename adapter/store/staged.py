"""Deliveries whose files are staged first: who stages which, how far it is, how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from adapter.core.delivery import State
from adapter.core.failures import DeliveryError
from adapter.core.staging import WAITS_FROM, Staging
from adapter.ports import Clock
from adapter.store import rows
from adapter.store.database import Database
from adapter.store.tables import UNSTAGED, deliveries

LOOK = 50
"""Deliveries looked at for one that nobody stages."""

_JOB = (
    deliveries.c.id,
    deliveries.c.stored_process,
    deliveries.c.owner,
    deliveries.c.digest,
    deliveries.c.payload,
    deliveries.c.queued_at,
    deliveries.c.links_expire_at,
    deliveries.c.staging,
)


@dataclass(frozen=True)
class StageJob:
    """A delivery whose files this process stages.

    Args:
        digest: Of the payload: with fresh links it is another job.
    """

    delivery_id: str
    stored_process: str
    digest: str
    payload: bytes = field(repr=False)
    queued_at: float
    links_expire_at: float | None
    staging: Staging


@dataclass(frozen=True)
class Kept:
    """What decides whether the files of a delivery are still wanted."""

    state: State
    updated_at: float


class SqlStaging:
    """The staging of deliveries, on their database.

    Args:
        engine: As opened.
        clock: What the time is.
        owner: This process.
        dead: Which of these owners are dead.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        owner: str,
        dead: Callable[[Iterable[str]], frozenset[str]],
    ) -> None:
        self._database = Database(engine)
        self._clock = clock
        self._owner = owner
        self._dead = dead

    def claim(self, busy: Iterable[str]) -> StageJob | None:
        """The next delivery to stage that nobody alive stages; None where there is none.

        Args:
            busy: Those that other threads of this process stage.
        """
        query = (
            sa.select(deliveries.c.id, deliveries.c.owner)
            .where(
                UNSTAGED,
                deliveries.c.due_at <= WAITS_FROM + self._clock.now(),
                deliveries.c.id.not_in(tuple(busy)),
            )
            .order_by(deliveries.c.due_at)
            .limit(LOOK)
        )
        with self._database.read() as connection:
            waiting = connection.execute(query).all()
        if not waiting:
            return None
        others = {owner for _, owner in waiting if owner and owner != self._owner}
        alive = others - self._dead(others) if others else others
        for delivery_id, owner in waiting:
            if owner not in alive and (job := self._claimed(delivery_id, owner)):
                return job
        return None

    def _claimed(self, delivery_id: str, owner: str | None) -> StageJob | None:
        claim = (
            sa.update(deliveries)
            .where(
                UNSTAGED,
                deliveries.c.id == delivery_id,
                deliveries.c.owner.is_not_distinct_from(owner),
            )
            .values(owner=self._owner)
            .returning(*_JOB)
        )
        with self._database.write() as connection:
            row = connection.execute(claim).mappings().first()
        staging = rows.staging_of(row) if row else None
        if row is None or staging is None:
            return None
        told = ("stored_process", "digest", "payload", "queued_at", "links_expire_at")
        return StageJob(row["id"], **{name: row[name] for name in told}, staging=staging)

    def progress(self, job: StageJob, staging: Staging) -> bool:
        """Write down how far it is; False where nobody wants it any more, or not by these links."""
        return self._write(job, {"staging": staging.to_json()})

    def done(self, job: StageJob, staging: Staging) -> bool:
        """The files are here: the delivery is due now, however soon its links expire."""
        now = self._clock.now()
        columns = {"due_at": now, "links_expire_at": None, "owner": None, "updated_at": now}
        told = {"code": "", "message": "", "details": None, "staging": staging.to_json()}
        return self._write(job, {**columns, **told})

    def again(self, job: StageJob, staging: Staging, failure: DeliveryError, at: float) -> bool:
        """It failed, and is tried again at this time."""
        columns = {"due_at": WAITS_FROM + at, "owner": None, "staging": staging.to_json()}
        return self._write(job, {**columns, **self._failure(failure)})

    def park(self, job: StageJob, staging: Staging, failure: DeliveryError, why: str) -> bool:
        """It failed, and a person decides."""
        parked = {"state": State.PARKED.value, "why": why, "due_at": self._clock.now()}
        columns = {**parked, "owner": None, "staging": staging.to_json()}
        return self._write(job, {**columns, **self._failure(failure)})

    def forget(self, delivery_id: str) -> bool:
        """Its files may go: sent again, it is staged again; False where it was sent just now."""
        query = sa.select(deliveries.c.state, deliveries.c.staging).where(
            deliveries.c.id == delivery_id
        )
        with self._database.write() as connection:
            row = connection.execute(query.with_for_update()).mappings().first()
            if row is None or (staging := rows.staging_of(row)) is None:
                return True
            if not State(row["state"]).ended:
                return False
            connection.execute(
                sa.update(deliveries)
                .where(deliveries.c.id == delivery_id)
                .values(staging=staging.anew().to_json())
            )
            return True

    def kept(self, ids: Iterable[str]) -> Mapping[str, Kept]:
        """What is known of these deliveries; one that is no more is left out."""
        query = sa.select(deliveries.c.id, deliveries.c.state, deliveries.c.updated_at).where(
            deliveries.c.id.in_(tuple(ids))
        )
        with self._database.read() as connection:
            found = connection.execute(query)
            return {name: Kept(State(state), at) for name, state, at in found}

    def close(self) -> None:
        """Give up every connection, once all that changed is told."""
        self._database.close()

    def _failure(self, failure: DeliveryError) -> rows.Columns:
        return {
            "code": failure.code,
            "message": rows.storable(failure.message),
            "updated_at": self._clock.now(),
        }

    def _write(self, job: StageJob, columns: Mapping[str, Any]) -> bool:
        change = (
            sa.update(deliveries)
            .where(
                UNSTAGED,
                deliveries.c.id == job.delivery_id,
                deliveries.c.owner == self._owner,
                deliveries.c.digest == job.digest,
            )
            .values(**columns)
        )
        with self._database.write() as connection:
            changed = connection.execute(change).rowcount
            self._database.tell(connection)
        return bool(changed)
