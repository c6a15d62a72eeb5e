"""What makes two posts the same task."""

import json

import pytest

from adapter.core.document import build
from adapter.core.errors import IdempotencyKeyInvalid
from adapter.core.message import KeySource, Message, idempotency_key
from adapter.core.payload import Payload
from adapter.core.route import Route, TransportName

RUN = {"taskId": "t", "taskVersionId": "v", "occurrenceId": "o"}
KEYS = [
    (RUN, "", "t/v/o", KeySource.BULK_TASK),
    (RUN, "mine", "mine", KeySource.HEADER),
    (RUN, '"mine"', "mine", KeySource.HEADER),
    ({"guid": "g"}, "", "g", KeySource.EVENT),
    ({**RUN, "guid": "g"}, "", "t/v/o", KeySource.BULK_TASK),
    ({"taskId": "t"}, "", "random", KeySource.RANDOM),
    ({"taskId": None, "guid": ""}, "", "random", KeySource.RANDOM),
]


@pytest.mark.parametrize(("root", "header", "value", "source"), KEYS)
def test_the_key_of_a_task(root, header, value, source):
    payload = Payload.parse(json.dumps(root).encode())
    key = idempotency_key(payload, header, random_key="random")
    assert (key.value, key.source) == (value, source)


@pytest.mark.parametrize("header", ["x" * 256, "a\nb", "ü", '""', "  "])
def test_a_key_that_cannot_be_one_is_refused(header):
    with pytest.raises(IdempotencyKeyInvalid):
        idempotency_key(Payload.parse(b"{}"), header, random_key="r")


def test_a_sealed_message_holds_payload_and_document(vectors):
    payload = Payload.parse((vectors / "payloads/bulk-task-1.json").read_bytes())
    route = Route("DownloadFile", "http://sas/SASBIWS/rest/x", TransportName.REST, "test")
    document = build(payload, route)
    message = Message.seal(
        document, payload, stored_process="DownloadFile", delivery_id="d1", request_id="r1"
    )
    assert message.payload == payload.raw
    assert message.table == document.xml
    assert message.key.source is KeySource.BULK_TASK
    assert len(message.digest) == 64
