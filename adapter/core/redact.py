"""What a log line, a page or an error text may show of a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

SHORT = 80
_URL = re.compile(r"\b([a-z][a-z0-9+.-]{0,15}://[^\s<>\"'|]+)", re.IGNORECASE)
_ASKING = re.compile(r"(?:(?:wsdl|xsd|reload)(?:=[\w.-]{0,40})?(?:&|$))+", re.IGNORECASE)
_SIGNED = re.compile(r"\b(X-Amz-[A-Za-z-]{1,40}|Signature|sig)=[^&\s<>\"']+", re.IGNORECASE)


@dataclass(frozen=True, repr=False)
class Secret:
    """A text that cannot be printed by accident; `reveal()` is the only way to it."""

    _text: str

    def reveal(self) -> str:
        """The text itself, for the one place that must send it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


def without_query(url: str) -> str:
    """The URL with query, fragment and user info masked: a presigned link keeps its path only."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(unreadable URL)"
    host = parts.netloc.rpartition("@")[2]
    query = "***" if parts.query else ""
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def published(url: str) -> str:
    """The URL masked as `without_query` does; a query that asks for a WSDL or a schema stays."""
    masked = without_query(url)
    query = url.partition("#")[0].partition("?")[2]
    return masked.removesuffix("***") + query if _ASKING.fullmatch(query) else masked


def without_links(text: str) -> str:
    """The text with every link masked as `published` does, and signatures that stand alone."""
    if "://" in text:
        text = _URL.sub(lambda match: published(match.group(1)), text)
    return _SIGNED.sub(r"\1=***", text) if "=" in text else text


def shortened(text: str, limit: int = SHORT) -> str:
    """The text fit for one line of a message: links masked, control characters shown, cut.

    Args:
        text: Any value met in a payload, an answer or a file.
        limit: Characters kept; the full length is told behind the cut.
    """
    shown = without_links(text)
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in shown)
    if len(shown) <= limit:
        return shown
    return f"{shown[:limit]}… ({len(text)} characters)"
