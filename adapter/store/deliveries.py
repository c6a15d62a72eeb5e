"""Deliveries in a database: kept until they have ended, with the account of it afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from adapter.core.delivery import (
    AccountHold,
    Added,
    Attempt,
    Claimant,
    Delivery,
    Gate,
    Idle,
    Lease,
    Outcome,
    Rejection,
)
from adapter.core.message import Message
from adapter.core.verdict import Delivered
from adapter.ports import Clock
from adapter.store import adding, claims, giving_back, recording, rows
from adapter.store.clock_back import ClockBack
from adapter.store.database import Database
from adapter.store.erasing import Eraser
from adapter.store.prepared import Prepared, upsert
from adapter.store.sqlite import open_sqlite
from adapter.store.tables import REJECTED, RUNNING, attempts, deliveries, holds

__all__ = ["SqlDeliveries", "open_sqlite"]

_KNOWN = Prepared(
    # Payload and document are large, and told to nobody.
    sa.select(*(c for c in deliveries.c if c.name not in {"payload", "document"})).where(
        deliveries.c.id == sa.bindparam("of_id")
    )
)
_HISTORY = Prepared(
    sa.select(*(attempts.c[field.name] for field in fields(Attempt)))
    .where(attempts.c.delivery_id == sa.bindparam("of_id"))
    .order_by(attempts.c.number)
)
_HOLD = Prepared(upsert(holds, lambda new: sa.or_(new.by_hand, sa.not_(holds.c.by_hand))))
_HOLDS = Prepared(sa.select(holds.c.account, holds.c.since, holds.c.message, holds.c.by_hand))

KEEP_REJECTED = 1000
KEEP_REJECTED_BYTES = 256 * 1024 * 1024
"""Rejected payloads kept, by number and by bytes; the oldest beyond are dropped."""


class SqlDeliveries:
    """The delivery store on an SQL database.

    Args:
        engine: As opened, for instance by `open_sqlite`.
        clock: What the time is.
        keep_rejected: Rejected payloads kept at most.
    """

    def __init__(self, engine: Engine, clock: Clock, keep_rejected: int = KEEP_REJECTED) -> None:
        self._database = Database(engine)
        self._clock = clock
        self._clock_back = ClockBack()
        self._keep_rejected = keep_rejected
        self._eraser = Eraser(self._database, clock)
        self._names: frozenset[str] = frozenset()

    def add(self, message: Message) -> Added:
        """On disk when it returns. A key met before gives the first delivery.

        Raises:
            IdempotencyKeyReused: An explicit key came before with another body.
        """
        columns = rows.message_columns(message, self._clock.now())

        def work(connection: Connection) -> Added:
            self._database.tell(connection)
            return adding.add(connection, message, columns)

        added = self._database.certainly(work)
        if added.replayed:
            self._eraser.erase()  # it may have had other links
        return added

    def reject(self, rejection: Rejection) -> None:
        """Keep a rejected payload; the oldest beyond the cap are dropped."""
        columns = rows.rejection_columns(rejection, self._clock.now())
        with self._database.write() as connection:
            connection.execute(sa.insert(deliveries).values(columns))
            dropped = connection.execute(_beyond_cap(self._keep_rejected)).rowcount
        if dropped:
            self._eraser.erase()

    def lease(self, owner: str, gate: Callable[[str], Gate]) -> Lease | Idle:
        """The next delivery that is due and passes its gate, now running by this owner.

        Args:
            owner: The process that will make the attempt.
            gate: What must be free for a stored process.
        """
        gates: dict[str, Gate] = {}
        # A guess: what waited at the last look. The claim itself finds out what waits now.
        unasked = self._names or self._look()
        while unasked:
            # Asked outside the transaction: it may take its time, or read this store itself.
            gates |= {name: gate(name) for name in unasked}
            claimant = Claimant(owner, uuid.uuid4().hex)
            _, claimed = self._claim_after(lambda _: True, claimant, gates)
            if isinstance(claimed, Lease):
                return claimed
            if isinstance(claimed, Idle):
                self._eraser.look()
                return claimed
            unasked = claimed
        self._eraser.look()
        return Idle()

    def _look(self) -> frozenset[str]:
        with self._database.read() as connection:
            return frozenset(line.name for line in claims.waiting(connection))

    def _claim_after(
        self,
        change: Callable[[Connection], bool],
        claimant: Claimant,
        gates: Mapping[str, Gate],
    ) -> tuple[bool, Lease | Idle | frozenset[str]]:
        """What the change gives, and what was claimed in the same commit."""
        now = 0.0

        def work(connection: Connection) -> tuple[bool, Lease | Idle | frozenset[str]]:
            nonlocal now
            changed = change(connection)
            self._database.alone(connection)
            now = self._clock.now()
            return changed, self._claim(connection, claimant, gates, now)

        found = self._database.together(work)
        self._clock_back.looked(now)
        return found

    def _claim(
        self, connection: Connection, claimant: Claimant, gates: Mapping[str, Gate], now: float
    ) -> Lease | Idle | frozenset[str]:
        """What was claimed, or the stored processes that wait too and have no gate yet."""
        self._clock_back.look(connection, now)
        lines = claims.waiting(connection)
        self._names = names = frozenset(line.name for line in lines)
        if unasked := names.difference(gates):
            return unasked
        claimed = claims.claim(connection, claimant, lines, gates, now)
        if isinstance(claimed, Idle):
            return claimed
        return rows.lease_of(claimed, now, gates[claimed["stored_process"]])

    def record(self, lease: Lease, outcome: Outcome) -> bool:
        """Write down how an attempt ended; False when the lease was lost meanwhile."""
        recorded = self._database.together(lambda c: self._record(c, lease, outcome))
        self._erase_after(outcome, recorded=recorded)
        return recorded

    def record_and_lease(
        self, lease: Lease, outcome: Outcome, claimant: Claimant, gate: Callable[[str], Gate]
    ) -> tuple[bool, Lease | Idle]:
        """What `record` and `lease` give, in one commit: it waits for the disk once.

        Idle also where a stored process waits that is new: a look of its own finds that.
        """
        gates = {name: gate(name) for name in self._names}

        def record(connection: Connection) -> bool:
            return self._record(connection, lease, outcome)

        recorded, claimed = self._claim_after(record, claimant, gates)
        self._erase_after(outcome, recorded=recorded)
        return recorded, Idle() if isinstance(claimed, frozenset) else claimed

    def _record(self, connection: Connection, lease: Lease, outcome: Outcome) -> bool:
        recorded = recording.record(connection, lease, outcome, self._clock.now())
        if recorded:
            self._database.tell(connection)
        return recorded

    def _erase_after(self, outcome: Outcome, *, recorded: bool) -> None:
        if recorded and isinstance(outcome.verdict, Delivered):
            self._eraser.erase()

    def give_back(self, lease: Lease) -> bool:
        """Undo a lease that no attempt was made by; False when it was lost meanwhile."""

        def work(connection: Connection) -> bool:
            self._database.tell(connection)
            return giving_back.give_back(connection, lease, self._clock.now())

        return self._database.together(work)

    def abandoned(self, owner: str) -> tuple[Lease, ...]:
        """The running leases of a process that is known to be dead."""
        query = (
            sa.select(deliveries, attempts.c.started_at)
            .join(
                attempts,
                (attempts.c.delivery_id == deliveries.c.id)
                & (attempts.c.number == deliveries.c.attempts),
            )
            .where(RUNNING, deliveries.c.owner == owner)
        )
        with self._database.read() as connection:
            found = connection.execute(query).mappings()
            return tuple(rows.lease_of(row, row["started_at"], Gate(1)) for row in found)

    def owners(self) -> frozenset[str]:
        """The processes that hold running leases."""
        query = sa.select(deliveries.c.owner).where(RUNNING).distinct()
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def get(self, delivery_id: str) -> Delivery | None:
        """What is known of a delivery."""
        with self._database.read() as connection:
            row = _KNOWN.first(connection, of_id=delivery_id)
            history = _HISTORY.all(connection, of_id=delivery_id) if row else ()
        return rows.delivery_of(row, history) if row else None

    def hold(self, hold: AccountHold) -> None:
        """No further lease for this account until it is released; one by hand stays by hand."""
        columns = asdict(hold) | {"message": rows.storable(hold.message)}
        with self._database.write() as connection:
            _HOLD.run(connection, columns)

    def holds(self) -> Mapping[str, AccountHold]:
        """The holds in force, by account."""
        with self._database.read() as connection:
            return {row[0]: rows.hold_of(*row) for row in _HOLDS.all(connection)}

    def release(self, account: str) -> None:
        """Lift the hold of this account."""
        with self._database.write() as connection:
            connection.execute(sa.delete(holds).where(holds.c.account == account))
            self._database.tell(connection)

    def ping(self) -> None:
        """Nothing, when the database can be written: a row goes to the disk, unseen by others."""
        account = f"ping {self._clock.new_id()}"
        with self._database.write() as connection:
            connection.execute(sa.insert(holds).values(account=account, since=0.0, message=""))
            connection.execute(sa.delete(holds).where(holds.c.account == account))

    def close(self) -> None:
        """Give up every connection; the last one to go leaves one file with everything in it."""
        self._eraser.end()
        self._database.close()


def _beyond_cap(keep: int) -> sa.Delete:
    newest = deliveries.c.accepted_at.desc()
    total = sa.func.sum(sa.func.length(deliveries.c.payload))
    ranked = (
        sa.select(
            deliveries.c.id,
            sa.func.row_number().over(order_by=newest).label("number"),
            total.over(order_by=newest).label("bytes"),
        )
        .where(REJECTED)
        .subquery()
    )
    beyond = sa.select(ranked.c.id).where(
        (ranked.c.number > keep) | (ranked.c.bytes > KEEP_REJECTED_BYTES)
    )
    return sa.delete(deliveries).where(deliveries.c.id.in_(beyond))
