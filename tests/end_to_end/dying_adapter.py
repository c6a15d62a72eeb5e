"""Run as a process: serves a home, and ends at a chosen moment, by kill -9 or as it is told."""

import codecs
import os
import re
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from adapter import config, wiring
from adapter.cli.init import copy_home
from adapter.cli.serving import Serving, Working, begin
from adapter.core.delivery import Idle
from adapter.core.errors import AdapterError
from adapter.store import sqlite

MEETING_S = 30.0

_BEGINS = {"add": "INSERT INTO", "lease": "UPDATE", "record": "UPDATE"}
"""What a step writes into the table of deliveries before it commits."""

_METHODS = {"record": ("record", "record_and_lease")}
"""Where a step may be made by more than one method."""


@dataclass(frozen=True)
class Meeting:
    """A point that the adapter and the test reach together, once; events that both share."""

    reached: object
    go_on: object

    def attend(self):
        if not self.reached.is_set():
            self.reached.set()
            self.go_on.wait(MEETING_S)


@dataclass(frozen=True)
class Script:
    """What is otherwise than in `sasbiws serve`.

    Args:
        moment: It dies `before`, `inside` or `after` a step: inside is just before the commit.
        step: Method of a port; empty lets it live.
        shift: Shared number of seconds that the clock is wrong by.
        lease_s: After how long other hosts take a silent process for dead.
        busy_ms: How long a writer waits for the other programs on an SQLite file.
        user: Number of the user to run as.
        serves: False delivers only, as `sasbiws work` does.
        works: False takes in only, as `sasbiws serve --no-work` does.
        environ: Settings from the environment.
        meeting: It does not die at that point but waits there, once, for the test.
    """

    moment: str = ""
    step: str = ""
    shift: object = None
    lease_s: float = 0.0
    busy_ms: int = sqlite.BUSY_MS
    user: int = 0
    serves: bool = True
    works: bool = True
    environ: Mapping[str, str] = field(default_factory=dict)
    meeting: Meeting | None = None


def run(home, script, pipe):
    """Serve until killed, or told to stop through the pipe; the address to call goes into it."""
    prepare(script)
    settings = config.load(Path(home), script.environ)
    begin(settings)
    running = Serving(settings, work=script.works) if script.serves else Working(settings)
    for port in ports_with(script.step, running.parts):
        arm(port, script)
    with running:
        pipe.send(running.url if script.serves else "")
        with suppress(EOFError):
            pipe.recv()


def open_only(home, script, pipe):
    """Tell through the pipe how opening the home is refused; nothing when it is not."""
    prepare(script)
    try:
        parts = wiring.adapter(wiring.calling(config.load(Path(home), script.environ)))
    except AdapterError as error:
        pipe.send(f"{error.code}: {error.message} {error.remedy}")
    else:
        parts.close()
        pipe.send("")


def prepare(script):
    """Shorten and shift what the script says, before anything is opened."""
    if script.user:
        import_all(script)
        os.setgroups([])
        os.setgid(script.user)
        os.setuid(script.user)
    if script.lease_s:
        from adapter.store import presence

        presence.LEASE_S = script.lease_s
    sqlite.BUSY_MS = script.busy_ms
    if script.shift is not None:
        wiring.SystemClock.now = lambda _: time.time() + script.shift.value
    if script.moment == "inside":
        watch(script)


def import_all(script):
    """Open a home of no use: an ordinary user may not be able to read the files of Python."""
    for encoding in ("utf-8-sig", "cp1252", "idna"):
        codecs.lookup(encoding)
    with tempfile.TemporaryDirectory() as folder:
        copy_home(Path(folder) / "home")
        settings = config.load(Path(folder) / "home", {"SASBIWS_PORT": "0", **script.environ})
        with Serving(settings):
            pass


def ports_with(step, parts):
    """The objects behind the ports that a delivery passes: the store, and both transports."""
    ports = (parts.deliveries, *parts.calling.transports.values())
    return [port for port in ports if step and hasattr(port, step)]


def arm(port, script):
    """Let the process die when the step is begun, or when it has succeeded."""
    for name in _METHODS.get(script.step, (script.step,)):
        arm_method(port, name, script)


def arm_method(port, name, script):
    really = getattr(port, name)

    def dying(*arguments, **named):
        if script.moment == "before":
            act(script)
        _BEGUN.set()
        result = really(*arguments, **named)
        succeeded = (result and not isinstance(result, Idle)) or script.step == "ping"
        if script.moment == "after" and succeeded:
            act(script)
        return result

    setattr(port, name, dying)


_BEGUN = threading.Event()
"""Set once the step that the process dies inside of is under way."""


class Witness:
    """Sees every statement of one connection; acts at the commit of one that it waits for."""

    def __init__(self, script):
        self.script = script
        self.awaited = re.compile(rf"\s*{_BEGINS[script.step]} \"?deliveries\b")
        self.written = False

    def see(self, statement):
        if self.awaited.match(statement) and _BEGUN.is_set():
            self.written = True
        elif self.written and statement.strip().upper().startswith(("COMMIT", "END")):
            act(self.script)


def watch(script):
    """Let every connection to a database have its witness, below everything that uses it."""
    connect = sqlite3.connect

    def connect_watched(*arguments, **named):
        connection = connect(*arguments, **named)
        connection.set_trace_callback(Witness(script).see)
        return connection

    sqlite3.connect = sqlite3.dbapi2.connect = connect_watched
    execute, commit = psycopg.Cursor.execute, psycopg.Connection.commit

    def witness_of(connection):
        return connection.__dict__.setdefault("_witness", Witness(script))

    def execute_watched(cursor, query, *arguments, **named):
        witness_of(cursor.connection).see(query if isinstance(query, str) else "")
        return execute(cursor, query, *arguments, **named)

    def commit_watched(connection):
        witness_of(connection).see("COMMIT")
        commit(connection)

    psycopg.Cursor.execute, psycopg.Connection.commit = execute_watched, commit_watched


def act(script):
    if script.meeting is None:
        os.kill(os.getpid(), signal.SIGKILL)
    script.meeting.attend()
