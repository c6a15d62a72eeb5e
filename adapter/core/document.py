"""Payload and Route to the Table of the instream data source, one element per line."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from adapter.core import xml
from adapter.core.columns import Column, default_columns
from adapter.core.errors import Problem
from adapter.core.payload import Payload
from adapter.core.route import Route

TABLE = "Table"
ROW = "InData"
MAX_COLUMNS = 1000
"""Columns of a row; more is a mistake of the task, not a table."""


@dataclass(frozen=True)
class Document:
    """The Table that a stored process reads from its instream.

    Args:
        xml: UTF-8, no declaration, no namespace, a line break after every element.
        columns: What the row holds, in order.
        notes: Every name or value that had to be changed on the way.
        problems: What makes it undeliverable: a key that cannot become a column, too many
            columns, a line that the stored process would cut.
    """

    xml: bytes
    columns: tuple[Column, ...]
    notes: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()


def build(payload: Payload, route: Route) -> Document:
    """The document that the payload becomes on this route, with all that is wrong with it."""
    columns = default_columns(payload)
    row = tuple(columns)
    table = table_of(row)
    problems = (*columns.problems, *_row_problems(row), *long_lines(table, route.max_line))
    return Document(table, row, tuple(columns.notes), problems)


def table_of(row: tuple[Column, ...]) -> bytes:
    """The Table with one row, a line break after every element.

    Source: the published stored process reads its stream line by line and cuts long lines.
    """
    table = etree.Element(TABLE)
    table.text = "\n"
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
