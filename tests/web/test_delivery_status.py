"""What a delivery tells of itself at each stage of its life, and what it never tells."""

import json
from datetime import datetime

import pytest
from callers import LINK, PASSWORD, SIGNATURE, get, post, send, shows_nothing, task, until

from adapter.emulator import Switches

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
retry_first = 0.05
retry_max = 0.2
max_attempts = 3
[Echo]
[Slow]
[Fault]
[EchoSoap]
stpurl = {sas}/SASBIWS/services/Shared Data/CI360Jobs/Echo
[DownloadFile]
schema = DownloadFile.xsd
"""

ALWAYS = [
    "deliveryId", "status", "storedProcess", "transport", "attempts",
    "acceptedAt", "updatedAt", "held", "history",
]  # fmt: skip


def told(site, delivery_id):
    reply = get(site, f"/deliveries/{delivery_id}")
    assert reply.status == 200
    shows_nothing(site, reply.text)
    assert list(reply.body)[: len(ALWAYS)] == ALWAYS
    assert reply.body["deliveryId"] == delivery_id
    accepted, updated = (
        datetime.fromisoformat(reply.body[name]) for name in ("acceptedAt", "updatedAt")
    )
    assert accepted <= updated
    return reply.body


@pytest.mark.parametrize(("stored_process", "transport"), [("Echo", "rest"), ("EchoSoap", "soap")])
def test_a_delivered_one_tells_its_result_and_its_one_attempt(shared, stored_process, transport):
    delivery_id = post(shared, task(stored_process, a=1), wait=30).body["deliveryId"]
    later = told(shared, delivery_id)
    assert (later["status"], later["held"], later["attempts"]) == ("delivered", False, 1)
    assert (later["storedProcess"], later["transport"]) == (stored_process, transport)
    assert "<A>1</A>" in later["result"]["streams"]["_WEBOUT"]["content"]
    (attempt,) = later["history"]
    assert list(attempt) == ["number", "transport", "startedAt", "endedAt", "effect"]
    assert (attempt["number"], attempt["transport"], attempt["effect"]) == (1, transport, "ran")
    assert attempt["startedAt"] <= attempt["endedAt"]
    assert set(later) == {*ALWAYS, "result"}


def test_a_running_one_tells_its_attempt_without_an_end(shared):
    delivery_id = post(shared, task("Slow", seconds=0.5)).body["deliveryId"]
    shared.emulator.wait_for(lambda sas: sas.requests)
    later = told(shared, delivery_id)
    assert (later["status"], later["attempts"]) == ("running", 1)
    assert list(later["history"][0]) == ["number", "startedAt"]
    assert set(later) == {*ALWAYS, "dueAt"}


def test_a_waiting_one_tells_when_it_is_due_and_why_it_waits(shared):
    shared.emulator.switches = Switches(status=503, retry_after_s=1, times=1)
    delivery_id = post(shared, task("Echo")).body["deliveryId"]
    until(lambda: told(shared, delivery_id)["status"] == "retrying")
    later = told(shared, delivery_id)
    assert later["error"]["code"] == "SAS_BUSY"
    assert later["error"]["remedy"]
    (attempt,) = later["history"]
    due, ended = (datetime.fromisoformat(text) for text in (later["dueAt"], attempt["endedAt"]))
    assert (due - ended).total_seconds() == pytest.approx(1.0, abs=0.01)
    assert (attempt["effect"], attempt["code"], attempt["httpStatus"]) == (
        "not_run",
        "SAS_BUSY",
        503,
    )
    delivered = shared.ended(delivery_id)
    assert [each["number"] for each in delivered["history"]] == [1, 2]
    assert "error" not in delivered


def test_a_parked_one_tells_everything_that_sas_said_and_every_attempt(shared):
    delivery_id = post(shared, task("Fault", code=4000)).body["deliveryId"]
    until(lambda: told(shared, delivery_id)["status"] == "parked")
    later = told(shared, delivery_id)
    assert later["error"]["why"] == "attempts_exhausted:sas_configuration"
    reasons = [detail["reason"] for detail in later["error"]["details"]]
    assert "No stored process server could be reached." in reasons
    assert "Connection refused on port 8611." in reasons
    assert [(each["number"], each["effect"]) for each in later["history"]] == [
        (1, "not_run"), (2, "not_run"), (3, "not_run"),
    ]  # fmt: skip
    assert set(later) == {*ALWAYS, "error"}


def test_a_rejected_one_tells_every_problem(shared):
    error = post(shared, task("DownloadFile", taskCode="x" * 99)).error
    later = told(shared, error["deliveryId"])
    assert (later["status"], later["attempts"], later["history"]) == ("rejected", 0, [])
    assert later["error"]["why"] == "document_invalid"
    assert later["error"]["details"] == error["details"]
    assert set(later) == {*ALWAYS, "error"}


def test_the_head_of_a_delivery_may_be_asked_for_alone(shared):
    delivery_id = post(shared, task("Echo"), wait=30).body["deliveryId"]
    reply = send(shared, "HEAD", f"/deliveries/{delivery_id}")
    assert (reply.status, reply.text) == (200, "")


LINKS = {
    "plain": LINK,
    "with a token": f"{LINK}&X-Amz-Security-Token={'a' * 900}",
    "beyond ASCII": LINK.replace("data", "👩‍🚀"),
    "in a sentence": f"fetch {LINK} at once",
    "in a fragment": LINK.replace("?", "#"),
    "with quotes": LINK.replace("data", 'it\'s "data"'),
    "with markup": f"<a>{LINK}</a>",
}


@pytest.mark.parametrize("stored_process", ["Echo", "EchoSoap"])
@pytest.mark.parametrize("name", LINKS)
def test_a_link_that_sas_repeats_is_given_back_without_its_signature(shared, stored_process, name):
    link = LINKS[name]
    reply = post(shared, task(stored_process, dataFile=link), wait=30)
    assert reply.status == 200
    assert shared.emulator.executions[0].columns["dataFile"] == link
    assert "https://files.example.test/" in reply.text
    shows_nothing(shared, reply.text)
    told(shared, reply.body["deliveryId"])


def test_no_signature_is_left_on_disk_once_everything_is_delivered(open_premises):
    premises = open_premises(SERVICE_CONFIG)
    with premises.serving() as site:
        for stored_process in ("Echo", "EchoSoap"):
            assert post(site, task(stored_process, dataFile=LINK), wait=30).status == 200
    for file in premises.home.rglob("*"):
        assert not file.is_file() or SIGNATURE.encode() not in file.read_bytes(), file


@pytest.mark.parametrize("code", [1000, 2000, 3000, 4000])
def test_a_password_is_told_by_no_failure(open_site, code):
    credentials = f"[DEFAULT]\nstpusername = svc_ci360\nstppassword = {PASSWORD}\n"
    site = open_site(SERVICE_CONFIG, credentials)
    site.emulator.switches = Switches(fault=code)
    for stored_process in ("Echo", "EchoSoap"):
        error = post(site, task(stored_process, dataFile=LINK), wait=30).error
        shows_nothing(site, json.dumps(error))
        told(site, error["deliveryId"])
