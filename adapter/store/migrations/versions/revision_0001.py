"""The first tables: deliveries, attempts, holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    _deliveries()
    _attempts()
    op.create_table(
        "holds",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
    )
    _index("waiting", "state IN ('queued', 'retrying')", "stored_process", "due_at")
    _index("running", "state = 'running'", "owner", "stored_process")
    _index("rejected", "state = 'rejected'", "accepted_at")


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("stored_process", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("key_value", sa.Text),
        sa.Column("key_source", sa.Text),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("document", sa.LargeBinary),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("accepted_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("token", sa.Text),
        sa.Column("transport", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("details", sa.JSON),
        sa.Column("result", sa.JSON),
        sa.UniqueConstraint("stored_process", "key_value", name="one_delivery_per_key"),
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column(
            "delivery_id",
            sa.Text,
            sa.ForeignKey("deliveries.id", ondelete="CASCADE"),
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


def _index(name: str, where: str, *columns: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "deliveries", columns, sqlite_where=condition, postgresql_where=condition)
