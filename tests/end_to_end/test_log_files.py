"""The log on disk: several processes write and begin new files at once, and no line is lost."""

import errno
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from adapter.log_files import LogFiles, log_files
from adapter.observe import log, logging_beside

WRITER = """
import os, sys, time
from pathlib import Path
from adapter.log_files import LogFiles
to = os.lseek
os.lseek = lambda *place: (to(*place), time.sleep(0.0002))[0]  # others write now, if they may
folder, name, locked = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "locked"
files = LogFiles(folder, locked=locked, max_bytes=20_000, kept=1000)
files.open()
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[4])):
    files.write(f"{name} {number:05} {'ä' * (number % 90)}.\\n")
"""


@pytest.fixture
def writers():
    """Starts a process that writes many lines once all are ready."""
    started = []

    def start(*args):
        command = [sys.executable, "-c", WRITER, *map(str, args)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        started.append(subprocess.Popen(command, text=True, **pipes))

    yield start, started
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("how", "lines"), [("appended", 3000), ("locked", 400)])
def test_processes_that_write_and_change_files_at_once_lose_no_line(tmp_path, writers, how, lines):
    start, started = writers
    for name in ("serve", "work"):
        start(tmp_path, name, how, lines)
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        assert process.wait(60) == 0
    files = log_files(tmp_path)
    assert len(files) > 2
    told = [line for file in files for line in file.read_text("utf-8").splitlines()]
    expected = [f"{n} {i:05} {'ä' * (i % 90)}." for n in ("serve", "work") for i in range(lines)]
    assert sorted(told) == sorted(expected)
    for name in ("serve", "work"):
        mine = [line for line in told if line.startswith(name)]
        assert mine == sorted(mine)
    assert all(file.stat().st_size < 20_000 + 2 * 200 for file in files)


def test_a_day_has_a_file_and_a_full_one_is_followed_by_the_next(tmp_path):
    day = ["2026-11-23"]
    files = LogFiles(tmp_path, max_bytes=10, today=lambda: day[0])
    for line in ("one and more\n", "two\n"):
        files.write(line)
    day[0] = "2026-11-24"
    files.write("three\n")
    files.close()
    names = ["sasbiws-2026-11-23.log", "sasbiws-2026-11-23.2.log", "sasbiws-2026-11-24.log"]
    assert [file.name for file in log_files(tmp_path)] == names
    assert [file.read_text() for file in log_files(tmp_path)] == [
        "one and more\n",
        "two\n",
        "three\n",
    ]


def test_a_start_goes_on_in_the_newest_file_of_the_day(tmp_path):
    for line in ("first, long\n", "second\n", "third\n"):
        files = LogFiles(tmp_path, max_bytes=10, today=lambda: "2026-11-24")
        files.write(line)
        files.close()
    assert [file.read_text() for file in log_files(tmp_path)] == [
        "first, long\n",
        "second\nthird\n",
    ]


def test_the_oldest_files_are_dropped_and_no_other_file_is(tmp_path):
    (tmp_path / "sasbiws-notes.log").write_text("mine", encoding="utf-8")
    files = LogFiles(tmp_path, max_bytes=1, kept=3, today=lambda: "2026-11-24")
    for number in range(12):
        files.write(f"{number}\n")
    files.close()
    assert [file.read_text() for file in log_files(tmp_path)] == ["9\n", "10\n", "11\n"]
    assert (tmp_path / "sasbiws-notes.log").exists()


def test_a_file_is_never_renamed_while_a_reader_holds_it(tmp_path):
    files = LogFiles(tmp_path, max_bytes=1)
    files.write("first\n")
    first = log_files(tmp_path)[0]
    with first.open("rb") as reader:
        before = os.fstat(reader.fileno()).st_ino
        files.write("second\n")
        files.close()
        assert first.stat().st_ino == before
        assert reader.read() == b"first\n"


def test_a_command_writes_into_the_log_of_the_adapter_beside_it(tmp_path):
    served = LogFiles(tmp_path)
    served.write("from the service\n")
    with logging_beside("INFO", tmp_path):
        log.log(logging.INFO, "from the command")
    served.write("from the service again\n")
    served.close()
    told = "".join(file.read_text("utf-8") for file in log_files(tmp_path))
    before, here, after = told.splitlines()
    assert (before, after) == ("from the service", "from the service again")
    assert here.endswith("INFO from the command")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_is_told_in_one_line_until_there_is_room(tmp_path, capsys):
    full = tmp_path / f"sasbiws-{time.strftime('%Y-%m-%d')}.log"
    full.symlink_to("/dev/full")
    with logging_beside("INFO", tmp_path):
        log.info("first")
        log.info("second")
        told = capsys.readouterr().err
        full.unlink()
        for handler in log.handlers:
            handler.stream.close()
        log.info("third")
    assert told == f"the log in {tmp_path} cannot be written: {os.strerror(errno.ENOSPC)}\n"
    assert full.read_text("utf-8").endswith("INFO third\n")
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give")
def test_a_file_that_root_begins_belongs_to_the_account_of_the_folder(tmp_path):
    os.chown(tmp_path, 65534, 65534)
    files = LogFiles(tmp_path)
    files.open()
    files.close()
    assert log_files(tmp_path)[0].stat().st_uid == 65534


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give")
def test_a_folder_that_root_begins_belongs_to_the_account_of_the_home(tmp_path):
    os.chown(tmp_path, 65534, 65534)
    files = LogFiles(tmp_path / "logs")
    files.open()
    files.close()
    assert (tmp_path / "logs").stat().st_uid == 65534
    assert log_files(tmp_path / "logs")[0].stat().st_uid == 65534
