"""The same task twice is one delivery: by the caller's key, the bulk task's run, the event's guid."""

import json

import pytest
from callers import LINK, at_once, kept, post, refused, send, shows_nothing, task

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
retry_first = 0.05
retry_max = 0.2
max_attempts = 1000
[Echo]
[Hello]
[Fault]
[Slow]
concurrency = 1
"""


@pytest.fixture
def run(request):
    """The identity of a bulk task's run that no other test has."""
    return {"taskId": "task", "taskVersionId": "version", "occurrenceId": request.node.name[-36:]}


def replayed(reply):
    return reply.headers.get("idempotent-replayed")


def test_the_same_bulk_task_twice_is_one_delivery_and_one_run(shared, run):
    first = post(shared, task("Echo", **run), wait=30)
    second = post(shared, task("Echo", **run))
    third = post(shared, task("Echo", **run), wait=30)
    assert (first.status, second.status, third.status) == (200, 202, 200)
    assert [replayed(reply) for reply in (first, second, third)] == [None, "true", "true"]
    assert second.body["deliveryId"] == first.body["deliveryId"]
    assert second.headers["location"] == f"/deliveries/{first.body['deliveryId']}"
    assert third.body == first.body
    assert len(shared.emulator.executions) == 1


def test_another_run_of_the_same_task_is_another_delivery(shared, run):
    first = post(shared, task("Echo", **run), wait=30)
    second = post(shared, task("Echo", **{**run, "occurrenceId": "next"}), wait=30)
    assert replayed(second) is None
    assert second.body["deliveryId"] != first.body["deliveryId"]


def test_the_same_run_for_another_stored_process_is_another_delivery(shared, run):
    post(shared, task("Echo", **run), wait=30)
    assert replayed(post(shared, task("Hello", **run), wait=30)) is None
    assert len(shared.emulator.executions) == 2


def test_the_same_event_twice_is_one_delivery(shared, vectors):
    body = (vectors / "payloads/triggered-task-2.json").read_bytes()
    first = post(shared, body, "/Echo", wait=30)
    second = post(shared, body, "/Echo", wait=30)
    assert (replayed(second), second.body) == ("true", first.body)
    assert len(shared.emulator.executions) == 1


def test_a_task_that_nothing_identifies_is_another_one_each_time(shared):
    ids = {post(shared, task("Echo", a=1), wait=30).body["deliveryId"] for _ in range(3)}
    assert len(ids) == len(shared.emulator.executions) == 3


def test_twenty_posts_at_once_are_one_delivery_and_one_run(shared, run):
    replies = at_once([lambda: post(shared, task("Echo", **run))] * 20)
    assert {reply.status for reply in replies} == {202}
    assert len({reply.body["deliveryId"] for reply in replies}) == 1
    assert sorted(replayed(reply) or "" for reply in replies) == ["", *["true"] * 19]
    assert shared.ended(replies[0].body["deliveryId"])["attempts"] == 1
    assert len(shared.emulator.executions) == 1


def test_a_key_of_the_caller_makes_one_delivery_of_many_posts(shared):
    replies = [
        post(shared, task("Echo", a=1), Idempotency_Key=key) for key in ("k-1", '"k-1"', " k-1 ")
    ]
    assert len({reply.body["deliveryId"] for reply in replies}) == 1
    assert [replayed(reply) for reply in replies] == [None, "true", "true"]


def test_a_key_of_the_caller_beats_what_the_task_says(shared, run):
    body = task("Echo", **run)
    ids = {post(shared, body, Idempotency_Key=key).body["deliveryId"] for key in ("k-2", "k-3")}
    assert len({*ids, post(shared, body).body["deliveryId"]}) == 3


def test_a_key_of_the_caller_with_another_body_is_a_conflict(shared):
    first = post(shared, task("Echo", a=1), wait=30, Idempotency_Key="k-4")
    before = kept(shared)
    reply = post(shared, task("Echo", a=2), wait=30, Idempotency_Key="k-4")
    refused(shared, reply, 409, "IDEMPOTENCY_KEY_REUSED", "'k-4'", first.body["deliveryId"])
    assert kept(shared) == before
    assert len(shared.emulator.executions) == 1


@pytest.mark.parametrize("key", ["x" * 256, "Größe", "a\tb", '""'])
def test_a_key_that_cannot_be_one_is_refused_and_nothing_kept(shared, key):
    before = kept(shared)
    headers = {"Idempotency-Key": key.encode().decode("latin-1")}
    reply = send(shared, "POST", "/ExecuteSTP", task("Echo"), headers)
    refused(shared, reply, 400, "IDEMPOTENCY_KEY_INVALID", "255 printable ASCII characters")
    assert kept(shared) == before


def test_a_rejected_task_holds_no_key(shared):
    key = {"Idempotency_Key": "k-5"}
    refused(shared, post(shared, b'{"\\u0000": 1}', "/Echo", **key), 422, "DOCUMENT_INVALID")
    again = post(shared, task("Echo", a=1), wait=30, **key)
    assert (again.status, replayed(again)) == (200, None)


def test_a_task_that_ended_badly_is_not_run_again_by_sending_it_again(shared, run):
    body = task("Fault", code=3000, **run)
    first = refused(shared, post(shared, body, wait=30), 502, "SAS_PROGRAM_FAILED")
    again = post(shared, body, wait=30)
    assert replayed(again) == "true"
    assert refused(shared, again, 502, "SAS_PROGRAM_FAILED")["deliveryId"] == first["deliveryId"]
    assert post(shared, body).status == 202
    assert len(shared.emulator.executions) == 1


def links(number):
    """Presigned links as they are made anew each time a task is sent."""
    return dict.fromkeys(("metadataFile", "dataFile"), f"{LINK}&sent={number}")


def test_a_bulk_task_sent_again_while_it_waits_brings_its_fresh_links(shared, run):
    post(shared, task("Slow", seconds=1))
    shared.emulator.wait_for(lambda sas: sas.requests)
    replies = [post(shared, task("Slow", **run, presignedUrls=links(sent))) for sent in (1, 2, 3)]
    assert [replayed(reply) for reply in replies] == [None, "true", "true"]
    later = shared.ended(replies[0].body["deliveryId"])
    assert (later["status"], later["attempts"]) == ("delivered", 1)
    _, execution = shared.emulator.executions
    assert execution.columns["dataFile"] == links(3)["dataFile"]
    shows_nothing(shared, json.dumps(later))


def test_a_bulk_task_sent_again_while_it_runs_or_after_it_ended_changes_nothing(shared, run):
    first = post(shared, task("Slow", seconds=0.5, **run, presignedUrls=links(1)))
    shared.emulator.wait_for(lambda sas: sas.requests)
    again = task("Slow", seconds=0.5, **run, presignedUrls=links(2))
    assert post(shared, again).body["deliveryId"] == first.body["deliveryId"]
    later = shared.ended(first.body["deliveryId"])
    assert post(shared, again, wait=30).body["result"] == later["result"]
    (execution,) = shared.emulator.executions
    assert execution.columns["dataFile"] == links(1)["dataFile"]
