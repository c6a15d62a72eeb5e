"""Where an element of a file stands: line and column of its start tag."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapter.core import xml

_TAG = re.compile(
    r"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>|</[^>]*>|(?P<start><(?:[^>\"']|\"[^\"]*\"|'[^']*')*>)",
    re.DOTALL,
)
"""What stands between `<` and `>` in well-formed XML without a document type declaration."""


@dataclass(frozen=True)
class Place:
    """A file, and line and column in it from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        """As compilers write it."""
        return f"{self.file}:{self.line}:{self.column}"


def places_of(file: str, raw: bytes, root: xml.Element) -> Mapping[xml.Element, Place]:
    """The place of each element of a file that was parsed to `root`; none where it cannot be told.

    lxml keeps no columns, so start tags are counted in the text: the n-th belongs to the n-th
    element.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return {}
    elements = list(root.iter())
    found = list(_starts(file, text))
    return dict(zip(elements, found, strict=True)) if len(found) == len(elements) else {}


def _starts(file: str, text: str) -> Iterator[Place]:
    line, begin, counted = 1, 0, 0
    for match in _TAG.finditer(text):
        at = match.start()
        newline = text.rfind("\n", counted, at)
        if newline >= 0:
            line, begin = line + text.count("\n", counted, at), newline + 1
        counted = at
        if match["start"] is not None:
            yield Place(file, line, at - begin + 1)
