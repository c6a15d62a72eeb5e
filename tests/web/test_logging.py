"""The log: one line per intake and per attempt, where and as much as the conf says, nothing secret."""

import logging
import re
from contextlib import contextmanager

import pytest
from callers import LINK, PASSWORD, SIGNATURE, get, post, send, task, until

from adapter.emulator import Switches
from adapter.log_files import log_files
from adapter.observe import log, start_logging

CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
retry_first = 0.02
retry_max = 0.1
#log
[Echo]
[Fault]
[Slow]
[EchoSoap]
stpurl = {sas}/SASBIWS/services/Shared Data/CI360Jobs/Echo
[DownloadFile]
schema = DownloadFile.xsd
"""

CREDENTIALS = f"[DEFAULT]\nstpusername = svc_ci360\nstppassword = {PASSWORD}\n"
LINE = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?P<level>[A-Z]+) (?P<event>\w+)(?P<facts>.*)"
)


@contextmanager
def logged(site):
    """Logging as `sasbiws serve` starts it for this site, undone at the end."""
    root = logging.getLogger()
    before = root.level, log.level, log.propagate, log.handlers[:]
    settings = site.serving.parts.settings.log
    start_logging(settings.level, settings.folder if settings.enabled else None)
    try:
        yield next(iter(log_files(settings.folder)), None)
    finally:
        for handler in log.handlers:
            handler.close()
        root.setLevel(before[0])
        log.setLevel(before[1])
        log.propagate = before[2]
        log.handlers[:] = before[3]


def lines(file, event, **facts):
    """The level and facts of every such line, once there is one."""

    def found():
        read = [LINE.fullmatch(line) for line in file.read_text("utf-8").splitlines()]
        assert all(read)
        told = [
            (line["level"], dict(facts_in(line["facts"])))
            for line in read
            if line["event"] == event
        ]
        return [(level, fact) for level, fact in told if facts.items() <= fact.items()]

    return until(found)


def facts_in(text):
    for name, quoted, bare in re.findall(r' (\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))', text):
        yield name, quoted or bare


def test_an_intake_and_an_attempt_are_one_line_each_with_all_that_is_needed(open_site):
    site = open_site(CONFIG)
    with logged(site) as file:
        reply = post(site, task("EchoSoap", a=1), wait=30, X_Request_ID="request-1")
        delivery_id = reply.body["deliveryId"]
        ((level, intake),) = lines(file, "intake")
        assert level == "INFO"
        assert int(intake.pop("ms")) >= 0
        assert intake == {
            "request": "request-1",
            "delivery": delivery_id,
            "stp": "EchoSoap",
            "outcome": "accepted",
        }
        ((level, attempt),) = lines(file, "attempt")
        assert level == "INFO"
        assert int(attempt.pop("ms")) >= 0
        assert attempt == {
            "request": "request-1",
            "delivery": delivery_id,
            "stp": "EchoSoap",
            "attempt": "1",
            "transport": "soap",
            "outcome": "delivered",
        }


def test_a_task_that_is_refused_is_one_line_too(open_site):
    site = open_site(CONFIG)
    with logged(site) as file:
        rejected = post(site, task("DownloadFile"), X_Request_ID="request-1").error
        post(site, b"not json", X_Request_ID="request-2")
        post(site, task("Echo"), Origin="null", X_Request_ID="request-3")
        ((level, kept),) = lines(file, "intake", request="request-1")
        assert level == "WARNING"
        assert (kept["stp"], kept["delivery"]) == ("DownloadFile", rejected["deliveryId"])
        assert (kept["outcome"], kept["status"], kept["code"]) == (
            "rejected",
            "422",
            "DOCUMENT_INVALID",
        )
        assert "ms" in kept
        ((_, refused),) = lines(file, "intake", request="request-2")
        assert (refused["outcome"], refused["code"]) == ("refused", "PAYLOAD_NOT_JSON")
        assert "delivery" not in refused
        ((_, foreign),) = lines(file, "intake", request="request-3")
        assert foreign["code"] == "ORIGIN_REFUSED"


def test_a_hold_that_is_refused_is_not_told_as_kept(open_site):
    site = open_site(CONFIG)
    with logged(site) as file:
        token = (site.home / "var/operator.token").read_text("ascii").strip()
        headers = {"Authorization": f"Bearer {token}", "X-Request-ID": "request-1"}
        reply = send(site, "POST", "/holds", b'{"storedProcess": "Nobody"}', headers)
        assert reply.status == 404
        ((_, told),) = lines(file, "refused", request="request-1")
    assert (told["outcome"], told["code"]) == ("refused", "STP_UNKNOWN")


def test_a_task_sent_again_is_logged_as_replayed(open_site):
    site = open_site(CONFIG)
    with logged(site) as file:
        for _ in range(2):
            post(site, task("Echo"), wait=30, Idempotency_Key="k")
        assert [facts["outcome"] for _, facts in lines(file, "intake")] == ["accepted", "replayed"]
        assert len(lines(file, "attempt")) == 1


def test_every_failed_attempt_is_logged_with_its_verdict_and_remedy(open_site):
    site = open_site(CONFIG)
    with logged(site) as file:
        site.emulator.switches = Switches(status=503, times=1)
        post(site, task("Echo"), wait=30)
        post(site, task("Fault", code=3000), wait=30)
        first, second, third = lines(file, "attempt")
        assert (first[0], second[0], third[0]) == ("WARNING", "INFO", "ERROR")
        assert re.fullmatch(r"retry_in_\d\.\ds", first[1]["outcome"])
        assert (first[1]["code"], first[1]["effect"]) == ("SAS_BUSY", "not_run")
        assert (second[1]["outcome"], second[1]["attempt"]) == ("delivered", "2")
        assert third[1]["outcome"] == "parked:program_failed"
        assert (third[1]["code"], third[1]["effect"]) == ("SAS_PROGRAM_FAILED", "ran")
        assert all(line["message"] and line["remedy"] for _, line in (first, third))


def test_a_held_account_is_an_error_that_names_it(open_site):
    site = open_site(CONFIG, CREDENTIALS)
    with logged(site) as file:
        site.emulator.switches = Switches(status=401)
        post(site, task("Echo"), wait=30)
        ((level, hold),) = lines(file, "hold")
        assert (level, hold["account"]) == ("ERROR", f"svc_ci360 at {site.emulator.url}")
        assert lines(file, "attempt")[0][1]["outcome"] == "held"


def test_what_had_to_be_changed_in_a_payload_is_a_warning(open_site):
    site = open_site(CONFIG)
    with logged(site) as file:
        post(site, task("Echo", **{"1st": "a\0b"}), wait=30)
        notes = [facts["note"] for level, facts in lines(file, "note") if level == "WARNING"]
        assert any("_1st" in note for note in notes)
        assert any("1 character(s)" in note for note in notes)


def test_a_hostile_name_stays_on_its_line(open_site):
    site = open_site(CONFIG)
    with logged(site) as file:
        name = (
            'a\r\n2026-01-01 00:00:00,000 INFO intake stp="x" outcome=\x1b[31mdelivered\u2028\ud800'
        )
        post(site, task(name))
        post(site, task("Echo", **{'k\n="': "\n"}), wait=30)
        post(site, b"{}", "/a%0Ab%22%20outcome=delivered")
        assert [facts["outcome"] for _, facts in lines(file, "intake")] == [
            "rejected",
            "accepted",
            "rejected",
        ]
        assert {char for char in file.read_text("utf-8") if not char.isprintable()} == {"\n"}


@pytest.mark.parametrize("debug", [False, True])
def test_no_password_link_or_payload_is_ever_logged(open_site, debug):
    site = open_site(CONFIG, CREDENTIALS, **({"SASBIWS_LOGLEVEL": "DEBUG"} if debug else {}))
    secrets = {"dataFile": LINK, "secretColumn": "Pl4nted-Value"}
    with logged(site) as file:
        for stored_process in ("Echo", "EchoSoap", f"{LINK}", "Nobody", "DownloadFile"):
            post(site, task(stored_process, **secrets), wait=30)
        for code in (1000, 2000, 3000, 4000, 5000):
            post(site, task("Fault", code=code, **secrets), wait=1)
        post(site, task("Echo", **secrets, **{LINK: 1}))
        post(site, LINK.encode())
        get(site, f"/deliveries/{LINK.rpartition('?')[2]}", X_Request_ID=SIGNATURE[:3])
        site.emulator.wait_for(lambda sas: sas.executions)
        text = file.read_text("utf-8")
    for secret in (PASSWORD, SIGNATURE, "Pl4nted-Value", "Traceback", "urllib3", "zeep"):
        assert secret not in text
    assert text.count(" intake ") >= 12


def test_the_log_file_lies_where_the_conf_says_relative_to_the_home(open_site):
    site = open_site(
        CONFIG.replace("#log", "proglog = true\nloglevel = INFO\nlogfilepath = .\\logs\\")
    )
    with logged(site) as file:
        assert file.parent == site.home / "logs"
        post(site, task("Echo"), wait=30)
        assert lines(file, "attempt")


def test_without_proglog_no_file_is_written(open_site):
    site = open_site(CONFIG.replace("#log", "proglog = false\nlogfilepath = .\\logs\\"))
    with logged(site):
        post(site, task("Echo"), wait=30)
        assert not (site.home / "logs").exists()


def test_the_log_level_of_the_conf_is_the_least_that_is_written(open_site):
    site = open_site(CONFIG.replace("#log", "loglevel = WARNING"))
    with logged(site) as file:
        post(site, task("Echo"), wait=30)
        post(site, task("Nobody"))
        assert [level for level, _ in lines(file, "intake")] == ["WARNING"]
        assert " INFO " not in file.read_text("utf-8")


def test_a_database_that_fails_is_an_error_with_the_file_that_the_caller_is_not_told(open_site):
    site = open_site(CONFIG)
    with logged(site) as file:
        aside = (site.home / "var").rename(site.home / "aside")
        assert str(site.home) not in post(site, task("Echo")).text
        ((_, intake),) = lines(file, "intake")
        assert intake["code"] == "STORE_UNAVAILABLE"
        assert str(site.home / "var") in intake["message"]
        aside.rename(site.home / "var")
