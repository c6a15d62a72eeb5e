"""Expression: one JMESPath expression of the configuration, compiled, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapter.core.payload import Json

MAX_LENGTH = 4000
"""Characters of an expression; more is a mistake, not a mapping."""

MAX_STEPS = 2_000_000
"""Nodes that all expressions of one document may visit together: some seconds of work."""


class ExpressionRefused(ValueError):
    """The text is not an expression that could ever give a value.

    Args:
        reason: Why, in plain words.
        position: Where in the text, from 0.
        expected: What would have been accepted; may be empty.
    """

    def __init__(self, reason: str, position: int, expected: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position
        self.expected = expected


class Unfit(ValueError):
    """A value of the payload that an expression cannot work with.

    Args:
        reason: Why, in plain words.
        expected: What would have been accepted.
        found: The value met.
    """

    def __init__(self, reason: str, expected: str = "", found: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.expected = expected
        self.found = found


@dataclass
class Budget:
    """The steps that are left for the expressions of one document.

    Attributes:
        steps: Nodes that may still be visited.
        interpreter: What evaluates them, made for the first that needs it.
    """

    steps: int = MAX_STEPS
    interpreter: Any = None


@dataclass(frozen=True)
class Scope:
    """What `$` names stand for while one document is built."""

    payload: Mapping[str, Json] = field(default_factory=dict)
    delivery: Mapping[str, Json] = field(default_factory=dict)
    received: str = ""

    def fact(self, name: str) -> Json:
        """The value of a name that begins with a dollar."""
        match name:
            case "$delivery":
                return self.delivery
            case "$received":
                return self.received
            case _:
                return self.payload


@dataclass(frozen=True)
class Expression:
    """One compiled expression; two of the same text are equal.

    Args:
        text: As written.
        tree: As the library parsed it.
        paths: The payload paths that it reads.
        keys: The keys one below the other where it is nothing but such a path; else empty.
    """

    text: str
    tree: Mapping[str, Any] = field(repr=False, compare=False)
    paths: tuple[str, ...] = field(default=(), compare=False)
    keys: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def compile(cls, text: str) -> Expression:
        """The expression of this text.

        Raises:
            ExpressionRefused: Not JMESPath, or a function that is unknown or given too little.
        """
        from adapter.core.jmes import compiled, keys_of, paths_of  # noqa: PLC0415  only mappings owe it

        if len(text) > MAX_LENGTH:
            raise ExpressionRefused(
                f"the expression has {len(text)} characters", MAX_LENGTH, f"at most {MAX_LENGTH}"
            )
        tree = compiled(text)
        return cls(text, tree, tuple(dict.fromkeys(paths_of(tree))), keys_of(tree))

    def value(self, start: Any, scope: Scope, budget: Budget) -> Any:
        """What it gives, evaluated from `start`: a JSON value, or bytes.

        Raises:
            Unfit: The payload holds what a function cannot work with, or the steps are used up.
        """
        if self.keys:
            value = start
            for key in self.keys:
                value = value.get(key) if isinstance(value, dict) else None
            return value
        from adapter.core.jmes import evaluated  # noqa: PLC0415  only mappings owe it

        return evaluated(self.tree, start, scope, budget)
