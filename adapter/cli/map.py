"""`sasbiws map`: what each column and prompt of a payload is, and where it came from."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from adapter.cli import shell
from adapter.cli.tables import screen
from adapter.core.columns import Column
from adapter.core.errors import Problem
from adapter.core.redact import shortened
from adapter.face import Home, Mapped


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
    screen().print(_table("column", document.columns))
    if document.parameters:
        screen().print(_table("prompt", document.parameters))
    if len(document.rows) > 1:
        shell.err.print(f"the first of {len(document.rows)} rows is shown")
    for note in document.notes:
        shell.err.print(f"[yellow]note[/] {escape(str(note))}")
    for problem in mapped.problems:
        shell.err.print(f"[red]problem[/] {escape(str(problem))}")
    shell.err.print("[red]not valid[/]" if mapped.problems else "[green]valid[/]")


def _table(kind: str, columns: Iterable[Column]) -> Table:
    table = Table(header_style="bold")
    for heading in (kind, "value", "from", "expression", "type"):
        table.add_column(heading, overflow="fold")
    table.add_column("length", justify="right")
    for column in columns:
        cells = (column.name, shortened(column.text), column.source, column.expression, column.kind)
        table.add_row(*map(escape, cells), str(len(column.text)))
    return table


def _json(mapped: Mapped) -> dict[str, Any]:
    document = mapped.document
    return {
        "valid": not mapped.problems,
        "stored_process": mapped.stored_process,
        "columns": _listed(document.columns),
        "rows": len(document.rows),
        "parameters": _listed(document.parameters),
        "notes": _problems(document.notes),
        "problems": _problems(mapped.problems),
    }


def _listed(columns: Iterable[Column]) -> list[dict[str, str | int]]:
    return [
        {
            "name": column.name,
            "value": shortened(column.text, limit=len(column.text)),
            "source": column.source,
            "expression": column.expression,
            "type": column.kind,
            "length": len(column.text),
        }
        for column in columns
    ]


def _problems(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [problem.to_json() for problem in problems]
