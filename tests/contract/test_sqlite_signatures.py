"""What the embedded database forgets once a presigned link is not needed any more."""

import html
import json
import sqlite3

import pytest

from adapter.core.answer import Answer, Stream
from adapter.core.delivery import Gate, Outcome, State
from adapter.core.errors import StoreUnavailable
from adapter.core.failures import ConnectionRefused
from adapter.core.verdict import Delivered, Park, Retry
from adapter.store.deliveries import SqlDeliveries, open_sqlite

SIGNATURE = "a273d819832c3863409003684a61161a80a5d97e8408d5c2e86e84c7973b3ddc"
LINK = f"https://files.example.test/export/1/data.csv?X-Amz-Date=20260902T101500Z&X-Amz-Signature={SIGNATURE}"


def raw_bytes(path):
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def deliver(store, clock, message, payload, table, answer):
    task = message(payload=payload, table=table)
    store.add(task)
    lease = store.lease("o", lambda _: Gate(1))
    store.record(lease, Outcome(Delivered(), "soap", clock.now(), answer=answer))
    return task.delivery_id


def test_no_signature_stays_after_delivery(path, clock, message):
    store = SqlDeliveries(open_sqlite(path), clock)
    payload = json.dumps({"presignedUrls": {"dataFile": LINK}, "n": 1.50, "t": "a?b"}).encode()
    table = f"<Table>\n<dataFile>{LINK.replace('&', '&amp;')}</dataFile>\n</Table>".encode()
    delivery_id = deliver(
        store,
        clock,
        message,
        payload,
        table,
        Answer({"link": LINK}, {"log": Stream("text/xml", f"<a>{LINK.replace('&', '&amp;')}</a>")}),
    )

    assert SIGNATURE.encode() not in raw_bytes(path)
    answer = store.get(delivery_id).result
    short = "https://files.example.test/export/1/data.csv?***"
    assert answer.parameters == {"link": short}
    assert answer.streams["log"].content == f"<a>{short}</a>"
    with sqlite3.connect(path) as connection:
        kept, document = connection.execute("SELECT payload, document FROM deliveries").fetchone()
    connection.close()
    assert kept == payload.replace(LINK.encode(), short.encode())
    assert document == f"<Table>\n<dataFile>{short}</dataFile>\n</Table>".encode()
    store.close()
    assert SIGNATURE.encode() not in raw_bytes(path)


@pytest.mark.parametrize(
    "written",
    [
        LINK.replace("/", "\\/"),
        LINK.replace("&", "\\u0026").replace("=", "\\u003d"),
        LINK.replace("https", "HTTPS"),
        f"see {LINK} and\\n{LINK}",
    ],
)
def test_link_is_known_however_json_writes_it(path, clock, message, written):
    store = SqlDeliveries(open_sqlite(path), clock)
    payload = b'\xef\xbb\xbf{"n": 1.50, "u" : "' + written.encode() + b'", "e": "\\ud800"}'

    deliver(store, clock, message, payload, b"<Table/>", Answer())

    assert SIGNATURE.encode() not in raw_bytes(path)
    with sqlite3.connect(path) as connection:
        (kept,) = connection.execute("SELECT payload FROM deliveries").fetchone()
    connection.close()
    assert kept.startswith(b'\xef\xbb\xbf{"n": 1.50, "u" : "')
    assert kept.endswith(b'"e": "\\ud800"}')
    json.loads(kept)
    store.close()


def test_links_of_the_answer_itself_stay(path, clock, message):
    store = SqlDeliveries(open_sqlite(path), clock)
    answer = Answer({"report": "http://sas/report?id=5"}, {"b": Stream("x", "Zm9v", "base64")})

    delivery_id = deliver(
        store, clock, message, json.dumps({"u": LINK}).encode(), b"<Table/>", answer
    )

    assert store.get(delivery_id).result == answer
    store.close()


@pytest.mark.parametrize("verdict", [Retry(1.0), Park("outcome_unknown")])
def test_links_stay_while_they_are_needed(path, clock, message, verdict):
    store = SqlDeliveries(open_sqlite(path), clock)
    store.add(message(payload=json.dumps({"u": LINK}).encode()))

    store.record(
        store.lease("o", lambda _: Gate(1)),
        Outcome(verdict, "soap", clock.now(), failure=ConnectionRefused("no")),
    )

    store.close()
    assert SIGNATURE.encode() in raw_bytes(path)


def test_fresh_links_leave_nothing_of_the_old_ones(path, clock, message):
    store = SqlDeliveries(open_sqlite(path), clock)
    store.add(message(key="k", payload=json.dumps({"u": LINK}).encode(), table=LINK.encode()))

    store.add(message(key="k", payload=b'{"u": "fresh"}', table=b"<Table/>"))

    store.close()
    assert SIGNATURE.encode() not in raw_bytes(path)


def test_delivery_is_recorded_though_a_reader_keeps_the_log(path, clock, message):
    store = SqlDeliveries(open_sqlite(path), clock)
    store.add(message(payload=json.dumps({"u": LINK}).encode()))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM deliveries").fetchone()

    lease = store.lease("o", lambda _: Gate(1))
    assert store.record(lease, Outcome(Delivered(), "soap", clock.now(), answer=Answer()))
    reader.close()
    assert SIGNATURE.encode() in raw_bytes(path)

    deliver(store, clock, message, b"{}", b"<Table/>", Answer())
    assert SIGNATURE.encode() not in raw_bytes(path)
    store.close()


def test_delivery_is_recorded_though_the_log_cannot_be_emptied(path, clock, message, monkeypatch):
    def fail(_):
        raise StoreUnavailable("locked")

    monkeypatch.setattr("adapter.store.erasing.empty_log", fail)
    store = SqlDeliveries(open_sqlite(path), clock)

    delivery_id = deliver(store, clock, message, b"{}", b"<Table/>", Answer())

    assert store.get(delivery_id).state is State.DELIVERED
    store.close()


def test_an_answer_that_repeats_links_which_were_replaced_meanwhile_is_masked(
    store, clock, message
):
    link = "https://files.example.com/f.csv?X-Amz-Signature={}&amp;b=1"
    old, new = link.format("0ld51gn"), link.format("n3w51gn")

    def task(written):
        table = f"<Table>\n<InData>\n<dataFile>{written}</dataFile>\n</InData>\n</Table>".encode()
        payload = json.dumps({"dataFile": html.unescape(written)}).encode()
        return message(key="k", payload=payload, table=table)

    delivery_id = store.add(task(old)).delivery_id
    lease = store.lease("o", lambda _: Gate(1))
    store.add(task(new))
    answer = Answer({"read": html.unescape(old)})
    store.record(lease, Outcome(Delivered(), "soap", clock.now(), answer=answer))

    kept = store.get(delivery_id).result.parameters["read"]
    assert kept == "https://files.example.com/f.csv?***"
