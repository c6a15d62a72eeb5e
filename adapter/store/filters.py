"""Which deliveries are meant, as queries on either database that find an index to go by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from adapter.core.delivery import Filter, State
from adapter.store.rows import storable
from adapter.store.tables import ENDED, RUNNING, WAITING, deliveries

_SEARCHED = (
    deliveries.c.id,
    deliveries.c.stored_process,
    deliveries.c.key_value,
    deliveries.c.freed_key,
    deliveries.c.task_id,
    deliveries.c.code,
    deliveries.c.message,
)


_PARTS = (
    (WAITING, frozenset((State.QUEUED, State.RETRYING))),
    (RUNNING, frozenset((State.RUNNING,))),
    (ENDED, frozenset(state for state in State if state.ended)),
)
"""Each condition that an index stands on, and the states it covers."""

_AGE = (deliveries.c.accepted_at, deliveries.c.id)

Condition = sa.ColumnElement[bool] | sa.TextClause


def in_states(states: Iterable[State], column: str = "state") -> sa.TextClause:
    """One of these states, written out: partial indexes do not see parameters."""
    names = ", ".join(f"'{state.value}'" for state in sorted(states))
    return sa.text(f"{column} IN ({names})")


def counted(wanted: Filter, dialect: str) -> sa.CompoundSelect[Any]:
    """State and number of those that are meant.

    Args:
        wanted: Which deliveries.
        dialect: `sqlite` or `postgresql`.
    """
    state = deliveries.c.state
    states = (in_states(wanted.states),) if wanted.states else ()
    meant = (*states, *_conditions(wanted, dialect))
    return sa.union_all(
        *(
            sa.select(state, sa.func.count()).where(part, *meant).group_by(state)
            for part, _ in _PARTS
        )
    )


def newest(wanted: Filter, dialect: str, columns: Iterable[Any]) -> sa.Select[Any]:
    """These columns of those that are meant, the newest first; arguments as of `counted`."""
    query = sa.select(*columns)
    conditions = _conditions(wanted, dialect)
    if _are_many(wanted.states):
        by_age = (column.desc() for column in _AGE)
        return query.where(*_unindexed(wanted.states, dialect), *conditions).order_by(*by_age)
    parts = (
        sa.select(deliveries.c.id).where(part, in_states(wanted.states & covered), *conditions)
        for part, covered in _PARTS
        if wanted.states & covered
    )
    by_age = (column.desc() for column in _sorted_age())
    return query.where(deliveries.c.id.in_(sa.union_all(*parts))).order_by(*by_age)


def oldest_ended(wanted: Filter, dialect: str) -> sa.Select[Any]:
    """The ids of those that are meant and have ended, the oldest first; arguments as above."""
    _, ended = _PARTS[-1]
    states = ended & (wanted.states or ended)
    query = sa.select(deliveries.c.id).where(*_conditions(wanted, dialect))
    if not states:
        return query.where(sa.false())
    if State.DELIVERED in states:
        return query.where(*_unindexed(states, dialect)).order_by(*_AGE)
    return query.where(ENDED, in_states(states)).order_by(*_sorted_age())


def ended_before(state: State, time_s: float) -> sa.Select[Any]:
    """The ids of those in this ended state since before then, the longest first."""
    updated_at = deliveries.c.updated_at
    # Both conditions of the state: the first names the index, the second looks into it.
    over = (ENDED, in_states((state,)), updated_at < time_s)
    return sa.select(deliveries.c.id).where(*over).order_by(updated_at)


def _are_many(states: frozenset[State]) -> bool:
    """True where most deliveries are meant: to go by age meets the first of them at once."""
    return not states or State.DELIVERED in states


def _unindexed(states: frozenset[State], dialect: str) -> Iterator[Condition]:
    """The states in a form that lets SQLite take no index of states, but that of age."""
    if states:
        yield in_states(states, "+state" if dialect == "sqlite" else "state")


def _sorted_age() -> Iterator[sa.ColumnElement[Any]]:
    """The age in a form that no index is taken for: the few that are meant are sorted."""
    yield sa.literal_column("+accepted_at")
    yield deliveries.c.id


def _conditions(wanted: Filter, dialect: str) -> tuple[Condition, ...]:
    """What a delivery must satisfy beside its state."""
    return (*_named(wanted), *_timed(wanted), *_holding(storable(wanted.text), dialect))


def _named(wanted: Filter) -> Iterator[Condition]:
    if wanted.ids:
        yield deliveries.c.id.in_([storable(name) for name in sorted(wanted.ids)])
    if wanted.stored_process:
        yield deliveries.c.stored_process == storable(wanted.stored_process)
    if wanted.task_id:
        yield deliveries.c.task_id == storable(wanted.task_id)
    if code := storable(wanted.code):
        yield sa.or_(
            deliveries.c.code == code,
            deliveries.c.why == code,
            deliveries.c.why.startswith(f"{code}:", autoescape=True),
        )


def _timed(wanted: Filter) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.before is not None:
        yield deliveries.c.accepted_at < wanted.before
    if wanted.since is not None:
        yield deliveries.c.accepted_at >= wanted.since
    if wanted.links_expire_before is not None:
        yield deliveries.c.links_expire_at < wanted.links_expire_before


def _holding(text: str, dialect: str) -> Iterator[sa.ColumnElement[bool]]:
    """In any case by patterns such as [Üü]: LIKE knows that of ASCII only, or asks a locale."""
    if not text:
        return
    if dialect == "sqlite":
        pattern = "*" + "".join(_in_glob(letter) for letter in text) + "*"
        yield sa.or_(*(column.op("GLOB")(pattern) for column in _SEARCHED))
    else:
        pattern = "".join(_in_regex(letter) for letter in text)
        yield sa.or_(*(column.op("~")(pattern) for column in _SEARCHED))


def _in_glob(letter: str) -> str:
    cases = _cases(letter)
    return f"[{cases}]" if len(cases) > 1 or letter in "*?[" else letter


def _in_regex(letter: str) -> str:
    cases = _cases(letter)
    if len(cases) > 1:
        return f"[{cases}]"
    return f"\\{letter}" if letter.isascii() and not letter.isalnum() else letter


def _cases(letter: str) -> str:
    return "".join(sorted({c for c in (letter, letter.lower(), letter.upper()) if len(c) == 1}))
