"""`sasbiws schema diff`: what changed between two schemas, and whether kept rows survive it."""

from __future__ import annotations

from pathlib import Path

import click
from rich.text import Text

from adapter.cli import shell
from adapter.cli.schema_files import schema_file
from adapter.schema.comparison import compare


@click.command("diff")
@click.argument("old", metavar="OLD", type=click.Path(path_type=Path))
@click.argument("new", metavar="NEW", type=click.Path(path_type=Path))
@shell.json_option
@shell.ends_well
def command(old: Path, new: Path, *, as_json: bool) -> None:
    """Tell every change from OLD to NEW: breaking for rows that are kept already, or harmless.

    Exit code 0 when no change is breaking, 1 when one is, 2 when a schema cannot be used.
    """
    before, after = schema_file(old), schema_file(new)
    changes = compare(before.row, after.row)
    breaking = sum(change.breaking for change in changes)
    if as_json:
        shell.print_json(
            {
                "old": before.path,
                "new": after.path,
                "breaking": breaking,
                "harmless": len(changes) - breaking,
                "changes": [change.to_json() for change in changes],
            }
        )
    else:
        for change in changes:
            shell.out.print(Text(str(change), "bold red" if change.breaking else "green"))
        harmless = len(changes) - breaking
        shell.out.print(f"{breaking} breaking, {harmless} harmless" if changes else "no change")
    if breaking:
        raise SystemExit(shell.BAD)
