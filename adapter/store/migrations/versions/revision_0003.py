"""Staged files: how it stands with them, and an index of the deliveries that wait for theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Change the tables, keep every row."""
    op.add_column("deliveries", sa.Column("staging", sa.JSON))
    condition = sa.text("state IN ('queued', 'retrying') AND due_at >= 100000000000.0")
    op.create_index(
        "unstaged", "deliveries", ["due_at"], sqlite_where=condition, postgresql_where=condition
    )
