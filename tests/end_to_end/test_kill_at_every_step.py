"""kill -9 between any two steps of a delivery: nothing is lost, nothing runs twice unasked."""

from contextlib import suppress

import pytest
import requests

TASK = {"a": "1"}
JUDGED_S = 2.0
"""Seconds after a restart within which an abandoned lease is judged."""

LEASE_S = 1.0
"""On PostgreSQL, after which a silent process is taken for dead."""

pytestmark = pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)

POINTS = [
    # moment, step        plain route: state, runs   idempotent: state, runs
    ("after", "add", "delivered", 1, "delivered", 1),
    ("inside", "lease", "delivered", 1, "delivered", 1),
    ("after", "lease", "parked", 0, "delivered", 1),
    ("before", "send", "parked", 0, "delivered", 1),
    ("after", "send", "parked", 1, "delivered", 2),
    ("before", "record", "parked", 1, "delivered", 2),
    ("inside", "record", "parked", 1, "delivered", 2),
    ("after", "record", "delivered", 1, "delivered", 1),
]


def outlived(dying, stp, moment, step):
    """The delivery of a task whose adapter died, and the adapter started after it.

    The caller sends the task again, as one does who got no answer: the key tells it is the same.
    """
    first = dying(moment, step)
    with suppress(requests.RequestException):
        first.post(stp, TASK, Idempotency_Key="one")
    first.wait_for_death()
    second = dying()
    answer = second.post(stp, TASK, Idempotency_Key="one")
    assert answer.status_code == 202
    assert answer.headers["Idempotent-Replayed"] == "true"
    return second.ended(answer.json()["deliveryId"], JUDGED_S), second


@pytest.mark.parametrize(("moment", "step", "state", "times", "_state", "_times"), POINTS)
def test_a_plain_route_is_never_run_twice(dying, runs, moment, step, state, times, _state, _times):
    delivery, adapter = outlived(dying, "Echo", moment, step)
    assert delivery["status"] == state
    if state == "parked":
        assert delivery["error"]["code"] == "WORKER_DIED"
        assert delivery["error"]["why"] == "outcome_unknown"
        assert delivery["error"]["remedy"]
    later = adapter.post("Echo", {"a": "2"}).json()["deliveryId"]
    assert adapter.ended(later)["status"] == "delivered"
    assert runs(delivery["deliveryId"]) == times


@pytest.mark.parametrize(("moment", "step", "_state", "_times", "state", "times"), POINTS)
def test_an_idempotent_route_is_run_again_until_it_is_delivered(
    dying, runs, moment, step, _state, _times, state, times
):
    delivery, _ = outlived(dying, "EchoAgain", moment, step)
    assert delivery["status"] == state
    assert runs(delivery["deliveryId"]) == times
    codes = [attempt.get("code", "") for attempt in delivery["history"]]
    died = (moment, step) not in (("after", "add"), ("inside", "lease"), ("after", "record"))
    assert codes == (["WORKER_DIED", ""] if died else [""])


@pytest.mark.parametrize("moment", ["before", "inside"])
def test_a_task_that_was_not_on_disk_was_not_accepted(dying, sas, moment):
    first = dying(moment, "add")
    with pytest.raises(requests.RequestException):
        first.post("Echo", TASK, Idempotency_Key="one")
    first.wait_for_death()
    second = dying()
    answer = second.post("Echo", TASK, Idempotency_Key="one")
    assert "Idempotent-Replayed" not in answer.headers
    assert second.ended(answer.json()["deliveryId"])["status"] == "delivered"
    assert len(sas.executions) == 1


def test_a_rejected_task_that_was_answered_is_kept(dying):
    first = dying("after", "ping")
    answer = first.post("Nobody", TASK)
    assert answer.status_code == 404
    with pytest.raises(requests.RequestException):
        first.session.get(f"{first.url}/readyz", timeout=10)
    first.wait_for_death()
    second = dying()
    kept = second.delivery(answer.json()["error"]["deliveryId"])
    assert kept["status"] == "rejected"
