"""A PostgreSQL of the tests' own: a new cluster in a temporary folder, ended with the tests."""

import itertools
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg

LIMIT_S = 60.0
ROLE = "sasbiws"
PASSWORD = "p@ss:w/rd %41"  # what a password in an address must survive

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "log_min_messages": "warning",
    "lc_messages": "C",
    "autovacuum_naptime": "10min",
}


def programs() -> Path | None:
    """The folder of initdb and postgres, the newest where there are several; None without any."""
    on_path = shutil.which("initdb")
    if on_path and Path(on_path).with_name("postgres").exists():
        return Path(on_path).parent
    folders = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    found = sorted(folders, key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def version(folder: Path) -> int:
    """The major version of the server in this folder."""
    told = subprocess.run([folder / "postgres", "--version"], capture_output=True, check=True)
    return int(re.search(rb"(\d+)", told.stdout)[1])


def unprivileged() -> str:
    """A user that PostgreSQL runs as where the tests are root, as which it refuses to run."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PostgresqlServer:
    """A running server; `stop` and `start` keep port, password and what is in it.

    Attributes:
        settings: Of postgresql.conf, by name; in force from the next start.
    """

    def __init__(self) -> None:
        found = programs()
        assert found, "neither PATH nor /usr/lib/postgresql has initdb: install PostgreSQL"
        self._programs = found
        self._folder = Path(tempfile.mkdtemp(prefix="sasbiws-postgresql-"))
        self._user = unprivileged() if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self._folder, self._user)
        self._data = self._folder / "data"
        self._log = self._folder / "log"
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen | None = None
        self._admin_password = secrets.token_hex(8)
        self.settings = dict(SETTINGS)
        if version(found) >= 14:
            # After a crash every file of every test's database would be synced one by one.
            self.settings["recovery_init_sync_method"] = "syncfs"
        self.port = free_port()
        self._create()
        self.start()
        self.execute(
            f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'",
        )

    def url(self, database: str, port: int | None = None, password: str = PASSWORD) -> str:
        """The address of a database, for store_url; with another port that of a proxy before it."""
        return f"postgresql://{ROLE}:{quote(password, safe='')}@127.0.0.1:{port or self.port}/{database}"

    def new_database(self) -> str:
        """The name of a new, empty database; the server runs, whatever the test before did."""
        self.start()
        name = f"sasbiws_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} OWNER {ROLE}")
        return name

    def new_url(self) -> str:
        """The address of a new, empty database."""
        return self.url(self.new_database())

    def execute(self, statement: str, database: str = "postgres") -> list[tuple]:
        """The rows that a statement of the superuser gives."""
        with self.connect(database) as connection:
            found = connection.execute(statement)
            return found.fetchall() if found.description else []

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection of the superuser, each statement a transaction."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self._admin_password,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def start(self) -> None:
        """Run, if it does not, and return once it answers."""
        if self._process is None:
            self._process = self._begin()
        deadline = time.monotonic() + LIMIT_S
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text("utf-8", "replace")[-2000:]
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.05)

    def stop(self, mode: str = "immediate") -> None:
        """End it: `smart`, `fast`, or `immediate`, which is as good as a power cut."""
        if self._process is None:
            return
        kinds = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
        self._process.send_signal(kinds[mode])
        self._process.wait(timeout=LIMIT_S)
        self._process = None

    def freeze(self) -> None:
        """Let every process of it stand still: connections stay open, nothing answers."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        self._signal_all(signal.SIGCONT)

    def close(self) -> None:
        """End it and remove everything."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _begin(self) -> subprocess.Popen:
        options = [
            part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")
        ]
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, "-p", str(self.port), *options],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                **self._as_user(),
            )

    def _signal_all(self, number: int) -> None:
        assert self._process is not None
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self._process.pid)],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
        for pid in [self._process.pid, *map(int, found.stdout.split())]:
            os.kill(pid, number)

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _create(self) -> None:
        password = self._folder / "password"
        password.write_text(self._admin_password, "utf-8")
        if self._user:
            shutil.chown(password, self._user)
        subprocess.run(
            [
                self._programs / "initdb",
                *("--pgdata", self._data, "--username", "postgres", "--pwfile", password),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
            ],
            cwd=self._folder,
            check=True,
            capture_output=True,
            timeout=LIMIT_S,
            **self._as_user(),
        )

    def _as_user(self) -> dict:
        if self._user is None:
            return {}
        group = pwd.getpwnam(self._user).pw_gid
        return {"user": self._user, "group": group, "extra_groups": []}
