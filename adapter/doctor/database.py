"""Checks of the delivery database, and of what keeps deliveries from being sent."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text

from adapter.core.redact import without_query
from adapter.doctor.case import Case
from adapter.doctor.check import Check, Ending, Result, fail, ok, warn
from adapter.store.database import Database
from adapter.store.sharing import open_store
from adapter.store.sqlite import share_of

_WRITE = text("UPDATE deliveries SET state = state WHERE 1 = 0")
"""Asks for the right and the lock to write, and changes nothing."""

_NOT_YET = "there is none yet; the first start makes it"


def _place(case: Case, _: str) -> Result:
    if case.database is None:
        return ok("a PostgreSQL database")
    mounts = case.mounts.read_text("utf-8", "replace") if case.mounts.exists() else ""
    share = share_of(case.database.absolute(), mounts)
    if share:
        step = "move the home to a local disk, or share a PostgreSQL database by store_url"
        return fail(f"{case.database} is on a network share ({share})", "a local disk", step)
    return ok(f"{case.database.parent} is on a local disk")


def _database(case: Case, _: str) -> Result:
    if not case.has_database:
        return ok(_NOT_YET)
    engine = open_store(case.settings.var, case.settings.store_url)
    database = Database(engine)
    try:
        with database.write() as connection:
            connection.execute(_WRITE)
    finally:
        database.close()
    return ok(f"{database.name} opens and can be written, its tables are of this version")


def _holds(case: Case, _: str) -> Result:
    if not case.has_database:
        return ok(_NOT_YET)
    held = case.office.survey.holds()
    if not held:
        return ok("no account is held")
    told = [f"{each.hold.account}: {each.hold.message}" for each in held]
    step = "mend the credentials, then sasbiws deliveries release STP"
    return warn(f"{len(held)} accounts are held, nothing is sent for them", "none", step, told)


def _breakers(case: Case, _: str) -> Result:
    if not case.has_database:
        return ok(_NOT_YET)
    found = case.office.survey.breakers()
    if not found:
        return ok("no address is left alone")
    told = [f"{without_query(at)}: until {_moment(b.open_until or 0)}" for at, b in found.items()]
    step = "let the server be well again; it is tried anew by itself"
    return warn(f"{len(found)} addresses are left alone after failures", "none", step, told)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


DATABASE_CHECKS = (
    Check(
        "place",
        "The database is on a local disk",
        "What the system tells of the mount that var is on; PostgreSQL may be anywhere.",
        _place,
        needs=("conf",),
        ending=Ending.CONFIGURATION,
    ),
    Check(
        "database",
        "The delivery database can be used",
        "Opens it, reads its version, and begins to write; nothing is changed.",
        _database,
        needs=("place", "folders"),
        ending=Ending.CONFIGURATION,
    ),
    Check(
        "holds",
        "No account is held",
        "The holds in the database.",
        _holds,
        needs=("database",),
    ),
    Check(
        "breakers",
        "No address is left alone",
        "The open circuit breakers in the database.",
        _breakers,
        needs=("database",),
    ),
)
