"""How the ledger finds its way in a file with many deliveries, and lets others write meanwhile."""

import pytest
from sqlalchemy import event

from adapter.core.delivery import Filter, Retention, State
from adapter.core.message import IdempotencyKey, KeySource, Message
from adapter.store import ledger as module
from adapter.store.deliveries import SqlDeliveries
from adapter.store.ledger import SqlLedger
from adapter.store.sqlite import open_sqlite

WAITING = frozenset((State.QUEUED, State.RETRYING))
OPEN = WAITING | {State.PARKED, State.REJECTED}

WAYS = [
    # what is asked                                          the index that each step goes by
    (lambda ledger: ledger.find(Filter(), 50),               {"newest"}),
    (lambda ledger: ledger.find(Filter(frozenset(State)), 50), {"newest"}),
    (lambda ledger: ledger.find(Filter(WAITING, links_expire_before=1.0), 20), {"waiting"}),
    (lambda ledger: ledger.find(Filter(frozenset((State.PARKED,))), 50), {"ended"}),
    (lambda ledger: ledger.find(Filter(OPEN, text="x"), 50), {"waiting", "ended"}),
    (lambda ledger: ledger.count(Filter()),                  {"waiting", "running", "ended"}),
    (lambda ledger: ledger.purge(Filter(), 50),              {"newest"}),
    (lambda ledger: ledger.purge(Filter(frozenset((State.PARKED,))), 50), {"ended"}),
    (lambda ledger: ledger.expire(Retention({State.DELIVERED: 1.0}), 50), {"ended"}),
]  # fmt: skip
"""On SQLite: PostgreSQL chooses by what it has counted."""


@pytest.fixture
def engine(path):
    engine = open_sqlite(path)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(("ask", "indexes"), WAYS)
def test_index_is_used(engine, clock, ask, indexes):
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2:4]))
    ask(SqlLedger(engine, clock))
    with engine.connect() as connection:
        plan = [
            row[3]
            for statement, parameters in statements.copy()
            if statement.startswith("SELECT")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]

    steps = [step for step in plan if "deliveries" in step and "(id=?)" not in step]
    used = {step.partition(" INDEX ")[2].split(" ")[0] for step in steps}
    used = {"waiting" if name == "arrived" else name for name in used}  # either has them all
    assert used == indexes, plan


def test_others_write_between_the_steps_of_a_purge(engine, clock):
    """One that would wait for all of it waits for `STEP` deliveries."""
    store, ledger = SqlDeliveries(engine, clock), SqlLedger(engine, clock)
    for number in range(2 * module.STEP + 10):
        name = f"d{number}"
        store.add(Message(name, "Echo", IdempotencyKey(name, KeySource.RANDOM), b"{}", b"<T/>", ""))
        ledger.cancel(name, "discarded")
    left = []
    event.listen(engine, "commit", lambda _: left.append(None))

    assert ledger.purge(Filter(), 2 * module.STEP + 5) == 2 * module.STEP + 5

    assert len(left) == 3
    assert ledger.count(Filter()) == {State.CANCELLED: 5}
