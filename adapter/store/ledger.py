"""The deliveries as an operator sees and changes them: found, counted, sent again, dropped."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, RowMapping
from sqlalchemy.exc import IntegrityError

from adapter.core.breaker import Breaker
from adapter.core.delivery import Delivery, Filter, Kept, Retention, State
from adapter.core.errors import (
    AlreadyAccepted,
    DeliveryNotWaiting,
    DeliveryUnknown,
    Rejected,
    StoreUnavailable,
)
from adapter.core.message import Message
from adapter.core.redact import shortened
from adapter.ports import Clock
from adapter.store import claims, filters, rows
from adapter.store.database import Database
from adapter.store.sqlite import empty_log
from adapter.store.tables import deliveries

_CANCELLABLE = frozenset((State.QUEUED, State.RETRYING, State.PARKED, State.REJECTED))
_SENT_AGAIN = _CANCELLABLE | {State.CANCELLED}

STEP = 50
"""Deliveries deleted in one transaction: their bytes are overwritten, which takes its time."""

PAUSE_S = 0.025
"""Seconds between two, in which whoever waits to write has its turn."""

# Whatever stands behind these columns is large, and of no use in a list.
_KNOWN = (
    *(c for c in deliveries.c if c.name not in {"payload", "document", "result"}),
    sa.null().label("result"),
)


class SqlLedger:
    """The ledger on an SQL database, beside any number of processes that deliver from it.

    Args:
        engine: As opened, for instance by `open_sqlite`.
        clock: What the time is.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._database = Database(engine)
        self._clock = clock

    def find(self, wanted: Filter, limit: int, offset: int = 0) -> tuple[Delivery, ...]:
        """Those that are meant, newest first, without result and history."""
        query = filters.newest(wanted, self._database.dialect, _KNOWN).limit(limit).offset(offset)
        with self._database.read() as connection:
            found = connection.execute(query).mappings()
            return tuple(rows.delivery_of(row, ()) for row in found)

    def count(self, wanted: Filter) -> Mapping[State, int]:
        """How many are meant, by state; a state without any is left out."""
        query = filters.counted(wanted, self._database.dialect)
        with self._database.read() as connection:
            return {State(state): number for state, number in connection.execute(query)}

    def kept(self, delivery_id: str) -> Kept:
        """What a delivery can be sent again from.

        Raises:
            DeliveryUnknown: There is none of this id.
        """
        query = sa.select(*_KNOWN, deliveries.c.payload, deliveries.c.document).where(
            deliveries.c.id == rows.storable(delivery_id)
        )
        with self._database.read() as connection:
            row = _known(connection.execute(query).mappings().first(), delivery_id)
        return Kept(
            rows.delivery_of(row, ()),
            payload=row["payload"],
            table=row["document"],
            request_id=row["request_id"],
            key=row["key_value"] or row["freed_key"] or "",
        )

    def requeue(self, delivery_id: str, message: Message | None = None) -> None:
        """Due now, in full: attempts and deadline are counted afresh.

        One that holds no key takes one: its own again, else the message's.

        Args:
            delivery_id: A parked, rejected, cancelled or waiting delivery.
            message: What is sent from now on; None sends the sealed document again.

        Raises:
            DeliveryUnknown: There is none of this id.
            DeliveryNotWaiting: It is running or delivered, or was rejected and has no document.
            AlreadyAccepted: Its task was accepted meanwhile as another delivery.
        """
        with self._database.write() as connection:
            row = self._locked(connection, delivery_id)
            _expect(row, _SENT_AGAIN)
            if message is None and not row["sealed"]:
                raise DeliveryNotWaiting(
                    f"delivery {delivery_id} was rejected and has no document to send again, "
                    "expected one that was accepted once"
                )
            columns = _again(row, message, self._clock.now())
            try:
                with connection.begin_nested():
                    _change(connection, row, columns)
            except IntegrityError:
                raise _accepted_as(connection, row, columns) from None
            self._database.tell(connection)

    def reject_again(self, delivery_id: str, error: Rejected) -> None:
        """Still rejected, for this reason now.

        Raises:
            DeliveryUnknown: There is none of this id.
            DeliveryNotWaiting: It is not rejected.
        """
        columns = rows.rejected_columns(error.code, error.message, error.problems)
        with self._database.write() as connection:
            row = self._locked(connection, delivery_id)
            _expect(row, frozenset((State.REJECTED,)))
            _change(connection, row, columns | {"updated_at": self._clock.now()})

    def cancel(self, delivery_id: str, why: str) -> None:
        """Never sent again by itself: `cancelled` with this word.

        Its key is free from then on: the same task sent again is a new delivery. The key is
        remembered, for `requeue`.

        Raises:
            DeliveryUnknown: There is none of this id.
            DeliveryNotWaiting: It is running, delivered or cancelled.
        """
        columns = {
            "state": State.CANCELLED.value,
            "why": why,
            "freed_key": sa.func.coalesce(deliveries.c.key_value, deliveries.c.freed_key),
            "key_value": None,
            "updated_at": self._clock.now(),
        }
        with self._database.write() as connection:
            row = self._locked(connection, delivery_id)
            _expect(row, _CANCELLABLE)
            _change(connection, row, columns)
            self._database.tell(connection)

    def purge(self, wanted: Filter, limit: int) -> int:
        """Delete up to `limit` of the ended deliveries that are meant; how many were deleted.

        The oldest go first, with their attempts, in steps between which others write.
        """
        return self._drop(filters.oldest_ended(wanted, self._database.dialect), limit)

    def expire(self, retention: Retention, limit: int) -> int:
        """Delete up to `limit` ended deliveries that were kept long enough; how many."""
        now, dropped = self._clock.now(), 0
        for state, keep_s in retention.keep_s.items():
            if state.ended:
                over = filters.ended_before(state, now - keep_s)
                dropped += self._drop(over, limit - dropped)
        return dropped

    def _drop(self, query: sa.Select[Any], limit: int) -> int:
        dropped = 0
        while dropped < limit:
            if dropped:
                time.sleep(PAUSE_S)
            step = min(STEP, limit - dropped)
            with self._database.write() as connection:
                count = _delete(connection, query.limit(step))
            dropped += count
            if count < step:
                break
        self._empty_log(dropped)
        return dropped

    def breakers(self) -> Mapping[str, Breaker]:
        """The breakers that are not at rest, by address."""
        with self._database.read() as connection:
            return claims.all_breakers(connection)

    def close(self) -> None:
        """Give up every connection."""
        self._database.close()

    def _locked(self, connection: Connection, delivery_id: str) -> RowMapping:
        """What decides of a change; nobody else changes it before this transaction ends."""
        query = (
            sa.select(
                deliveries.c.id,
                deliveries.c.state,
                deliveries.c.stored_process,
                deliveries.c.key_value,
                deliveries.c.key_source,
                deliveries.c.freed_key,
                deliveries.c.staging,
                deliveries.c.document.is_not(None).label("sealed"),
            )
            .where(deliveries.c.id == rows.storable(delivery_id))
            .with_for_update()
        )
        return _known(connection.execute(query).mappings().first(), delivery_id)

    def _empty_log(self, deleted: int) -> None:
        # They are gone: where the log cannot be emptied now, a later call does it.
        if deleted and self._database.dialect == "sqlite":
            with suppress(StoreUnavailable):
                empty_log(self._database)


def _known(row: RowMapping | None, delivery_id: str) -> RowMapping:
    if row is None:
        raise DeliveryUnknown(f"there is no delivery {shortened(delivery_id)!r}")
    return row


def _expect(row: RowMapping, states: frozenset[State]) -> None:
    if State(row["state"]) not in states:
        raise DeliveryNotWaiting(
            f"delivery {row['id']} is {row['state']}, expected {', '.join(sorted(states))}"
        )


def _again(row: RowMapping, message: Message | None, now: float) -> rows.Columns:
    """The columns of a delivery that goes back into the queue."""
    columns = rows.queued_columns(now) | {
        "stored_process": row["stored_process"],
        "key_value": row["key_value"] or row["freed_key"],
        "freed_key": None,
    }
    if message is not None:
        columns |= {
            **rows.sent_columns(message),
            "stored_process": message.stored_process,
            "key_value": columns["key_value"] or rows.key_value(message.key),
            "key_source": row["key_source"] or message.key.source.value,
        }
        staging = rows.staging_of(row)
        if message.staging is not None and not (staging and staging.done_at):
            columns |= rows.unstaged_columns(message.staging, now)
        elif staging is not None and staging.done_at is None:  # nothing is staged any more
            columns |= rows.unstaging_columns(staging, now)
        elif staging is not None:  # its files are here: it needs its links no more
            columns["links_expire_at"] = None
    return columns


def _change(connection: Connection, row: RowMapping, columns: rows.Columns) -> None:
    connection.execute(sa.update(deliveries).where(deliveries.c.id == row["id"]).values(columns))


def _accepted_as(connection: Connection, row: RowMapping, columns: rows.Columns) -> AlreadyAccepted:
    query = sa.select(deliveries.c.id).where(
        deliveries.c.stored_process == columns["stored_process"],
        deliveries.c.key_value == columns["key_value"],
    )
    other = connection.execute(query).scalar_one()
    return AlreadyAccepted(
        f"the task of delivery {row['id']} was accepted as delivery {other} meanwhile"
    )


def _delete(connection: Connection, query: sa.Select[Any]) -> int:
    # Locked, on PostgreSQL: one that a person sends again at this moment stays.
    ids = connection.execute(query.with_for_update(skip_locked=True)).scalars().all()
    if ids:
        connection.execute(sa.delete(deliveries).where(deliveries.c.id.in_(ids)))
    return len(ids)
