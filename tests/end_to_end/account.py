"""What the delivery database says afterwards, read past the adapter, and what SAS ran beside it."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from adapter.store.tables import attempts, deliveries

SETTLED = frozenset(("delivered", "parked"))
NOTHING_RAN = frozenset(("not_sent", "not_run"))


@dataclass(frozen=True)
class Story:
    """One delivery from its acceptance on: a row and its attempts in their order."""

    delivery_id: str
    stored_process: str
    state: str
    why: str
    code: str
    key: str
    accepted_at: float
    attempts: tuple[sa.Row, ...]

    @property
    def effects(self):
        return [attempt.effect for attempt in self.attempts]

    @property
    def codes(self):
        return [attempt.code for attempt in self.attempts]

    @property
    def may_have_run(self):
        """How often SAS may have run it, by the attempts' own account."""
        return sum(effect not in NOTHING_RAN for effect in self.effects)


def stories(address) -> Mapping[str, Story]:
    """Every delivery of the database at this SQLAlchemy address, by id."""
    engine = sa.create_engine(address)
    tried = defaultdict(list)
    with engine.connect() as connection:
        # One snapshot of both tables, whoever writes meanwhile.
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")  # noqa: PLW2901
        for row in connection.execute(sa.select(attempts).order_by(attempts.c.number)):
            tried[row.delivery_id].append(row)
        c = deliveries.c
        columns = (c.id, c.stored_process, c.state, c.why, c.code, c.key_value, c.accepted_at)
        found = connection.execute(sa.select(*columns)).all()
    engine.dispose()
    return {row.id: Story(*row, tuple(tried[row.id])) for row in found}


def states(address) -> Counter:
    """How many deliveries stand in each state."""
    engine = sa.create_engine(address)
    query = sa.select(deliveries.c.state, sa.func.count()).group_by(deliveries.c.state)
    with engine.connect() as connection:
        counted = Counter(dict(tuple(row) for row in connection.execute(query)))
    engine.dispose()
    return counted


def runs_of(sas) -> Counter:
    """How often SAS ran a stored process, by delivery."""
    return Counter(execution.delivery_id for execution in sas.executions)


def check_rules(story: Story, ran: int, *, idempotent: bool):
    """No run that the rules do not allow, and no end without a word that says why."""
    told = json.dumps([story.delivery_id, story.state, story.why, story.effects, ran])
    assert ran <= story.may_have_run, told
    if not idempotent:
        # Only what certainly did not run may come before another attempt.
        assert NOTHING_RAN.issuperset(story.effects[:-1]), told
        assert ran <= 1, told
    if story.state == "delivered":
        assert ran >= 1, told
        assert story.effects[-1] == "ran", told
    if story.state == "parked":
        assert story.why, told
        assert story.code, told
    if story.why == "outcome_unknown":
        last = story.attempts[-1]
        assert story.accepted_at <= last.started_at <= last.ended_at, told
