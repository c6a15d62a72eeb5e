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
    Row,
    Rows,
    Source,
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
MAX_TEXT = 20_000_000
"""Characters of all values of one document."""
MAX_PROBLEMS = 200
"""Problems told at most of a document whose mapping goes wrong in row after row."""


@dataclass
class Mapper:
    """Evaluates the expressions of one route for one payload, and keeps what goes wrong."""

    payload: Payload
    mapping: Mapping
    scope: Scope
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    _budget: Budget = field(default_factory=Budget)
    _room: int = MAX_TEXT

    def rows(self) -> Rows:
        """The rows of the instream."""
        if self.mapping.rows is None:
            return (self._row(self.payload.root, lambda: default_columns(self.payload)),)
        found = self._value(Mapped("rows", self.mapping.rows), self.payload.root)
        where = shortened(f"rows = {self.mapping.rows.text}")
        objects = self._objects(found, where)
        rows: list[Row] = []
        for number, row in enumerate(objects):
            rows.append(self._row(row, partial(_members, row), f"row {number}: "))
            if self._room < 0:
                break
        return tuple(rows)

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
                    column = _column(mapped, told.text or text_of(each), each)
                    if self._has_room((column,)):
                        yield told, column

    def sources(self) -> Iterator[Source]:
        """The data sources beside the instream."""
        for mapped in self.mapping.sources:
            value = self._value(mapped, self.payload.root)
            match value:
                case None:
                    continue
                case bytes():
                    told = _column(mapped, base64.b64encode(value).decode("ascii"), value)
                    yield Source(told, is_base64=True)
                case dict() | list():
                    listed = value if isinstance(value, list) else [value]
                    where = shortened(f"{mapped.name} = {mapped.expression.text}")
                    objects = self._objects(listed, where)
                    rows = tuple(self._told(_members(row)) for row in objects)
                    yield Source(_column(mapped, "", value), rows)
                case _:
                    yield Source(_column(mapped, without_forbidden(text_of(value)), value))

    def _row(self, start: Any, rest: Callable[[], Columns], place: str = "") -> Row:
        columns = Columns()
        for mapped in self.mapping.columns:
            value = self._value(mapped, start, place)
            if isinstance(value, bytes):
                reason = f"{place}bytes cannot be a column"
                self._problem(mapped, reason, "a text; see `sources`")
            else:
                columns.put(_column(mapped, text_of(value), value))
        if self.mapping.rest:
            columns.put_rest(rest())
        return self._told(columns)

    def _told(self, columns: Columns) -> Row:
        self.notes.extend(columns.notes)
        self.problems.extend(columns.problems)
        row = tuple(columns)
        return row if self._has_room(row) else ()

    def _has_room(self, row: Row) -> bool:
        """Whether these values still fit into the document; too many are a problem, told once."""
        room, self._room = self._room, self._room - sum(len(column.text) for column in row)
        if self._room < 0 <= room:
            reason = "the values of this payload get too long together"
            self.problems.append(Problem("/Table", reason, f"at most {MAX_TEXT} characters"))
        return self._room >= 0

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

    def _value(self, mapped: Mapped, start: Any, place: str = "") -> Any:
        try:
            return mapped.expression.value(start, self.scope, self._budget)
        except Unfit as unfit:
            reason = f"{place}{unfit.reason}{_read(mapped.expression)}"
            self._problem(mapped, reason, unfit.expected, unfit.found)
            return None

    def _problem(self, mapped: Mapped, reason: str, expected: str = "", found: str = "") -> None:
        where = shortened(f"{mapped.name} = {mapped.expression.text}")
        problem = Problem(where, reason, expected, found)
        if len(self.problems) < MAX_PROBLEMS and problem not in self.problems:
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
