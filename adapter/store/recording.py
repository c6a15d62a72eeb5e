"""How an attempt ended: the statements of a record, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from adapter.core.breaker import Breaker
from adapter.core.deadline import LINKS_EXPIRED
from adapter.core.delivery import Lease, Outcome
from adapter.core.verdict import Delivered, Park, Retry
from adapter.store import links, rows
from adapter.store.prepared import Prepared, upsert
from adapter.store.tables import RUNNING, attempts, breakers, deliveries

_HELD = Prepared(
    sa.select(deliveries.c.payload, deliveries.c.document, deliveries.c.links_expire_at)
    .where(
        deliveries.c.id == sa.bindparam("of_id"),
        deliveries.c.token == sa.bindparam("of_token"),
        RUNNING,
    )
    .with_for_update()
)
_CHANGE = Prepared(sa.update(deliveries).where(deliveries.c.id == sa.bindparam("of_id")))
_END_ATTEMPT = Prepared(
    sa.update(attempts).where(
        attempts.c.delivery_id == sa.bindparam("of_id"),
        attempts.c.number == sa.bindparam("of_number"),
    )
)
_ATTEMPT = Prepared(
    sa.select(
        attempts.c.code,
        attempts.c.message,
        attempts.c.transport,
        attempts.c.ended_at,
        attempts.c.effect,
        attempts.c.http_status,
    ).where(
        attempts.c.delivery_id == sa.bindparam("of_id"),
        attempts.c.number == sa.bindparam("of_number"),
    )
)
_BREAKER = Prepared(
    sa.select(breakers.c.failures, breakers.c.open_until).where(
        breakers.c.address == sa.bindparam("of_address")
    )
)
_SET_BREAKER = Prepared(upsert(breakers))
_CLOSE_BREAKER = Prepared(
    sa.delete(breakers).where(breakers.c.address == sa.bindparam("of_address"))
)

_EXPIRED = Park(LINKS_EXPIRED)

# Until the transaction ends: the failures of several threads and hosts are all counted.
_ALONE_AT = sa.text("SELECT pg_advisory_xact_lock(hashtext('sasbiws_breaker'), hashtext(:address))")


def record(connection: Connection, lease: Lease, outcome: Outcome, now: float) -> bool:
    """True where the attempt's end is written; False where its lease was lost meanwhile.

    True also where it had been written before, and only the answer to that commit was lost.
    """
    held = _HELD.first(connection, of_id=lease.delivery_id, of_token=lease.token)
    if held is None:
        return _is_recorded(connection, lease, outcome)
    # The clock may have been set back since: what follows must not wait for the old time.
    timed = replace(outcome, ended_at=min(outcome.ended_at, now))
    if timed.verdict == _EXPIRED and held["links_expire_at"] != lease.links_expire_at:
        timed = replace(timed, verdict=Retry(0.0))  # its task came again, with fresh links
    columns = rows.outcome_columns(timed) | {"updated_at": now}
    if isinstance(outcome.verdict, Delivered):
        columns |= _delivered_columns(held, lease, outcome)
    _CHANGE.run(connection, columns, of_id=lease.delivery_id)
    _END_ATTEMPT.run(
        connection,
        rows.attempt_columns(outcome),
        of_id=lease.delivery_id,
        of_number=lease.attempt,
    )
    _note_health(connection, lease, timed)
    return True


def _is_recorded(connection: Connection, lease: Lease, outcome: Outcome) -> bool:
    found = _ATTEMPT.first(connection, of_id=lease.delivery_id, of_number=lease.attempt)
    return found == rows.attempt_columns(outcome)


def _delivered_columns(held: Mapping[str, Any], lease: Lease, outcome: Outcome) -> rows.Columns:
    """The result, and what was sent without the signatures it needed no more."""
    payload, masked = links.payload_masked(held["payload"])
    if held["document"] != lease.table:  # its task came again, with fresh links, during the call
        masked |= links.masked_values(lease.table)
    if lease.staging is not None:
        masked |= lease.staging.masks()
    columns: rows.Columns = {
        "payload": payload,
        "document": links.document_without_signatures(held["document"]),
    }
    if outcome.answer is not None:
        columns["result"] = links.answer_masked(outcome.answer, masked).to_json()
    return columns


def _note_health(connection: Connection, lease: Lease, outcome: Outcome) -> None:
    """What the attempt says of its address: the breaker, one step on."""
    address = lease.gate.address
    if not address:
        return
    before, after = _step(connection, lease, outcome)
    if after == before:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(_ALONE_AT, {"address": address})
        _, after = _step(connection, lease, outcome)  # others may have gone first
    if after == Breaker():
        _CLOSE_BREAKER.run(connection, of_address=address)
    else:
        _SET_BREAKER.run(connection, {"address": address, **asdict(after)})


def _step(connection: Connection, lease: Lease, outcome: Outcome) -> tuple[Breaker, Breaker]:
    """The breaker before and after the attempt."""
    before = Breaker(**(_BREAKER.first(connection, of_address=lease.gate.address) or {}))
    return before, before.after(outcome.failure, outcome.ended_at, lease.gate.breaker)
