"""`sasbiws deliveries` on a terminal: the live table, and questions that somebody answers."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time

import pytest

pty = pytest.importorskip("pty", reason="pseudo-terminals are not of this system")

LIMIT_S = 60.0
SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
max_attempts = 1
[Echo]
[Fault]
"""


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, home, *arguments):
        self.master, slave = pty.openpty()
        command = [sys.executable, "-m", "adapter", "deliveries", *arguments, "--home", str(home)]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self.shown = ""

    def until(self, text):
        """Everything shown, once this text is; fails after a while."""
        deadline = time.monotonic() + LIMIT_S
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            self.read()
        return self.shown

    def ended(self):
        """The exit code; what is still shown meanwhile is read, for a full terminal blocks."""
        deadline = time.monotonic() + LIMIT_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.shown
            self.read()
        return self.process.returncode

    def read(self):
        if select.select([self.master], [], [], 0.1)[0]:
            with contextlib.suppress(OSError):  # the terminal of a process that has ended
                self.shown += os.read(self.master, 65536).decode(errors="replace")

    def close(self):
        self.process.kill()
        self.process.wait(timeout=LIMIT_S)
        os.close(self.master)


@pytest.fixture
def terminal():
    opened = []

    def start(*arguments):
        opened.append(Terminal(*arguments))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def posted(site, stored_process, **members):
    body = {"sendParameters": {"stpName": stored_process}, **members}
    answer = site.post(body, Prefer="wait=30").json()
    return answer.get("deliveryId") or answer["error"]["deliveryId"]


def test_the_live_table_shows_what_comes_and_ctrl_c_is_its_good_end(open_site, terminal):
    site = open_site(SERVICE_CONFIG)
    first = posted(site, "Echo")
    watching = terminal(site.home, "list", "--watch")
    watching.until(first[:8])
    second = posted(site, "Fault", code=3000)
    watching.until(second[:8])
    watching.process.send_signal(signal.SIGINT)
    assert watching.ended() == 0
    assert "Traceback" not in watching.shown


def test_without_a_terminal_there_is_no_live_table(run, open_site):
    ended = run("deliveries", "list", "--watch", "--home", open_site(SERVICE_CONFIG).home)
    assert (ended.exit_code, "--watch" in ended.err) == (2, True)


@pytest.mark.parametrize(("answer", "code", "state"), [("y", 0, "cancelled"), ("n", 1, "parked")])
def test_many_are_changed_once_somebody_agrees(open_site, terminal, answer, code, state):
    site = open_site(SERVICE_CONFIG)
    ids = [posted(site, "Fault", code=3000) for _ in range(2)]
    asking = terminal(site.home, "discard", "--state", "parked")
    asking.until("2 deliveries are meant (2 parked). Discard?")
    os.write(asking.master, f"{answer}\n".encode())
    assert asking.ended() == code
    assert {site.delivery(each)["status"] for each in ids} == {state}
