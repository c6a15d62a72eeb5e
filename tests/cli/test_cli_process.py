"""What only a process shows: its streams, its encodings, its signals, its end."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from adapter.emulator import Switches

TASK = b'{"a": "1"}'
INTERRUPTED = 130
LIMIT_S = 30.0


def test_the_commands_as_processes_end_as_they_do_in_this_one(run_process, emulator, tmp_path):
    made = run_process("init", "home", "--json")
    assert (made.exit_code, made.err) == (0, "")
    assert json.loads(made.out)["home"] == "home"
    good = run_process("validate", "-", "--stp", "Echo", stdin=TASK, SASBIWS_HOME="home")
    assert (good.exit_code, good.err) == (0, "valid\n")
    address = f"{emulator.url}/SASBIWS/rest/storedProcesses/x/{{{{stpName}}}}"
    called = run_process("--home", "home", "call", "Echo", "-", stdin=TASK, SASBIWS_STPURL=address)
    assert called.exit_code == 0
    assert "<A>1</A>" in called.out
    emulator.stop()
    away = run_process("call", "Echo", "-", "--home", "home", stdin=TASK, SASBIWS_STPURL=address)
    assert (away.exit_code, away.out) == (3, "")
    bad = run_process("validate", "-", "--home", "home", stdin=os.urandom(1000))
    assert (bad.exit_code, bad.out) == (1, "")
    assert not (tmp_path / "home/var").exists()


def test_output_that_is_redirected_is_utf8_whatever_the_code_page(run_process, home):
    text = "Größe 😀 €"
    ended = run_process(
        "validate", "-", "--stp", "Echo", "--home", home,
        stdin=f'{{"a": "{text}", "ß b": 1}}'.encode(),
        PYTHONIOENCODING="cp1252", PYTHONUTF8="0", LC_ALL="C",
    )  # fmt: skip
    assert ended.exit_code == 0
    assert f"<a>{text}</a>" in ended.out
    assert "ß b" in ended.err


def test_arguments_that_are_no_text_are_told_without_a_traceback(run_process, home):
    for arguments in (
        ("call", b"\xff\xfe", b"\xff.json", "--home", home),
        ("validate", "-", "--stp", b"\xff", "--home", b"\xff"),
    ):
        ended = run_process(*map(os.fsdecode, arguments), stdin=TASK)
        assert ended.exit_code == 2
        assert "\\udcff" in ended.err


def test_standard_input_that_is_closed_is_wrong_usage(home):
    command = ["sh", "-c", 'exec "$0" -m adapter validate - --home "$1" <&-', sys.executable, home]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("Error: cannot read standard input: it is closed\n")


def test_input_without_end_is_not_read_to_its_end(start, home):
    with Path("/dev/zero").open("rb") as endless:
        process = start("validate", "-", "--home", home, stdin=endless)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.startswith("PAYLOAD_TOO_LARGE: ")


@pytest.mark.parametrize("command", [("validate", "-", "--stp", "Echo"), ("--help",), ("demo",)])
def test_a_reader_that_leaves_ends_the_command_quietly(start, home, command):
    reading, writing = os.pipe()
    os.close(reading)
    more = ("--home", home) if "validate" in command else ()
    process = start(*command, *more, stdin=subprocess.PIPE, stdout=writing)
    os.close(writing)
    _, err = process.communicate(TASK.decode(), timeout=30)
    assert err == ""
    assert process.returncode not in (0, -signal.SIGPIPE)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize(
    "command", [("deliveries", "list"), ("deliveries", "list", "--json"), ("--help",)]
)
def test_output_that_meets_a_full_disk_is_told_in_one_line(start, home, command):
    with Path("/dev/full").open("wb") as full:
        process = start("--home", home, *command, stdout=full)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err.splitlines()[-1].startswith("Error: cannot read or write: ")
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells which signals are caught")
def test_a_hangup_while_it_starts_reloads_once_it_serves(start, home):
    (home / "conf/serviceConfig.py").write_text("host = '127.0.0.1'\nport = 0\n", encoding="ascii")
    (home / "var").mkdir()
    with FileLock(home / "var/deliveries.sqlite.lock"):  # it waits before it opens the database
        process = start("serve", "--home", home)
        deadline = time.monotonic() + LIMIT_S
        while not catches(process.pid, signal.SIGHUP):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGHUP)
    assert process.stdout.readline().startswith("Endpoint")
    assert any(" INFO reload home=" in line for line in process.stderr)
    process.terminate()
    process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0


def catches(pid, number):
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("SigCgt:")[2].split()[0], 16) >> (number - 1) & 1


@pytest.mark.parametrize("stp", ["Slow", "-"])
def test_ctrl_c_ends_a_command_quietly(start, home, emulator, stp, tmp_path):
    """While it waits for SAS, and while it waits for its input."""
    emulator.switches = Switches(delay_s=30)
    task = tmp_path / "task.json"
    task.write_bytes(TASK)
    if stp == "Slow":
        process = start("call", stp, task, "--home", home)
        emulator.wait_for(lambda it: it.requests, timeout_s=30)
    else:
        process = start("validate", "-", "--home", home, stdin=subprocess.PIPE)
        # More than a pipe holds: it returns once the process reads.
        process.stdin.write("{" * 200_000)
        process.stdin.flush()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (INTERRUPTED, "", "")
