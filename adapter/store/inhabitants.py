"""Which adapters work on a database now: nobody may change it beneath them."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from adapter.core.moving import StoreInUse
from adapter.store.presence import LEASE_S
from adapter.store.sharing import PROCESSES
from adapter.store.slots import living
from adapter.store.tables import processes

_NOW = sa.literal_column("extract(epoch from clock_timestamp())", sa.Double)


def refuse_used(connection: Connection, name: str) -> None:
    """Nothing, where no adapter serves or works.

    Of a file they are known by the locks that each process of an adapter holds beside it, of
    PostgreSQL by the signs of life that each gives in the table `processes`.

    Raises:
        StoreInUse: Some do.
    """
    sqlite = connection.dialect.name == "sqlite"
    found = _beside(Path(name)) if sqlite else _alive(connection)
    if found:
        raise StoreInUse(f"the delivery database {name} is in use by {', '.join(found)}")


def _beside(path: Path) -> tuple[str, ...]:
    count = len(living(path.parent / PROCESSES))
    return (f"{count} process" + ("es" if count > 1 else ""),) if count else ()


def _alive(connection: Connection) -> tuple[str, ...]:
    if not sa.inspect(connection).has_table(processes.name):
        return ()
    query = (
        sa.select(processes.c.host, processes.c.pid, (_NOW - processes.c.seen_at).label("age_s"))
        .where(processes.c.seen_at > _NOW - LEASE_S)
        .order_by(processes.c.host, processes.c.pid)
    )
    return tuple(
        f"process {row.pid} of host {row.host} (seen {max(row.age_s, 0.0):.0f} s ago)"
        for row in connection.execute(query)
    )
