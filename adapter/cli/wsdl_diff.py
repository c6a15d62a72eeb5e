"""`sasbiws wsdl diff`: what changed between two WSDLs, and whether calls survive it."""

from __future__ import annotations

from pathlib import Path

import click
from rich.text import Text

from adapter.cli import shell
from adapter.cli.reports.shown import shown
from adapter.cli.wsdl_fetching import ends_well
from adapter.cli.wsdl_material import Material, Source
from adapter.cli.wsdl_targets import find
from adapter.wsdl.diff import Change, diff


@click.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--stp", default="", metavar="NAME", help="Whose WSDLs these are.")
@shell.home_option
@shell.json_option
@ends_well
def command(old: str, new: str, stp: str, home: Path | None, *, as_json: bool) -> None:
    """Tell every change from OLD to NEW: breaking for the adapter's calls, or harmless.

    Each is a stored process (its pinned WSDL, fetched where none is pinned), a URL (what is
    published there now), a file, or a pinned folder. Exit code 0 when no change is breaking, 1
    when one is, 2 for usage, 3 when a WSDL cannot be fetched.
    """
    with Source(home, stored_process=stp) as source:
        before = source.material(find(old, home), old, published="://" in old)
        after = source.material(find(new, home), new, published="://" in new)
    name = before.use.stored_process or after.use.stored_process
    changes = diff(before.readable(), after.description(), name)
    if as_json:
        shell.print_json(_json(before, after, changes))
    else:
        _print(before, after, changes)
    if any(change.breaking for change in changes):
        raise SystemExit(shell.BAD)


def _json(before: Material, after: Material, changes: tuple[Change, ...]) -> dict[str, object]:
    return {
        "old": {"target": shown(before.target), "origin": before.origin},
        "new": {"target": shown(after.target), "origin": after.origin},
        "breaking": sum(change.breaking for change in changes),
        "harmless": sum(not change.breaking for change in changes),
        "changes": [change.to_json() for change in changes],
    }


def _print(before: Material, after: Material, changes: tuple[Change, ...]) -> None:
    for sign, side in (("---", before), ("+++", after)):
        shell.out.print(f"{sign} {shown(side.target)} ({side.origin})", markup=False)
    for change in changes:
        shell.out.print(line_of(change))
    breaking = sum(change.breaking for change in changes)
    shell.out.print(
        f"{breaking} breaking, {len(changes) - breaking} harmless" if changes else "no change"
    )


def line_of(change: Change) -> Text:
    """One change as a line."""
    return Text(str(change), "bold red" if change.breaking else "green")
