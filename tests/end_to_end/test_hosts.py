"""Three hosts on one PostgreSQL: one dies, the others take over what it had, once its lease is over."""

import time

import pytest
from account import SETTLED, check_rules, runs_of, states, stories
from adapter_process import eventually, write_home

LEASE_S = 3.0
TASKS = 60
HOSTS = 3
SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/Slow
retry_first = 0.02
retry_max = 0.1
concurrency = 3
server_concurrency = 6
[adapter:server]
workers = 4
store_url = {store}
[Plain]
[Twice]
idempotent = true
"""


@pytest.fixture
def hosts(fork, tmp_path, sas, postgresql):
    """Starts an adapter with a home of its own, as on a host of its own, on one database."""
    url = postgresql.new_url()
    text = SERVICE_CONFIG.replace("{sas}", sas.url).replace("{store}", url)

    def start(name, **script):
        home = write_home(tmp_path / name, text)
        started = fork(home, lease_s=LEASE_S, **script)
        started.owner = next((home / "var/processes").glob("*-*.lock")).stem
        return started

    start.address = url.replace("postgresql://", "postgresql+psycopg://")
    return start


def running_on(worker, postgresql, hosts):
    """The ids of the deliveries that this process has under way."""
    query = f"SELECT id FROM deliveries WHERE state = 'running' AND owner = '{worker.owner}'"  # noqa: S608
    found = postgresql.execute(query, hosts.address.rpartition("/")[2])
    return {delivery_id for (delivery_id,) in found}


def frozen_at_work(worker, postgresql, hosts):
    """What a process has under way that stands still from now on; empty, and it goes on, if nothing."""
    worker.freeze()
    held = running_on(worker, postgresql, hosts)
    if not held:
        worker.thaw()
    return held


def test_the_others_take_over_when_a_host_dies(hosts, sas, postgresql):
    intake = hosts("intake", works=False)
    workers = [hosts(f"worker-{number}", serves=False) for number in range(HOSTS)]
    for number in range(TASKS):
        route = ("Plain", "Twice")[number % 2]
        assert intake.post(route, {"seconds": "0.2", "n": str(number)}).status_code == 202
    held = eventually(lambda: frozen_at_work(workers[1], postgresql, hosts))
    workers[1].kill()
    killed_at = time.time()
    eventually(lambda: SETTLED.issuperset(states(hosts.address)))
    told, ran = stories(hosts.address), runs_of(sas)
    assert len(told) == TASKS
    died = {it.delivery_id for it in told.values() if "WORKER_DIED" in it.codes}
    assert died == held
    for story in told.values():
        check_rules(story, ran[story.delivery_id], idempotent=story.stored_process == "Twice")
        parked = story.delivery_id in died and story.stored_process == "Plain"
        assert story.state == ("parked" if parked else "delivered")
    judged = [told[it].attempts[told[it].codes.index("WORKER_DIED")].ended_at for it in died]
    assert all(LEASE_S - 1 <= at - killed_at <= LEASE_S + 5 for at in judged)
