"""Until when a delivery may be tried."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.core import failures
from adapter.core.deadline import GAVE_UP, LINKS_EXPIRED, Deadline, deadline, links_expire_at
from adapter.core.payload import Payload
from adapter.core.route import Policy
from adapter.core.verdict import Ended, Park, Retry, judge

SIGNED_AT = 1_600_000_000.0  # 2020-09-13T12:26:40Z
V4 = "https://b.s3.amazonaws.com/f.csv?X-Amz-Date=20200913T122640Z&X-Amz-Expires={}&X-Amz-Signature=a"
V2 = "https://b.s3.amazonaws.com/f.csv?AWSAccessKeyId=a&Expires={}&Signature=b"


def payload(**members):
    return Payload.parse(json.dumps(members).encode())


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"a": "1"}, None),
        ({"dataFile": V4.format(3600)}, SIGNED_AT + 3600),
        ({"dataFile": V4.format(3600), "deep": {"list": [V4.format(60)]}}, SIGNED_AT + 60),
        ({"dataFile": V2.format(1_700_000_000)}, 1_700_000_000.0),
        ({"dataFile": V2.format("soon")}, None),
        ({"dataFile": V4.format("-5")}, None),
        ({"dataFile": V4.format("9" * 30)}, None),
        ({"dataFile": "https://host/f?X-Amz-Date=yesterday&X-Amz-Expires=5"}, None),
        ({"dataFile": "https://host/f?Expires=5"}, None),
        ({"dataFile": "https://[bad?X-Amz-Expires=5"}, None),
    ],
)
def test_the_first_link_that_expires_counts(members, expected):
    assert links_expire_at(payload(**members)) == expected


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text())))
def test_any_payload_has_an_expiry_or_none(members):
    assert isinstance(links_expire_at(Payload(b"", members)), float | None)


def test_the_earlier_end_is_the_deadline():
    assert deadline(100.0, 50.0, None) == Deadline(150.0, GAVE_UP)
    assert deadline(100.0, 50.0, 120.0) == Deadline(120.0, LINKS_EXPIRED)
    assert deadline(100.0, 50.0, 160.0) == Deadline(150.0, GAVE_UP)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (Deadline(1001.0, GAVE_UP), Retry(1.0)),
        (Deadline(1000.9, GAVE_UP), Park("gave_up:not_sent")),
        (Deadline(1000.9, LINKS_EXPIRED), Park("links_expired")),
    ],
)
def test_a_retry_that_would_begin_too_late_is_not_made(until, expected):
    refused = failures.ConnectionRefused("x")
    assert judge(refused, 1, Policy(retry_first_s=2.0), 0.5, Ended(1000.0, until)) == expected
