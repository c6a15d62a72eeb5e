"""Webhook body to a checked Payload: the stored process it names and the keys of its task."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn, Self, cast

from adapter.core.errors import (
    PayloadNotJson,
    PayloadTooDeep,
    PayloadTooLarge,
    PayloadTooManyKeys,
    StpNameConflict,
    StpNameInvalid,
    StpNameMissing,
)
from adapter.core.redact import shortened

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_KEYS = 65536
MAX_NAME = 128

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A string, or what follows a quote that is never closed: every byte is looked at once."""

_NAME_REFUSED = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")

Json = Mapping[str, "Json"] | list["Json"] | str | bool | None
"""A JSON value as parsed here; a number is a `Number`."""


class Number(str):
    """The digits of a JSON number exactly as they were sent: no float, no rounding."""

    __slots__ = ()


class Kind(StrEnum):
    """Which of the two custom tasks of CI 360 sent the payload."""

    BULK = "bulk"
    TRIGGERED = "triggered"


@dataclass(frozen=True)
class Limits:
    """What a payload may cost: bytes of the body, depth of nesting, keys in all."""

    max_bytes: int = MAX_BYTES
    max_depth: int = MAX_DEPTH
    max_keys: int = MAX_KEYS


@dataclass(frozen=True)
class Payload:
    """One JSON object that CI 360 posted.

    Args:
        raw: The body as received.
        root: The object; numbers are `Number`, everything else as `json` gives it.
    """

    raw: bytes
    root: Mapping[str, Json]

    @classmethod
    def parse(cls, raw: bytes, limits: Limits = Limits()) -> Self:
        """The payload of a request body, whatever content type it was sent with.

        Raises:
            PayloadTooLarge: More bytes than allowed.
            PayloadTooDeep: Nested deeper than allowed.
            PayloadTooManyKeys: More keys than allowed.
            PayloadNotJson: Anything but one JSON object in UTF-8, or a key that occurs twice.
        """
        _check_size(raw, limits)
        text = _decoded(raw)
        _check_depth(text, limits)
        root = _loaded(text)
        _check_keys(root, limits)
        return cls(raw, root)

    @property
    def kind(self) -> Kind:
        """Triggered when it has the marks of an outbound system event, else bulk."""
        outbound = self.root.get("eventType") == "outboundSystem"
        triggered = outbound or isinstance(self.root.get("outboundProperties"), dict)
        return Kind.TRIGGERED if triggered else Kind.BULK

    def at(self, *path: str) -> Json:
        """The value at a path of keys, or None where the path leads nowhere."""
        value: Json = self.root
        for key in path:
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        return value

    def text_at(self, *path: str) -> str:
        """The string or number at a path of keys, or an empty text."""
        value = self.at(*path)
        return str(value) if isinstance(value, str) else ""

    @property
    def task_id(self) -> str:
        """The id of the bulk task, else of the event; empty where neither is there."""
        return self.text_at("taskId") or self.text_at("guid")

    @property
    def stp_name(self) -> str:
        """The stored process the payload itself names, unchecked; empty where it names none.

        Looked for in `sendParameters.stpName` (bulk) and in
        `outboundProperties.properties.stpName` (triggered).
        """
        told = self.text_at("sendParameters", "stpName").strip(" ")
        return told or self.text_at("outboundProperties", "properties", "stpName").strip(" ")

    def stored_process(self, path_name: str = "") -> str:
        """The stored process to run: the payload's, or that of the address `/ExecuteSTP/<name>`.

        Raises:
            StpNameMissing: Neither names one.
            StpNameConflict: They disagree.
            StpNameInvalid: It cannot be the name of a stored process.
        """
        told = self.stp_name
        if told and path_name and told != path_name:
            raise StpNameConflict(
                f"the address names stored process {shortened(path_name)!r}, "
                f"the payload names {shortened(told)!r}"
            )
        if not (path_name or told):
            raise StpNameMissing(
                "the payload names no stored process: looked for sendParameters.stpName, "
                "outboundProperties.properties.stpName and /ExecuteSTP/<name>"
            )
        return checked_name(path_name or told)


def checked_name(name: str) -> str:
    """The name, if it can be one segment of a stored process's metadata path.

    Raises:
        StpNameInvalid: A slash, a control character, `.` or `..`, or more than 128 characters.
    """
    if len(name) > MAX_NAME:
        raise StpNameInvalid(
            f"the stored process name has {len(name)} characters, expected at most {MAX_NAME}"
        )
    if name.strip(" .") == "" or _NAME_REFUSED.search(name):
        raise StpNameInvalid(
            f"{shortened(name)!r} cannot be the name of a stored process: "
            "expected one path segment without slash, backslash and control characters"
        )
    return name


def _check_size(raw: bytes, limits: Limits) -> None:
    if len(raw) > limits.max_bytes:
        raise PayloadTooLarge(f"the body has {len(raw)} bytes, expected at most {limits.max_bytes}")


def _decoded(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PayloadNotJson(
            f"byte {error.start} is not UTF-8: found 0x{raw[error.start]:02x}"
        ) from None
    if not text.strip():
        raise PayloadNotJson("the body is empty, expected one JSON object")
    return text


def _check_depth(text: str, limits: Limits) -> None:
    if text.count("{") + text.count("[") <= limits.max_depth:
        return  # whatever stands where, they are too few to be nested deeper
    depth = deepest = 0
    for char in _STRING.sub("", text):
        if char in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "}]":
            depth -= 1
    if deepest > limits.max_depth:
        raise PayloadTooDeep(
            f"the payload is nested {deepest} levels deep, expected at most {limits.max_depth}"
        )


def _loaded(text: str) -> Mapping[str, Json]:
    try:
        root = json.loads(
            text,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise PayloadNotJson(
            f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    if not isinstance(root, dict):
        raise PayloadNotJson(f"found {_json_type(root)}, expected one JSON object")
    return cast("Mapping[str, Json]", root)


def _refuse_constant(constant: str) -> NoReturn:
    raise PayloadNotJson(f"found {constant}, which is not a JSON value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        times = Counter(key for key, _ in pairs)
        twice = next(key for key, count in times.items() if count > 1)
        raise PayloadNotJson(f"the key {shortened(twice)!r} occurs twice in one object")
    return found


def _json_type(value: object) -> str:
    if isinstance(value, Number):
        return "a number"
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "another value")


def _check_keys(root: Mapping[str, Json], limits: Limits) -> None:
    keys = sum(1 for _ in _keys(root))
    if keys > limits.max_keys:
        raise PayloadTooManyKeys(f"the payload has {keys} keys, expected at most {limits.max_keys}")


def _keys(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from _keys(member)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)
