"""`sasbiws map`: what each column and prompt of a payload is, and where it came from."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from adapter.cli import shell
from adapter.cli.tables import screen
from adapter.core.columns import Column, Rows, Source
from adapter.core.errors import Problem
from adapter.core.redact import shortened
from adapter.face import Home, Mapped

BYTES = "bytes"
_CELL = re.compile(r"/Table(?:\[1\])?/InData(?:\[(?P<row>\d+)\])?/(?P<name>[^/\[]+)(?:\[1\])?")
_EXPRESSION = re.compile(r"(?:row (?P<row>\d+): )?(?P<name>\w+) = .*", re.DOTALL)
_NONE: Mapping[str, str] = {}
SHOWN_ROWS = 20
"""Rows of one data source that are shown; JSON has all."""


@click.command("map")
@click.argument("payload", metavar="PAYLOAD.json|-")
@click.option("--stp", default="", metavar="NAME", help="Stored process; wins over the payload's.")
@shell.home_option
@shell.json_option
@shell.ends_well
def command(payload: str, stp: str, home: Path | None, *, as_json: bool) -> None:
    """Show how PAYLOAD.json is mapped: each column and prompt with its value and its source.

    Nothing is sent and nothing is stored. Links are shown without their signatures. Exit code 0
    when the document is valid, 1 when the payload or the document is bad, 2 when the
    configuration is.
    """
    settings = shell.settings_of(home)
    body = shell.read_payload(payload, settings.limits.max_bytes)
    with Home(settings) as sas:
        mapped = sas.mapped(body, stp)
    if as_json:
        shell.print_json(_json(mapped))
    else:
        _show(mapped)
    sys.exit(shell.BAD if mapped.problems else shell.GOOD)


def _show(mapped: Mapped) -> None:
    document = mapped.document
    if document.table:
        _show_rows("column", document.rows, mapped.problems)
    if document.parameters:
        screen().print(_table("prompt", document.parameters))
    generic = [source.told for source in document.sources if source.rows is None]
    if generic:
        screen().print(_table("data source", generic))
    for source in document.sources:
        if source.rows is not None:
            _show_rows(f"column of {source.told.name}", source.rows)
    for note in document.notes:
        shell.err.print(f"[yellow]note[/] {escape(str(note))}")
    for problem in mapped.problems:
        shell.err.print(f"[red]problem[/] {escape(str(problem))}")
    shell.err.print("[red]not valid[/]" if mapped.problems else "[green]valid[/]")


def _show_rows(kind: str, rows: Rows, problems: tuple[Problem, ...] = ()) -> None:
    for number, row in enumerate(rows[:SHOWN_ROWS]):
        heading = f"{kind}, row {number}" if len(rows) > 1 else kind
        screen().print(_table(heading, row, _of_row(problems, number)))
    if len(rows) > SHOWN_ROWS:
        shell.err.print(f"{SHOWN_ROWS} of {len(rows)} rows are shown; --json shows all")


def _of_row(problems: Iterable[Problem], number: int) -> dict[str, str]:
    """What is wrong with the columns of a row, by their names; rows count from 0."""
    found: dict[str, str] = {}
    for problem in problems:
        name, row = _place(problem.where)
        if name and row == number:
            found[name] = f"{found[name]}; {problem.reason}" if name in found else problem.reason
    return found


def _place(where: str) -> tuple[str, int]:
    """Column and row, from 0, that a problem tells of; an empty name for any other."""
    if cell := _CELL.fullmatch(where):
        return cell["name"], int(cell["row"] or 1) - 1
    if expression := _EXPRESSION.fullmatch(where):
        return expression["name"], int(expression["row"] or 0)
    return "", 0


def _table(kind: str, columns: Iterable[Column], problems: Mapping[str, str] = _NONE) -> Table:
    table = Table(header_style="bold")
    for heading in (kind, "value", "from", "expression", "type"):
        table.add_column(heading, overflow="fold")
    table.add_column("length", justify="right")
    if problems:
        table.add_column("problems", overflow="fold", style="red")
    for column in columns:
        cells = (column.name, _value(column), column.source, column.expression, column.kind)
        wrong = (escape(problems.get(column.name, "")),) if problems else ()
        table.add_row(*map(escape, cells), str(_length(column)), *wrong)
    return table


def _value(column: Column, **limit: int) -> str:
    """The value as it may be shown: what bytes hide cannot be masked."""
    return "(bytes)" if column.kind == BYTES else shortened(column.text, **limit)


def _length(column: Column) -> int:
    return len(base64.b64decode(column.text) if column.kind == BYTES else column.text)


def _json(mapped: Mapped) -> dict[str, Any]:
    document = mapped.document
    return {
        "valid": not mapped.problems,
        "stored_process": mapped.stored_process,
        "columns": _listed(document.columns),
        "rows": [_listed(row) for row in document.rows],
        "parameters": _listed(document.parameters),
        "sources": list(_sources(document.sources)),
        "notes": _problems(document.notes),
        "problems": _problems(mapped.problems),
    }


def _sources(sources: Iterable[Source]) -> Iterator[dict[str, Any]]:
    for source in sources:
        (told,) = _listed([source.told])
        if source.rows is not None:
            told["rows"] = [_listed(row) for row in source.rows]
        yield told


def _listed(columns: Iterable[Column]) -> list[dict[str, Any]]:
    return [
        {
            "name": column.name,
            "value": _value(column, limit=len(column.text)),
            "source": column.source,
            "expression": column.expression,
            "type": column.kind,
            "length": _length(column),
        }
        for column in columns
    ]


def _problems(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [problem.to_json() for problem in problems]
