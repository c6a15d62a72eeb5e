"""SAS refuses the credentials: nothing is lost, nothing goes out, until they are saved again."""

import os
import time

import pytest
from callers import PASSWORD, at_once, get, kept, post, refused, shows_nothing, task, until

from adapter.emulator import Page, Switches

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/Echo
retry_first = 0.02
retry_max = 0.1
[Rest]
[Rest again]
idempotent = true
[Soap]
stpurl = {sas}/SASBIWS/services/Shared Data/Echo
[Soap again]
stpurl = {sas}/SASBIWS/services/Shared Data/Echo
idempotent = true
[Another user]
"""

CREDENTIALS = f"""\
[DEFAULT]
stpusername = svc_ci360
stppassword = {PASSWORD}
[Another user]
stpusername = svc_other
stppassword = {PASSWORD}
"""

CODE = "SAS_CREDENTIALS_REFUSED"
ALL = ["Rest", "Rest again", "Soap", "Soap again"]
REFUSALS = {
    "HTTP 401": (Switches(status=401), "401"),
    "an HTML page with 401": (Switches(page=Page.HTML_401), "401"),
    "fault 1000": (Switches(fault=1000), "SAS fault 1000"),
    "a login page": (Switches(page=Page.LOGIN_200), "login page"),
    "a redirect to the login page": (Switches(page=Page.REDIRECT_LOGIN), "login page"),
}


def calls(site):
    return [request for request in site.emulator.requests if request.method == "POST"]


def is_held(site, delivery_id):
    """The delivery, once it is queued and marked held."""
    later = get(site, f"/deliveries/{delivery_id}")
    shows_nothing(site, later.text)
    assert later.body["status"] == "queued"
    assert later.body["held"] is True
    return later.body


@pytest.mark.parametrize("stored_process", ALL)
@pytest.mark.parametrize("name", REFUSALS)
def test_refused_credentials_hold_the_delivery_and_are_told_at_once(
    open_site, name, stored_process
):
    switches, told = REFUSALS[name]
    site = open_site(SERVICE_CONFIG, CREDENTIALS)
    site.emulator.switches = switches
    started = time.monotonic()
    error = refused(site, post(site, task(stored_process), wait=55), 502, CODE, told)
    assert time.monotonic() - started < 10
    assert error["status"] == "queued"
    later = is_held(site, error["deliveryId"])
    assert later["error"]["code"] == CODE
    assert [each["effect"] for each in later["history"]] == ["not_run"]
    assert len(calls(site)) == 1
    assert not site.emulator.executions


def test_credentials_that_do_not_open_the_wsdl_hold_the_delivery_too(open_site):
    site = open_site(SERVICE_CONFIG, CREDENTIALS)
    site.emulator.switches = Switches(wsdl_needs_basic=True, users={"svc_ci360": "other"})
    error = refused(site, post(site, task("Soap"), wait=55), 502, CODE, "asks for a login")
    assert is_held(site, error["deliveryId"])["history"][0]["effect"] == "not_run"
    asked = len(site.emulator.requests)
    assert post(site, task("Soap again")).status == 202
    refused(site, post(site, task("Rest"), wait=55), 502, CODE)
    assert len(site.emulator.requests) == asked
    assert not calls(site)


def test_a_held_account_makes_no_further_call_and_goes_on_taking_tasks(open_site):
    site = open_site(SERVICE_CONFIG, CREDENTIALS)
    site.emulator.switches = Switches(status=401, times=1)
    refused(site, post(site, task("Rest"), wait=55), 502, CODE)
    replies = [post(site, task(stored_process, a=1)) for stored_process in ALL]
    assert [reply.status for reply in replies] == [202] * 4
    for reply in replies:
        later = is_held(site, reply.body["deliveryId"])
        assert later["attempts"] == 0
    error = refused(site, post(site, task("Soap", b=1), wait=55), 502, CODE, "held")
    assert is_held(site, error["deliveryId"])["attempts"] == 0
    assert kept(site) == 6
    assert len(calls(site)) == 1
    assert not site.emulator.executions


def test_another_user_of_the_same_server_is_not_held(open_site):
    site = open_site(SERVICE_CONFIG, CREDENTIALS)
    site.emulator.switches = Switches(status=401, times=1)
    refused(site, post(site, task("Rest"), wait=55), 502, CODE)
    assert post(site, task("Another user"), wait=30).status == 200


def test_a_task_that_waits_for_its_retry_is_held_too_and_says_why(open_site):
    site = open_site(SERVICE_CONFIG.replace("0.02", "5").replace("0.1", "5"), CREDENTIALS)
    site.emulator.switches = Switches(status=503, retry_after_s=600)
    retrying = post(site, task("Rest", a=1)).body["deliveryId"]
    until(lambda: site.delivery(retrying)["status"] == "retrying")
    site.emulator.switches = Switches(status=401)
    refused(site, post(site, task("Soap"), wait=55), 502, CODE)
    assert site.delivery(retrying)["held"] is True


def test_a_caller_whose_call_is_under_way_is_not_told_of_another_ones_refusal(open_site):
    slow = SERVICE_CONFIG.replace(
        "[Rest]", "[Slow]\nstpurl = {sas}/SASBIWS/rest/storedProcesses/A/Slow\n[Rest]"
    )
    site = open_site(slow, CREDENTIALS)
    site.emulator.switches = Switches(status=401, only="Echo")

    def refuse():
        site.emulator.wait_for(lambda sas: sas.requests)
        return post(site, task("Rest"), wait=55)

    finished, told = at_once([lambda: post(site, task("Slow", seconds=1), wait=55), refuse])
    refused(site, told, 502, CODE)
    assert (finished.status, finished.body["status"]) == (200, "delivered")


def save(home, credentials):
    """Save credentials.ini again, later than anything that has happened."""
    file = home / "conf/credentials.ini"
    file.write_text(credentials, encoding="utf-8")
    os.utime(file, (time.time() + 1, time.time() + 1))


def test_held_tasks_are_delivered_once_the_credentials_are_saved_again(open_premises):
    premises = open_premises(SERVICE_CONFIG, CREDENTIALS)
    premises.emulator.switches = Switches(users={"svc_ci360": "changed"})
    with premises.serving() as site:
        first = refused(site, post(site, task("Rest"), wait=55), 502, CODE)["deliveryId"]
        held = [first] + [post(site, task(name, a=1)).body["deliveryId"] for name in ALL]
    with premises.serving() as site:
        for delivery_id in held:
            is_held(site, delivery_id)
        refused(site, post(site, task("Rest", b=1), wait=55), 502, CODE, "held")
        assert len(calls(site)) == 1
    save(premises.home, CREDENTIALS.replace(PASSWORD, "changed", 1))
    with premises.serving() as site:
        assert [site.ended(delivery_id)["status"] for delivery_id in held] == ["delivered"] * 5
        later = get(site, f"/deliveries/{first}").body
        assert (later["held"], later["attempts"]) == (False, 2)
        assert "error" not in later
        site.emulator.wait_for(lambda sas: len(sas.executions) == 6)


def test_credentials_that_are_wrong_again_hold_again(open_premises):
    premises = open_premises(SERVICE_CONFIG, CREDENTIALS)
    premises.emulator.switches = Switches(users={"svc_ci360": "changed"})
    with premises.serving() as site:
        held = refused(site, post(site, task("Soap"), wait=55), 502, CODE)["deliveryId"]
    save(premises.home, CREDENTIALS)
    with premises.serving() as site:
        until(lambda: len(site.delivery(held)["history"]) == 2 and site.delivery(held)["held"])
        is_held(site, held)
        assert len(calls(site)) == 2
        assert not site.emulator.executions
