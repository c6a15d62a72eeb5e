"""What the conformance suites stand on: a clock that is set, messages, and every store there is."""

import itertools
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from store_program import open_place

from adapter.core.message import IdempotencyKey, KeySource, Message
from adapter.store.deliveries import SqlDeliveries
from adapter.store.ledger import SqlLedger

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("store_program.py")
LIMIT_S = 20.0


@dataclass
class SettableClock:
    """Time stands still until a test moves it; ids count upwards."""

    time_s: float = 1_700_000_000.0
    ids: itertools.count = field(default_factory=itertools.count)

    def now(self):
        return self.time_s

    def monotonic(self):
        return self.time_s

    def jitter(self):
        return 0.5

    def new_id(self):
        return f"id-{next(self.ids)}"

    def advance(self, seconds):
        self.time_s += seconds


@pytest.fixture
def clock():
    return SettableClock()


@pytest.fixture
def path(tmp_path):
    """Where the database of this test is."""
    return tmp_path / "var" / "deliveries.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, path):
    """The one database of this test, for `open_place`: each test runs on either engine."""
    if request.param == "sqlite":
        return str(path)
    return request.getfixturevalue("postgresql").new_url()


@pytest.fixture
def open_store(place, clock):
    """Opens a store on the one database of this test, as each process does; all are closed."""
    opened = []

    def open_one(**options):
        engine = open_place(place)
        opened.append(SqlDeliveries(engine, clock, **options))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store):
    return open_store()


@pytest.fixture
def ledger(open_store, clock):
    """The ledger on the database of this test, as a process beside opens it."""
    opened = SqlLedger(open_store()._database._engine, clock)
    yield opened
    opened.close()


@pytest.fixture
def message(clock):
    """Makes messages; each is another task unless a key says otherwise."""

    def make(
        stored_process="Download File",
        key=None,
        source=KeySource.BULK_TASK,
        payload=b'{"a": "1"}',
        table=b"<Table>\n</Table>",
    ):
        delivery_id = clock.new_id()
        if key is None:
            key, source = delivery_id, KeySource.RANDOM
        return Message(
            delivery_id, stored_process, IdempotencyKey(key, source), payload, table, "request-1"
        )

    return make


@pytest.fixture
def program():
    """Starts tests/contract/store_program.py as a process of its own; none outlives the test."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=LIMIT_S)


@pytest.fixture
def all_at_once():
    """Lets programs go on together once each has said that it is ready; what each says then."""

    def let_go(processes):
        assert [process.stdout.readline() for process in processes] == ["ready\n"] * len(processes)
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        return [process.communicate(timeout=LIMIT_S)[0].split() for process in processes]

    return let_go


@pytest.fixture
def in_threads():
    """Calls a function once per thread, all at once; their results."""

    def run(count, work):
        ready = threading.Barrier(count)

        def one(number):
            ready.wait(timeout=LIMIT_S)
            return work(number)

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    return run


@pytest.fixture
def eventually():
    """Waits for a condition, for a bounded time."""

    def wait(condition, what):
        deadline = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < deadline, f"not within {LIMIT_S} s: {what}"
            time.sleep(0.02)

    return wait


@pytest.fixture
def without_root():
    """A block that runs as an ordinary user: root may write where it must not."""

    @contextmanager
    def drop():
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return drop
