"""`sasbiws schema xmlmap`: the XMLMap of a schema, and a check of one that somebody else wrote."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.text import Text

from adapter.cli import shell
from adapter.cli.reports.findings import Judged, conclude
from adapter.cli.reports.shown import shown
from adapter.cli.schema_files import SchemaFile, output_options, schema_file, write
from adapter.schema.finding import Level
from adapter.schema.judging import judge
from adapter.schema.map_judging import judge_map
from adapter.schema.variable import BYTES_PER_CHARACTER, variables_of
from adapter.schema.xmlmap import xmlmap_of


@click.command("xmlmap")
@click.argument("files", metavar="XSD|check MAP XSD", nargs=-1, required=True)
@click.option(
    "--bytes-per-char",
    type=click.IntRange(1, 4),
    default=BYTES_PER_CHARACTER,
    show_default=True,
    help="Bytes of a character in the SAS session: 4 for UTF-8, 2 for a DBCS, 1 for Latin.",
)
@click.option("--enums", is_flag=True, help="Write the listed values of the schema as ENUM.")
@click.option("--strict", is_flag=True, help="With check: let warnings count as errors do.")
@output_options
@shell.json_option
@shell.ends_well
def command(  # noqa: PLR0913  one argument per option
    files: tuple[str, ...],
    bytes_per_char: int,
    output: Path | None,
    *,
    enums: bool,
    strict: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write the XMLMap by which SAS reads documents of XSD uncut; or check MAP against XSD.

    Lengths are those of the schema, in bytes. `check` finds columns that SAS would cut, miss or
    rename. Exit code 0 when the map is written, or has no error; 1 when it has one; 2 for usage
    and a schema that cannot be used. A schema named check is ./check.
    """
    match files:
        case ("check", map_name, xsd):
            _check(Path(map_name), schema_file(Path(xsd)), bytes_per_char, strict, as_json=as_json)
        case ("check", *_):
            raise click.UsageError("check takes two files: MAP and XSD")
        case (xsd,):
            schema = schema_file(Path(xsd))
            made = _made(schema, bytes_per_char, enums=enums)
            _tell_losses(schema)
            write(made, output, force=force)
        case _:
            raise click.UsageError("name one XSD, or: check MAP XSD")


def _made(schema: SchemaFile, bytes_per_char: int, *, enums: bool) -> bytes:
    if not schema.row.columns:
        raise click.UsageError(f"{schema.path} declares no column, so there is nothing to map")
    variables = variables_of(schema.row.columns, bytes_per_char)
    for variable in variables:
        if variable.name != variable.column.name:
            note = f"note: {variable.column.name} is {variable.name} in SAS"
            shell.err.print(Text(note, "yellow"))
    return xmlmap_of(variables, Path(schema.path).stem, values=enums)


def _tell_losses(schema: SchemaFile) -> None:
    """What no map can mend; `sasbiws schema check` tells more of it."""
    for finding in judge(schema.row):
        if finding.rule.level is not Level.NOTE:
            note = f"note: {finding.rule.title}: {finding.found} [{finding.rule.id}]"
            shell.err.print(Text(note, "yellow"))


def _check(
    path: Path,
    schema: SchemaFile,
    bytes_per_char: int,
    strict: bool,  # noqa: FBT001  handed on
    *,
    as_json: bool,
) -> None:
    started = time.monotonic()
    name, raw = shown(path.as_posix()), path.read_bytes()
    found = judge_map(raw, name, schema.row, bytes_per_char)
    judged = Judged(name, found, {name: raw})
    conclude([judged], time.monotonic() - started, strict=strict, as_json=as_json)
