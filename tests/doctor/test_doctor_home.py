"""Each check of the machine and of the home, tested by breaking that one thing."""

import os
import subprocess
import sys
from contextlib import closing

import pytest
import requests
from patients import SERVICE_CONFIG, eventually, free_port

from adapter import config, wiring
from adapter.cli.serving import Serving
from adapter.core.delivery import AccountHold
from adapter.doctor.check import Outcome
from adapter.doctor.home import MB, space
from adapter.doctor.machine import fits
from adapter.doctor.staging import room
from adapter.store.contract_checks import FILE

GB = 1024 * MB

BREAKING = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/X/{{stpName}}
breaker_failures = 1
breaker_pause = 60
[Echo]
"""

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes are of POSIX")


def test_an_old_python_does_not_fit():
    assert fits("3.11.7", ">=3.11")
    assert not fits("3.10.12", ">=3.11")


@pytest.mark.parametrize(
    ("version", "bounds", "fit"),
    [
        ("3.0.2", ">=3.0.2,<3.1", True),
        ("3.1", ">=3.0.2,<3.1", False),
        ("2.0", "", True),
        ("10", ">=9.9", True),
        ("2.1rc1", "==2.1", True),
    ],
)
def test_versions_are_compared_by_number(version, bounds, fit):
    assert fits(version, bounds) is fit


def test_an_old_package_is_named(patient, tmp_path):
    folder = tmp_path / "old/click-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: click\nVersion: 1.0\n")
    done = subprocess.run(
        [sys.executable, "-m", "adapter", "doctor", "--only", "packages", "--home", patient.home],
        env={**os.environ, "PYTHONPATH": str(folder.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "click 1.0, expected >=" in done.stdout


def test_a_folder_without_conf_is_no_home(patient, tmp_path):
    patient.home = tmp_path
    found, code = patient.seen()
    by_id = {each.check.id: each.result for each in found}
    assert (by_id["home"].outcome, code) == (Outcome.FAIL, 2)
    assert by_id["conf"].outcome is Outcome.SKIP
    assert by_id["credentials"].outcome is Outcome.SKIP
    assert "it needs conf" in by_id["schemas"].found


def test_a_missing_folder_is_made_by_fix(patient):
    (patient.home / "var").rmdir()
    assert patient.one("folders")[0].result.outcome is Outcome.WARN
    mended, code = patient.one("folders", fix=True)
    assert (mended.result.outcome, mended.mended, code) == (Outcome.OK, "made var", 0)
    assert (patient.home / "var").stat().st_mode & 0o077 == 0 or sys.platform == "win32"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give")
def test_a_folder_that_root_makes_belongs_to_the_account_of_the_home(patient):
    (patient.home / "var").rmdir()
    os.chown(patient.home, 65534, 65534)
    assert patient.one("folders", fix=True)[0].mended == "made var"
    assert (patient.home / "var").stat().st_uid == 65534


def test_a_file_in_the_place_of_a_folder_fails(patient):
    (patient.home / "var").rmdir()
    (patient.home / "var").write_text("")
    found, code = patient.one("folders")
    assert (found.result.outcome, code) == (Outcome.FAIL, 2)


@posix
def test_passwords_that_others_can_read_are_closed_by_fix(patient):
    path = patient.home / "conf/credentials.ini"
    path.chmod(0o644)
    assert "conf/credentials.ini" in patient.one("rights")[0].result.found
    assert patient.one("rights", fix=True)[0].result.outcome is Outcome.OK
    assert path.stat().st_mode & 0o777 == 0o600


@posix
@pytest.mark.parametrize(
    ("store_url", "loose"),
    [
        ("postgresql://u:Pl4nted@db/x", True),
        ("postgresql://u@db/x?password=Pl4nted", True),
        ("postgresql://u@db:5432/x", False),
        ("", False),
    ],
)
def test_a_password_of_the_database_that_others_can_read(patient, store_url, loose):
    path = patient.home / "conf/serviceConfig.ini"
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n[adapter:server]\nstore_url = {store_url}\n")
    path.chmod(0o644)
    result = patient.one("rights")[0].result
    assert ("conf/serviceConfig.ini" in result.found) is loose
    assert "Pl4nted" not in str(result)
    patient.one("rights", fix=True)
    assert path.stat().st_mode & 0o777 == (0o600 if loose else 0o644)


def test_a_full_disk():
    assert space(50 * MB).outcome is Outcome.FAIL
    assert space(500 * MB).outcome is Outcome.WARN
    assert space(5000 * MB).outcome is Outcome.OK


def test_every_problem_of_conf_is_told(patient):
    patient.configure("[DEFAULT]\nstpurl = gopher://x\nconcurency = 3\n")
    found, code = patient.one("conf")
    assert (found.result.outcome, code) == (Outcome.FAIL, 2)
    assert len(found.result.details) >= 2
    assert "did you mean concurrency" in " ".join(found.result.details)


def test_an_unknown_stored_process_is_told(patient):
    found, code = patient.one("conf", stp="Nobody")
    assert (found.result.outcome, code) == (Outcome.FAIL, 2)
    assert "Nobody" in found.result.found


def test_an_address_for_all_without_authentication_fails(patient):
    patient.listen_on("::", patient.port)
    found, code = patient.one("access")
    assert (found.result.outcome, code) == (Outcome.FAIL, 2)


def test_a_broken_schema(patient):
    (patient.home / "schemas/instream.xsd").write_text("<xs:schema/>")
    found, code = patient.one("schemas")
    assert (found.result.outcome, code) == (Outcome.FAIL, 2)
    assert "instream.xsd" in found.result.details[0]


def test_a_changed_file_of_a_pin(patient):
    assert patient.one("wsdl", fix=True)[0].mended == "pinned the WSDL of DownloadFile"
    (pinned,) = (patient.home / "wsdl_cache").glob("*/service.wsdl")
    pinned.write_bytes(b"changed")
    found, code = patient.one("pins")
    assert (found.result.outcome, code) == (Outcome.FAIL, 1)


def test_drift_that_a_running_adapter_met_is_told(patient):
    patient.one("wsdl", fix=True)
    settings = config.load(patient.home, {})
    parts = wiring.calling(settings)
    from adapter.core.contract_check import ContractCheck
    from adapter.sas.wsdl import digest
    from adapter.store.contract_checks import ContractChecks

    (contract,) = parts.contracts.all()
    check = ContractCheck(
        1.0, "", digest(contract), "other", 1.0, breaking=True, changes=("an operation is gone",)
    )
    ContractChecks(settings.var / FILE).record(contract.address, check)
    found, code = patient.one("drift")
    assert (found.result.outcome, code) == (Outcome.WARN, 0)
    assert "an operation is gone" in found.result.details[0]


def test_a_network_share(patient, tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"filer:/x {tmp_path} nfs4 rw 0 0\n")
    found, code = patient.one("place", mounts=mounts)
    assert (found.result.outcome, code) == (Outcome.FAIL, 2)
    assert "nfs4" in found.result.found


def opened(patient):
    return closing(wiring.office(wiring.calling(config.load(patient.home, {}))))


def test_looking_makes_no_database(patient):
    found, _ = patient.one("breakers")
    assert found.result.outcome is Outcome.OK
    assert not list((patient.home / "var").glob("deliveries*"))


def test_a_database_that_is_none(patient):
    (patient.home / "var/deliveries.sqlite").write_bytes(b"this is no database " * 100)
    found, code = patient.one("database")
    assert (found.result.outcome, code) == (Outcome.FAIL, 2)


def test_a_database_that_another_program_locks(patient):
    import sqlite3

    with opened(patient):
        pass
    with closing(sqlite3.connect(patient.home / "var/deliveries.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        found, code = patient.one("database")
        assert (found.result.outcome, code) == (Outcome.FAIL, 2)
        assert "locked" in found.result.found
        other.rollback()


def test_a_held_account_is_told_and_not_tried(patient):
    account = f"sasdemo at {patient.emulator.url}"
    with opened(patient) as office:
        office.deliveries.hold(AccountHold(account, 1.0, "SAS refused it"))
    found, code = patient.one("holds")
    assert (found.result.outcome, code) == (Outcome.WARN, 0)
    assert patient.one("credentials")[0].result.outcome is Outcome.SKIP


def test_an_open_breaker_is_told(patient):
    patient.configure(BREAKING, sas=f"http://127.0.0.1:{free_port()}")
    with Serving(config.load(patient.home, {})) as serving:
        requests.post(f"{serving.url}/ExecuteSTP/Echo", json={"a": "1"}, timeout=10)
        eventually(serving.parts.survey.breakers)
    found, code = patient.one("breakers")
    assert (found.result.outcome, code) == (Outcome.WARN, 0)
    assert "until" in found.result.details[0]


def test_a_postgresql_that_is_away(patient):
    away = f"[adapter:server]\nstore_url = postgresql://x:hidden@127.0.0.1:{patient.port}/x\n"
    patient.configure(SERVICE_CONFIG + away)
    found, code = patient.one("database")
    assert (found.result.outcome, code) == (Outcome.FAIL, 3)
    assert "hidden" not in str(found.to_json())


STAGING = SERVICE_CONFIG.replace("[Echo]\n", "[Echo]\nstage = true\n")


def test_a_staged_folder_that_is_a_file(patient):
    patient.configure(STAGING)
    assert patient.one("staged")[0].subject == "Echo"
    (patient.home / "var/staged").write_text("")
    found, code = patient.one("staged")
    assert (found.result.outcome, code) == (Outcome.FAIL, 1)


def test_too_little_room_for_the_largest_file():
    assert room(5 * GB, 10 * GB).outcome is Outcome.WARN
    assert room(50 * GB, 10 * GB).outcome is Outcome.OK


def test_short_links_that_sas_cannot_follow(patient):
    patient.configure(STAGING)
    assert patient.one("short-links")[0].result.outcome is Outcome.OK
    patient.configure(STAGING, sas="http://sas.example.com")
    found, code = patient.one("short-links")
    assert (found.result.outcome, code) == (Outcome.FAIL, 2)
