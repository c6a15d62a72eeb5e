"""Deliveries in a database: kept until they have ended, with the account of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, RowMapping
from sqlalchemy.dialects import postgresql, sqlite

from adapter.core.breaker import Breaker
from adapter.core.deadline import LINKS_EXPIRED
from adapter.core.delivery import (
    AccountHold,
    Added,
    Delivery,
    Gate,
    Idle,
    Lease,
    Outcome,
    Rejection,
    State,
)
from adapter.core.errors import IdempotencyKeyReused, StoreUnavailable
from adapter.core.message import KeySource, Message
from adapter.core.redact import shortened
from adapter.core.verdict import Delivered
from adapter.ports import Clock
from adapter.store import claims, links, rows
from adapter.store.database import Database
from adapter.store.sqlite import empty_log, open_sqlite
from adapter.store.tables import REJECTED, RUNNING, attempts, breakers, deliveries, holds

__all__ = ["SqlDeliveries", "open_sqlite"]

KEEP_REJECTED = 1000
KEEP_REJECTED_BYTES = 256 * 1024 * 1024
"""Rejected payloads kept, by number and by bytes; the oldest beyond are dropped."""

_INSERT: Mapping[str, Callable[[sa.Table], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""The INSERT of each dialect that can say ON CONFLICT."""


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
        self._keep_rejected = keep_rejected
        self._insert = _INSERT[engine.dialect.name]

    def add(self, message: Message) -> Added:
        """On disk when it returns. A key met before gives the first delivery.

        Raises:
            IdempotencyKeyReused: An explicit key came before with another body.
        """
        statement = (
            self._insert(deliveries)
            .values(rows.message_columns(message, self._clock.now()))
            .on_conflict_do_nothing(index_elements=["stored_process", "key_value"])
            .returning(deliveries.c.id)
        )
        with self._database.write() as connection:
            self._database.tell(connection)
            if connection.execute(statement).first() is not None:
                return Added(message.delivery_id, replayed=False)
            return Added(self._met_again(connection, message), replayed=True)

    def _met_again(self, connection: Connection, message: Message) -> str:
        query = (
            sa.select(deliveries.c.id, deliveries.c.digest, deliveries.c.state, deliveries.c.why)
            .where(
                deliveries.c.stored_process == message.stored_process,
                deliveries.c.key_value == rows.key_value(message),
            )
            .with_for_update()
        )
        first = connection.execute(query).mappings().one()
        if first["digest"] != message.digest:
            self._other_body(connection, message, first)
        return str(first["id"])

    def _other_body(self, connection: Connection, message: Message, first: RowMapping) -> None:
        """A task sent again carries fresh presigned links; a caller's own key must not."""
        if message.key.source is KeySource.HEADER:
            raise IdempotencyKeyReused(
                f"the Idempotency-Key {shortened(message.key.value)!r} was used before with "
                f"another body, for delivery {first['id']}"
            )
        now = self._clock.now()
        fresh = {**rows.sent_columns(message), "updated_at": now}
        if first["why"] == LINKS_EXPIRED:
            fresh |= rows.queued_columns(now)
        elif State(first["state"]) not in (State.QUEUED, State.RETRYING):
            return
        connection.execute(
            sa.update(deliveries).where(deliveries.c.id == first["id"]).values(fresh)
        )

    def reject(self, rejection: Rejection) -> None:
        """Keep a rejected payload; the oldest beyond the cap are dropped."""
        columns = rows.rejection_columns(rejection, self._clock.now())
        with self._database.write() as connection:
            connection.execute(sa.insert(deliveries).values(columns))
            connection.execute(_beyond_cap(self._keep_rejected))

    def lease(self, owner: str, gate: Callable[[str], Gate]) -> Lease | Idle:
        """The next delivery that is due and passes its gate, now running by this owner.

        Args:
            owner: The process that will make the attempt.
            gate: What must be free for a stored process.
        """
        with self._database.read() as connection:
            names = [line.name for line in claims.waiting(connection)]
        # Asked outside the transaction: it may take its time, or read this store itself.
        gates = {name: gate(name) for name in names}
        if not any(gate.concurrency for gate in gates.values()):
            return Idle()
        now = self._clock.now()
        with self._database.write() as connection:
            self._database.alone(connection)
            claimed = claims.claim(connection, owner, gates, now)
        if isinstance(claimed, Idle):
            return claimed
        return rows.lease_of(claimed, now, gates[claimed["stored_process"]])

    def record(self, lease: Lease, outcome: Outcome) -> bool:
        """Write down how an attempt ended; False when the lease was lost meanwhile."""
        delivered = isinstance(outcome.verdict, Delivered)
        columns = rows.outcome_columns(outcome) | {"updated_at": self._clock.now()}
        with self._database.write() as connection:
            held = connection.execute(_held(lease)).mappings().first()
            if held is None:
                return False
            if delivered:
                columns |= _delivered_columns(held, outcome)
            connection.execute(
                sa.update(deliveries).where(deliveries.c.id == lease.delivery_id).values(columns)
            )
            connection.execute(_end_attempt(lease, outcome))
            self._note_health(connection, lease, outcome)
            self._database.tell(connection)
        if delivered:
            self._empty_log()
        return True

    def _note_health(self, connection: Connection, lease: Lease, outcome: Outcome) -> None:
        """What the attempt says of its address: the breaker, one step on."""
        address = lease.gate.address
        before = claims.breaker_at(connection, address) if address else Breaker()
        after = before.after(outcome.failure, outcome.ended_at, lease.gate.breaker)
        if after == before:
            return
        connection.execute(sa.delete(breakers).where(breakers.c.address == address))
        if after != Breaker():
            connection.execute(sa.insert(breakers).values(address=address, **asdict(after)))

    def _empty_log(self) -> None:
        # The outcome is on disk: where the log cannot be emptied now, a later delivery does it.
        if self._database.dialect == "sqlite":
            with suppress(StoreUnavailable):
                empty_log(self._database)

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
        query = sa.select(deliveries).where(deliveries.c.id == delivery_id)
        history = (
            sa.select(attempts)
            .where(attempts.c.delivery_id == delivery_id)
            .order_by(attempts.c.number)
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            return rows.delivery_of(row, connection.execute(history).mappings())

    def hold(self, hold: AccountHold) -> None:
        """No further lease for this account until it is released."""
        columns = {
            "since": hold.since,
            "message": rows.storable(hold.message),
            "by_hand": hold.by_hand,
        }
        statement = (
            self._insert(holds)
            .values(account=hold.account, **columns)
            .on_conflict_do_update(index_elements=["account"], set_=columns)
        )
        with self._database.write() as connection:
            connection.execute(statement)

    def holds(self) -> Mapping[str, AccountHold]:
        """The holds in force, by account."""
        with self._database.read() as connection:
            found = connection.execute(sa.select(holds)).mappings()
            return {row["account"]: rows.hold_of(row) for row in found}

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


def _held(lease: Lease) -> sa.Select[Any]:
    return (
        sa.select(deliveries.c.payload, deliveries.c.document)
        .where(
            deliveries.c.id == lease.delivery_id,
            deliveries.c.token == lease.token,
            RUNNING,
        )
        .with_for_update()
    )


def _delivered_columns(held: RowMapping, outcome: Outcome) -> rows.Columns:
    """The result, and what was sent without the signatures it needed no more."""
    columns: rows.Columns = {
        "payload": links.without_signatures(held["payload"]),
        "document": links.document_without_signatures(held["document"]),
    }
    if outcome.answer is not None:
        answer = links.answer_masked(outcome.answer, links.masked_strings(held["payload"]))
        columns["result"] = answer.to_json()
    return columns


def _end_attempt(lease: Lease, outcome: Outcome) -> sa.Update:
    return (
        sa.update(attempts)
        .where(
            attempts.c.delivery_id == lease.delivery_id,
            attempts.c.number == lease.attempt,
        )
        .values(rows.attempt_columns(outcome))
    )
