"""One PostgreSQL database as a delivery database: for several hosts, and never waiting for ever."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Mapping
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.pool import ConnectionPoolEntry

from adapter.core.errors import StoreUnavailable
from adapter.core.redact import Secret
from adapter.store import versions
from adapter.store.database import name_of, named_errors, unavailable
from adapter.store.sqlite import Prepare

OLDEST = 13
"""Major version of the oldest server that is talked to."""

CONNECT_S = 5
"""Seconds for a connection to one host."""

ANSWER_S = 12.0
"""Seconds for an answer, should the server stand still or the network swallow everything."""

LOOK_S = 0.5
"""Seconds between looks whether an answer is late."""

PREPARE_S = 3600.0
"""Seconds for the tables of an older version to be changed."""

_POOL = {"pool_size": 10, "max_overflow": 10, "pool_timeout": 10.0, "pool_pre_ping": True}

_SERVER_LIMITS_MS = {
    "statement_timeout": 10_000,
    "lock_timeout": 8_000,
    "idle_in_transaction_session_timeout": 15_000,
}
_DEFAULTS = {
    "connect_timeout": CONNECT_S,
    "application_name": "sasbiws",
    "client_encoding": "UTF8",
    # A standby is passed over, whichever of several hosts it is.
    "target_session_attrs": "read-write",
    # A cut is noticed within about ten seconds, with or without something on its way.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

# A database may be set to answer before it has written; a stricter setting stays.
_DURABLE = """
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') = 'off'
"""
_FACTS = text("""
SELECT current_setting('server_version_num')::int AS version,
       current_setting('server_version') AS version_name,
       current_setting('server_encoding') AS encoding,
       current_setting('fsync') AS fsync
""")
_UNREADABLE = (
    "store_url cannot be read, expected postgresql://user@host:port/database; "
    "in a password the characters @ : / ? # % are percent-encoded, such as %40"
)
_ONE_CREATES = text("SELECT pg_advisory_xact_lock(hashtext('sasbiws_tables'))")

_Found = TypeVar("_Found")


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that waits `ANSWER_S` seconds for an answer, and then is closed.

    The limits of the server do not help where the server stands still, nor those of TCP where
    something between still acknowledges.

    Attributes:
        answer_s: Seconds.
    """

    answer_s = ANSWER_S

    def wait(self, gen: Generator[Any, Any, _Found], *arguments: Any, **options: Any) -> _Found:
        """What the generator gives.

        Raises:
            psycopg.OperationalError: It gave nothing in time.
        """
        options.setdefault("interval", LOOK_S)
        try:
            return super().wait(_in_time(gen, self.answer_s), *arguments, **options)
        except TimeoutError:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"timeout: no answer in {self.answer_s:g} s") from None


def _in_time(gen: Generator[Any, Any, _Found], answer_s: float) -> Generator[Any, Any, _Found]:
    """The same generator; psycopg asks it every `LOOK_S` seconds while it waits."""
    until = time.monotonic() + answer_s
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if time.monotonic() > until:
                raise TimeoutError
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


def open_postgresql(url: Secret, prepare: Prepare = versions.prepare) -> Engine:
    """The engine of a delivery database; tables are created where they are missing.

    Args:
        url: As libpq reads it, several hosts and parameters included.
        prepare: Makes the tables, or checks those that are there.

    Raises:
        StoreOutdated: A database of an older version.
        StoreUnavailable: No connection, an unfit server, or a database of a newer version or of
            another program.
    """
    engine = _engine(_parameters(url))
    with named_errors(name_of(engine)):
        try:
            with engine.begin() as connection:
                _refuse_unfit(connection, name_of(engine))
                _be_patient(connection)
                connection.execute(_ONE_CREATES)
                prepare(connection, name_of(engine))
        finally:
            # A connection must not cross a fork, as a preloading web server makes.
            engine.dispose()
    return engine


def _be_patient(connection: Connection) -> None:
    """Tables of an older version take their time to change."""
    for name in _SERVER_LIMITS_MS:
        connection.exec_driver_sql(f"SET LOCAL {name} = '{PREPARE_S:g}s'")
    raw = connection.connection.driver_connection
    if isinstance(raw, BoundedConnection):
        raw.answer_s = PREPARE_S  # until the pool lets go of it, which is at once


def _parameters(url: Secret) -> dict[str, Any]:
    """What libpq is told: the address, and the limits that it does not set itself."""
    _, _, rest = url.reveal().partition("://")
    try:
        given = conninfo_to_dict(f"postgresql://{rest}")
    except psycopg.Error:
        raise StoreUnavailable(_UNREADABLE) from None  # libpq's message quotes the address
    names = f"{given.get('host')}{given.get('dbname')}"
    if "@" in names or not re.fullmatch(r"[\d,]*", str(given.get("port", ""))):
        raise StoreUnavailable(_UNREADABLE)
    limits = " ".join(f"-c {name}={value}" for name, value in _SERVER_LIMITS_MS.items())
    options = f"{limits} {given.get('options') or ''}".strip()
    return {**_DEFAULTS, **given, "options": options}


def _engine(parameters: Mapping[str, Any]) -> Engine:
    engine = create_engine(
        _shown(parameters),
        # Who waited for others must see what they did, whatever the server's own default is.
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        connect_args=dict(parameters),
        **_POOL,
    )
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "connect", _prepare)
    return engine


def _shown(parameters: Mapping[str, Any]) -> URL:
    """The address by which the database is told of: no password, no parameters."""
    port = str(parameters.get("port") or "5432")
    return URL.create(
        "postgresql+psycopg",
        username=parameters.get("user"),
        host=parameters.get("host") or "localhost",
        port=int(port) if port.isdecimal() else None,  # several hosts may have several
        database=parameters.get("dbname"),
    )


def _connect(
    _: Dialect, __: ConnectionPoolEntry, arguments: Any, parameters: dict[str, Any]
) -> BoundedConnection:
    return BoundedConnection.connect(*arguments, **parameters)


def _prepare(connection: BoundedConnection, _: ConnectionPoolEntry) -> None:
    try:
        connection.execute(_DURABLE)
        connection.commit()
    except psycopg.Error:
        connection.close()
        raise


def _refuse_unfit(connection: Connection, name: str) -> None:
    facts = connection.execute(_FACTS).one()
    if facts.version // 10_000 < OLDEST:
        raise unavailable(
            name, f"its PostgreSQL is {facts.version_name}, expected {OLDEST} or newer"
        )
    if facts.encoding != "UTF8":
        raise unavailable(name, f"its encoding is {facts.encoding}, expected UTF8")
    if facts.fsync != "on":
        raise unavailable(
            name, f"fsync is {facts.fsync} on the server, expected on: else tasks are lost with it"
        )
