"""What a request must pass before it is read: host, origin, door, and the id it is known by."""

from __future__ import annotations

import re
import uuid
from urllib.parse import urlsplit

from flask import Request

from adapter.core.errors import AdapterError
from adapter.web.auth import Door, Identity, Reception

VERBS = (
    "export", "retry", "discard", "cancel", "retry_all", "discard_all", "cancel_all", "purge",
    "hold", "release",
)  # fmt: skip

TRACE_HEADERS = ("x-ci360-con-inv-trace-id", "X-Request-ID")
"""Where a request brings its id, the general agent's own first."""

DOORS = {
    "execute": Door.WEBHOOK,
    "delivery": Door.RESULT,
    "file": Door.OPEN,  # its token, and files_allow
    "list": Door.LOOK,
    "holds": Door.LOOK,
    "healthz": Door.OPEN,
    "readyz": Door.OPEN,
    "openapi": Door.OPEN,
    **dict.fromkeys(VERBS, Door.VERB),
}
"""The door of each endpoint; one that is not named here is for operators."""

_PLAIN = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class OriginRefused(AdapterError):
    """A browser page of another site made the request."""

    code = "ORIGIN_REFUSED"
    remedy = "Call from a program, or from a page that this adapter served."


def request_id(request: Request) -> str:
    """The id the caller gave, if it can stand in a log line, else a new one."""
    for header in TRACE_HEADERS:
        given = request.headers.get(header, "").strip()
        if _PLAIN.fullmatch(given):
            return given
    return uuid.uuid4().hex


def admit(request: Request, reception: Reception) -> Identity:
    """Who makes this request, once it may be read.

    Raises:
        Refusal, OriginRefused: It may not.
    """
    reception.hosts.check(request)
    refuse_foreign_origin(request)
    door = DOORS.get(request.endpoint, Door.LOOK) if request.endpoint else Door.OPEN
    return reception.admit(request, door)


def refuse_foreign_origin(request: Request) -> None:
    """Nothing, unless a browser says that a page of another site made the request.

    Raises:
        OriginRefused: A browser on this machine must not run stored processes for a stranger.
    """
    origin = request.headers.get("Origin")
    if origin is not None and _server(origin) != request.host:
        raise OriginRefused("the request comes from a page of another site, which is refused")


def _server(origin: str) -> str | None:
    """Host and port of an origin; None where it cannot be read."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None
