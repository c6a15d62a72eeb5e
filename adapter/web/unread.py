"""Requests that the application never sees: what their callers are told, and a line in the log."""

from __future__ import annotations

import json
import logging
import time
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from waitress.task import ErrorTask

from adapter.core.errors import AdapterError, PayloadTooLarge
from adapter.observe import Observer
from adapter.web.answers import SAFE_HEADERS, adapter_error_body, headers_of, status_of
from adapter.web.refusals import HeadersTooLarge, RequestUnreadable

TLS = b"\x16\x03"
"""What a connection begins with where its caller speaks TLS."""

SPOKE_TLS = RequestUnreadable("TLS came to a port that speaks HTTP without it")


@dataclass(frozen=True)
class Unread:
    """The answer to a request that was not read.

    Args:
        status: Number and phrase.
        headers: Without Content-Length and Connection.
        body: JSON.
    """

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def whole(self) -> bytes:
        """All of it, as it goes to a connection that ends with it."""
        ends = (("Content-Length", str(len(self.body))), ("Connection", "close"))
        lines = [f"{name}: {value}\r\n" for name, value in (*self.headers, *ends)]
        return f"HTTP/1.1 {self.status}\r\n{''.join(lines)}\r\n".encode() + self.body


def refused(
    error: AdapterError, peer: str, status: int = 0, level: int = logging.WARNING
) -> Unread:
    """The answer to an error, once the log has it.

    Args:
        error: What is wrong with the request.
        peer: The address it came from.
        status: Where it is another than the error's own.
        level: Of the line in the log.
    """
    status, request_id = status or status_of(error), uuid.uuid4().hex
    Observer().event(
        "refused", level, request=request_id, status=status, code=error.code,
        message=error.message, remedy=error.remedy, peer=peer,
    )  # fmt: skip
    headers = {
        "Content-Type": "application/json",
        "X-Request-ID": request_id,
        **SAFE_HEADERS,
        **headers_of(error),
    }
    body = json.dumps(adapter_error_body(error, request_id, time.time()), ensure_ascii=False)
    return Unread(f"{status} {HTTPStatus(status).phrase}", tuple(headers.items()), body.encode())


class UnreadTask(ErrorTask):  # type: ignore[misc]  # no types
    """Answers what waitress cannot take, in the words of every other refusal."""

    def execute(self) -> None:
        """Write the answer; the connection ends with it."""
        told = self.request.error
        if told.code == HTTPStatus.INTERNAL_SERVER_ERROR:  # of the application, not the request
            super().execute()
            return
        error = _error_of(told, self.channel.server.max_body_bytes)
        answer = refused(error, self.channel.addr[0], told.code)
        self.status = answer.status
        self.response_headers.extend(answer.headers)
        self.set_close_on_finish()
        self.content_length = len(answer.body)
        self.write(answer.body)


def _error_of(told: Any, max_body_bytes: int) -> AdapterError:
    match told.code:
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return PayloadTooLarge(f"the body has more than {max_body_bytes} bytes")
        case HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
            return HeadersTooLarge("the request line and headers have too many bytes")
        case _:
            # What stands in quotes is the caller's line, and may hold a password.
            return RequestUnreadable(told.body.partition(' "')[0])
