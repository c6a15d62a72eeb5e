"""What a message becomes: a new delivery, or the one of a task that was met before."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping

from adapter.core.deadline import LINKS_EXPIRED
from adapter.core.delivery import Added, State
from adapter.core.errors import IdempotencyKeyReused
from adapter.core.message import KeySource, Message
from adapter.core.redact import shortened
from adapter.store import rows
from adapter.store.prepared import INSERT, Prepared
from adapter.store.tables import deliveries

_ADD = Prepared(
    lambda dialect: INSERT[dialect.name](deliveries).on_conflict_do_nothing(
        index_elements=["stored_process", "key_value"]
    )
)


def add(connection: Connection, message: Message, columns: rows.Columns) -> Added:
    """The new delivery, or the first one of its key.

    Args:
        connection: In a transaction.
        message: What was accepted.
        columns: The same as `rows.message_columns` has it.

    Raises:
        IdempotencyKeyReused: An explicit key came before with another body.
    """
    if _ADD.run(connection, columns):
        return Added(message.delivery_id, replayed=False)
    first = _met_before(connection, message)
    if first["digest"] != message.digest:
        _take_links(connection, message, first, columns["updated_at"])
    # Its own id: it is added again, because the answer to the first commit was lost.
    return Added(str(first["id"]), replayed=first["id"] != message.delivery_id)


def _met_before(connection: Connection, message: Message) -> RowMapping:
    query = (
        sa.select(
            deliveries.c.id,
            deliveries.c.digest,
            deliveries.c.state,
            deliveries.c.why,
            deliveries.c.staging,
        )
        .where(
            deliveries.c.stored_process == message.stored_process,
            deliveries.c.key_value == rows.key_value(message.key),
        )
        .with_for_update()
    )
    return connection.execute(query).mappings().one()


def _take_links(connection: Connection, message: Message, first: RowMapping, now: float) -> None:
    """A task sent again carries fresh presigned links; a caller's own key must not."""
    if message.key.source is KeySource.HEADER:
        raise IdempotencyKeyReused(
            f"the Idempotency-Key {shortened(message.key.value)!r} was used before with "
            f"another body, for delivery {first['id']}"
        )
    state, staging = State(first["state"]), rows.staging_of(first)
    if state.ended and state is not State.PARKED:
        return
    healed = first["why"] == LINKS_EXPIRED
    here = staging is not None and staging.done_at is not None
    if staging is not None and (state is State.RUNNING or (state is State.PARKED and here)):
        return  # its files are here, and SAS may be reading them
    fresh = rows.sent_columns(message)
    if message.staging is not None and state is not State.RUNNING:
        fresh |= rows.unstaged_columns(message.staging, now)
    elif staging is not None:  # its stored process stages no more
        fresh |= rows.unstaging_columns(staging, now)
    if healed:
        fresh = rows.queued_columns(now) | fresh
    elif state is not State.PARKED:  # that one waits for a person, now with links that can be sent
        fresh["updated_at"] = now
    connection.execute(sa.update(deliveries).where(deliveries.c.id == first["id"]).values(fresh))
