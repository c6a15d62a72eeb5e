"""The tables of the delivery database, and the conditions its partial indexes stand on."""

from __future__ import annotations

import sqlalchemy as sa

VERSION = 1
"""Raised with every change of a table; a database of a newer version is refused."""

# SQLite uses a partial index only where the states stand in the query as literals.
WAITING = sa.text("state IN ('queued', 'retrying')")
RUNNING = sa.text("state = 'running'")
REJECTED = sa.text("state = 'rejected'")

METADATA = sa.MetaData()

_JSON = sa.JSON(none_as_null=True)

deliveries = sa.Table(
    "deliveries",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("stored_process", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    # NULL for a rejected one: it holds no key, and NULLs are distinct.
    sa.Column("key_value", sa.Text),
    sa.Column("key_source", sa.Text),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("document", sa.LargeBinary),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("accepted_at", sa.Double, nullable=False),
    sa.Column("updated_at", sa.Double, nullable=False),
    sa.Column("due_at", sa.Double, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("token", sa.Text),
    sa.Column("transport", sa.Text, nullable=False, default=""),
    sa.Column("why", sa.Text, nullable=False, default=""),
    sa.Column("code", sa.Text, nullable=False, default=""),
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Column("details", _JSON),
    sa.Column("result", _JSON),
    sa.UniqueConstraint("stored_process", "key_value", name="one_delivery_per_key"),
)

attempts = sa.Table(
    "attempts",
    METADATA,
    sa.Column(
        "delivery_id",
        sa.Text,
        sa.ForeignKey(deliveries.c.id, ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("transport", sa.Text, nullable=False, default=""),
    sa.Column("started_at", sa.Double, nullable=False),
    sa.Column("ended_at", sa.Double),
    sa.Column("effect", sa.Text, nullable=False, default=""),
    sa.Column("code", sa.Text, nullable=False, default=""),
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Column("http_status", sa.Integer),
)

holds = sa.Table(
    "holds",
    METADATA,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("since", sa.Double, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
)


def _index(name: str, where: sa.TextClause, *columns: sa.Column[object]) -> None:
    sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)


_index("waiting", WAITING, deliveries.c.stored_process, deliveries.c.due_at)
_index("running", RUNNING, deliveries.c.owner, deliveries.c.stored_process)
_index("rejected", REJECTED, deliveries.c.accepted_at)
