"""Payload to columns: the default mapping, and names that SAS can hold."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import cast

from adapter.core.errors import Problem
from adapter.core.payload import Json, Kind, Number, Payload
from adapter.core.redact import shortened

MAX_NAME = 32
"""Characters of a SAS variable name. Source: SAS names, validvarname=V7."""

_FORBIDDEN = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, once line ends are normalised. Source: XML 1.0, production 2."""

_NOT_SAS = re.compile(r"[^A-Za-z0-9_]")

_TRIGGERED = (
    ("guid",),
    ("eventName",),
    ("date", "generatedTimestamp"),
    ("externalTenantId",),
    ("identityId",),
    ("properties", "*"),
    ("outboundProperties", "properties", "*"),
    ("contactResponse", "responseTrackingCode"),
    ("impression", "taskId"),
    ("impression", "taskVersionId"),
    ("impression", "creativeContent"),
)
"""What a triggered task gives by default; `*` stands for every scalar member."""


@dataclass(frozen=True)
class Column:
    """One element below InData.

    Args:
        name: A name that SAS can hold.
        text: The value as text, without characters that XML forbids.
        source: The payload path it came from, keys joined by dots.
        expression: The expression that gave it; empty by the default mapping.
        kind: The JSON type of the value; empty where it came from elsewhere.
    """

    name: str
    text: str
    source: str
    expression: str = field(default="", compare=False)
    kind: str = field(default="", compare=False)


Row = tuple[Column, ...]
Rows = tuple[Row, ...]


@dataclass(frozen=True)
class Source:
    """A data source beside the instream.

    Args:
        told: Its name and where it came from; the text or the Base64 of a generic stream.
        rows: Those of its Table; None for a generic stream.
        is_base64: Whether the text is Base64.
    """

    told: Column
    rows: Rows | None = None
    is_base64: bool = False


@dataclass
class Columns:
    """The columns of one row while they are collected, no two of one name as SAS compares names.

    Attributes:
        notes: Every name or value that had to be changed.
        problems: Every key that cannot become a column.
    """

    notes: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _taken: dict[str, Column] = field(default_factory=dict)
    _highest: dict[str, int] = field(default_factory=dict)
    _numbered: dict[tuple[str, str], int] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Column]:
        return iter(self._taken.values())

    def add(self, path: tuple[str, ...], value: Json) -> None:
        """Take one leaf: equal duplicates collapse, a different value gets another name."""
        source = ".".join(path)
        if _FORBIDDEN.search(path[-1]):
            self.problems.append(
                Problem(
                    shortened(source),
                    "the key has a character that XML forbids",
                    "letters, digits and underscores",
                    shortened(path[-1]),
                )
            )
            return
        text = self._cleaned(source, text_of(value))
        name = self._free_name(path, text)
        if name.casefold() not in self._taken:
            self._taken[name.casefold()] = Column(name, text, source, kind=kind_of(value))

    def put(self, column: Column) -> None:
        """Take a column whose name an expression's line gives."""
        text = self._cleaned(column.source or column.name, column.text)
        told = column if text == column.text else replace(column, text=text)
        self._taken[column.name.casefold()] = told

    def put_rest(self, rest: Columns) -> None:
        """Take the columns of another mapping whose names are free."""
        for column in rest:
            self._taken.setdefault(column.name.casefold(), column)
        self.notes.extend(rest.notes)
        self.problems.extend(rest.problems)

    def _cleaned(self, source: str, text: str) -> str:
        text = _line_feeds(text)
        cleaned = _FORBIDDEN.sub("", text)
        if len(cleaned) != len(text):
            removed = len(text) - len(cleaned)
            self.notes.append(
                Problem(
                    source, f"{removed} character(s) that XML forbids were removed from the value"
                )
            )
        return cleaned

    def _free_name(self, path: tuple[str, ...], text: str) -> str:
        for wanted in self._candidates(path, text):
            name = sas_name(wanted)
            holder = self._taken.get(name.casefold())
            if holder is None or holder.text == text:
                self._note_change(path, name, taken=holder is None)
                return name
        raise AssertionError("the numbered candidates never end")

    def _candidates(self, path: tuple[str, ...], text: str) -> Iterator[str]:
        """The names a leaf may get, best first: key, parent_key, key_2, key_3 and so on.

        Numbers known to be taken by other values are passed over, so that thousands of keys that
        come to one name cost no more than as many others.
        """
        key = path[-1]
        yield key
        if len(path) > 1:
            yield f"{path[-2]}_{key}"
        name = sas_name(key).casefold()
        first = self._numbered.get((name, text), self._highest.get(name, 1) + 1)
        for number in count(first):
            self._highest[name] = max(number, self._highest.get(name, 1))
            self._numbered.setdefault((name, text), number)
            yield f"{key}_{number}"

    def _note_change(self, path: tuple[str, ...], name: str, *, taken: bool) -> None:
        if taken and name != path[-1]:
            source = ".".join(path)
            self.notes.append(
                Problem(shortened(source), f"the column is named {name}", found=shortened(path[-1]))
            )


def without_forbidden(text: str) -> str:
    """The text with line feeds at its line ends and without what XML cannot hold."""
    return _FORBIDDEN.sub("", _line_feeds(text))


def _line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def sas_name(key: str) -> str:
    """The key as a name that SAS and XML can hold.

    Every other character becomes an underscore; a name that begins with a digit or with `xml`
    gets an underscore in front; one of more than 32 characters keeps its first 25 and ends in an
    underscore and six hexadecimal digits of its SHA-256, so that long names stay different.
    """
    name = _NOT_SAS.sub("_", key)
    if not name or name[0].isdigit() or name[:3].lower() == "xml":
        name = f"_{name}"
    if len(name) > MAX_NAME:
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        name = f"{name[: MAX_NAME - 7]}_{digest[:6]}"
    return name


def kind_of(value: Json) -> str:
    """The JSON type of a value."""
    if isinstance(value, Number):
        return "number"
    names = {bool: "boolean", str: "string", dict: "object", list: "array", type(None): "null"}
    return names.get(type(value), "")


def text_of(value: Json) -> str:
    """The value as the text of an element: null is empty, arrays and objects are compact JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str(value)
    return _compact(value)


def _compact(value: Json) -> str:
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        members = (f"{_compact(key)}:{_compact(member)}" for key, member in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_compact(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def default_columns(payload: Payload) -> Columns:
    """The columns of a payload by the default mapping of its kind.

    A bulk task gives every scalar leaf and every array, named by its key, in document order.
    A triggered task gives the facts of the event, its properties and the contact.
    """
    event = payload.kind is Kind.TRIGGERED
    columns = Columns()
    for path, value in _event_leaves(payload) if event else leaves((), payload.root):
        columns.add(path, value)
    return columns


def leaves(path: tuple[str, ...], value: Json) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Every value that is not an object, with its path, in the order of the payload."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves((*path, key), member)
    else:
        yield path, value


def _event_leaves(payload: Payload) -> Iterator[tuple[tuple[str, ...], Json]]:
    for path in _TRIGGERED:
        if path[-1] == "*":
            parent = payload.at(*path[:-1])
            members = cast("Mapping[str, Json]", parent) if isinstance(parent, dict) else {}
            for key, member in members.items():
                if not isinstance(member, (dict, list)):
                    yield (*path[:-1], key), member
        elif _is_there(payload, path):
            yield path, payload.at(*path)


def _is_there(payload: Payload, path: tuple[str, ...]) -> bool:
    parent = payload.at(*path[:-1]) if path[:-1] else payload.root
    return isinstance(parent, dict) and path[-1] in parent
