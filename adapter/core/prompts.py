"""What the type of a prompt can hold. Source: Guide, "Prompts": the schema types of prompts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time

from adapter.core.errors import Problem
from adapter.core.redact import shortened
from adapter.core.request import Parameter

_SIZES = {"byte": 8, "short": 16, "int": 32, "long": 64}
"""Bits of the whole numbers."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
_DECIMAL = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_FLOAT = re.compile(rf"{_DECIMAL}(?:[eE][+-]?[0-9]{{1,4}})?|-?INF|NaN")
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
_SHAPES = {
    "integer": _WHOLE,
    "decimal": re.compile(_DECIMAL),
    "double": _FLOAT,
    "float": _FLOAT,
    "boolean": re.compile("true|false|0|1"),
    "dateTime": re.compile(f"{_DAY}T{_TIME}"),
    "date": re.compile(_DAY),
    "time": re.compile(_TIME),
}
"""How the values of a type are written. Source: XML Schema, part 2."""


@dataclass(frozen=True)
class Prompt:
    """One prompt as the WSDL declares it.

    Args:
        name: Its name.
        element: The name of its element, in Clark notation or bare.
        kind: Local name of its schema type, such as `int`; empty where it has parts.
        members: Its parts, such as `lowerBound` and `upperBound`.
        at_most: Values it takes; None for any number.
        required: Whether it must have one.
    """

    name: str
    element: str
    kind: str = ""
    members: tuple[Prompt, ...] = ()
    at_most: int | None = 1
    required: bool = False


def problems_of(
    prompts: tuple[Prompt, ...], parameters: tuple[Parameter, ...]
) -> tuple[Problem, ...]:
    """Everything that these prompts cannot take of the parameters."""
    problems: list[Problem] = []
    for name in dict.fromkeys(parameter.name for parameter in parameters):
        prompt = prompt_named(prompts, name)
        if prompt is None:
            listed = ", ".join(each.name for each in prompts) or "none"
            problems.append(Problem(name, "the stored process has no such prompt", listed))
            continue
        values = [each for each in parameters if each.name == name]
        if prompt.at_most is not None and len(values) > prompt.at_most:
            found, most = str(len(values)), f"at most {prompt.at_most}"
            problems.append(Problem(name, "the prompt gets too many values", most, found))
        problems += [problem for value in values if (problem := _misfit(prompt, value))]
    given = {name.name.casefold() for name in parameters}
    problems += [
        Problem(each.name, "the prompt must have a value", each.kind or "a value", "nothing")
        for each in prompts
        if each.required and each.name.casefold() not in given
    ]
    return tuple(problems)


def prompt_named(prompts: tuple[Prompt, ...], name: str) -> Prompt | None:
    """The prompt of exactly this name, else the one that differs in case alone."""
    folded = [each for each in prompts if each.name.casefold() == name.casefold()]
    exact = [each for each in folded if each.name == name]
    return next(iter((*exact, *folded)), None)


def _misfit(prompt: Prompt, value: Parameter) -> Problem | None:
    if bool(prompt.members) != bool(value.members):
        parts = " and ".join(each.name for each in prompt.members)
        expected = f"an object with {parts}" if parts else f"one value of type {prompt.kind}"
        return Problem(prompt.name, "the value does not have the prompt's parts", expected)
    for name, text in value.members:
        member = prompt_named(prompt.members, name)
        where = f"{prompt.name}.{name}"
        if member is None:
            expected = " or ".join(each.name for each in prompt.members)
            return Problem(where, "the prompt has no such part", expected)
        if not fits(member.kind, text):
            return _unheld(where, member.kind, text)
    if not prompt.members and not fits(prompt.kind, value.text):
        return _unheld(prompt.name, prompt.kind, value.text)
    return None


def _unheld(where: str, kind: str, text: str) -> Problem:
    reason = "the prompt's type cannot hold this value"
    return Problem(where, reason, kind, shortened(text) or "an empty text")


def fits(kind: str, text: str) -> bool:
    """Whether a schema type, by its local name, holds a text."""
    if kind in _SIZES:
        edge = 2 ** (_SIZES[kind] - 1)
        return bool(_WHOLE.fullmatch(text)) and -edge <= int(text) < edge
    if kind in _SHAPES:
        return bool(_SHAPES[kind].fullmatch(text)) and _exists(kind, text)
    return True


def _exists(kind: str, text: str) -> bool:
    """Whether there is such a day and such a time."""
    readers: dict[str, Callable[[str], object]] = {
        "dateTime": datetime.fromisoformat,
        "date": date.fromisoformat,
        "time": time.fromisoformat,
    }
    try:
        readers.get(kind, str)(text)
    except ValueError:
        return False
    return True
