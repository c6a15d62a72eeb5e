"""A payload mapped by the expressions of its route: rows, prompts and further data sources."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from adapter.core.columns import (
    Column,
    Columns,
    default_columns,
    leaves,
    text_of,
    without_forbidden,
)
from adapter.core.errors import Problem
from adapter.core.expressions import Budget, Expression, Scope, Unfit
from adapter.core.functions import type_of
from adapter.core.mapping import MAX_ROWS, Mapped, Mapping
from adapter.core.payload import Payload
from adapter.core.redact import shortened
from adapter.core.request import Parameter

MAX_VALUES = 1000
"""Values of one prompt."""

Rows = tuple[tuple[Column, ...], ...]


@dataclass(frozen=True)
class Source:
    """A data source beside the instream: rows of a Table, else a text or Base64."""

    name: str
    rows: Rows | None = None
    text: str = ""
    base64: str = ""


@dataclass
class Mapper:
    """Evaluates the expressions of one route for one payload, and keeps what goes wrong."""

    payload: Payload
    mapping: Mapping
    scope: Scope
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    _budget: Budget = field(default_factory=Budget)

    def rows(self) -> Rows:
        """The rows of the instream."""
        if self.mapping.rows is None:
            return (self._row(self.payload.root, lambda: default_columns(self.payload)),)
        found = self._value(Mapped("rows", self.mapping.rows), self.payload.root)
        where = shortened(f"rows = {self.mapping.rows.text}")
        return tuple(self._row(row, partial(_members, row)) for row in self._objects(found, where))

    def parameters(self) -> Iterator[tuple[Parameter, Column]]:
        """Every value of every prompt, each with what it came from."""
        for mapped in self.mapping.parameters:
            value = self._value(mapped, self.payload.root)
            values = value if isinstance(value, list) else [value]
            if len(values) > MAX_VALUES:
                self._problem(mapped, "the prompt gets too many values", str(MAX_VALUES))
                continue
            for each in values:
                if each is not None and (told := self._parameter(mapped, each)):
                    yield told, _column(mapped, told.text or text_of(each), each)

    def sources(self) -> Iterator[Source]:
        """The data sources beside the instream."""
        for mapped in self.mapping.sources:
            value = self._value(mapped, self.payload.root)
            match value:
                case None:
                    continue
                case bytes():
                    yield Source(mapped.name, base64=base64.b64encode(value).decode("ascii"))
                case dict() | list():
                    listed = value if isinstance(value, list) else [value]
                    where = shortened(f"{mapped.name} = {mapped.expression.text}")
                    objects = self._objects(listed, where)
                    yield Source(mapped.name, tuple(self._whole(row) for row in objects))
                case _:
                    yield Source(mapped.name, text=without_forbidden(text_of(value)))

    def _row(self, start: Any, rest: Callable[[], Columns]) -> tuple[Column, ...]:
        columns = Columns()
        for mapped in self.mapping.columns:
            value = self._value(mapped, start)
            if isinstance(value, bytes):
                self._problem(mapped, "bytes cannot be a column", "a text; see `sources`")
            else:
                columns.put(_column(mapped, text_of(value), value))
        if self.mapping.rest:
            columns.put_rest(rest())
        return self._told(columns)

    def _whole(self, row: Any) -> tuple[Column, ...]:
        return self._told(_members(row))

    def _told(self, columns: Columns) -> tuple[Column, ...]:
        self.notes.extend(columns.notes)
        self.problems.extend(columns.problems)
        return tuple(columns)

    def _objects(self, found: Any, where: str) -> list[Any]:
        if not isinstance(found, list):
            self.problems.append(
                Problem(where, "the rows are not a list", "a list of objects", type_of(found))
            )
            return []
        if len(found) > MAX_ROWS:
            reason = "there are too many rows for a stream; send a table as a file"
            self.problems.append(Problem(where, reason, f"at most {MAX_ROWS}", str(len(found))))
            return []
        odd = next((n for n, row in enumerate(found) if not isinstance(row, dict)), None)
        if odd is not None:
            reason, kind = f"row {odd} is not an object", type_of(found[odd])
            self.problems.append(Problem(where, reason, "an object", kind))
            return []
        return found

    def _parameter(self, mapped: Mapped, value: Any) -> Parameter | None:
        if isinstance(value, dict):
            members = tuple(
                (name, without_forbidden(text_of(member)))
                for name, member in value.items()
                if member is not None
            )
            if all(name.isidentifier() and name.isascii() for name, _ in members) and members:
                return Parameter(mapped.name, members=members)
            expected = "such as lowerBound and upperBound"
            self._problem(mapped, "this has parts that no prompt has", expected)
            return None
        if isinstance(value, (bytes, list)):
            self._problem(mapped, "this cannot be the value of a prompt", "a text or number")
            return None
        return Parameter(mapped.name, without_forbidden(text_of(value)))

    def _value(self, mapped: Mapped, start: Any) -> Any:
        try:
            return mapped.expression.value(start, self.scope, self._budget)
        except Unfit as unfit:
            reason = f"{unfit.reason}{_read(mapped.expression)}"
            self._problem(mapped, reason, unfit.expected, unfit.found)
            return None

    def _problem(self, mapped: Mapped, reason: str, expected: str = "", found: str = "") -> None:
        where = shortened(f"{mapped.name} = {mapped.expression.text}")
        problem = Problem(where, reason, expected, found)
        if problem not in self.problems[-MAX_ROWS:]:
            self.problems.append(problem)


def _read(expression: Expression) -> str:
    return f", read from {', '.join(expression.paths)}" if expression.paths else ""


def _column(mapped: Mapped, text: str, value: Any) -> Column:
    source = ", ".join(mapped.expression.paths)
    return Column(mapped.name, text, source, mapped.expression.text, type_of(value))


def _members(row: Any) -> Columns:
    columns = Columns()
    for path, value in leaves((), row):
        columns.add(path, value)
    return columns
