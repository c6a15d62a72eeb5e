"""Started by tests as a process of its own: does one thing with a store, then says so or dies."""

import dataclasses
import os
import signal
import sys
import time
import uuid
from pathlib import Path

from adapter.core.delivery import Gate, Lease, Outcome
from adapter.core.message import IdempotencyKey, KeySource, Message
from adapter.core.redact import Secret
from adapter.core.verdict import Park
from adapter.ports import Contract
from adapter.store.contracts import ContractFolder
from adapter.store.deliveries import SqlDeliveries, open_sqlite
from adapter.store.postgresql import open_postgresql
from adapter.store.slots import ProcessSlot
from adapter.store.staged import SqlStaging


class MachineClock:
    def now(self):
        return time.time()

    def monotonic(self):
        return time.monotonic()

    def jitter(self):
        return 0.5

    def new_id(self):
        return uuid.uuid4().hex


CLOCK = MachineClock()


def open_place(place):
    """The engine of a database, told by its path or by its address."""
    return open_postgresql(Secret(place)) if "://" in place else open_sqlite(Path(place))


def opened(place):
    return SqlDeliveries(open_place(place), CLOCK)


def say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def add_and_die(place, delivery_id):
    key = IdempotencyKey(delivery_id, KeySource.RANDOM)
    opened(place).add(Message(delivery_id, "stp", key, b"{}", b"<Table/>", ""))
    die()


def open_only(place):
    say("ready")
    sys.stdin.readline()
    opened(place).ping()
    say("open")


def lease_all(place, owner):
    """Lease and park until nothing is left, and tell the ids."""
    store = opened(place)
    say("ready")
    sys.stdin.readline()
    while isinstance(lease := store.lease(owner, lambda _: Gate(1000)), Lease):
        say(lease.delivery_id)
        assert store.record(lease, Outcome(Park("seen"), "soap", time.time()))


def stage_all(place, owner):
    """Stage until nothing is left, and tell the ids."""
    store = opened(place)
    staging = SqlStaging(store._database._engine, CLOCK, owner, lambda _: frozenset())
    say("ready")
    sys.stdin.readline()
    patience = time.monotonic() + 1.0
    while time.monotonic() < patience:
        job = staging.claim(())
        if job is not None and staging.done(
            job, dataclasses.replace(job.staging, done_at=time.time())
        ):
            say(job.delivery_id)
            patience = time.monotonic() + 1.0


def hold_lease(place, slots):
    slot = ProcessSlot(Path(slots))
    lease = opened(place).lease(slot.owner, lambda _: Gate(1))
    say(f"{slot.owner} {lease.delivery_id}")
    sys.stdin.readline()


def lease_and_die(place, slots):
    slot = ProcessSlot(Path(slots))
    opened(place).lease(slot.owner, lambda _: Gate(1))
    die()


def pin(root, address, fetches):
    def fetch():
        with Path(fetches).open("a", encoding="utf-8") as file:
            file.write("fetched\n")
        return Contract(address, f"{address}?wsdl", {f"{address}?wsdl": b"<wsdl/>"}, 0.0)

    folder = ContractFolder(Path(root), CLOCK)
    say("ready")
    sys.stdin.readline()
    say(folder.pin_once(address, fetch).files[f"{address}?wsdl"].decode())


def pin_and_die(root, address):
    """Die while the second of two files is written."""
    from adapter.store import pinned

    put = pinned._put

    def put_or_die(path, content):
        if path.name.startswith("import"):
            die()
        put(path, content)

    pinned._put = put_or_die
    files = {f"{address}?wsdl": b"<wsdl/>", f"{address}?xsd=1": b"<xsd/>"}
    ContractFolder(Path(root), CLOCK).pin_once(
        address, lambda: Contract(address, f"{address}?wsdl", files, 0.0)
    )


def replace(root, address, word):
    say("ready")
    sys.stdin.readline()
    ContractFolder(Path(root), CLOCK).replace(worded(address, word))
    say(word)


def replace_and_die(root, address, step):
    """Die before the old folder is put aside, before the new one takes its place, or after."""
    rename, calls = Path.replace, []

    def rename_or_die(path, target):
        calls.append(target)
        if (step, len(calls)) in {("part", 1), ("aside", 2)}:
            die()
        rename(path, target)
        if (step, len(calls)) == ("swapped", 2):
            die()

    Path.replace = rename_or_die
    ContractFolder(Path(root), CLOCK).replace(worded(address, "new"))


def worded(address, word):
    return Contract(address, f"{address}?wsdl", {f"{address}?wsdl": f"<w>{word}</w>".encode()}, 0.0)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
