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

_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def without_signatures(payload: bytes) -> bytes:
    """The payload with the query of every link masked; every other character stays."""
    masked = masked_strings(payload)
    return _each_string(
        payload, lambda token, text: json.dumps(masked[text]) if text in masked else token
    )


def document_without_signatures(document: bytes) -> bytes:
    """The document with the query of every link masked."""
    return _encoded(without_links(_decoded(document)))


def masked_strings(payload: bytes) -> dict[str, str]:
    """The strings of a JSON payload that hold a link with a query, by themselves, masked."""
    found = {}

    def note(token: str, text: str) -> str:
        if (masked := without_links(text)) != text:
            found[text] = masked
        return token

    _each_string(payload, note)
    return found


def answer_masked(answer: Answer, masked: Mapping[str, str]) -> Answer:
    """The answer where a stored process that repeats these strings has them masked too."""

    def mask(text: str) -> str:
        for original, short in masked.items():
            for written in _WRITTEN:
                text = text.replace(written(original), written(short))
        return text

    return Answer(
        {name: mask(value) for name, value in answer.parameters.items()},
        {
            name: replace(stream, content=mask(stream.content))
            for name, stream in answer.streams.items()
        },
    )


def _each_string(payload: bytes, change: Callable[[str, str], str]) -> bytes:
    def changed(match: re.Match[str]) -> str:
        return change(match[0], _text_of(match[0]))

    return _encoded(_JSON_STRING.sub(changed, _decoded(payload)))


def _text_of(token: str) -> str:
    # A link may be written with escapes, such as https:\/\/host; only read as JSON it is one.
    try:
        return str(json.loads(token, strict=False))
    except ValueError:
        return token[1:-1]


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
