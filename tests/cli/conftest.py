"""The command line in this process, for speed, and as a process, for what only that can show."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapter.cli import main
from adapter.cli.init import copy_home
from adapter.emulator import EXAMPLES, Emulator, FileServer

LIMIT_S = 60.0

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
[DownloadFile]
stpurl = {sas}/SASBIWS/services/DownloadFile
schema = DownloadFile.xsd
[Download File]
schema = DownloadFile.xsd
[Add Floats]
[Echo]
[EchoService]
stpurl = {sas}/SASBIWS/services/Echo
[Fault]
[Slow]
timeout = 1
"""
"""Stored processes by REST, and two by SOAP; `{sas}` is the emulator's address."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    exit_code: int
    out: str
    err: str


def without_settings():
    """The environment of this process without what would change a home."""
    return {key: value for key, value in os.environ.items() if not key.startswith("SASBIWS_")}


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for name in set(os.environ) - set(without_settings()):
        monkeypatch.delenv(name)


@pytest.fixture
def run():
    """Runs a command in this process; whatever it is given, no exception comes out of it."""

    def run_one(*arguments, stdin=b"", env=None):
        result = CliRunner().invoke(
            main, [*map(str, arguments)], input=stdin, env=env, prog_name="sasbiws"
        )
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run_one


@pytest.fixture
def run_process(tmp_path):
    """Runs a command as a process of this interpreter; no traceback comes out of it."""

    def run_one(*arguments, stdin=b"", **environ):
        done = subprocess.run(
            [sys.executable, "-m", "adapter", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            env={**without_settings(), **environ},
            cwd=tmp_path,
            timeout=LIMIT_S,
            check=False,
        )
        ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in ended.out + ended.err
        return ended

    return run_one


@pytest.fixture
def start(tmp_path):
    """Starts a command as a process; none outlives the test."""
    started = []

    def start_one(*arguments, **options):
        command = [sys.executable, "-m", "adapter", *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(
            command, cwd=tmp_path, env=without_settings(), **{**pipes, **options}
        )
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
        process.communicate(timeout=LIMIT_S)


@pytest.fixture
def emulator(tmp_path):
    with Emulator(folder=tmp_path / "sas") as running:
        yield running


@pytest.fixture
def files():
    with FileServer(EXAMPLES) as running:
        yield running


@pytest.fixture
def home(tmp_path, emulator):
    return write_home(tmp_path / "home", SERVICE_CONFIG.replace("{sas}", emulator.url))


@pytest.fixture
def configure(home, emulator):
    """Writes another serviceConfig.ini, and credentials, into the home."""

    def write(service_config, credentials=""):
        return write_home(home, service_config.replace("{sas}", emulator.url), credentials)

    return write


def write_home(home: Path, service_config: str, credentials: str = "") -> Path:
    copy_home(home)
    (home / "conf/serviceConfig.ini").write_text(service_config, encoding="utf-8")
    (home / "conf/credentials.ini").write_text(credentials, encoding="utf-8")
    return home
