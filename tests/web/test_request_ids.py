"""The id of a request: the caller's own where it can stand in a log line, and told in the answer."""

import re

import pytest
from callers import get, post, refused, send, task

ECHO = task("Echo", a=1)
AGENT = "x-ci360-con-inv-trace-id"
PLAIN = "X-Request-ID"
OWN = re.compile(r"[0-9a-f]{32}")

GIVEN = [
    ({AGENT: "trace-1"}, "trace-1"),
    ({PLAIN: "request-1"}, "request-1"),
    ({AGENT: "trace-1", PLAIN: "request-1"}, "trace-1"),
    ({AGENT.upper(): "trace-1"}, "trace-1"),
    ({PLAIN: "8-4_4.4:12/a+b="}, "8-4_4.4:12/a+b="),
    ({PLAIN: "x" * 128}, "x" * 128),
    ({AGENT: "two words", PLAIN: "request-1"}, "request-1"),
    ({AGENT: "", PLAIN: "request-1"}, "request-1"),
]


@pytest.mark.parametrize(("headers", "request_id"), GIVEN)
def test_the_id_that_the_caller_gave_comes_back(shared, headers, request_id):
    for body in (ECHO, b"not json"):
        reply = send(shared, "POST", "/ExecuteSTP", body, headers)
        assert reply.headers["x-request-id"] == request_id
    refused(shared, reply, 400, "PAYLOAD_NOT_JSON")
    assert reply.error["requestId"] == request_id


HOSTILE = [
    "",
    " ",
    "two words",
    "<script>alert(1)</script>",
    'quote"',
    "semi;colon",
    "tab\there",
    "Größe",
    "a%0d%0aSet-Cookie:x",
    "../../etc/passwd?",
    "${jndi:ldap://x}",
    "x" * 129,
    "x" * 5000,
]


@pytest.mark.parametrize("header", [AGENT, PLAIN])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_an_id_that_cannot_stand_in_a_log_line_gives_way_to_a_new_one(shared, header, hostile):
    sent = hostile.encode().decode("latin-1")
    reply = send(shared, "POST", "/ExecuteSTP", b"", {header: sent})
    assert OWN.fullmatch(reply.headers["x-request-id"])
    assert reply.error["requestId"] == reply.headers["x-request-id"]


def test_every_answer_has_an_id_and_no_two_the_same(shared):
    targets = ["/healthz", "/readyz", "/nothing", "/ExecuteSTP", "/deliveries/nope"]
    replies = [get(shared, target) for target in targets]
    replies += [post(shared, ECHO), post(shared, ECHO, Origin="null"), post(shared, b"")]
    assert len({reply.headers["x-request-id"] for reply in replies}) == len(replies)


def test_sas_is_sent_the_id_of_the_delivery(shared):
    reply = post(shared, ECHO, wait=20, X_Request_ID="request-1")
    sent = shared.emulator.requests[-1].headers["X-Request-ID"]
    assert sent == reply.body["deliveryId"]
