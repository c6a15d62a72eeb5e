"""Whatever happens in whatever order: nothing accepted is lost, nothing runs twice at a time."""

import itertools
import tempfile

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)
from store_program import open_place

from adapter.core.answer import Answer
from adapter.core.delivery import Gate, Idle, Outcome, State
from adapter.core.failures import AnswerTimedOut, WorkerDied
from adapter.core.message import IdempotencyKey, KeySource, Message
from adapter.core.verdict import Delivered, Hold, Park, Retry
from adapter.store.deliveries import SqlDeliveries

LIMIT = 2
NAMES = st.sampled_from(["A", "B", "C"])
VERDICTS = st.sampled_from([Delivered(), Retry(0.0), Retry(60.0), Park("why"), Hold()])
ENDS = {
    Delivered: State.DELIVERED,
    Retry: State.RETRYING,
    Park: State.PARKED,
    Hold: State.QUEUED,
}


class StillClock:
    def __init__(self):
        self.time_s = 1000.0
        self.ids = itertools.count()

    def now(self):
        return self.time_s

    def monotonic(self):
        return self.time_s

    def jitter(self):
        return 0.5

    def new_id(self):
        return f"id-{next(self.ids)}"


class Histories(RuleBasedStateMachine):
    """Two stores on one database, as two processes, against a dictionary."""

    leases = Bundle("leases")
    server = None

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = StillClock()
        place = self.server.new_url() if self.server else f"{self.folder.name}/deliveries.sqlite"
        self.stores = [SqlDeliveries(open_place(place), self.clock) for _ in range(2)]
        self.keys = {}
        self.states = {}
        self.names = {}
        self.leased = {}
        self.tokens = {}

    def teardown(self):
        for store in self.stores:
            store.close()
        self.folder.cleanup()

    @rule(number=st.integers(0, 1), name=NAMES, key=st.integers(0, 5), body=st.binary(max_size=2))
    def add(self, number, name, key, body):
        delivery_id = self.clock.new_id()
        message = Message(
            delivery_id, name, IdempotencyKey(str(key), KeySource.EVENT), body, b"<T/>", ""
        )
        added = self.stores[number].add(message)
        first = self.keys.setdefault((name, key), delivery_id)
        assert (added.delivery_id, added.replayed) == (first, first != delivery_id)
        if first == delivery_id:
            self.states[first] = State.QUEUED
            self.names[first] = name
            self.leased[first] = 0

    @rule(target=leases, number=st.integers(0, 1))
    def lease(self, number):
        lease = self.stores[number].lease(f"owner-{number}", lambda _: Gate(LIMIT))
        if isinstance(lease, Idle):
            return multiple()
        assert self.states[lease.delivery_id] in (State.QUEUED, State.RETRYING)
        self.states[lease.delivery_id] = State.RUNNING
        self.leased[lease.delivery_id] += 1
        self.tokens[lease.delivery_id] = lease.token
        assert lease.attempt == self.leased[lease.delivery_id]
        return lease

    @rule(number=st.integers(0, 1), lease=leases, verdict=VERDICTS)
    def record(self, number, lease, verdict):
        current = self.is_current(lease)
        self.clock.time_s += 0.125  # each outcome is another: the same one again is recorded
        outcome = self.outcome(verdict)
        assert self.stores[number].record(lease, outcome) == current
        if current:
            self.states[lease.delivery_id] = ENDS[type(verdict)]

    @rule(number=st.integers(0, 1), lease=leases)
    def give_back(self, number, lease):
        current = self.is_current(lease)
        assert self.stores[number].give_back(lease) == current
        if current:
            self.leased[lease.delivery_id] -= 1
            tried = self.leased[lease.delivery_id] > 0
            self.states[lease.delivery_id] = State.RETRYING if tried else State.QUEUED

    def is_current(self, lease):
        running = self.states[lease.delivery_id] is State.RUNNING
        return running and self.tokens[lease.delivery_id] == lease.token

    def outcome(self, verdict):
        # Each ends at a time of its own: the same outcome again would be known as recorded.
        self.clock.time_s += 0.001
        if isinstance(verdict, Delivered):
            return Outcome(verdict, "soap", self.clock.now(), answer=Answer())
        return Outcome(verdict, "soap", self.clock.now(), failure=AnswerTimedOut("late"))

    @rule(owner=st.integers(0, 1), number=st.integers(0, 1), after_s=st.sampled_from([0.0, 5.0]))
    def recover(self, owner, number, after_s):
        for lease in self.stores[number].abandoned(f"owner-{owner}"):
            assert self.states[lease.delivery_id] is State.RUNNING
            self.clock.time_s += 0.001
            death = Outcome(Retry(after_s), "", self.clock.now(), failure=WorkerDied("died"))
            assert self.stores[number].record(lease, death)
            self.states[lease.delivery_id] = State.RETRYING

    @rule(lease=consumes(leases))
    def forget(self, lease):
        """Its worker froze for good."""

    @rule(seconds=st.sampled_from([1.0, 61.0]))
    def wait(self, seconds):
        self.clock.time_s += seconds

    @invariant()
    def nothing_is_lost(self):
        for delivery_id, state in self.states.items():
            found = self.stores[1].get(delivery_id)
            assert found.state is state
            assert found.attempts == len(found.history) == self.leased[delivery_id]
            open_attempts = [attempt for attempt in found.history if attempt.ended_at is None]
            assert len(open_attempts) == (state is State.RUNNING)

    @invariant()
    def limit_holds(self):
        for name in ("A", "B", "C"):
            running = [
                delivery_id
                for delivery_id, state in self.states.items()
                if state is State.RUNNING and self.names[delivery_id] == name
            ]
            assert len(running) <= LIMIT


class PostgresqlHistories(Histories):
    pass


@pytest.fixture(scope="module")
def server(postgresql):
    PostgresqlHistories.server = postgresql


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestPostgresqlHistories = pytest.mark.usefixtures("server")(PostgresqlHistories.TestCase)
TestPostgresqlHistories.settings = settings(max_examples=8, stateful_step_count=25, deadline=None)
