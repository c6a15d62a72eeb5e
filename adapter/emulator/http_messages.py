"""Requests and answers of HTTP as values."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Headers(Mapping[str, str]):
    """The headers of a request, found in any case, listed as they were sent."""

    def __init__(self, headers: Iterable[tuple[str, str]]) -> None:
        """Keep the headers; of two with one name the first."""
        self._named: dict[str, tuple[str, str]] = {}
        for name, value in headers:
            self._named.setdefault(name.lower(), (name, value))

    def __getitem__(self, name: str) -> str:
        """Return the value of the header."""
        return self._named[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return (name for name, _ in self._named.values())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._named)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it came in; ``path`` includes the query."""

    method: str
    path: str
    headers: Headers
    body: bytes
    received_at: datetime

    @property
    def media_type(self) -> str:
        """The declared content type in lower case without its parameters, "" if there is none."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def as_json(self) -> dict[str, object]:
        """Return the request in types that JSON has."""
        return {
            "method": self.method,
            "path": self.path,
            "headers": dict(self.headers),
            "body": self.body.decode("utf-8", "replace"),
            "received_at": self.received_at.isoformat(),
        }


class Sending(StrEnum):
    """How an answer goes out."""

    WHOLE = "whole"
    RESET_BEFORE = "reset before the first byte"
    RESET_MID = "reset after half of the body"
    DRIP = "byte by byte"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer and how it goes out.

    Args:
        padded_bytes: size up to which blanks follow the body, in chunks of unstated length; 0: no.
        drip_s: seconds before each byte when the sending is DRIP.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    sending: Sending = Sending.WHOLE
    padded_bytes: int = 0
    drip_s: float = 0.0


def text_answer(text: str, status: int = 200) -> Answer:
    """Return an answer of plain text."""
    return Answer(status, text.encode(), "text/plain;charset=UTF-8")


def json_answer(value: object, status: int = 200) -> Answer:
    """Return an answer of JSON."""
    body = json.dumps(value, ensure_ascii=False, indent=2).encode()
    return Answer(status, body, "application/json")
