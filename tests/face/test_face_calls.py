"""The face for Python: `open_home`, and what a home can do."""

import json
import math
from collections import UserDict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

import adapter
from adapter.core.delivery import Gate, Idle
from adapter.emulator import EXAMPLES, FileServer, Page, Switches, example_bulk_task

TASK = {"a": "1 < 2", "ü": 0.5}


@pytest.fixture
def home(site):
    with adapter.open_home(site.home) as opened:
        yield opened


@pytest.mark.parametrize(
    "payload", [TASK, json.dumps(TASK), json.dumps(TASK).encode(), UserDict(TASK)], ids=type
)
def test_a_payload_may_be_an_object_text_or_bytes(home, payload):
    answer = home.call("Echo", payload)
    assert isinstance(answer, adapter.Answer)
    (stream,) = answer.streams.values()
    assert isinstance(stream, adapter.Stream)
    assert "<A>1 &lt; 2</A>" in stream.content


def test_a_call_runs_once_and_stores_nothing(home, site):
    home.call("Echo", TASK)
    home.call("Echo", {**TASK, "guid": "g"})
    home.call("Echo", {**TASK, "guid": "g"})
    assert len(site.emulator.executions) == 3
    assert site.serving.parts.deliveries.lease("o", lambda _: Gate(1)) == Idle()


def test_validate_gives_the_document_and_sends_nothing(home, site):
    document = home.validate({**TASK, "sendParameters": {"stpName": "Echo"}})
    assert isinstance(document, adapter.Document)
    assert document.xml.startswith(b"<Table>\n<InData>\n<a>1 &lt; 2</a>\n")
    assert home.validate(TASK, "Echo").xml != document.xml
    assert site.emulator.requests == ()


def test_what_is_submitted_a_serving_adapter_delivers(home, site):
    delivery_id = home.submit(TASK, "Echo")
    assert site.ended(delivery_id)["status"] == "delivered"
    delivery = home.delivery(delivery_id)
    assert (delivery.state, delivery.attempts) == ("delivered", 1)
    assert "1 &lt; 2" in next(iter(delivery.result.streams.values())).content


def test_the_same_key_is_the_same_delivery(home):
    first = home.submit(TASK, "Echo", key="mine")
    assert home.submit(TASK, "Echo", key="mine") == first
    assert home.submit(TASK, "Echo") != first
    with pytest.raises(adapter.PayloadRefused):
        home.submit({"other": 1}, "Echo", key="mine")


def test_a_rejected_task_is_kept_under_the_id_of_the_error(home):
    with pytest.raises(adapter.DocumentInvalid) as caught:
        home.submit({"dataFile": "ftp://x"}, "Download File")
    assert len(caught.value.problems) > 1
    assert all(isinstance(problem, adapter.Problem) for problem in caught.value.problems)
    kept = home.delivery(caught.value.delivery_id)
    assert (kept.state, kept.code) == ("rejected", "DOCUMENT_INVALID")


REFUSED = [
    "not json", b"\xff", "", "[]", {"a": math.nan}, {"a": datetime.now(UTC)}, {"a": {1, 2}},
    {("a",): 1}, {"a": "\ud800" * 2, "b": b""}, "\ud800", {"sendParameters": object()}, None, 5,
]  # fmt: skip


@pytest.mark.parametrize("payload", REFUSED, ids=lambda payload: type(payload).__name__)
def test_what_is_no_payload_is_refused_by_an_error_of_the_tree(home, payload):
    for act in (home.validate, home.submit):
        with pytest.raises(adapter.PayloadRefused):
            act(payload, "Echo")
    with pytest.raises(adapter.PayloadRefused):
        home.call("Echo", payload)


def test_a_payload_that_contains_itself_is_refused(home):
    endless = {}
    endless["a"] = endless
    with pytest.raises(adapter.PayloadRefused):
        home.validate(endless, "Echo")


def test_errors_are_those_of_the_tree(home, site):
    with pytest.raises(adapter.StpUnknown):
        home.call("Nobody", TASK)
    with pytest.raises(adapter.Rejected):
        home.validate(TASK)
    with pytest.raises(adapter.DeliveryUnknown):
        home.delivery("none")
    with pytest.raises(adapter.ConfigurationInvalid):
        home.call("Echo", TASK, adapter.TransportName.SOAP)
    site.emulator.switches = Switches(page=Page.HTML_200)
    with pytest.raises(adapter.DeliveryError) as caught:
        home.call("Echo", TASK)
    assert caught.value.effect is adapter.Effect.UNKNOWN
    assert caught.value.remedy
    site.emulator.stop()
    with pytest.raises(adapter.DeliveryError) as caught:
        home.call("Echo", TASK)
    assert caught.value.effect is adapter.Effect.NOT_SENT


def test_an_account_that_sas_refused_is_held_for_calls_too(home, site):
    site.emulator.switches = Switches(page=Page.HTML_401)
    held = site.post(TASK, "/Echo", Prefer="wait=10")
    assert held.status_code == 502
    site.emulator.switches = Switches()
    with pytest.raises(adapter.RouteHeld):
        home.call("Echo", TASK)
    assert site.emulator.executions == ()


def test_the_transport_may_be_named_where_the_address_has_it(home):
    assert home.call("Echo", TASK, adapter.TransportName.REST) == home.call("Echo", TASK)


def test_the_request_that_would_be_sent_can_be_looked_at(home, site):
    request = home.request("Echo", TASK)
    assert request.address.endswith("/Shared%20Data/CI360Jobs/Echo")
    assert site.emulator.requests == ()


def test_several_threads_use_one_home(home, site):
    before = len(list((site.home / "var/processes").iterdir()))
    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(lambda n: home.submit({"n": n}, "Echo"), range(16)))
    assert len(ids) == 16
    assert len(list((site.home / "var/processes").iterdir())) == before + 1


def test_a_bulk_task_goes_its_way_by_soap(home):
    with FileServer(EXAMPLES) as files:
        answer = home.call("DownloadFile", example_bulk_task(files, "DownloadFile"))
    assert "<ROWS>8</ROWS>" in answer.streams["outstream"].content


def test_a_folder_without_conf_is_no_home(tmp_path):
    with pytest.raises(adapter.ConfigurationInvalid) as caught:
        adapter.open_home(tmp_path)
    assert "sasbiws init" in str(caught.value)


def test_a_home_may_be_closed_twice(site):
    home = adapter.open_home(str(site.home))
    home.submit(TASK, "Echo")
    home.close()
    home.close()
