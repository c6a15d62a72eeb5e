"""`sasbiws doctor` at the shell: a healthy home, its outputs, and what it never shows."""

import json

import pytest
from click.testing import CliRunner
from patients import PASSWORD

from adapter import config
from adapter.cli import main
from adapter.cli.serving import Serving
from adapter.doctor.table import BY_ID, CHECKS

NOT_HERE = {"tls", "call", "files", "staged", "short-links"}
"""What a home that calls by HTTP, stages nothing and has no task is not asked."""


@pytest.fixture
def run(patient, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

    def doctor(*arguments, stdin=b""):
        command = ["doctor", *arguments, "--home", str(patient.home)]
        return CliRunner().invoke(main, command, input=stdin)

    return doctor


def test_a_healthy_home_is_all_ok_and_nothing_ran(patient, run):
    with Serving(config.load(patient.home, {})):
        assert run("--fix").exit_code == 0
        done = run("--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 0
    assert {each["outcome"] for each in told["checks"]} == {"ok"}
    assert told["healthy"] is True
    assert not patient.emulator.executions
    assert {each["id"] for each in told["checks"]} == set(BY_ID) - NOT_HERE


def test_no_secret_is_shown(patient, run):
    shown = run().output + run("--json").output
    patient.emulator.switches = patient.emulator.switches.merged({"users": {"sasdemo": "other"}})
    shown += run().output
    assert "sasdemo" in shown
    assert PASSWORD not in shown


def test_text_tells_outcome_reason_and_next_step(patient, run):
    patient.configure(sas="http://sas.invalid")
    done = run("Echo")
    assert done.exit_code == 3
    assert "fail  name " in done.stdout
    assert "next: mend the host in stpurl" in done.stdout
    assert "skip  credentials  [Echo] it needs http, which is not ok" in done.stdout


def test_a_call_is_made_on_demand(patient, run):
    done = run("Echo", "--call", "-", stdin=b'{"a": "1"}')
    assert done.exit_code == 0
    assert "call " in done.stdout
    assert len(patient.emulator.executions) == 1
    assert run("--call", "-").exit_code == 2


def test_only_runs_what_a_check_needs(run):
    told = json.loads(run("--only", "schemas", "--json").stdout)
    assert [each["id"] for each in told["checks"]] == ["home", "conf", "schemas"]


def test_the_list_has_every_check(run):
    told = json.loads(run("--list", "--json").stdout)
    assert [each["id"] for each in told["checks"]] == [check.id for check in CHECKS]
    assert len(run("--list").stdout.splitlines()) == len(CHECKS)


def test_needs_stand_before_who_needs_them():
    order = [check.id for check in CHECKS]
    assert len(set(order)) == len(order)
    assert all(order.index(need) < order.index(c.id) for c in CHECKS for need in c.needs)
