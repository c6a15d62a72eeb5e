"""The files of `sasbiws schema`: schemas as the adapter compiles them, and what is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import xmlschema

from adapter.cli.reports.shown import shown
from adapter.core.document import ROW, TABLE
from adapter.core.errors import ConfigurationInvalid, Problem
from adapter.schema.row import Row, row_of
from adapter.store.schemas import SchemaFolder

Command = Callable[..., Any]


@dataclass(frozen=True)
class SchemaFile:
    """A schema that was read and compiled.

    Args:
        path: As it is shown.
        raw: Its bytes.
        compiled: What documents are held against.
        row: What a row of it holds.
    """

    path: str
    raw: bytes = field(repr=False)
    compiled: xmlschema.XMLSchema11 = field(repr=False)
    row: Row


def schema_file(path: Path) -> SchemaFile:
    """The schema of this file; it may include what lies in its own folder.

    Raises:
        ConfigurationInvalid: It cannot be used; with every problem.
    """
    name = shown(path.as_posix())
    folder = SchemaFolder(path.parent)
    compiled, raw = folder.compiled(path.name), folder.source(path.name)
    row = row_of(compiled, name, raw)
    if row is None:
        problem = Problem(name, "its rows are open", f"an element {ROW} in {TABLE}")
        raise ConfigurationInvalid(f"the schema {name} cannot be used: {problem}", (problem,))
    return SchemaFile(name, raw, compiled, row)


def output_options(command: Command) -> Command:
    """`--output FILE` and `--force`."""
    force = click.option("--force", is_flag=True, help="Overwrite the file of --output.")
    output = click.option(
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write to FILE instead of standard output; an existing one stays as it is.",
    )
    return output(force(command))


def write(content: bytes, output: Path | None, *, force: bool) -> None:
    """Print the content, or write it to a file.

    Raises:
        click.UsageError: The file is there, and nobody said that it may be overwritten.
    """
    if output is None:
        click.echo(content.decode(), nl=False)
        return
    try:
        with output.open("wb" if force else "xb") as file:
            file.write(content)
    except FileExistsError:
        raise click.UsageError(
            f"{shown(output.as_posix())} is there already; --force overwrites it"
        ) from None
