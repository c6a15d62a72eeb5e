"""The operator's verbs over HTTP: who may use them, what they do, and what they refuse."""

import json
from datetime import datetime

import pytest
from callers import LINK, SIGNATURE, get, kept, post, refused, send, shows_nothing, task, until

from adapter.emulator import Switches

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
retry_first = 0.05
retry_max = 0.2
max_attempts = 2
[Echo]
[Fault]
[Slow]
[Again]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/Fault
idempotent = true
[DownloadFile]
schema = DownloadFile.xsd
"""


def token(site):
    return (site.home / "var/operator.token").read_text("ascii").strip()


def operate(site, target, **members):
    """A verb of an operator who shows the token."""
    headers = {"Authorization": f"Bearer {token(site)}"}
    return send(site, "POST", target, json.dumps(members).encode(), headers)


def export(site, query=""):
    reply = send(
        site, "GET", f"/deliveries/export{query}",
        headers={"Authorization": f"Bearer {token(site)}"},
    )  # fmt: skip
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in reply.text.splitlines()]


def parked(site, **members):
    """The id of a delivery that is parked, for the stored process ran and failed."""
    reply = post(site, task("Fault", code=3000, **members), wait=30)
    return refused(site, reply, 502, "SAS_PROGRAM_FAILED")["deliveryId"]


def status(site, delivery_id):
    return get(site, f"/deliveries/{delivery_id}").body["status"]


VERBS = [
    "/deliveries/x/retry", "/deliveries/x/discard", "/deliveries/x/cancel", "/deliveries/retry",
    "/deliveries/discard", "/deliveries/cancel", "/deliveries/purge", "/holds", "/holds/release",
]  # fmt: skip


@pytest.mark.parametrize("target", VERBS)
@pytest.mark.parametrize(
    "given",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic {}", "{}", "Bearer {}x", "Bearer é"],
)
def test_a_verb_without_the_token_is_refused_on_this_machine_too(shared, target, given):
    before = kept(shared)
    told = {} if given is None else {
        "Authorization": given.format(token(shared)).encode().decode("latin-1")
    }  # fmt: skip
    reply = send(shared, "POST", target, b"{not json", told)
    error = refused(shared, reply, 401, "OPERATOR_TOKEN_WRONG")
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert "var/operator.token" in error["remedy"]
    assert token(shared) not in reply.text
    assert kept(shared) == before


def test_payloads_are_exported_to_operators_alone(shared):
    refused(shared, get(shared, "/deliveries/export"), 401, "OPERATOR_TOKEN_WRONG")


def test_the_token_is_readable_by_its_owner_alone_and_stays(open_premises):
    premises = open_premises(SERVICE_CONFIG)
    with premises.serving() as site:
        first = token(site)
        assert len(first) >= 43
        assert (site.home / "var/operator.token").stat().st_mode & 0o077 == 0
    with premises.serving() as site:
        assert token(site) == first


def test_a_page_of_another_site_is_refused_whatever_it_shows(shared):
    headers = {"Authorization": f"Bearer {token(shared)}", "Origin": "https://evil.example"}
    reply = send(shared, "POST", "/deliveries/retry", b"{}", headers)
    refused(shared, reply, 403, "ORIGIN_REFUSED")


def test_a_parked_one_runs_again_once_a_person_says_so_and_the_answer_warns(shared):
    delivery_id = parked(shared)
    reply = operate(shared, f"/deliveries/{delivery_id}/retry")
    assert (reply.status, reply.body["mayRunTwice"]) == (200, True)
    assert "second time" in reply.body["warning"]
    until(lambda: get(shared, f"/deliveries/{delivery_id}").body["attempts"] == 2)
    assert shared.ended(delivery_id)["status"] == "parked"
    assert len(shared.emulator.executions) == 2


def test_nothing_is_warned_of_where_running_twice_does_no_harm(shared):
    reply = post(shared, task("Again", code=3000), wait=30)
    delivery_id = refused(shared, reply, 502, "SAS_PROGRAM_FAILED")["deliveryId"]
    body = operate(shared, f"/deliveries/{delivery_id}/retry", asSent=True).body
    assert body["mayRunTwice"] is False
    assert "warning" not in body


def test_a_delivered_one_is_not_sent_again_and_the_error_says_how_to(shared):
    delivery_id = post(shared, task("Echo"), wait=30).body["deliveryId"]
    reply = operate(shared, f"/deliveries/{delivery_id}/retry")
    refused(shared, reply, 409, "DELIVERY_NOT_WAITING", "is delivered", "Idempotency-Key")


def test_a_parked_one_is_discarded_and_its_task_may_come_again(shared):
    run = {"taskId": "t", "taskVersionId": "v", "occurrenceId": "discarded"}
    delivery_id = parked(shared, **run)
    assert operate(shared, f"/deliveries/{delivery_id}/discard").body["status"] == "cancelled"
    error = get(shared, f"/deliveries/{delivery_id}").body["error"]
    assert error["why"] == "discarded"
    assert parked(shared, **run) != delivery_id
    reply = operate(shared, f"/deliveries/{delivery_id}/retry")
    refused(shared, reply, 409, "ALREADY_ACCEPTED")


@pytest.mark.parametrize("verb", ["retry", "discard", "cancel"])
def test_one_that_is_not_there_is_404(shared, verb):
    refused(shared, operate(shared, f"/deliveries/nosuch/{verb}"), 404, "DELIVERY_UNKNOWN")


def test_a_verb_for_another_state_is_refused_and_names_the_right_one(shared):
    delivery_id = parked(shared)
    reply = operate(shared, f"/deliveries/{delivery_id}/cancel")
    refused(shared, reply, 409, "DELIVERY_NOT_WAITING", "is parked", "discard")


def test_a_held_account_waits_is_cancelled_and_released(open_site):
    site = open_site(SERVICE_CONFIG)
    held = operate(site, "/holds", storedProcess="Echo", message="SAS is patched").body["held"]
    assert held["byHand"] is True
    assert "Fault" in held["storedProcesses"]
    first, second = (post(site, task("Echo")).body for _ in range(2))
    assert "deliveries release" in first["next"]
    waited = refused(site, post(site, task("Echo"), wait=30), 502, "ROUTE_HELD", "SAS is patched")
    assert waited["status"] == "queued"
    assert get(site, f"/deliveries/{first['deliveryId']}").body["held"] is True
    told = get(site, "/holds").body
    assert (told["holds"], told["breakers"]) == ([held], [])
    operate(site, f"/deliveries/{first['deliveryId']}/cancel")
    released = operate(site, "/holds/release", account=held["account"]).body["released"]
    assert released == held
    assert site.ended(second["deliveryId"])["status"] == "delivered"
    assert status(site, first["deliveryId"]) == "cancelled"
    assert len(site.emulator.executions) == 2
    reply = operate(site, "/holds/release", storedProcess="Echo")
    refused(site, reply, 404, "HOLD_UNKNOWN")


@pytest.mark.parametrize(
    ("target", "members"),
    [
        ("/holds", {}),
        ("/holds", {"storedProcess": 1}),
        ("/holds/release", {}),
        ("/holds/release", {"storedProcess": "Echo", "account": "x"}),
        ("/deliveries/x/retry", {"asSent": "yes"}),
        ("/deliveries/x/retry", {"assent": True}),
        ("/deliveries/retry", {"state": "parked"}),
        ("/deliveries/retry", {"state": "parked", "expect": "1"}),
        ("/deliveries/retry", {"state": "parked", "expect": True}),
        ("/deliveries/retry", {"state": "park", "expect": 1}),
        ("/deliveries/retry", {"state": [1], "expect": 1}),
        ("/deliveries/retry", {"olderThan": "soon", "expect": 1}),
        ("/deliveries/purge", {"state": "running", "expect": 0}),
    ],
)
def test_what_cannot_be_understood_is_400(shared, target, members):
    refused(shared, operate(shared, target, **members), 400, "REQUEST_INVALID")


@pytest.mark.parametrize("body", [b"{", b"[]", b"1", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_400(shared, body):
    headers = {"Authorization": f"Bearer {token(shared)}"}
    reply = send(shared, "POST", "/deliveries/retry", body, headers)
    refused(shared, reply, 400, "REQUEST_INVALID")


def test_many_are_changed_only_if_they_are_as_many_as_the_caller_saw(open_site):
    site = open_site(SERVICE_CONFIG)
    ids = {parked(site) for _ in range(3)}
    reply = operate(site, "/deliveries/discard", storedProcess="Fault", expect=2)
    error = refused(site, reply, 409, "COUNT_CHANGED", "3", "2")
    assert error["count"] == "3"
    assert {status(site, name) for name in ids} == {"parked"}
    body = operate(site, "/deliveries/discard", storedProcess="Fault", expect=3).body
    assert (body["meant"], body["done"], body["refused"]) == (3, 3, 0)
    assert {result["deliveryId"] for result in body["results"]} == ids
    assert {status(site, name) for name in ids} == {"cancelled"}


def test_a_refusal_does_not_end_what_is_done_to_many(open_site):
    site = open_site(SERVICE_CONFIG)
    delivered = post(site, task("Echo"), wait=30).body["deliveryId"]
    ids = [parked(site), delivered, parked(site)]
    body = operate(site, "/deliveries/retry", id=ids, expect=3).body
    assert (body["done"], body["refused"], body["mayRunTwice"]) == (2, 1, 2)
    (error,) = [result["error"] for result in body["results"] if not result["done"]]
    assert error["code"] == "DELIVERY_NOT_WAITING"


def test_ended_ones_are_purged_and_those_a_person_must_see_are_not(open_site):
    site = open_site(SERVICE_CONFIG)
    stays = parked(site)
    post(site, task("Echo"), wait=30)
    assert operate(site, "/deliveries/purge", expect=1).body == {"deleted": 1}
    assert kept(site) == 1
    assert operate(site, "/deliveries/purge", state="parked", expect=1).body == {"deleted": 1}
    refused(site, get(site, f"/deliveries/{stays}"), 404, "DELIVERY_UNKNOWN")


def test_the_list_has_the_newest_first_and_how_it_stands(open_site):
    site = open_site(SERVICE_CONFIG)
    ids = [post(site, task("Echo", taskId=f"T{n}"), wait=30).body["deliveryId"] for n in range(3)]
    failed = parked(site)
    body = get(site, "/deliveries?limit=2").body
    assert body["counts"] == {"delivered": 3, "parked": 1}
    assert (body["holds"], body["breakers"], body["linksExpireSoon"]) == ([], [], [])
    assert [each["deliveryId"] for each in body["deliveries"]] == [failed, ids[2]]
    assert body["matching"] == 4
    assert get(site, "/deliveries?limit=0").body["deliveries"] == []
    found = {
        "state=delivered&offset=1": ids[1::-1],
        "state=parked&state=rejected": [failed],
        "storedProcess=Fault": [failed],
        "code=SAS_PROGRAM_FAILED": [failed],
        "code=program_failed": [failed],
        "task=T1": [ids[1]],
        "text=emulator%20was": [failed],
        f"id={ids[0]}&id=nosuch": [ids[0]],
        "olderThan=1h": [],
        "newerThan=1h&storedProcess=Fault": [failed],
        "newerThan=2026-01-01T00:00:00Z&state=parked": [failed],
    }
    for query, expected in found.items():
        listed = get(site, f"/deliveries?{query}").body["deliveries"]
        assert [each["deliveryId"] for each in listed] == expected, query


@pytest.mark.parametrize(
    "query",
    ["limit=x", "limit=1001", "limit=-1", "nosuch=1", "state=x", "code=a&code=b", "olderThan=x"],
)
def test_a_query_that_cannot_be_understood_is_400(shared, query):
    refused(shared, get(shared, f"/deliveries?{query}"), 400, "REQUEST_INVALID")


def test_an_open_breaker_is_seen(open_site):
    site = open_site(SERVICE_CONFIG.replace("max_attempts = 2", "breaker_failures = 2"))
    site.emulator.switches = Switches(status=503)
    post(site, task("Echo"))
    (breaker,) = until(lambda: get(site, "/holds").body["breakers"])
    assert breaker["failures"] >= 2
    datetime.fromisoformat(breaker["openUntil"])


def test_an_export_has_payload_and_document_and_no_signature(open_site):
    site = open_site(SERVICE_CONFIG)
    waiting = parked(site, dataFile=LINK, number=1.50)
    rejected = post(site, task("DownloadFile", dataFile=LINK)).error["deliveryId"]
    lines = {line["deliveryId"]: line for line in export(site)}
    assert set(lines) == {waiting, rejected}
    shows_nothing(site, json.dumps(lines))
    assert json.loads(lines[waiting]["payload"])["dataFile"].endswith("data.csv?***")
    assert '"number": 1.5' in lines[waiting]["payload"]
    assert "<dataFile>https://files.example.test/data.csv?***" in lines[waiting]["document"]
    assert lines[rejected]["document"] is None
    assert [line["deliveryId"] for line in export(site, "?state=rejected")] == [rejected]
    operate(site, f"/deliveries/{waiting}/retry")
    until(lambda: get(site, f"/deliveries/{waiting}").body["attempts"] == 2)
    assert site.emulator.executions[-1].columns["dataFile"].endswith(SIGNATURE)


def test_a_replayed_post_of_a_parked_delivery_says_what_to_do(shared, caplog):
    run = {"taskId": "t", "taskVersionId": "v", "occurrenceId": "replayed"}
    delivery_id = parked(shared, **run)
    with caplog.at_level("INFO", "adapter"):
        reply = post(shared, task("Fault", code=3000, **run))
    assert (reply.status, reply.body["status"]) == (202, "parked")
    assert f"sasbiws deliveries retry {delivery_id}" in reply.body["next"]
    (line,) = [each for each in caplog.records if each.getMessage().startswith("intake")]
    assert (line.levelname, "state=parked" in line.getMessage()) == ("WARNING", True)


def test_intake_for_a_held_account_is_logged_as_held(open_site, caplog):
    site = open_site(SERVICE_CONFIG)
    operate(site, "/holds", storedProcess="Echo")
    with caplog.at_level("INFO", "adapter"):
        post(site, task("Echo"))
    (line,) = [each for each in caplog.records if each.getMessage().startswith("intake")]
    assert (line.levelname, "outcome=held" in line.getMessage()) == ("WARNING", True)


def test_every_verb_is_logged_with_who_and_which(open_site, caplog):
    site = open_site(SERVICE_CONFIG)
    delivery_id = parked(site)
    with caplog.at_level("INFO", "adapter"):
        operate(site, f"/deliveries/{delivery_id}/discard")
        operate(site, "/holds", storedProcess="Echo")
        operate(site, "/holds/release", storedProcess="Echo")
        export(site)
        operate(site, "/deliveries/purge", expect=1)
    told = [
        each.getMessage() for each in caplog.records if each.getMessage().startswith("operator")
    ]
    assert all("by=http" in line for line in told)
    verbs = [line.split()[1] for line in told]
    assert verbs == [f"verb={name}" for name in ("discard", "hold", "release", "export", "purge")]
    assert f"delivery={delivery_id}" in told[0]
    assert not [each for each in caplog.records if token(site) in each.getMessage()]


@pytest.mark.parametrize(
    ("method", "target"), [("DELETE", "/deliveries/1"), ("GET", "/ExecuteSTP")]
)
def test_a_wrong_method_is_told_which_is_right(shared, method, target):
    reply = send(shared, method, target)
    error = refused(shared, reply, 405, "METHOD_NOT_ALLOWED")
    assert reply.headers["allow"] in error["remedy"]


def test_a_hold_by_hand_outlives_a_restart_and_is_told_at_the_start(open_premises, caplog):
    premises = open_premises(SERVICE_CONFIG)
    with premises.serving() as site:
        operate(site, "/holds", storedProcess="Echo", message="SAS is patched")
    (premises.home / "conf/credentials.ini").write_text("[DEFAULT]\n", encoding="utf-8")
    with caplog.at_level("INFO", "adapter"), premises.serving() as site:
        assert [hold["byHand"] for hold in get(site, "/holds").body["holds"]] == [True]
    (line,) = [
        each.getMessage() for each in caplog.records if "SAS is patched" in each.getMessage()
    ]
    assert "sasbiws deliveries release" in line
