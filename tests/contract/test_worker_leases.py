"""Leases that a worker must not use, or does not know that it has."""

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from adapter.bell import Bell
from adapter.core.answer import Answer
from adapter.core.delivery import Gate, Outcome, State
from adapter.core.errors import StoreUnavailable
from adapter.core.failures import AnswerTimedOut
from adapter.core.route import Route, Routes, TransportName
from adapter.core.verdict import Retry
from adapter.deliver import Deliver
from adapter.observe import Observer
from adapter.worker import Worker

LIMIT_S = 20.0


@dataclass
class Sas:
    """A SAS that answers everything, and remembers what it was sent; it can take its time."""

    calls: list = field(default_factory=list)
    answers: threading.Event = field(default_factory=threading.Event)

    def send(self, call):
        self.calls.append(call.delivery_id)
        assert self.answers.wait(LIMIT_S)
        return Answer()


@dataclass
class Doubtful:
    """A store whose `lease` once happens, and says that it did not."""

    store: object
    doubts: int = 1

    def __getattr__(self, name):
        return getattr(self.store, name)

    def lease(self, owner, gate):
        found = self.store.lease(owner, gate)
        if self.doubts:
            self.doubts -= 1
            raise StoreUnavailable("the answer was lost")
        return found


@dataclass
class Forgetful:
    """A store whose `record_and_lease` once happens, and says that it did not."""

    store: object
    doubts: int = 1

    def __getattr__(self, name):
        return getattr(self.store, name)

    def record_and_lease(self, *arguments):
        found = self.store.record_and_lease(*arguments)
        if self.doubts:
            self.doubts -= 1
            raise StoreUnavailable("the answer was lost")
        return found


@dataclass
class Ticking:
    """The clock of the test, on a machine whose durations are real."""

    still: object

    def __getattr__(self, name):
        return getattr(self.still, name)

    def monotonic(self):
        return time.monotonic()


@pytest.fixture
def sas():
    sas = Sas()
    sas.answers.set()
    return sas


@pytest.fixture
def stopped(eventually):
    """Stops a worker; only once it knows that it is to stop, the world goes on by `then`."""

    def stop(worker, then):
        stopping = threading.Thread(target=worker.stop, args=(LIMIT_S,))
        stopping.start()
        eventually(worker._stopping.is_set, "it stops")
        then()
        stopping.join(LIMIT_S)

    return stop


@pytest.fixture
def working(clock, sas):
    """A block in which a worker works."""

    @contextmanager
    def block(store, unbroken=lambda _: True, grace_s=LIMIT_S):
        address = "http://sas/SASBIWS/rest/storedProcesses/x"
        route = Route("Download File", address, TransportName.REST, "")
        bell, observer, ticking = Bell(), Observer(), Ticking(clock)
        routes = Routes({"Download File": route})
        deliver = Deliver(routes, {TransportName.REST: sas}, store, ticking, bell, observer)
        worker = Worker(
            deliver, store, ticking, bell, observer,
            owner="me", dead=lambda _: frozenset(), threads=2, unbroken=unbroken,
        )  # fmt: skip
        worker.start()
        try:
            yield worker
        finally:
            worker.stop(grace_s)

    return block


def attempts():
    """True in a thread that makes attempts, False in the one that leases."""
    return threading.current_thread().name.startswith("deliver")


def test_what_may_have_run_is_not_run_again_once_it_is_idempotent_no_more(
    store, ledger, clock, message, sas, working, eventually
):
    task = message()
    store.add(task)
    lease = store.lease("me", lambda _: Gate(1))
    late = AnswerTimedOut("late")
    assert store.record(lease, Outcome(Retry(0.0), "rest", clock.now(), failure=late))

    with working(store):
        eventually(lambda: store.get(task.delivery_id).state is State.PARKED, "it is parked")
        parked = store.get(task.delivery_id)
        assert (parked.code, parked.why, sas.calls) == ("MAY_HAVE_RUN", "outcome_unknown", [])
        ledger.requeue(task.delivery_id)
        eventually(lambda: store.get(task.delivery_id).state is State.DELIVERED, "it is delivered")


def test_lease_that_it_does_not_know_of_is_given_back_and_sent_once(
    store, message, sas, working, eventually, monkeypatch
):
    monkeypatch.setattr("adapter.worker.IDLE_S", 0.05)
    monkeypatch.setattr("adapter.worker.STORE_PAUSE_S", 0.01)
    task = message()
    store.add(task)

    with working(Doubtful(store)):
        eventually(lambda: store.get(task.delivery_id).state is State.DELIVERED, "it is delivered")

    assert sas.calls == [task.delivery_id]
    assert store.get(task.delivery_id).attempts == 1


def test_lease_that_came_with_a_record_whose_answer_was_lost_is_given_back_and_sent_once(
    store, message, sas, working, eventually, monkeypatch
):
    monkeypatch.setattr("adapter.worker.IDLE_S", 0.05)
    monkeypatch.setattr("adapter.worker.STORE_PAUSE_S", 0.01)
    tasks = [message() for _ in range(4)]
    for task in tasks:
        store.add(task)

    with working(Forgetful(store)) as worker:
        for task in tasks:
            eventually(
                lambda task=task: store.get(task.delivery_id).state is State.DELIVERED, "all are"
            )

    assert sorted(sas.calls) == sorted(task.delivery_id for task in tasks)
    assert {store.get(task.delivery_id).attempts for task in tasks} == {1}
    assert worker._known == set()


def test_lease_that_it_works_on_is_not_given_back(
    store, message, sas, working, eventually, monkeypatch
):
    monkeypatch.setattr("adapter.worker.IDLE_S", 0.05)
    looked = []
    find = store.abandoned
    monkeypatch.setattr(store, "abandoned", lambda owner: looked.append(owner) or find(owner))
    sas.answers.clear()
    task = message()
    store.add(task)

    with working(store):
        eventually(lambda: sas.calls, "it is sent")
        seen = len(looked)
        eventually(lambda: len(looked) > seen + 2, "it looked again meanwhile")
        sas.answers.set()
        eventually(lambda: store.get(task.delivery_id).state is State.DELIVERED, "it is delivered")

    assert sas.calls == [task.delivery_id]


def test_lease_that_others_may_have_taken_over_is_not_sent(
    store, message, sas, working, eventually, monkeypatch
):
    monkeypatch.setattr("adapter.worker.IDLE_S", 0.05)
    alive = threading.Event()
    task = message()
    store.add(task)
    asked = []

    def unbroken(since):
        if attempts():
            asked.append(since)
        return alive.is_set() or not attempts()

    with working(store, unbroken):
        eventually(lambda: len(asked) > 2, "it was leased and given back")
        assert sas.calls == []
        alive.set()
        eventually(lambda: store.get(task.delivery_id).state is State.DELIVERED, "it is delivered")

    assert sas.calls == [task.delivery_id]
    assert store.get(task.delivery_id).attempts == 1


def test_lease_that_others_have_taken_over_is_left_to_them(
    store, message, sas, working, eventually, monkeypatch
):
    monkeypatch.setattr("adapter.worker.IDLE_S", 0.05)
    taken = []

    def unbroken(_):
        """Others take it over in the very moment."""
        if not attempts():
            return True
        for lease in store.abandoned("me"):
            store.give_back(lease)
            taken.append(store.lease("other", lambda _: Gate(1)))
        return False

    store.add(message())
    with working(store, unbroken):
        eventually(lambda: taken, "it was taken over")

    assert sas.calls == []
    assert store.owners() == {"other"}


def test_nothing_is_leased_while_others_take_it_for_dead(store, message, working, eventually, sas):
    store.add(message())
    asked = []

    with working(store, asked.append):
        eventually(lambda: len(asked) > 1, "it wanted to lease")

    assert store.owners() == frozenset()
    assert sas.calls == []


def test_executed_lease_is_not_given_back_when_the_store_is_away_at_the_end(
    store, message, sas, working, eventually, monkeypatch
):
    """What ran, and could not be written down before the end, is judged by the next start."""
    monkeypatch.setattr("adapter.worker.STORE_PAUSE_S", 0.01)
    tried = []

    def record(lease, *_):
        tried.append(lease)
        raise StoreUnavailable("away")

    monkeypatch.setattr(store, "record", record)
    monkeypatch.setattr(store, "record_and_lease", record)
    task = message()
    store.add(task)

    with working(store, grace_s=0.1) as worker:
        eventually(lambda: tried, "it ran")

    assert worker._known == {tried[0].token}
    worker._give_back_unknown()
    assert store.get(task.delivery_id).state is State.RUNNING


@pytest.mark.parametrize("error", [StoreUnavailable("away"), ValueError("the next one is broken")])
def test_outcome_is_written_down_though_the_next_cannot_be_leased(
    store, message, sas, working, eventually, monkeypatch, error
):
    """Else what ran would be sent again, or parked, by the next start."""

    def refuse(*_):
        raise error

    monkeypatch.setattr(store, "record_and_lease", refuse)
    tasks = [message() for _ in range(3)]
    for task in tasks:
        store.add(task)

    with working(store) as worker:
        for task in tasks:
            eventually(
                lambda task=task: store.get(task.delivery_id).state is State.DELIVERED, "all are"
            )

    assert sorted(sas.calls) == sorted(task.delivery_id for task in tasks)
    assert worker._known == set()


def test_outcome_is_written_down_within_the_grace_though_the_store_was_away(
    store, message, sas, working, eventually, monkeypatch, stopped
):
    monkeypatch.setattr("adapter.worker.STORE_PAUSE_S", 0.01)
    tried, away = [], threading.Event()
    away.set()

    def where_there(work):
        def asked(*arguments):
            tried.append(arguments)
            if away.is_set():
                raise StoreUnavailable("away")
            return work(*arguments)

        return asked

    for name in ("record", "record_and_lease"):
        monkeypatch.setattr(store, name, where_there(getattr(store, name)))
    task = message()
    store.add(task)

    with working(store) as worker:
        eventually(lambda: len(tried) > 1, "it ran")
        stopped(worker, away.clear)
        assert store.get(task.delivery_id).state is State.DELIVERED
        worker.start()  # for the block to stop


def test_lease_that_came_while_it_was_told_to_stop_is_given_back_and_not_sent(
    store, message, sas, working, monkeypatch, stopped
):
    """Beyond the grace its outcome would be unknown."""
    lease, told = store.lease, threading.Event()

    def late(owner, gate):
        assert told.wait(LIMIT_S)
        return lease(owner, gate)

    monkeypatch.setattr(store, "lease", late)
    task = message()
    store.add(task)
    with working(store) as worker:
        stopped(worker, told.set)
        assert store.get(task.delivery_id).state is State.QUEUED
        worker.start()  # for the block to stop

    assert sas.calls == []
    assert store.get(task.delivery_id).attempts == 0
