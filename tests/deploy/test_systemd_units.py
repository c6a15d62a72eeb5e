"""The units of systemd start what the command line has, and may write to the home alone."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_lines import DEPLOY, STOP_GRACE_S, understood

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PROGRAM = "/opt/sasbiws/.venv/bin/sasbiws"
HOME = "/srv/sasbiws"


def sections(unit: Path) -> dict[str, list[tuple[str, str]]]:
    """The lines of each section in order; a unit may say a key twice."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in unit.read_text("utf-8").splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            lines = found.setdefault(heading[1], [])
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, line
            lines.append((key, value))
    return found


def test_there_is_a_unit_for_each_way_to_run():
    assert [unit.name for unit in UNITS] == ["sasbiws-work.service", "sasbiws.service"]


@pytest.mark.parametrize(("name", "command"), [("sasbiws", "serve"), ("sasbiws-work", "work")])
def test_the_command_line_is_understood(name, command):
    service = dict(sections(DEPLOY / f"systemd/{name}.service")["Service"])
    program, *words = shlex.split(service["ExecStart"])
    assert program == PROGRAM
    assert understood(*words)[0] == command
    assert understood(*words)[1]["home"] == Path(HOME)
    assert service["ReadWritePaths"] == service["WorkingDirectory"] == HOME


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_calls_under_way_may_end(unit):
    service = dict(sections(unit)["Service"])
    assert int(service["TimeoutStopSec"]) > STOP_GRACE_S + 10
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert service["RestartForceExitStatus"] == "SIGHUP"
    assert "KillSignal" not in service  # SIGTERM, which the adapter waits for


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_is_shut_in(unit):
    service = sections(unit)["Service"]
    for line in (
        ("User", "sasbiws"), ("ProtectSystem", "strict"), ("NoNewPrivileges", "yes"),
        ("PrivateTmp", "yes"), ("ProtectHome", "yes"), ("CapabilityBoundingSet", ""),
        ("UMask", "0077"), ("SystemCallFilter", "@system-service"),
    ):  # fmt: skip
        assert line in service


def test_the_units_differ_in_their_command_alone():
    one, other = (sections(unit)["Service"] for unit in UNITS)
    assert [key for (key, value), twin in zip(one, other, strict=True) if (key, value) != twin] == [
        "ExecStart"
    ]


def test_systemd_itself_finds_nothing_wrong(tmp_path):
    """Where there is a systemd; elsewhere the tests above must do."""
    if not (analyze := shutil.which("systemd-analyze")):
        return
    program = str(Path(sys.executable).with_name("sasbiws"))
    copies = [tmp_path / unit.name for unit in UNITS]
    for unit, copy in zip(UNITS, copies, strict=True):
        copy.write_text(unit.read_text("utf-8").replace(PROGRAM, program), encoding="utf-8")
    command = [analyze, "--man=no", "verify", *map(str, copies)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
