"""The tables of the delivery database, and the conditions its partial indexes stand on."""

from __future__ import annotations

import sqlalchemy as sa

VERSION = 3
"""Raised with every change of a table; a database of a newer version is refused."""

# SQLite uses a partial index only where the states stand in the query as literals.
WAITING = sa.text("state IN ('queued', 'retrying')")
RUNNING = sa.text("state = 'running'")
REJECTED = sa.text("state = 'rejected'")
ENDED = sa.text("state IN ('delivered', 'parked', 'rejected', 'cancelled')")
UNSTAGED = sa.text("state IN ('queued', 'retrying') AND due_at >= 100000000000.0")
"""Those whose files are staged first; the number is `core.staging.WAITS_FROM`."""

METADATA = sa.MetaData()

_JSON = sa.JSON(none_as_null=True)

deliveries = sa.Table(
    "deliveries",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("stored_process", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    # NULL for a rejected or cancelled one: it holds no key, and NULLs are distinct.
    sa.Column("key_value", sa.Text),
    sa.Column("key_source", sa.Text),
    # The key of a cancelled one, which holds none: its task sent again is a new delivery.
    sa.Column("freed_key", sa.Text),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("task_id", sa.Text, nullable=False, default=""),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    # Attempts made before a person last sent it: those that count against max_attempts come after.
    sa.Column("forgiven", sa.Integer, nullable=False, default=0),
    sa.Column("accepted_at", sa.Double, nullable=False),
    sa.Column("queued_at", sa.Double, nullable=False),
    sa.Column("updated_at", sa.Double, nullable=False),
    sa.Column("due_at", sa.Double, nullable=False),
    sa.Column("links_expire_at", sa.Double),
    # While it runs: by which process, with what right, on which server and address.
    sa.Column("owner", sa.Text),
    sa.Column("token", sa.Text),
    sa.Column("server", sa.Text),
    sa.Column("address", sa.Text),
    sa.Column("transport", sa.Text, nullable=False, default=""),
    sa.Column("why", sa.Text, nullable=False, default=""),
    sa.Column("code", sa.Text, nullable=False, default=""),
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Column("details", _JSON),
    # Last, so that a look at the other columns need not step over them.
    sa.Column("result", _JSON),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("document", sa.LargeBinary),
    # NULL costs nothing to step to: only deliveries whose files are staged have it.
    sa.Column("staging", _JSON),
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
    sa.Column("by_hand", sa.Boolean, nullable=False, default=False),
)

breakers = sa.Table(
    "breakers",
    METADATA,
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("open_until", sa.Double),
)

rates = sa.Table(
    "rates",
    METADATA,
    sa.Column("stored_process", sa.Text, primary_key=True),
    # No attempt of it begins before.
    sa.Column("next_at", sa.Double, nullable=False),
)

# Which processes of which host share a PostgreSQL database; times by the server's clock.
processes = sa.Table(
    "processes",
    METADATA,
    sa.Column("owner", sa.Text, primary_key=True),
    # Processes of one place see each other's locks.
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("started_at", sa.Double, nullable=False),
    sa.Column("seen_at", sa.Double, nullable=False),
)


def _index(name: str, where: sa.TextClause, *columns: sa.Column[object]) -> None:
    sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)


_index("waiting", WAITING, deliveries.c.stored_process, deliveries.c.due_at)
_index("arrived", WAITING, deliveries.c.stored_process, deliveries.c.accepted_at)
_index("running", RUNNING, deliveries.c.stored_process, deliveries.c.server, deliveries.c.address)
_index("rejected", REJECTED, deliveries.c.accepted_at)
_index("unstaged", UNSTAGED, deliveries.c.due_at)
_index("ended", ENDED, deliveries.c.state, deliveries.c.updated_at)
sa.Index("newest", deliveries.c.accepted_at)
