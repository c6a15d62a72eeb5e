"""The adapter as a process of its own: `sasbiws serve`, another WSGI server, and one that dies."""

import itertools
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests
from dying_adapter import Script, open_only, run

from adapter.cli.init import copy_home
from adapter.log_files import log_files

LIMIT_S = 30.0
OVER = ("delivered", "parked", "rejected")
SERVE = ("-m", "adapter", "serve", "--home")

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["pytest", "adapter.cli.serving", "zeep.wsdl", "dying_adapter"])
_NUMBERS = itertools.count()


def eventually(true, timeout_s=LIMIT_S):
    """What `true` gives, once that is true of it; fails after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while not (value := true()):
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s"
        time.sleep(0.01)
    return value


def write_home(home: Path, service_config: str) -> Path:
    """A home of this conf that serves on a free port of 127.0.0.1."""
    copy_home(home)
    (home / "conf/serviceConfig.ini").write_text(service_config, encoding="utf-8")
    (home / "conf/serviceConfig.py").write_text("host = '127.0.0.1'\nport = 0\n", encoding="utf-8")
    return home


def log_of(home: Path) -> str:
    """All that the adapters of a home have logged."""
    return "".join(file.read_text(encoding="utf-8") for file in log_files(home / "logs"))


@dataclass
class Caller:
    """Whoever talks to an adapter at an address."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def post(self, stp, body=None, timeout=LIMIT_S, **headers):
        """One task; header names with underscores for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else None
        payload = None if content else body or {"a": "1"}
        address = f"{self.url}/ExecuteSTP/{stp}" if stp else f"{self.url}/ExecuteSTP"
        return self.session.post(
            address, data=content, json=payload, headers=named, timeout=timeout
        )

    def delivery(self, delivery_id):
        return self.session.get(f"{self.url}/deliveries/{delivery_id}", timeout=LIMIT_S).json()

    def ended(self, delivery_id, timeout_s=LIMIT_S):
        """The delivery once nothing more happens to it."""
        eventually(lambda: self.delivery(delivery_id)["status"] in OVER, timeout_s)
        return self.delivery(delivery_id)


@dataclass
class AdapterProcess(Caller):
    """A command that serves, once it has told its address."""

    process: subprocess.Popen = None
    out: Path = None
    err: Path = None

    @classmethod
    def start(cls, folder: Path, *command, address=r"POST (http://\S+)/ExecuteSTP", **environ):
        """Start this interpreter with `command`; what it says goes to files in `folder`."""
        stem = folder / f"process-{next(_NUMBERS)}"
        out, err = stem.with_suffix(".out"), stem.with_suffix(".err")
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SASBIWS_")}
        with out.open("wb") as standard_output, err.open("wb") as standard_error:
            process = subprocess.Popen(
                [sys.executable, *map(str, command)],
                stdout=standard_output,
                stderr=standard_error,
                env={**clean, **environ},
                cwd=folder,
            )
        started = cls("", process=process, out=out, err=err)
        eventually(lambda: process.poll() is not None or started.find(address))
        assert process.poll() is None, err.read_text(encoding="utf-8")
        started.url = started.find(address).group(1)
        return started

    def find(self, pattern):
        return re.search(pattern, self.said())

    def said(self):
        return self.out.read_text(encoding="utf-8") + self.err.read_text(encoding="utf-8")

    def kill(self):
        self.process.kill()
        self.process.wait(LIMIT_S)
        self.session.close()

    def stop(self, number=signal.SIGTERM):
        """The exit code once it has ended."""
        self.process.send_signal(number)
        self.session.close()
        return self.process.wait(LIMIT_S)


def forked(target, home: Path, script: Script):
    """A process that runs `target` of dying_adapter, and the pipe it tells through."""
    pipe, its = CONTEXT.Pipe()
    process = CONTEXT.Process(target=target, args=(str(home), script, its), daemon=True)
    process.start()
    its.close()
    assert pipe.poll(LIMIT_S)
    return process, pipe


def refusal_of(home: Path, **script):
    """What a process says that cannot open the home; empty when it can."""
    process, pipe = forked(open_only, home, Script(**script))
    told = pipe.recv()
    process.join(LIMIT_S)
    pipe.close()
    return told


class ForkedAdapter(Caller):
    """Serves a home in a process that is forked from one with everything imported: fast."""

    def __init__(self, home: Path, script: Script) -> None:
        self.process, self.pipe = forked(run, home, script)
        super().__init__(self.pipe.recv())

    def ended_with(self, limit_s=LIMIT_S):
        """Exit code of the process, or minus the number of the signal that killed it."""
        self.process.join(limit_s)
        self.session.close()
        self.pipe.close()
        return self.process.exitcode

    def kill(self):
        self.process.kill()
        self.ended_with()

    def stop(self, limit_s=LIMIT_S):
        """The exit code after it was told to stop."""
        self.pipe.send("stop")
        return self.ended_with(limit_s)

    def freeze(self):
        """Let it stand still: alive, and no help to anybody."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def wait_for_death(self):
        assert self.ended_with() == -signal.SIGKILL
