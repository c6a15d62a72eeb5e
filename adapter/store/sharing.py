"""The delivery database as the processes share it: engine, clock, proof of life, and who rings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, text

from adapter.core.errors import ConfigurationInvalid, StoreUnavailable
from adapter.core.redact import Secret
from adapter.ports import Clock
from adapter.store.database import name_of, named_errors
from adapter.store.presence import Presence
from adapter.store.server_clock import ServerClock, elapsed_s
from adapter.store.slots import ProcessSlot
from adapter.store.sqlite import Prepare, open_sqlite
from adapter.store.versions import prepare as prepare_tables

if TYPE_CHECKING:
    from adapter.store.listening import Listener

DATABASE = "deliveries.sqlite"
"""The delivery database below a home's var folder."""

PROCESSES = "processes"
"""The folder of process locks below a home's var folder."""

_NOW = text("SELECT extract(epoch from clock_timestamp())::float8")


@dataclass(frozen=True)
class Shared:
    """What a process has in common with the others.

    Args:
        clock: The time that all of them go by.
        presence: Proof that this process lives, and knowledge of who does not.
        listener: None where nobody outside this host takes part.
    """

    engine: Engine
    clock: Clock
    presence: ProcessSlot | Presence
    listener: Listener | None = None

    def start(self) -> None:
        """Begin to hear of the others."""
        if self.listener is not None:
            self.listener.start()

    def close(self) -> None:
        """Let go of what proves this process alive."""
        if self.listener is not None:
            self.listener.stop()
        self.presence.release()


def open_store(var: Path, url: Secret, prepare: Prepare = prepare_tables) -> Engine:
    """The engine of the delivery database.

    Args:
        var: The home's folder, for the file.
        url: Of a PostgreSQL database; an empty one means the file.
        prepare: Makes the tables, or checks those that are there.

    Raises:
        ConfigurationInvalid: A PostgreSQL database is named, and its driver is not installed.
        StoreOutdated: A database of an older version.
        StoreUnavailable: It cannot be opened.
    """
    if not url:
        return open_sqlite(var / DATABASE, prepare)
    try:
        from adapter.store.postgresql import open_postgresql  # noqa: PLC0415  psycopg is an extra
    except ImportError as error:
        raise ConfigurationInvalid(
            f"store_url names a PostgreSQL database, and its driver is missing: {error}; "
            "install sasbiws[postgresql]"
        ) from None
    return open_postgresql(url, prepare)


def clock_of(engine: Engine, own: Clock) -> Clock:
    """The clock of this database's server, as it is now; the machine's own for a file."""
    if engine.dialect.name == "sqlite":
        return own
    clock = ServerClock(own)
    with named_errors(name_of(engine)), engine.begin() as connection:
        connection.execute(_NOW)  # what is measured must not be the time to connect
        asked_at = elapsed_s()
        clock.set(connection.execute(_NOW).scalar_one(), asked_at, elapsed_s())
    return clock


def share(
    engine: Engine,
    var: Path,
    own: Clock,
    ring: Callable[[], None],
    trouble: Callable[[StoreUnavailable], None],
) -> Shared:
    """What this process shares; no thread runs yet.

    Args:
        engine: As `open_store` gives it.
        var: The home's folder, for the locks.
        own: The machine's clock.
        ring: Called when something changed elsewhere.
        trouble: Called when nothing can be heard any more.

    Raises:
        StoreUnavailable: Database or folder cannot be written.
    """
    slot = ProcessSlot(var / PROCESSES)
    clock = clock_of(engine, own)
    if not isinstance(clock, ServerClock):
        return Shared(engine, clock, slot)
    from adapter.store.listening import Listener  # noqa: PLC0415  psycopg is an extra

    presence = Presence(engine, slot, clock)
    return Shared(engine, clock, presence, Listener(engine, presence, ring, trouble))
