"""Mapping: what a route makes of a payload, as the configuration says it."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.core.expressions import Expression

MAX_ROWS = 1000
"""Rows of a stream; a table of more travels as a file."""


@dataclass(frozen=True)
class Mapped:
    """One name with the expression that gives its value."""

    name: str
    expression: Expression


@dataclass(frozen=True)
class Mapping:
    """Which values of a payload go where.

    Args:
        columns: The columns of a row, each by an expression.
        rest: Whether the columns of the default mapping follow.
        rows: Gives the list of objects that become the rows; None for the one row of the payload.
        parameters: The prompts.
        sources: Data sources beside the instream.
    """

    columns: tuple[Mapped, ...] = ()
    rest: bool = True
    rows: Expression | None = None
    parameters: tuple[Mapped, ...] = ()
    sources: tuple[Mapped, ...] = ()

    @property
    def has_instream(self) -> bool:
        """Whether an instream is sent; without any column there is none."""
        return bool(self.columns) or self.rest

    @property
    def is_default(self) -> bool:
        """Whether it is nothing but the default mapping."""
        return self == DEFAULT


DEFAULT = Mapping()
