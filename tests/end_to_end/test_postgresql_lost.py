"""PostgreSQL restarts or the network breaks at any step: the adapter goes on by itself."""

import threading
from contextlib import suppress

import pytest
import requests
from account import SETTLED, check_rules, stories
from adapter_process import CONTEXT, eventually
from dying_adapter import Meeting
from proxy import Proxy

LIMIT_S = 25.0
STEPS = [
    ("before", "add"),
    ("inside", "add"),
    ("before", "lease"),
    ("inside", "lease"),
    ("before", "send"),
    ("before", "record"),
    ("inside", "record"),
]


@pytest.fixture
def database(postgresql):
    return postgresql.new_database()


@pytest.fixture
def proxy(postgresql):
    proxy = Proxy(postgresql.port)
    yield proxy
    proxy.cut()


@pytest.fixture
def store_url(postgresql, database, proxy):
    return postgresql.url(database, port=proxy.port)


@pytest.fixture
def store_address(postgresql, database):
    """Past the proxy."""
    return postgresql.url(database).replace("postgresql://", "postgresql+psycopg://")


def restart(postgresql, proxy, go_on):
    postgresql.stop("immediate")
    go_on()
    postgresql.start()


def cut(postgresql, proxy, go_on):
    proxy.cut()
    go_on()
    proxy.mend()


def lose_the_answer(postgresql, proxy, go_on):
    """What is asked just now is done, but the answer does not come."""
    proxy.lose_answers()
    go_on()
    threading.Event().wait(0.3)
    proxy.cut()
    proxy.mend()


def posted(adapter, route, **headers):
    """The id of an accepted task, sent again as long as nobody says that it is accepted."""
    while True:
        with suppress(requests.RequestException):
            answer = adapter.post(route, {"a": "1"}, **headers)
            if answer.status_code == 202:
                return answer.json()["deliveryId"]
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
        threading.Event().wait(0.1)


@pytest.mark.parametrize("trouble", [restart, cut, lose_the_answer])
@pytest.mark.parametrize(("moment", "step"), STEPS)
def test_at_any_step_nothing_is_lost_or_repeated_and_the_work_goes_on(
    dying, sas, runs, postgresql, proxy, store_address, trouble, moment, step
):
    meeting = Meeting(CONTEXT.Event(), CONTEXT.Event())
    adapter = dying(moment, step, meeting=meeting)
    accepted = []
    caller = threading.Thread(
        target=lambda: accepted.append(posted(adapter, "Echo", Idempotency_Key="one"))
    )
    caller.start()
    assert meeting.reached.wait(LIMIT_S)
    trouble(postgresql, proxy, meeting.go_on.set)
    caller.join(LIMIT_S)
    accepted.append(posted(adapter, "EchoAgain", Idempotency_Key="two"))
    eventually(
        lambda: SETTLED.issuperset({it.state for it in stories(store_address).values()}), LIMIT_S
    )
    told = stories(store_address)
    assert set(told) == set(accepted)
    plain, again = (told[delivery_id] for delivery_id in accepted)
    check_rules(plain, runs(plain.delivery_id), idempotent=False)
    check_rules(again, runs(again.delivery_id), idempotent=True)
    assert again.state == "delivered"
    assert adapter.process.is_alive()


@pytest.mark.parametrize("trouble", [restart, cut])
def test_an_idle_adapter_outlives_it_and_is_ready_again(dying, postgresql, proxy, trouble):
    adapter = dying()
    first = adapter.post("Echo").json()["deliveryId"]
    assert adapter.ended(first)["status"] == "delivered"

    def away():
        answer = adapter.session.get(f"{adapter.url}/readyz", timeout=LIMIT_S)
        assert answer.status_code == 503

    trouble(postgresql, proxy, away)
    second = posted(adapter, "Echo")
    assert adapter.ended(second)["status"] == "delivered"
    assert adapter.delivery(first)["status"] == "delivered"
