"""The same task, posted again or by many at once, is one delivery and one run, on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from adapter_process import Caller, eventually

pytestmark = pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)

CALLERS = 50
RUN = {"taskId": "task", "taskVersionId": "version", "occurrenceId": "occurrence"}


@pytest.fixture
def service_config(service_config):
    return (
        service_config
        + """\
[Patient]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/Echo
breaker_failures = 1
breaker_pause = 1.5
"""
    )


def bulk_task(sent, signed_ago_s=0.0, valid_s=3600):
    """A bulk task whose presigned links were made `signed_ago_s` seconds ago."""
    signed = (datetime.now(UTC) - timedelta(seconds=signed_ago_s)).strftime("%Y%m%dT%H%M%SZ")
    query = f"X-Amz-Date={signed}&X-Amz-Expires={valid_s}&X-Amz-Signature=sent-{sent}"
    links = {"dataFile": f"https://files.example.test/data.csv?{query}"}
    return {**RUN, "presignedUrls": links}


def together(url, post):
    """The answers to `CALLERS` posts that leave at once."""
    ready = threading.Barrier(CALLERS)

    def one(_):
        caller = Caller(url)
        ready.wait(timeout=30)
        answer = post(caller)
        caller.session.close()
        return answer

    with ThreadPoolExecutor(CALLERS) as threads:
        return list(threads.map(one, range(CALLERS)))


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "one"}])
def test_fifty_posts_at_once_are_one_delivery_and_one_run(dying, sas, runs, headers):
    adapter, body = dying(), bulk_task(1)
    answers = together(adapter.url, lambda caller: caller.post("Echo", body, **headers))
    assert {answer.status_code for answer in answers} == {202}
    (delivery_id,) = {answer.json()["deliveryId"] for answer in answers}
    replayed = [answer.headers.get("Idempotent-Replayed", "") for answer in answers]
    assert sorted(replayed) == ["", *["true"] * (CALLERS - 1)]
    assert adapter.ended(delivery_id)["status"] == "delivered"
    later = adapter.post("Echo", body, Prefer="wait=20", **headers)
    assert later.headers["Idempotent-Replayed"] == "true"
    assert (later.status_code, later.json()["deliveryId"]) == (200, delivery_id)
    assert (runs(delivery_id), len(sas.executions)) == (1, 1)


def test_a_key_of_the_caller_with_another_body_is_a_conflict_also_after_a_kill(dying, sas):
    first = dying()
    accepted = first.post("Echo", {"a": "1"}, Idempotency_Key="mine").json()["deliveryId"]
    first.ended(accepted)
    first.kill()
    second = dying()
    refused = second.post("Echo", {"a": "2"}, Idempotency_Key="mine")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert accepted in refused.json()["error"]["message"]
    same = second.post("Echo", {"a": "1"}, Idempotency_Key="mine")
    assert same.json()["deliveryId"] == accepted
    assert len(sas.executions) == 1


def sent_links(sas):
    return [execution.columns["dataFile"].rpartition("=")[2] for execution in sas.executions]


def test_fresh_links_heal_a_delivery_that_is_parked_because_its_links_expired(dying, sas):
    adapter = dying()
    accepted = adapter.post("Echo", bulk_task(1, signed_ago_s=7200)).json()["deliveryId"]
    parked = adapter.ended(accepted)
    assert (parked["status"], parked["error"]["why"]) == ("parked", "links_expired")
    assert not sas.requests
    again = adapter.post("Echo", bulk_task(2))
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["deliveryId"] == accepted
    eventually(lambda: adapter.delivery(accepted)["status"] == "delivered")
    assert sent_links(sas) == ["sent-2"]


def has_failed(adapter, delivery_id, times):
    """True while it waits after so many attempts: the breaker lets no other begin for a while."""
    delivery = adapter.delivery(delivery_id)
    return delivery["status"] == "retrying" and delivery["attempts"] >= times


def test_fresh_links_heal_a_delivery_that_waits_while_sas_is_away_and_the_adapter_dies(dying, sas):
    sas.stop()
    first = dying()
    accepted = first.post("Patient", bulk_task(1)).json()["deliveryId"]
    eventually(lambda: has_failed(first, accepted, 1))
    again = first.post("Patient", bulk_task(2))
    assert again.json()["deliveryId"] == accepted
    first.kill()
    second = dying()
    eventually(lambda: has_failed(second, accepted, 2))
    assert second.post("Patient", bulk_task(3)).json()["deliveryId"] == accepted
    sas.start()
    assert second.ended(accepted)["status"] == "delivered"
    assert sent_links(sas) == ["sent-3"]
