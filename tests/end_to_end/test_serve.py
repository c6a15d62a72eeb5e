"""`sasbiws serve` as a process: its home, its address, its end."""

import shutil
import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from adapter_process import SERVE, eventually, log_of

from adapter.cli.init import copy_home

ANY_PORT = {"SASBIWS_PORT": "0"}
WAITRESS = ("-m", "waitress", "--listen=127.0.0.1:0", "adapter.wsgi:app")


@pytest.fixture
def seed_home(tmp_path, vectors):
    """The conf folder of the published script as it is, with the schemas of a new home."""
    home = tmp_path / "seed"
    copy_home(home)
    shutil.copytree(vectors / "seed-conf", home / "conf", dirs_exist_ok=True)
    return home


def test_the_conf_folder_of_the_published_script_is_served_as_it_is(start, seed_home, vectors):
    adapter = start(*SERVE, seed_home, **ANY_PORT)
    assert adapter.url.startswith("http://127.0.0.10:")
    task = (vectors / "payloads/bulk-task-1.json").read_bytes()
    answer = adapter.post("", task, Content_Type="text/plain")
    assert answer.status_code == 202
    delivery_id = answer.json()["deliveryId"]
    # The links of the published task expired years ago: nothing is sent.
    eventually(lambda: adapter.delivery(delivery_id)["status"] == "parked")
    assert adapter.delivery(delivery_id)["error"]["code"] == "LINKS_EXPIRED"
    assert adapter.stop() == 0
    log = log_of(seed_home)
    assert f"delivery={delivery_id}" in log
    assert "SAS-encoded password cannot be used" in log
    for secret in ("X-Amz-Signature=", "SAS005"):
        assert secret not in log + adapter.said()


def test_the_address_is_that_of_the_conf_and_the_environment_wins(start, home):
    with socket.create_server(("127.0.0.10", 0)) as free:
        port = free.getsockname()[1]
    (home / "conf/serviceConfig.py").write_text(
        f"class svcConfig(object):\n    host = '127.0.0.10'\n    port = {port}\n    debug = 'False'\n",
        encoding="utf-8",
    )
    first = start(*SERVE, home)
    assert first.url == f"http://127.0.0.10:{port}"
    second = start(*SERVE, home, SASBIWS_HOST="127.0.0.1", SASBIWS_PORT="0")
    assert second.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_zero_and_the_caller_who_waits_gets_his_answer(serve, sas, number):
    adapter = serve()
    with ThreadPoolExecutor(1) as callers:
        slow = {"seconds": "1"}
        waiting = callers.submit(adapter.post, "Slow", slow, Prefer="wait=20")
        sas.wait_for(lambda it: it.requests, timeout_s=20)
        adapter.process.send_signal(number)
        answer = waiting.result(20)
    assert (answer.status_code, answer.json()["status"]) == (200, "delivered")
    assert adapter.stop(signal.SIGTERM) == 0
    assert "Traceback" not in adapter.said()
    with socket.socket() as connection:
        host, port = adapter.url.removeprefix("http://").split(":")
        assert connection.connect_ex((host, int(port))) != 0


def test_it_works_in_a_home_whose_log_is_switched_off(serve, home, sas):
    conf = home / "conf/serviceConfig.ini"
    text = conf.read_text(encoding="utf-8")
    conf.write_text(text.replace("[DEFAULT]", "[DEFAULT]\nproglog = false"), encoding="utf-8")
    adapter = serve()
    assert adapter.ended(adapter.post("Echo").json()["deliveryId"])["status"] == "delivered"
    assert not (home / "logs").exists()


def test_two_processes_on_one_home_share_the_work_and_run_nothing_twice(serve, sas, runs):
    adapters = [serve(), serve()]
    ids = [adapters[n % 2].post("Echo", {"n": n}).json()["deliveryId"] for n in range(60)]
    assert {adapters[0].ended(delivery_id)["status"] for delivery_id in ids} == {"delivered"}
    assert {runs(delivery_id) for delivery_id in ids} == {1}

    def said():  # a line is written after its outcome
        return [adapter.said().count("outcome=delivered") for adapter in adapters]

    eventually(lambda: sum(said()) >= 60)
    assert sum(said()) == 60
    assert min(said()) > 0


def test_a_waiting_caller_gets_the_result_that_another_process_delivers(serve, start, home, sas):
    taking_in = start(*WAITRESS, address=r"Serving on (http://\S+)", SASBIWS_HOME=str(home))
    with ThreadPoolExecutor(1) as callers:
        waiting = callers.submit(taking_in.post, "Echo", {"a": "x"}, Prefer="wait=30")
        eventually(lambda: taking_in.find("outcome=accepted"))
        serve()
        answer = waiting.result(30)
    assert answer.status_code == 200
    assert "<A>x</A>" in str(answer.json())
    later = taking_in.post("Echo", {"a": "y"}).json()["deliveryId"]
    assert taking_in.ended(later)["status"] == "delivered"
    assert taking_in.find("outcome=delivered") is None
