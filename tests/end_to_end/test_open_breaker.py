"""A SAS that is away is left alone, however much waits for it, and gets everything once it is back."""

import time

import pytest
from account import SETTLED, runs_of, states, stories
from adapter_process import eventually

from adapter.emulator import Switches

QUEUED = 200
FAILURES, CONCURRENCY, PAUSE_S = 3, 2, 0.5
PAUSES = 4
SERVICE_CONFIG = f"""\
[DEFAULT]
stpurl = {{sas}}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{{{stpName}}}}
retry_first = 0.02
retry_max = 0.05
max_attempts = 1000
concurrency = {CONCURRENCY}
breaker_failures = {FAILURES}
breaker_pause = {PAUSE_S}
[adapter:server]
workers = 8
[Echo]
[Hello]
"""


@pytest.fixture
def service_config():
    return SERVICE_CONFIG


def queue_up(adapter):
    return [adapter.post("Echo", {"n": n}).json()["deliveryId"] for n in range(QUEUED)]


def attempts_of(store_address):
    return [attempt for story in stories(store_address).values() for attempt in story.attempts]


@pytest.mark.parametrize("away", [True, False])
def test_an_unwell_sas_is_tried_once_a_pause_and_gets_everything_when_it_is_well(
    dying, sas, store_address, away
):
    if away:
        sas.stop()
    else:
        sas.switches = Switches(status=503, only="Echo")
    adapter = dying()
    began = time.monotonic()
    queued = queue_up(adapter)
    if not away:  # an address that is well is not kept waiting
        answer = adapter.post("Hello", {"a": "1"}, Prefer="wait=20")
        assert answer.json()["status"] == "delivered"
    allowed = FAILURES + CONCURRENCY
    eventually(lambda: len(attempts_of(store_address)) >= allowed + PAUSES)
    seconds = time.monotonic() - began
    tried = [it for it in attempts_of(store_address) if it.code]
    assert len(tried) <= allowed + seconds / PAUSE_S + 1
    assert {attempt.effect for attempt in tried} == {"not_sent" if away else "not_run"}
    if away:
        sas.start()
    sas.switches = Switches()
    eventually(lambda: SETTLED.issuperset(states(store_address)))
    assert states(store_address)["delivered"] == QUEUED + (not away)
    assert {runs_of(sas)[delivery_id] for delivery_id in queued} == {1}
