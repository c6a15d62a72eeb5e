"""What every ledger finds and counts, whatever the filter."""

import pytest

from adapter.core.breaker import Breaker, BreakerPolicy
from adapter.core.delivery import Filter, Gate, Outcome, Rejection, Retention, State
from adapter.core.errors import DeliveryUnknown
from adapter.core.failures import ConnectionRefused
from adapter.core.message import IdempotencyKey, KeySource, Message
from adapter.core.verdict import Delivered, Park, Retry

LINK = b'{"url": "https://b.example.com/f?X-Amz-Signature=abc"}'


def add(store, clock, delivery_id, stored_process="Download File", key=None, task_id="", **options):
    key = IdempotencyKey(key or f"key of {delivery_id}", KeySource.BULK_TASK)
    clock.advance(1.0)
    store.add(
        Message(delivery_id, stored_process, key, b"{}", b"<Table/>", "r", task_id, **options)
    )
    return delivery_id


def end(store, clock, verdict, failure=None):
    """The attempt of the one delivery that is due ends so."""
    lease = store.lease("o", lambda _: Gate(1000))
    assert store.record(lease, Outcome(verdict, "soap", clock.now(), failure=failure))


def ids(found):
    return [delivery.delivery_id for delivery in found]


@pytest.fixture
def one_of_each(store, clock, ledger):
    """One delivery in every state, oldest first: its id is its state."""
    refused = ConnectionRefused("sas.example.com refused the connection")
    add(store, clock, "delivered", task_id="DAT1")
    end(store, clock, Delivered())
    add(store, clock, "parked", "Add Floats", links_expire_at=clock.now() + 100)
    end(store, clock, Park("attempts_exhausted:not_sent"), refused)
    add(store, clock, "running", "100%_sure")
    assert store.lease("o", lambda _: Gate(1000))
    add(store, clock, "cancelled", "Überweisung für A*")
    ledger.cancel("cancelled", "discarded")
    add(store, clock, "retrying")
    end(store, clock, Retry(600.0), refused)
    clock.advance(1.0)
    store.reject(Rejection("rejected", "Echo", b"{}", "r", "STP_UNKNOWN", "no 'Echo'", (), "DAT1"))
    add(store, clock, "queued", key="CI 360/Key[1]", links_expire_at=clock.now() + 50)
    return clock.now()


FILTERS = [
    # filter                                        found, newest first
    (Filter(),                                      "queued rejected retrying cancelled running parked delivered"),
    (Filter(frozenset(State)),                      "queued rejected retrying cancelled running parked delivered"),
    (Filter(frozenset((State.PARKED,))),            "parked"),
    (Filter(frozenset((State.QUEUED, State.REJECTED))), "queued rejected"),
    (Filter(stored_process="Download File"),        "queued retrying delivered"),
    (Filter(stored_process="download file"),        ""),
    (Filter(code=ConnectionRefused.code),           "retrying parked"),
    (Filter(code="attempts_exhausted"),             "parked"),
    (Filter(code="attempts_exhausted:not_sent"),    "parked"),
    (Filter(code="attempts"),                       ""),
    (Filter(code="STP_UNKNOWN"),                    "rejected"),
    (Filter(code="discarded"),                      "cancelled"),
    (Filter(code="%"),                              ""),
    (Filter(task_id="DAT1"),                        "rejected delivered"),
    (Filter(task_id="DAT"),                         ""),
    (Filter(text="DAT"),                            "rejected delivered"),
    (Filter(text="dat1"),                           "rejected delivered"),
    (Filter(text="REFUSED THE"),                    "retrying parked"),
    (Filter(text="_unknown"),                       "rejected"),
    (Filter(text="key of P"),                       "parked"),
    (Filter(text="KEY OF CANC"),                    "cancelled"),
    (Filter(text="/key[1]"),                        "queued"),
    (Filter(text="0%_S"),                           "running"),
    (Filter(text="%"),                              "running"),
    (Filter(text="überWEISUNG FÜR"),                "cancelled"),
    (Filter(text="a*"),                             "cancelled"),
    (Filter(text="^"),                              ""),
    (Filter(text="\\"),                             ""),
    (Filter(text="\0\ud800"),                       ""),
    (Filter(ids=frozenset(("queued", "parked", "none"))), "queued parked"),
    (Filter(links_expire_before=1_700_000_060.0),   "queued"),
    (Filter(links_expire_before=1_700_000_200.0),   "queued parked"),
    (Filter(frozenset((State.PARKED,)), text="refused", stored_process="Add Floats"), "parked"),
    (Filter(frozenset((State.PARKED,)), text="refused", stored_process="Echo"), ""),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "found"), FILTERS)
def test_filter_means(ledger, one_of_each, wanted, found):
    names = found.split()

    assert ids(ledger.find(wanted, 100)) == names
    assert ledger.count(wanted) == {State(name): 1 for name in names}


def test_age_is_from_then_on_and_before(ledger, store, clock):
    for number in range(3):
        add(store, clock, f"d{number}")
    second = ledger.find(Filter(), 1, 1)[0].accepted_at

    assert ids(ledger.find(Filter(since=second), 9)) == ["d2", "d1"]
    assert ids(ledger.find(Filter(before=second), 9)) == ["d0"]
    assert ids(ledger.find(Filter(since=second, before=second), 9)) == []


def test_pages_follow_each_other(ledger, store, clock):
    names = [add(store, clock, f"d{number}") for number in range(5)]

    pages = [ids(ledger.find(Filter(), 2, offset)) for offset in (0, 2, 4, 6)]

    assert pages == [names[:2:-1], names[2:0:-1], names[:1], []]


def test_found_is_what_the_store_knows_without_result_and_history(ledger, store, one_of_each):
    for delivery in ledger.find(Filter(), 100):
        known = store.get(delivery.delivery_id)
        assert delivery == type(known)(**{**vars(known), "result": None, "history": ()})


def test_count_adds_up(ledger, store, clock):
    for number in range(5):
        add(store, clock, f"d{number}")
    end(store, clock, Park("outcome_unknown"))

    assert ledger.count(Filter()) == {State.QUEUED: 4, State.PARKED: 1}
    assert ledger.count(Filter(frozenset((State.DELIVERED,)))) == {}


def test_kept_is_what_was_accepted(ledger, store, message):
    task = message(key="task 7", payload=LINK)
    store.add(task)

    kept = ledger.kept(task.delivery_id)

    assert (kept.payload, kept.table) == (task.payload, task.table)
    assert (kept.request_id, kept.key) == ("request-1", "task 7")
    assert kept.delivery == store.get(task.delivery_id)


def test_kept_of_a_rejected_one_has_neither_document_nor_key(ledger, store):
    store.reject(Rejection("r1", "Echo", LINK, "request-2", "STP_UNKNOWN", "no"))

    kept = ledger.kept("r1")

    assert (kept.payload, kept.table, kept.request_id, kept.key) == (LINK, None, "request-2", "")


def test_kept_of_a_delivered_one_has_no_signature(ledger, store, clock, message):
    store.add(message(payload=LINK))
    end(store, clock, Delivered())

    kept = ledger.kept("id-0").payload
    assert b"https://b.example.com/f" in kept
    assert b"abc" not in kept


@pytest.mark.parametrize("name", ["none", "", "\0", "\ud800", "x" * 5000])
def test_unknown_id_is_named_shortened(ledger, name):
    calls = (ledger.kept, ledger.requeue, lambda one: ledger.cancel(one, "discarded"))
    for call in calls:
        with pytest.raises(DeliveryUnknown) as caught:
            call(name)
        assert len(caught.value.message) < 300


def test_breakers_that_are_not_at_rest(ledger, store, clock, message):
    store.add(message())
    gate = Gate(1, address="http://sas/Echo", breaker=BreakerPolicy(1, 30.0))
    lease = store.lease("o", lambda _: gate)
    store.record(lease, Outcome(Retry(1.0), "soap", clock.now(), failure=ConnectionRefused("no")))

    assert ledger.breakers() == {"http://sas/Echo": Breaker(1, clock.now() + 30.0)}


def test_empty_database_has_nothing(ledger):
    assert ledger.find(Filter(), 10) == ()
    assert ledger.count(Filter()) == {}
    assert ledger.breakers() == {}
    assert ledger.purge(Filter(), 10) == 0
    assert ledger.expire(Retention({State.PARKED: 0.0}), 10) == 0
