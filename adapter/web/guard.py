"""What a request must pass before it is read: origin, size, and the id it is known by."""

from __future__ import annotations

import re
import uuid
from urllib.parse import urlsplit

from flask import Request

from adapter.core.errors import AdapterError

TRACE_HEADERS = ("x-ci360-con-inv-trace-id", "X-Request-ID")
"""Where a request brings its id, the general agent's own first."""

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
