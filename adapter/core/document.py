"""Payload and Route to the Table of the instream data source, one element per line."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from adapter.core import xml
from adapter.core.columns import Column, Rows, Source, default_columns
from adapter.core.errors import Problem
from adapter.core.expressions import Scope
from adapter.core.moments import iso_datetime, moment_of
from adapter.core.payload import Number, Payload
from adapter.core.request import INSTREAM, Request, Stream
from adapter.core.route import Route

TABLE = "Table"
ROW = "InData"
MAX_COLUMNS = 1000
"""Columns of a row; more is a mistake of the task, not a table."""


@dataclass(frozen=True)
class Facts:
    """What is known of a delivery beside its payload.

    Args:
        delivery_id: Its id.
        received_at: When it was received, in seconds since 1970-01-01 UTC.
    """

    delivery_id: str = ""
    received_at: float = 0.0

    def scope(self, payload: Payload) -> Scope:
        """What the `$` names of its expressions stand for."""
        received = moment_of(Number(int(self.received_at * 1000)))
        return Scope(payload.root, {"id": self.delivery_id}, iso_datetime(received))


NO_FACTS = Facts()
"""Those of a document that no delivery will send."""


@dataclass(frozen=True)
class Document:
    """What a stored process is sent: the Table that it reads from its instream, and its prompts.

    Args:
        xml: UTF-8, no declaration, no namespace, a line break after every element: the Table, or
            a sealed request where there is more than that.
        columns: What the first row holds, in order.
        notes: Every name or value that had to be changed on the way.
        problems: What makes it undeliverable: a key that cannot become a column, too many
            columns, a line that the stored process would cut.
        table: The Table of the instream; empty where none is sent.
        rows: What every row holds.
        parameters: The values of prompts.
        sources: What the data sources beside the instream hold.
    """

    xml: bytes
    columns: tuple[Column, ...]
    notes: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()
    table: bytes = b""
    rows: Rows = field(default=(), repr=False)
    parameters: tuple[Column, ...] = ()
    sources: tuple[Source, ...] = field(default=(), repr=False)


def build(payload: Payload, route: Route, facts: Facts = NO_FACTS) -> Document:
    """The document that the payload becomes on this route, with all that is wrong with it."""
    if not route.mapping.is_default:
        return _mapped(payload, route, facts)
    columns = default_columns(payload)
    row = tuple(columns)
    table = table_of(row)
    problems = (*columns.problems, *_row_problems(row), *long_lines(table, route.max_line))
    return Document(table, row, tuple(columns.notes), problems, table, (row,))


def _mapped(payload: Payload, route: Route, facts: Facts) -> Document:
    """The document by the expressions of the route."""
    from adapter.core.mapped import MAX_PROBLEMS, Mapper  # noqa: PLC0415  owes a library

    mapper = Mapper(payload, route.mapping, facts.scope(payload))
    rows = mapper.rows() if route.mapping.has_instream else ()
    parameters = tuple(mapper.parameters())
    sources = tuple(mapper.sources())
    table = table_of(*rows) if route.mapping.has_instream else b""
    further = tuple(map(_stream, sources))
    streams = (*([Stream(INSTREAM, table)] if table else []), *further)
    problems = [*mapper.problems]
    for row in (*rows, *(row for each in sources for row in each.rows or ())):
        problems += _row_problems(row)
    for one in (table, *(each.table for each in further)):
        problems += long_lines(one, route.max_line)
    return Document(
        Request(tuple(told for told, _ in parameters), streams).sealed(),
        rows[0] if rows else (),
        tuple(dict.fromkeys(mapper.notes)),
        tuple(dict.fromkeys(problems))[:MAX_PROBLEMS],
        table,
        rows,
        tuple(column for _, column in parameters),
        sources,
    )


def _stream(source: Source) -> Stream:
    name, text = source.told.name, source.told.text
    if source.rows is not None:
        return Stream(name, table_of(*source.rows))
    return Stream(name, base64=text) if source.is_base64 else Stream(name, text=text)


def table_of(*rows: tuple[Column, ...]) -> bytes:
    """The Table with these rows, a line break after every element.

    Source: the published stored process reads its stream line by line and cuts long lines.
    """
    table = etree.Element(TABLE)
    table.text = "\n"
    for row in rows:
        in_data = etree.SubElement(table, ROW)
        in_data.text = in_data.tail = "\n"
        for column in row:
            element = etree.SubElement(in_data, column.name)
            element.text = column.text
            element.tail = "\n"
    return xml.to_bytes(table)


def _row_problems(row: tuple[Column, ...]) -> list[Problem]:
    if not row:
        return [Problem(ROW, "the payload gives no column", "at least one value")]
    if len(row) > MAX_COLUMNS:
        return [Problem(ROW, "the payload gives too many columns", f"{MAX_COLUMNS}", f"{len(row)}")]
    return []


def long_lines(document: bytes, max_line: int) -> list[Problem]:
    """A problem for every line of more bytes than the stored process reads."""
    return [
        Problem(
            _element_name(line),
            "the line is longer than the stored process reads, and would be cut",
            f"at most {max_line} bytes",
            f"{len(line)} bytes",
            number,
        )
        for number, line in enumerate(document.split(b"\n"), 1)
        if len(line) > max_line
    ]


def _element_name(line: bytes) -> str:
    name = line[1 : line.find(b">")] if line.startswith(b"<") else b""
    return f"/{TABLE}/{ROW}/{name.decode('ascii', 'replace')}" if name else f"/{TABLE}/{ROW}"
