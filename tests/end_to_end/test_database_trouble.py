"""The clock jumps, the disk is full, the file is locked, read-only or corrupt: nothing is lost."""

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from account import SETTLED, states, stories
from adapter_process import CONTEXT, LIMIT_S, eventually, log_of, refusal_of, write_home

from adapter.emulator import Switches

DAY_S = 86400.0
NOBODY = 65534
FILLED = {f"filler{number}": "x" * 2_500 for number in range(8)}


def refused(adapter, home, cause):
    """The adapter says 503 and when to come back; its log names file, cause and remedy."""
    answer = adapter.post("Echo", FILLED)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (503, "STORE_UNAVAILABLE"), error
    assert int(answer.headers["Retry-After"]) > 0
    assert error["remedy"]
    assert str(home) not in answer.text
    line = log_of(home).splitlines()[-1]
    assert "code=STORE_UNAVAILABLE" in line
    assert str(home / "var/deliveries.sqlite") in line
    assert cause in line
    assert json.dumps(error["remedy"]) in line
    return line


def wait_for_the_end(store_address):
    eventually(lambda: SETTLED.issuperset(states(store_address)))
    return states(store_address)


# --- the clock


@pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("jump_s", [-30 * DAY_S, -3600, 3600, DAY_S])
def test_whatever_the_clock_does_everything_is_delivered_once(
    dying, sas, store_address, runs, jump_s
):
    shift = CONTEXT.Value("d", 0.0)
    sas.stop()
    adapter = dying(shift=shift)
    before = [adapter.post("Echo", {"n": n}).json()["deliveryId"] for n in range(5)]
    eventually(lambda: all(adapter.delivery(it)["attempts"] for it in before))
    shift.value = jump_s
    after = [adapter.post("Echo", {"n": n}).json()["deliveryId"] for n in range(5)]
    sas.start()
    assert wait_for_the_end(store_address) == {"delivered": 10}
    assert {runs(delivery_id) for delivery_id in before + after} == {1}


def test_a_clock_that_jumps_during_a_call_does_not_make_it_a_second_one(dying, sas, runs):
    shift = CONTEXT.Value("d", 0.0)
    adapter = dying(shift=shift)
    for jump_s in (DAY_S, -DAY_S):
        running = adapter.post("Slow", {"seconds": "1.2"}).json()["deliveryId"]
        eventually(lambda it=running: adapter.delivery(it)["status"] == "running")
        shift.value += jump_s
        assert adapter.ended(running)["status"] == "delivered"
        assert runs(running) == 1


# --- the disk is full


class SmallDisk:
    """A file system of its own for var, which `fill` leaves no room on."""

    def __init__(self, folder):
        self.folder = folder
        self.filler = folder / "filler"
        command = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", folder]
        subprocess.run(command, check=True, timeout=LIMIT_S)

    def fill(self, _):
        with self.filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass

    def empty(self, _):
        self.filler.unlink()

    def take_away(self):
        subprocess.run(["umount", "-l", self.folder], check=True, timeout=LIMIT_S)  # noqa: S607


class SmallFiles:
    """No file of the process may grow, as with a quota: for those who may not mount."""

    def __init__(self, folder):
        self.folder = folder

    def fill(self, pid):
        size = max(path.stat().st_size for path in self.folder.iterdir())
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))

    def empty(self, pid):
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))

    def take_away(self):
        """Nothing to do."""


@pytest.fixture
def small_disk(home):
    """A disk that can be full; by a quota where this user may not mount one."""
    var = home / "var"
    var.mkdir(exist_ok=True)
    disk = (SmallDisk if os.geteuid() == 0 else SmallFiles)(var)
    yield disk
    disk.take_away()


def test_a_full_disk_is_told_and_the_work_goes_on_when_there_is_room(
    dying, home, sas, small_disk, store_address, runs
):
    adapter = dying(environ={"SASBIWS_PROGLOG": "false"})
    accepted = [adapter.post("Echo", {"n": n}).json()["deliveryId"] for n in range(3)]
    sas.switches = Switches(delay_s=0.5)
    accepted.append(adapter.post("Slow", {"a": "1"}).json()["deliveryId"])
    small_disk.fill(adapter.process.pid)
    answers = [adapter.post("Echo", FILLED) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {503}
    assert all(int(answer.headers["Retry-After"]) for answer in answers)
    small_disk.empty(adapter.process.pid)
    answer = adapter.post("Echo", FILLED)
    assert answer.status_code == 202
    accepted.append(answer.json()["deliveryId"])
    assert wait_for_the_end(store_address) == {"delivered": len(accepted)}
    assert {runs(delivery_id) for delivery_id in accepted} == {1}
    assert set(stories(store_address)) == set(accepted)


# --- the file is locked


def test_a_file_that_another_program_locks_is_told_and_used_again_when_it_is_free(
    dying, home, sas, runs
):
    adapter = dying(busy_ms=200)
    first = adapter.post("Slow", {"seconds": "0.4"}).json()["deliveryId"]
    sas.wait_for(lambda it: it.requests)
    program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN IMMEDIATE'); print('locked', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program, home / "var/deliveries.sqlite"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout.readline() == "locked\n"
        refused(adapter, home, "locked by another program")
        assert adapter.delivery(first)["status"] == "running"  # reading waits for nobody
        other.communicate("\n", timeout=LIMIT_S)
    assert adapter.post("Echo").status_code == 202
    assert adapter.ended(first)["status"] == "delivered"
    assert runs(first) == 1


# --- the file is read-only


@pytest.fixture
def plain_user():
    """A home of an ordinary user, in a folder that he can reach: root ignores modes."""
    folder = Path(tempfile.mkdtemp(prefix="sasbiws-"))
    yield folder
    subprocess.run(["chmod", "-R", "u+rwx", folder], check=True, timeout=LIMIT_S)  # noqa: S607
    shutil.rmtree(folder)


@pytest.fixture
def home(request, plain_user, sas, service_config, store_url):
    store = f"store_url = {store_url}" if store_url else ""
    text = service_config.replace("{sas}", sas.url).replace("{store}", store)
    return write_home(plain_user / "home", text)


def give_away(folder):
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, NOBODY, NOBODY)


def as_nobody():
    return NOBODY if os.geteuid() == 0 else 0


def test_a_file_that_becomes_read_only_is_told_at_the_start_and_serves_when_it_is_mended(
    dying, home, sas, plain_user
):
    give_away(plain_user)
    first = dying(user=as_nobody())
    accepted = first.post("Echo").json()["deliveryId"]
    first.ended(accepted)
    first.kill()
    file = home / "var/deliveries.sqlite"
    file.chmod(0o444)
    (home / "var").chmod(0o555)
    told = refusal_of(home, user=as_nobody())
    assert told.startswith("STORE_UNAVAILABLE: ")
    assert str(home / "var") in told
    assert "read-only" in told
    assert "write the file and its folder" in told
    file.chmod(0o600)
    (home / "var").chmod(0o700)
    second = dying(user=as_nobody())
    assert second.delivery(accepted)["status"] == "delivered"
    assert second.post("Echo").status_code == 202


def test_a_file_that_becomes_read_only_in_use_loses_nothing(dying, home, store_address, plain_user):
    give_away(plain_user)
    adapter = dying(user=as_nobody())
    file = home / "var/deliveries.sqlite"
    file.chmod(0o444)
    (home / "var").chmod(0o555)
    answers = [adapter.post("Echo", {"n": n}) for n in range(20)]
    (home / "var").chmod(0o700)
    file.chmod(0o600)
    assert {answer.status_code for answer in answers} <= {202, 503}
    accepted = {it.json()["deliveryId"] for it in answers if it.status_code == 202}
    assert adapter.post("Echo", {"n": "last"}).status_code == 202
    wait_for_the_end(store_address)
    assert accepted <= set(stories(store_address))


# --- the file is corrupt


def test_a_corrupt_file_is_told_and_everything_is_there_once_the_copy_is_put_back(
    dying, home, store_address
):
    adapter = dying()
    accepted = {adapter.post("Echo", {"n": n}).json()["deliveryId"] for n in range(20)}
    wait_for_the_end(store_address)
    file = home / "var/deliveries.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    good = file.read_bytes()
    with file.open("r+b") as damaged:  # the same file, as on a disk that fails
        damaged.write(b"\xff" * len(good))
    line = refused(adapter, home, "corrupt")
    assert "Traceback" not in line
    with file.open("r+b") as mended:
        mended.write(good)
    eventually(lambda: adapter.post("Echo", {"n": "later"}).status_code == 202)
    wait_for_the_end(store_address)
    assert accepted < set(stories(store_address))
