"""Thousands of tasks while the adapter is killed again and again: every one is accounted for."""

import http.client
import itertools
import json
import os
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from account import SETTLED, check_rules, runs_of, states, stories
from adapter_process import eventually

from adapter.emulator import Switches

SEED = "SASBIWS_TEST_SEED"
DELIVERIES, KILLS, DATABASE_KILLS, CALLERS = 5_000, 20, 4, 8
DISTURBANCES = 60
LIMIT_S = 240.0
AGAIN_S = 0.02
SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/Echo
retry_first = 0.02
retry_max = 0.1
breaker_pause = 0.05
max_attempts = 1000
concurrency = 4
server_concurrency = 4
loglevel = ERROR
[adapter:server]
threads = 8
workers = 4
{store}
[Plain]
[Plain SOAP]
stpurl = {sas}/SASBIWS/services/Echo
[Twice]
idempotent = true
[Twice SOAP]
stpurl = {sas}/SASBIWS/services/Echo
idempotent = true
"""
ROUTES = ("Plain", "Twice", "Plain", "Twice", "Plain SOAP", "Twice SOAP")
FAULTS = (
    Switches(status=503, times=3),
    Switches(status=429, retry_after_s=0, times=2),
    Switches(status=500, times=2),
    Switches(fault=3000, times=2),
    Switches(fault=4000, times=2),
    Switches(fault=5000, times=2),
    Switches(connection="reset_before", times=2),
    Switches(connection="reset_mid", times=2),
    Switches(page="truncated", times=2),
)


class Plan:
    """Who dies when, and what SAS does wrong when: all of it from one seed.

    A moment is a number of tasks accepted and runs made, so that a seed kills at about the same
    state of the work on a fast machine and on a slow one.
    """

    def __init__(self, seed, database_kills):
        chance = random.Random(seed)  # noqa: S311  a plan that can be repeated
        within = range(50, 2 * DELIVERIES - 500)
        moments = sorted(chance.sample(within, KILLS))
        with_database = set(chance.sample(moments, database_kills))
        self.kills = [(at, chance.uniform(0, 0.03), at in with_database) for at in moments]
        moments = sorted(chance.sample(within, DISTURBANCES))
        self.disturbances = [(at, chance.choice(FAULTS)) for at in moments]


class Callers:
    """Post every task until it is accepted, wherever the adapter answers now.

    Args:
        adapter: Gives the adapter of this moment.
    """

    def __init__(self, adapter):
        self.adapter = adapter
        self.numbers = itertools.count()
        self.accepted = {}
        self.answers = Counter()

    def run(self):
        connection = Connection("")
        while (number := next(self.numbers)) < DELIVERIES:
            while number not in self.accepted:
                if connection.url != self.adapter().url:
                    connection.close()
                    connection = Connection(self.adapter().url)
                try:
                    self._post(connection, number)
                except (OSError, http.client.HTTPException):
                    connection.close()
                    time.sleep(AGAIN_S)
        connection.close()

    def _post(self, connection, number):
        status, headers, body = connection.post(number)
        self.answers[status] += 1
        if status == 503:
            assert int(headers["Retry-After"]) > 0
            time.sleep(AGAIN_S)
        else:
            assert status == 202, body
            self.accepted[number] = body["deliveryId"]


class Connection(http.client.HTTPConnection):
    """To an address, kept alive: one connection a post would cost as much as the post."""

    def __init__(self, url):
        super().__init__(url.removeprefix("http://"), timeout=LIMIT_S)
        self.url = url

    def post(self, number):
        route = ROUTES[number % len(ROUTES)].replace(" ", "%20")
        headers = {"Idempotency-Key": f"task-{number}", "Content-Type": "application/json"}
        self.request("POST", f"/ExecuteSTP/{route}", json.dumps({"n": number}), headers)
        with self.getresponse() as response:
            return response.status, response.headers, json.loads(response.read())


@pytest.fixture
def service_config():
    return SERVICE_CONFIG


@pytest.fixture
def seed():
    found = int(os.environ.get(SEED) or time.time_ns() % 1_000_000)
    print(f"{SEED}={found} repeats this plan")  # noqa: T201  pytest shows it where the test fails
    return found


@pytest.fixture
def restart_database(request, store_url):
    """Crashes the database and starts it again; nothing for a file, which dies with its process."""
    if not store_url:
        return lambda: None
    server = request.getfixturevalue("postgresql")

    def restart():
        server.stop("immediate")
        server.start()

    return restart


@pytest.mark.timeout(2 * LIMIT_S)
@pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
def test_thousands_of_deliveries_outlive_twenty_kills(
    seed, dying, sas, store_url, store_address, restart_database
):
    plan = Plan(seed, DATABASE_KILLS if store_url else 0)
    adapters = [dying()]
    callers = Callers(lambda: adapters[-1])

    def reach(moment):
        eventually(lambda: len(callers.accepted) + len(sas.executions) >= moment, LIMIT_S)

    def disturb():
        for moment, switches in plan.disturbances:
            reach(moment)
            sas.switches = switches

    with ThreadPoolExecutor(CALLERS + 1) as threads:
        under_way = [threads.submit(callers.run) for _ in range(CALLERS)]
        under_way.append(threads.submit(disturb))
        for moment, delay_s, with_database in plan.kills:
            reach(moment)
            time.sleep(delay_s)
            if with_database:
                restart_database()
            adapters[-1].kill()
            adapters.append(dying())
        for each in under_way:
            each.result(LIMIT_S)
    sas.switches = Switches()
    eventually(lambda: SETTLED.issuperset(states(store_address)), LIMIT_S)
    account_for_all(callers.accepted, sas, store_address)


def account_for_all(accepted, sas, store_address):
    """Every task accepted is there once, has ended, and ran no oftener than its route allows."""
    told, ran = stories(store_address), runs_of(sas)
    assert len(accepted) == DELIVERIES
    assert set(accepted.values()) == set(told)
    for number, delivery_id in accepted.items():
        story = told[delivery_id]
        assert (story.key, story.stored_process) == (f"task-{number}", ROUTES[number % len(ROUTES)])
        check_rules(story, ran[delivery_id], idempotent="Twice" in story.stored_process)
    ends = Counter(f"{story.state} {story.why}".strip() for story in told.values())
    assert ends["delivered"] > DELIVERIES * 0.9, ends
    print(dict(ends), f"run twice or oftener: {sum(times > 1 for times in ran.values())}")  # noqa: T201
