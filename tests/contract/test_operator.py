"""What an operator sees and does, on either engine, without an adapter that runs."""

import pytest

from adapter.accept import kept_name
from adapter.bell import Bell
from adapter.core.breaker import BreakerPolicy
from adapter.core.delivery import AccountHold, Filter, Gate, Outcome, Rejection, State
from adapter.core.errors import DeliveryIdAmbiguous, DeliveryUnknown, StoreUnavailable
from adapter.core.failures import AnswerTimedOut, ConnectionRefused
from adapter.core.message import IdempotencyKey, KeySource, Message
from adapter.core.payload import Limits
from adapter.core.route import Policy, Route, Routes, TransportName
from adapter.core.verdict import Park, Retry
from adapter.observe import Observer
from adapter.operate import Operate
from adapter.survey import EVERY, Survey


class AnyDocument:
    """A schema that allows everything: what is checked here comes after it."""

    def problems(self, _document, _schema):
        return ()


def route(name, *, idempotent=False):
    url = "http://sas.example.com/SASBIWS/rest/storedProcesses/x"
    return Route(name, url, TransportName.REST, "", policy=Policy(idempotent=idempotent))


ROUTES = Routes({"Echo": route("Echo"), "Again": route("Again", idempotent=True)})


@pytest.fixture
def survey(store, ledger, clock):
    return Survey(ROUTES, store, ledger, clock)


@pytest.fixture
def operate(survey, clock):
    return Operate(
        survey, ROUTES, AnyDocument, survey.deliveries, survey.ledger, clock, Bell(), Observer(),
        Limits(), "cli",
    )  # fmt: skip


@pytest.fixture
def add(store):
    def one(delivery_id, stored_process="Echo", expires=None):
        key = IdempotencyKey(delivery_id, KeySource.BULK_TASK)
        payload = b'{"a": "1"}'
        store.add(Message(delivery_id, stored_process, key, payload, b"<Table/>", "r", "", expires))
        return delivery_id

    return one


@pytest.fixture
def park(store, clock):
    def one(failure, verdict=None):
        lease = store.lease("o", lambda _: Gate(1000))
        verdict = verdict or Park("outcome_unknown")
        assert store.record(lease, Outcome(verdict, "rest", clock.now(), failure=failure))

    return one


def test_the_beginning_of_an_id_stands_for_it_while_it_is_of_one_only(survey, add):
    add("abcd1234")
    add("abce5678")
    add("xxabcd12")
    assert survey.whole_id("abcd") == "abcd1234"
    assert survey.whole_id("abce5678") == "abce5678"
    for beginning in ("", "abc", "zzzz", "ABCD"):
        with pytest.raises(DeliveryUnknown):
            survey.whole_id(beginning)
    add("abcd9999")
    with pytest.raises(DeliveryIdAmbiguous, match=r"^2 deliveries .*abcd9999"):
        survey.whole_id("abcd")


def test_links_that_expire_within_the_hour_are_seen_and_no_others(survey, clock, add):
    for name, expires in (("past", -1), ("soon", 60), ("later", 7200), ("none", None)):
        add(name, expires=None if expires is None else clock.now() + expires)
    assert [each.delivery_id for each in survey.overview().links_expire_soon] == ["soon"]


@pytest.mark.parametrize(("name", "twice"), [("Echo", True), ("Again", False)])
def test_what_may_have_run_may_run_twice_unless_that_does_no_harm(survey, add, park, name, twice):
    add("d1", name)
    park(AnswerTimedOut("no answer"))
    assert survey.may_run_twice(survey.get("d1")) is twice
    (listed,) = survey.meant(Filter())
    assert survey.may_run_twice(listed) is twice


def test_an_attempt_of_long_ago_still_counts(survey, ledger, add, park):
    add("d1")
    park(AnswerTimedOut("no answer"))
    ledger.requeue("d1")
    park(ConnectionRefused("refused"))
    assert survey.get("d1").code == "SAS_CONNECTION_REFUSED"
    assert survey.may_run_twice(survey.get("d1")) is True


def test_what_was_never_sent_cannot_run_twice(survey, operate, add, park):
    add("d1")
    park(ConnectionRefused("refused"))
    assert operate.retry("d1").may_run_twice is False
    assert survey.get("d1").state is State.QUEUED


def test_an_open_breaker_is_seen_and_one_that_counts_is_not(survey, store, clock, add):
    add("d1")
    gate = Gate(1, address="http://sas", breaker=BreakerPolicy(failures=2, pause_s=30.0))
    for expected in ({}, {"http://sas"}):
        lease = store.lease("o", lambda _: gate)
        refused = ConnectionRefused("refused")
        store.record(lease, Outcome(Retry(0.0), "rest", clock.now(), failure=refused))
        assert set(survey.breakers()) == set(expected)


def test_a_hold_by_hand_covers_every_stored_process_of_the_account(operate, survey, store, clock):
    held = operate.hold("Echo", "SAS is patched")
    assert held.stored_processes == ("Again", "Echo")
    assert store.holds() == {
        held.hold.account: AccountHold(
            held.hold.account, clock.now(), "SAS is patched", by_hand=True
        )
    }
    assert operate.release(stored_process="Again") == held
    assert store.holds() == {}
    every = Survey(Routes({}, route("")), store, survey.ledger, clock)
    assert every.covered(held.hold).stored_processes == (EVERY,)


def test_a_rejected_one_is_kept_for_its_own_stored_process(operate, store, survey):
    store.reject(Rejection("r1", kept_name("Echo"), b'{"a": "1"}', "r", "DOCUMENT_INVALID", "no"))
    operate.retry("r1")
    delivery = survey.get("r1")
    assert (delivery.state, delivery.stored_process) == (State.QUEUED, "Echo")
    assert b"<a>1</a>" in survey.ledger.kept("r1").table


def test_a_purge_goes_on_until_nothing_that_is_meant_is_left(operate, store, add, ledger):
    for number in range(1201):
        ledger.cancel(add(f"d{number}"), "discarded")
    told = []
    assert operate.purge(Filter(states=frozenset((State.CANCELLED,))), told.append) == 1201
    assert told == [500, 1000, 1201]
    assert store.get("d0") is None


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_database_that_goes_away_ends_what_is_done_to_many_with_a_result_for_each(
    operate, add, park, path
):
    ids = [add(f"d{number}") for number in range(5)]
    for _ in ids:
        park(AnswerTimedOut("no answer"))

    def lose(done):
        if done == 2:
            path.rename(path.with_suffix(".away"))

    results = operate.discard_all(ids, lose)
    assert [result.delivery_id for result in results] == ids
    refusals = [result.refusal for result in results]
    assert refusals[:2] == [None, None]
    assert all(isinstance(refusal, StoreUnavailable) for refusal in refusals[2:])
    path.with_suffix(".away").rename(path)
