"""`sasbiws schema sample`: valid and invalid documents of a schema."""

from __future__ import annotations

from pathlib import Path

import click
from rich.text import Text

from adapter.cli import shell
from adapter.cli.schema_files import schema_file
from adapter.schema.examples import Example, examples_of


@click.command("sample")
@click.argument("xsd", metavar="XSD", type=click.Path(path_type=Path))
@shell.json_option
@shell.ends_well
def command(xsd: Path, *, as_json: bool) -> None:
    """Print documents that satisfy XSD, and documents that break one rule of it each.

    Each was held against the schema before it is printed. Exit code 0 when they are printed, 1
    when no valid document could be made, 2 when the schema cannot be used.
    """
    schema = schema_file(xsd)
    made = examples_of(schema.compiled, schema.row)
    if as_json:
        documents = [example.to_json() for example in made.documents]
        shell.print_json({"examples": documents, "unfilled": list(made.unfilled)})
    else:
        for example in made.documents:
            _print(example)
    for name in made.unfilled:
        shell.err.print(Text(f"note: no value could be made up for the column {name}", "yellow"))
    if not any(example.valid for example in made.documents):
        raise SystemExit(shell.BAD)


def _print(example: Example) -> None:
    word, style = ("valid", "bold green") if example.valid else ("invalid", "bold red")
    shell.out.print(Text.assemble((word, style), f": {example.title}"))
    click.echo(f"{example.document.decode()}\n")
