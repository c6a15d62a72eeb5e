"""What an operator asks for over HTTP: filters, numbers, and the members of a body."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Request

from adapter.core.delivery import Filter, State
from adapter.core.errors import RequestInvalid
from adapter.core.moment import moment
from adapter.core.redact import shortened

MAX_LIMIT = 1000
DEFAULT_LIMIT = 100
MAX_OFFSET = 100_000_000

FILTERS = ("state", "storedProcess", "code", "task", "text", "olderThan", "newerThan", "id")
"""Names of the query and of a body that say which deliveries are meant."""

_MANY = frozenset(("state", "id"))

Facts = Mapping[str, Sequence[str]]


def body_of(request: Request, known: Sequence[str]) -> dict[str, Any]:
    """The JSON object in the body; an empty body is an empty object.

    Raises:
        RequestInvalid: Not one JSON object, or a member that is not known.
    """
    raw = request.get_data(cache=False)
    try:
        body = json.loads(raw) if raw.strip() else {}
    except (ValueError, RecursionError):
        raise RequestInvalid("the body is not JSON, expected one JSON object") from None
    if not isinstance(body, dict):
        raise RequestInvalid("the body is not an object, expected one JSON object")
    _refuse_others(body, known)
    return body


def query_of(request: Request, known: Sequence[str]) -> Facts:
    """The query by name, each with all its values.

    Raises:
        RequestInvalid: A name that is not known.
    """
    query = dict(request.args.lists())
    _refuse_others(query, known)
    return query


def facts_of(body: Mapping[str, Any]) -> Facts:
    """The filters in a body, as a query gives them.

    Raises:
        RequestInvalid: A value that is neither a string nor a list of strings.
    """
    return {name: _strings(name, body[name]) for name in FILTERS if name in body}


def filter_of(facts: Facts, now: float) -> Filter:
    """The filter that a query or a body describes.

    Raises:
        RequestInvalid: A value cannot be understood, or is there more than once.
    """
    for name, values in facts.items():
        if len(values) > 1 and name not in _MANY:
            raise RequestInvalid(f"{name} is there {len(values)} times, expected once")
    one = {name: values[0] for name, values in facts.items() if values and name not in _MANY}
    return Filter(
        states=frozenset(map(_state, facts.get("state", ()))),
        stored_process=one.get("storedProcess", ""),
        code=one.get("code", ""),
        task_id=one.get("task", ""),
        text=one.get("text", ""),
        before=moment(one["olderThan"], now) if "olderThan" in one else None,
        since=moment(one["newerThan"], now) if "newerThan" in one else None,
        ids=frozenset(facts.get("id", ())),
    )


def number_of(facts: Facts, name: str, default: int, most: int) -> int:
    """A whole number of the query, from 0 to `most`.

    Raises:
        RequestInvalid: It is not one.
    """
    text = facts[name][-1] if facts.get(name) else str(default)
    if text.isascii() and text.isdecimal() and len(text) < len(str(most)) + 1 and int(text) <= most:
        return int(text)
    raise RequestInvalid(f"{name} is {shortened(text)!r}, expected a whole number up to {most}")


def text_of(body: Mapping[str, Any], name: str) -> str:
    """A string of the body; empty where it is missing.

    Raises:
        RequestInvalid: Something else stands there.
    """
    value = body.get(name, "")
    if isinstance(value, str):
        return value
    raise RequestInvalid(f"{name} is not a string")


def flag_of(body: Mapping[str, Any], name: str) -> bool:
    """True or false of the body; false where it is missing.

    Raises:
        RequestInvalid: Something else stands there.
    """
    value = body.get(name, False)
    if isinstance(value, bool):
        return value
    raise RequestInvalid(f"{name} is neither true nor false")


def expected_of(body: Mapping[str, Any]) -> int:
    """How many deliveries the caller saw.

    Raises:
        RequestInvalid: `expect` is missing, or no whole number.
    """
    value = body.get("expect")
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise RequestInvalid(
        "expect is missing or no whole number, expected how many deliveries you saw that are meant"
    )


def _state(text: str) -> State:
    try:
        return State(text)
    except ValueError:
        raise RequestInvalid(
            f"state is {shortened(text)!r}, expected one of {', '.join(State)}"
        ) from None


def _strings(name: str, value: object) -> Sequence[str]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise RequestInvalid(f"{name} is neither a string nor a list of strings")


def _refuse_others(given: Mapping[str, Any], known: Sequence[str]) -> None:
    others = sorted(set(given) - set(known))
    if others:
        named = ", ".join(known) or "none"
        raise RequestInvalid(f"there is no {shortened(others[0])!r}; expected one of: {named}")
