"""Several hosts, deadlines, and what an operator does: new columns, tables and indexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from adapter.core.deadline import links_expire_at
from adapter.core.errors import PayloadRefused
from adapter.core.payload import Limits, Payload
from adapter.store.rows import storable

revision = "0002"
down_revision = "0001"

_BATCH = 200
_LIMITS = Limits(max_bytes=2**30)
"""What was accepted once is read, whatever the limit was."""

_NEW: dict[str, tuple[Any, bool, str]] = {
    # column           type, NULL or not, its value where there is a row
    "freed_key":       (sa.Text(), True, "CASE WHEN state = 'cancelled' THEN key_value END"),
    "task_id":         (sa.Text(), False, "''"),
    "forgiven":        (sa.Integer(), False, "0"),
    "queued_at":       (sa.Double(), False, "accepted_at"),
    "links_expire_at": (sa.Double(), True, "NULL"),
    "server":          (sa.Text(), True, "NULL"),
    "address":         (sa.Text(), True, "NULL"),
}  # fmt: skip

_KEY = "CASE WHEN state <> 'cancelled' THEN key_value END"
"""A cancelled one holds no key any more."""


def upgrade() -> None:
    """Change the tables, keep every row."""
    if op.get_bind().dialect.name == "sqlite":
        _rebuild()
    else:
        _alter()
    _read_payloads(op.get_bind())
    op.create_table(
        "breakers",
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("open_until", sa.Double),
    )
    op.create_table(
        "rates",
        sa.Column("stored_process", sa.Text, primary_key=True),
        sa.Column("next_at", sa.Double, nullable=False),
    )
    op.create_table(
        "processes",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
    )
    _create_indexes()


def _rebuild() -> None:
    """On SQLite the order of columns matters: what is large stands last.

    The children go first: to drop their parent would delete them.
    """
    _new_deliveries()
    _new_attempts()
    _new_holds()
    new = {name: value for name, (_, _, value) in _NEW.items()} | {"key_value": _KEY}
    _fill("deliveries", new)
    _fill("attempts", {})
    _fill("holds", {"by_hand": "0"})
    for name in ("attempts", "holds", "deliveries"):
        op.drop_table(name)
    for name in ("deliveries", "attempts", "holds"):
        op.rename_table(f"new_{name}", name)


def _fill(table: str, new: dict[str, str]) -> None:
    columns = [column["name"] for column in sa.inspect(op.get_bind()).get_columns(f"new_{table}")]
    values = ", ".join(new.get(name, name) for name in columns)
    op.execute(f"INSERT INTO new_{table} ({', '.join(columns)}) SELECT {values} FROM {table}")  # noqa: S608


def _new_deliveries() -> None:
    op.create_table(
        "new_deliveries",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("stored_process", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("key_value", sa.Text),
        sa.Column("key_source", sa.Text),
        sa.Column("freed_key", sa.Text),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("task_id", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("forgiven", sa.Integer, nullable=False),
        sa.Column("accepted_at", sa.Double, nullable=False),
        sa.Column("queued_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("links_expire_at", sa.Double),
        sa.Column("owner", sa.Text),
        sa.Column("token", sa.Text),
        sa.Column("server", sa.Text),
        sa.Column("address", sa.Text),
        sa.Column("transport", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("details", sa.JSON),
        sa.Column("result", sa.JSON),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("document", sa.LargeBinary),
        sa.UniqueConstraint("stored_process", "key_value", name="one_delivery_per_key"),
    )


def _new_attempts() -> None:
    op.create_table(
        "new_attempts",
        sa.Column(
            "delivery_id",
            sa.Text,
            sa.ForeignKey("new_deliveries.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("transport", sa.Text, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("effect", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("http_status", sa.Integer),
    )


def _new_holds() -> None:
    op.create_table(
        "new_holds",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("by_hand", sa.Boolean, nullable=False),
    )


def _alter() -> None:
    for name, (kind, nullable, _) in _NEW.items():
        op.add_column("deliveries", sa.Column(name, kind))
        if not nullable:
            op.execute(f"UPDATE deliveries SET {name} = {_NEW[name][2]}")  # noqa: S608
            op.alter_column("deliveries", name, nullable=False)
    op.execute(
        f"UPDATE deliveries SET freed_key = key_value, key_value = {_KEY} "  # noqa: S608
        "WHERE state = 'cancelled'"
    )
    op.add_column("holds", sa.Column("by_hand", sa.Boolean))
    op.execute("UPDATE holds SET by_hand = false")
    op.alter_column("holds", "by_hand", nullable=False)
    for index in ("waiting", "running", "rejected"):
        op.drop_index(index, "deliveries")


def _read_payloads(connection: sa.Connection) -> None:
    """Which task it was, and until when its links hold: as intake has read it since."""
    statement = sa.text(
        "UPDATE deliveries SET task_id = :task_id, links_expire_at = :expire_at WHERE id = :id"
    )
    for found in _payloads(connection):
        columns = [
            {
                "id": name,
                "task_id": storable(payload.task_id),
                "expire_at": links_expire_at(payload),
            }
            for name, payload in found
        ]
        if columns:
            connection.execute(statement, columns)


def _payloads(connection: sa.Connection) -> Iterator[list[tuple[str, Payload]]]:
    query = sa.text(
        f"SELECT id, payload FROM deliveries WHERE id > :last ORDER BY id LIMIT {_BATCH}"  # noqa: S608
    )
    last = ""
    while found := connection.execute(query, {"last": last}).all():
        yield [(name, payload) for name, raw in found if (payload := _parsed(bytes(raw)))]
        last = found[-1][0]


def _parsed(raw: bytes) -> Payload | None:
    try:
        return Payload.parse(raw, _LIMITS)
    except PayloadRefused:
        return None


def _create_indexes() -> None:
    waiting, running = "state IN ('queued', 'retrying')", "state = 'running'"
    ended = "state IN ('delivered', 'parked', 'rejected', 'cancelled')"
    _index("waiting", waiting, "stored_process", "due_at")
    _index("arrived", waiting, "stored_process", "accepted_at")
    _index("running", running, "stored_process", "server", "address")
    _index("rejected", "state = 'rejected'", "accepted_at")
    _index("ended", ended, "state", "updated_at")
    op.create_index("newest", "deliveries", ["accepted_at"])


def _index(name: str, where: str, *columns: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "deliveries", columns, sqlite_where=condition, postgresql_where=condition)
