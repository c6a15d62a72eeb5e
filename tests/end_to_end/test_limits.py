"""Limits hold over processes that share a database: calls at a time, calls a second, the order."""

import itertools

import pytest
from account import SETTLED, states, stories
from adapter_process import eventually

from adapter.emulator import Switches

pytestmark = pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)

PROCESSES = 3
RATE_A_S = 10
SERVICE_CONFIG = f"""\
[DEFAULT]
stpurl = {{sas}}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/Slow
retry_first = 0.02
retry_max = 0.05
breaker_failures = 1000
max_attempts = 1000
server_concurrency = 4
[adapter:server]
workers = 8
{{store}}
[Two]
concurrency = 2
[Three]
concurrency = 3
[Rated]
rate = {RATE_A_S}/second
concurrency = 4
[Ordered]
order = arrival
concurrency = 1
"""


@pytest.fixture
def service_config():
    return SERVICE_CONFIG


@pytest.fixture
def crowd(dying, fork, home):
    """Processes on one home, some of which only deliver; the first takes in."""
    first = dying()
    for number in range(1, PROCESSES):
        fork(home, serves=number % 2 == 0)
    return first


def most_at_once(executions):
    """The largest number of these that ran at the same time."""
    moments = [(it.started_at, 1) for it in executions] + [
        (it.finished_at, -1) for it in executions
    ]
    running = most = 0
    for _, step in sorted(moments):
        running += step
        most = max(most, running)
    return most


def by_route(sas, store_address):
    told = stories(store_address)
    named = {}
    for execution in sas.executions:
        named.setdefault(told[execution.delivery_id].stored_process, []).append(execution)
    return named


def everything_ended(store_address):
    eventually(lambda: SETTLED.issuperset(states(store_address)))
    return states(store_address)


def test_no_more_calls_at_a_time_than_allowed(crowd, sas, store_address):
    for _ in range(20):
        for route in ("Two", "Three"):
            assert crowd.post(route, {"seconds": "0.1"}).status_code == 202
    assert everything_ended(store_address) == {"delivered": 40}
    ran = by_route(sas, store_address)
    assert most_at_once(ran["Two"]) == 2
    assert most_at_once(ran["Three"]) <= 3
    assert most_at_once(sas.executions) == 4


def test_no_more_calls_a_second_than_allowed(crowd, sas, store_address):
    for _ in range(15):
        crowd.post("Rated", {"seconds": "0"})
    assert everything_ended(store_address) == {"delivered": 15}
    began = sorted(
        attempt.started_at for it in stories(store_address).values() for attempt in it.attempts
    )
    apart = [later - earlier for earlier, later in itertools.pairwise(began)]
    assert min(apart) >= 1 / RATE_A_S - 0.001
    first, *_, last = sorted(it.started_at for it in sas.executions)
    # An attempt is counted when it begins; how long it takes to reach SAS varies.
    assert (last - first).total_seconds() >= 14 / RATE_A_S - 0.2


def test_what_arrived_first_is_sent_first_also_when_it_must_be_sent_again(
    crowd, sas, store_address
):
    sas.switches = Switches(status=503, times=5)
    for number in range(25):
        crowd.post("Ordered", {"seconds": "0", "n": str(number)})
    assert everything_ended(store_address) == {"delivered": 25}
    assert [it.columns["n"] for it in sas.executions] == [str(n) for n in range(25)]
