"""Entry: one key as written, with its place. Findings: what was found wrong so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from adapter.core.errors import Problem
from adapter.core.redact import shortened


@dataclass(frozen=True)
class Entry:
    """One key with its text, wherever it was written.

    Args:
        name: The key, lower case.
        text: What is written, without the blanks around it.
        where: File with section and key, or the environment variable.
        line: Line in the file, from 1.
        lines: Of a setting that goes over several lines, each that is not empty, with its number.
    """

    name: str
    text: str = field(repr=False)
    where: str
    line: int | None = None
    lines: tuple[tuple[int | None, str], ...] = field(default=(), repr=False)

    def problem(self, reason: str, expected: str = "", *, show: bool = False) -> Problem:
        """A problem at this place; `show` adds what is written, fit to be read by anyone."""
        found = shown(self.text) if show else ""
        return Problem(self.where, reason, expected, found, self.line)


Level = Mapping[str, Entry]
"""The entries of one section, by key."""


@dataclass
class Findings:
    """Everything found while a conf folder is read, in any order and perhaps twice."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def add(self, *problems: Problem) -> None:
        """Remember these problems."""
        self.problems.extend(problems)


def in_order(found: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by file and line."""
    return tuple(
        sorted(dict.fromkeys(found), key=lambda one: (one.where.partition(" ")[0], one.line or 0))
    )


def shown(text: str) -> str:
    """What a message may show of a text: nothing where it may hold a user and a password."""
    return "" if "@" in text else shortened(text)
