"""`sasbiws validate`: the XML a payload becomes, or every problem."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape

from adapter.cli import shell
from adapter.face import Home


@click.command("validate")
@click.argument("payload", metavar="PAYLOAD.json|-")
@click.option("--stp", default="", metavar="NAME", help="Stored process; wins over the payload's.")
@shell.home_option
@shell.json_option
@shell.ends_well
def command(payload: str, stp: str, home: Path | None, *, as_json: bool) -> None:
    """Print the XML that PAYLOAD.json becomes, or every problem with it.

    Nothing is sent and nothing is stored. Exit code 0 when the document is valid, 1 when the
    payload or the document is bad, 2 when the configuration is.
    """
    settings = shell.settings_of(home)
    body = shell.read_payload(payload, settings.limits.max_bytes)
    with Home(settings) as sas:
        document = sas.validate(body, stp)
    text = document.xml.decode()
    if as_json:
        notes = [note.to_json() for note in document.notes]
        shell.print_json({"valid": True, "document": text, "notes": notes})
        return
    click.echo(text)
    for note in document.notes:
        shell.err.print(f"[yellow]note[/] {escape(str(note))}")
    shell.err.print("[green]valid[/]")
