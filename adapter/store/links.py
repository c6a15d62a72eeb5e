"""What is left of presigned links once a delivery has ended well: their signatures go."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from adapter.core.answer import Answer
from adapter.core.redact import without_links

_WRITTEN: tuple[Callable[[str], str], ...] = (
    html.escape,
    partial(html.escape, quote=False),
    str,
)
"""How a text may stand in an answer: as an attribute, as the text of an element, or bare."""

_JSON_STRING = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")', re.DOTALL)

_VALUE = re.compile(r">([^<>]+)</")
"""The text of an element without children."""


def payload_masked(payload: bytes) -> tuple[bytes, dict[str, str]]:
    """The payload with the query of every link masked, and its strings that hold one, masked.

    Every other character of the payload stays; the strings are as read from JSON, by themselves.
    """
    found: dict[str, str] = {}
    pieces = _JSON_STRING.split(_decoded(payload))
    # Every second piece is a string of JSON; that few of them hold a link is found out first.
    pieces[1::2] = [_masked_in(found, x) if _may_link(x) else x for x in pieces[1::2]]
    return (_encoded("".join(pieces)), found) if found else (payload, found)


def document_without_signatures(document: bytes) -> bytes:
    """The document with the query of every link masked."""
    lines = _decoded(document).splitlines(keepends=True)  # a link ends before any line break
    return _encoded("".join([without_links(x) if _may_link(x) else x for x in lines]))


def masked_values(document: bytes) -> dict[str, str]:
    """The values of a document that hold a link with a query, by themselves, masked."""
    values = (html.unescape(value) for value in _VALUE.findall(_decoded(document)))
    masked = ((value, without_links(value)) for value in values)
    return {value: short for value, short in masked if short != value}


def answer_masked(answer: Answer, masked: Mapping[str, str]) -> Answer:
    """The answer where a stored process that repeats these strings has them masked too."""
    pairs = [(w(original), w(short)) for original, short in masked.items() for w in _WRITTEN]

    def mask(text: str) -> str:
        for original, short in pairs:
            text = text.replace(original, short)
        return text

    return Answer(
        {name: mask(value) for name, value in answer.parameters.items()},
        {
            name: replace(stream, content=mask(stream.content))
            for name, stream in answer.streams.items()
        },
    )


def _may_link(text: str) -> bool:
    """True for every text with a link that has a query, a signature, or either behind escapes."""
    return "=" in text or "\\" in text or "://" in text


def _masked_in(found: dict[str, str], token: str) -> str:
    """The string of JSON with its links masked; what it reads as, and reads as then, is noted."""
    text = _text_of(token)
    masked = without_links(text)
    if masked == text:
        return token
    found[text] = masked
    return json.dumps(masked)


def _text_of(token: str) -> str:
    # A link may be written with escapes, such as https:\/\/host; only read as JSON it is one.
    if "\\" not in token:
        return token[1:-1]
    try:
        return str(json.loads(token, strict=False))
    except ValueError:
        return token[1:-1]


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
