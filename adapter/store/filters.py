"""Which deliveries are meant, as conditions of a query on either database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from adapter.core.delivery import Filter, State
from adapter.store.rows import storable
from adapter.store.tables import deliveries

_SEARCHED = (
    deliveries.c.id,
    deliveries.c.stored_process,
    deliveries.c.key_value,
    deliveries.c.freed_key,
    deliveries.c.task_id,
    deliveries.c.code,
    deliveries.c.message,
)


def in_states(states: Iterable[State]) -> sa.TextClause:
    """One of these states, written out: partial indexes do not see parameters."""
    names = ", ".join(f"'{state.value}'" for state in sorted(states))
    return sa.text(f"state IN ({names})")


def conditions(wanted: Filter, dialect: str) -> tuple[sa.ColumnElement[bool] | sa.TextClause, ...]:
    """What a delivery must satisfy to be meant; none where any is.

    Args:
        wanted: Which deliveries.
        dialect: `sqlite` or `postgresql`.
    """
    return (*_named(wanted), *_timed(wanted), *_holding(storable(wanted.text), dialect))


def _named(wanted: Filter) -> Iterator[sa.ColumnElement[bool] | sa.TextClause]:
    if wanted.states:
        yield in_states(wanted.states)
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
