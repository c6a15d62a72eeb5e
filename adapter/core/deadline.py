"""Until when a delivery may be attempted: the route's limit, and the expiry of presigned links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from adapter.core.payload import Json, Payload

LINKS_EXPIRED = "links_expired"
GAVE_UP = "gave_up"


@dataclass(frozen=True)
class Deadline:
    """No attempt begins after `at`, in seconds since 1970-01-01 UTC; `why` is a stable word."""

    at: float
    why: str


def deadline(queued_at: float, give_up_after_s: float, links_expire_at: float | None) -> Deadline:
    """The earlier of the two ends of a delivery.

    Args:
        queued_at: When it was accepted, or last sent again by a person.
        give_up_after_s: The route's limit, in seconds.
        links_expire_at: When its first presigned link expires; None where it has none.
    """
    gave_up = Deadline(queued_at + give_up_after_s, GAVE_UP)
    if links_expire_at is not None and links_expire_at <= gave_up.at:
        return Deadline(links_expire_at, LINKS_EXPIRED)
    return gave_up


def links_expire_at(payload: Payload) -> float | None:
    """When the payload's first presigned link expires; None where it has none.

    Seconds since 1970-01-01 UTC. Read from `X-Amz-Date` and `X-Amz-Expires` (AWS Signature
    Version 4), or from `Expires` beside a `Signature` (Version 2).
    """
    found = (_expiry(text) for text in _texts(payload.root) if "://" in text)
    return min((at for at in found if at is not None), default=None)


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for member in value.values():
            yield from _texts(member)


def _expiry(link: str) -> float | None:
    try:
        query = parse_qs(urlsplit(link.strip()).query)
    except ValueError:
        return None
    asked = {name.lower(): values[0] for name, values in query.items()}
    try:
        if "x-amz-date" in asked and "x-amz-expires" in asked:
            return _signed_at(asked["x-amz-date"]) + _seconds(asked["x-amz-expires"])
        if "expires" in asked and "signature" in asked:
            return float(_seconds(asked["expires"]))
    except ValueError:
        return None
    return None


def _signed_at(text: str) -> float:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= len("4102444800")):
        raise ValueError(text)
    return int(text)
