"""One file as nodes, each with its line and column; what keeps it from being read, as troubles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from adapter.core import xml
from adapter.wsdl.decoding import decode
from adapter.wsdl.nodes import Node, Place, Text

MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_ELEMENTS = 60_000
MAX_DEPTH = 200
MAX_ATTRIBUTES = 1000
MAX_TOLD = 100
MAX_IN_FORCE = 1_000_000
"""Bounds of one file, far above any WSDL of a stored process; beyond them it is not read."""

_PASSED_OVER = r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)"
_TOKEN = re.compile(
    _PASSED_OVER + r"|<\?.*?(?:\?>|\Z)"
    r"|(?P<end></[^<>]*>)"
    r"|(?P<start><[^\s<>/!?\"'=]+(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*>)",
    re.DOTALL,
)
HEAD = 4000
"""Characters within which a page must say that it is HTML."""

_DOCTYPE = re.compile(r"<!DOCTYPE\b")
_ENTITY = re.compile(r"<!ENTITY\b[^>]{0,200}")
_HTML = re.compile(r"\s*(<!doctype\s+html|<html\b)", re.IGNORECASE)
_LOGIN = re.compile(r"type\s*=\s*[\"']?password|j_security_check|/SASLogon", re.IGNORECASE)


class Hindrance(StrEnum):
    """Why a file, or a part of it, cannot be read as it is."""

    EMPTY = "empty"
    MALFORMED = "malformed"
    HTML = "html"
    LOGIN = "login"
    DOCTYPE = "doctype"
    ENTITY = "entity"
    PREFIX = "prefix"
    LIMIT = "limit"


@dataclass(frozen=True)
class Trouble:
    """One hindrance, where it is and what was met."""

    kind: Hindrance
    place: Place
    found: str


@dataclass(frozen=True, eq=False, repr=False)
class Source:
    """One file: its text, its nodes, and what kept it from being read.

    Args:
        file: The text with its places.
        root: The root element; None where the file cannot be read.
        troubles: Why it cannot be read.
        elements: The parsed elements, the one of a node at its `order`.
        nodes: All nodes in document order.
    """

    file: Text
    root: Node | None
    troubles: tuple[Trouble, ...] = ()
    elements: tuple[xml.Element, ...] = ()
    nodes: tuple[Node, ...] = ()


def source_of(address: str, raw: bytes) -> Source:
    """The file of this address, read as far as it can be."""
    if len(raw) > MAX_FILE_BYTES:
        return _unread(address, f"{len(raw)} bytes; at most {MAX_FILE_BYTES} are read")
    decoded = decode(raw)
    file = Text(address, decoded, _line_starts(decoded.text))
    hindered = tuple(_hindrances(file))
    if hindered:
        return Source(file, None, hindered)
    try:
        root = xml.parse(decoded.body.encode("utf-8", "surrogatepass"))
    except xml.XmlRefused as error:
        return Source(file, None, tuple(_refusals(file, error)))
    return _built(file, root)


def _unread(address: str, found: str) -> Source:
    return _refused(Text(address, decode(b""), (0,)), Hindrance.LIMIT, found)


def _line_starts(text: str) -> tuple[int, ...]:
    return (0, *(match.end() for match in re.finditer("\n", text)))


def _hindrances(file: Text) -> Iterator[Trouble]:
    """What is told by a glance at the text, before any parser sees it."""
    text = file.decoded.text
    if not text.strip():
        yield Trouble(Hindrance.EMPTY, Place(file.address, 1, 1), "an empty file")
    elif _HTML.match(_without_comments(file.decoded.body[:HEAD])):
        login = _LOGIN.search(text)
        kind = Hindrance.LOGIN if login else Hindrance.HTML
        yield Trouble(kind, file.place(login.start() if login else text.find("<")), "an HTML page")
    else:
        declared = tuple(islice(_type_declarations(file), MAX_TOLD))
        yield from declared or _excess(file)


def _type_declarations(file: Text) -> Iterator[Trouble]:
    text = _without_comments(file.decoded.text)
    doctype = _DOCTYPE.search(text)
    if doctype is None:
        return
    end = text.find(">", doctype.start())
    yield Trouble(Hindrance.DOCTYPE, file.place(doctype.start()), text[doctype.start() : end + 1])
    for entity in _ENTITY.finditer(text):
        yield Trouble(Hindrance.ENTITY, file.place(entity.start()), entity.group())


def _without_comments(text: str) -> str:
    """The text with comments and CDATA blanked, so that every place stays where it is."""
    return re.sub(_PASSED_OVER, _same_length, text, flags=re.DOTALL)


def _same_length(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _excess(file: Text) -> Iterator[Trouble]:
    depth = count = 0
    for token in _TOKEN.finditer(file.decoded.text):
        if token["end"]:
            depth -= 1
        elif token["start"]:
            count += 1
            depth += not token["start"].endswith("/>")
        found = _exceeded(depth, count, token["start"] or "")
        if found:
            yield Trouble(Hindrance.LIMIT, file.place(token.start()), found)
            return


def _exceeded(depth: int, elements: int, tag: str) -> str:
    """Which bound is exceeded at a tag; empty where none is."""
    if depth > MAX_DEPTH:
        return f"elements nested deeper than {MAX_DEPTH}"
    if elements > MAX_ELEMENTS:
        return f"more elements than {MAX_ELEMENTS}"
    if len(tag) > MAX_ATTRIBUTES and tag.count("=") > MAX_ATTRIBUTES:
        return f"an element with more than {MAX_ATTRIBUTES} attributes"
    return ""


def _refusals(file: Text, error: xml.XmlRefused) -> Iterator[Trouble]:
    prefixes: set[str] = set()
    for fault in error.faults:
        place = Place(file.address, max(fault.line, 1), max(fault.column, 1))
        prefix = re.match(r"Namespace prefix (\S+) ", fault.message)
        if prefix is None:
            entity = re.match(r"Entity '(\S+)' not defined", fault.message)
            kind = Hindrance.ENTITY if entity else Hindrance.MALFORMED
            yield Trouble(kind, place, f"&{entity[1]};" if entity else fault.message)
            return
        if prefix[1] not in prefixes:
            prefixes.add(prefix[1])
            written = file.line(place.line).rfind(f"{prefix[1]}:", 0, place.column)
            place = Place(file.address, place.line, written + 1 or place.column)
            yield Trouble(Hindrance.PREFIX, place, prefix[1])


def _built(file: Text, root: xml.Element) -> Source:
    elements = tuple(root.iter("*"))
    tags = [match for match in _TOKEN.finditer(file.decoded.text) if match["start"]]
    if len(tags) != len(elements):
        return _refused(file, Hindrance.MALFORMED, "tags that cannot be told apart")
    spaces = _namespaces(elements, tags)
    if not spaces:
        return _refused(file, Hindrance.LIMIT, f"namespaces declared over {MAX_IN_FORCE} times")
    nodes = _nodes(file, elements, tags, spaces)
    return Source(file, nodes[0], (), elements, nodes)


def _refused(file: Text, kind: Hindrance, found: str) -> Source:
    return Source(file, None, (Trouble(kind, Place(file.address, 1, 1), found),))


def _namespaces(
    elements: Sequence[xml.Element], tags: Sequence[re.Match[str]]
) -> dict[xml.Element, Mapping[str | None, str]]:
    """The declarations in force at each element; none where they are too many to be kept."""
    spaces: dict[xml.Element, Mapping[str | None, str]] = {}
    kept = 0
    for element, tag in zip(elements, tags, strict=True):
        parent = element.getparent()
        if parent is None or "xmlns" in tag["start"]:
            spaces[element] = element.nsmap
            kept += len(spaces[element])
        else:
            spaces[element] = spaces[parent]
        if kept > MAX_IN_FORCE:
            return {}
    return spaces


def _nodes(
    file: Text,
    elements: Sequence[xml.Element],
    tags: Sequence[re.Match[str]],
    spaces: Mapping[xml.Element, Mapping[str | None, str]],
) -> tuple[Node, ...]:
    """Nodes in document order; built from the last on, so that a parent finds its children."""
    built: dict[xml.Element, Node] = {}
    for order in range(len(elements) - 1, -1, -1):
        element, tag = elements[order], tags[order]
        built[element] = Node(
            file, tag.start(), tag["start"], order, str(element.tag),
            {str(k): str(v) for k, v in element.attrib.items()}, spaces[element],
            (element.text or "").strip(), tuple(built[child] for child in element),
        )  # fmt: skip
    return tuple(built[element] for element in elements)
