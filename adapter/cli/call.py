"""`sasbiws call`: one call outside the queue; nothing is stored, nothing is tried again."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape

from adapter.cli import shell
from adapter.core.answer import Answer
from adapter.core.route import TransportName
from adapter.face import Home
from adapter.ports import HttpRequest


@click.command("call")
@click.argument("stp", metavar="STP")
@click.argument("payload", metavar="PAYLOAD.json|-")
@click.option("--dry-run", is_flag=True, help="Print the exact HTTP request and send nothing.")
@click.option(
    "--transport",
    type=click.Choice([str(name) for name in TransportName]),
    help="For an address that does not tell whether it is SOAP or REST.",
)
@shell.home_option
@shell.json_option
@shell.ends_well
def command(  # noqa: PLR0913  one argument per option
    stp: str,
    payload: str,
    transport: str | None,
    home: Path | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run the stored process STP once with PAYLOAD.json and print its answer.

    The steps are those of the webhook, but nothing is stored and nothing is tried again.
    Exit code 0 when SAS answered with a result, 1 when the payload, the document or the stored
    process is bad, 2 for usage and configuration, 3 when SAS cannot be reached.
    """
    settings = shell.settings_of(home)
    shell.tell_notes(settings)
    body = shell.read_payload(payload, settings.limits.max_bytes)
    chosen = TransportName(transport) if transport else None
    with Home(settings) as sas:
        if dry_run:
            _print_request(sas.request(stp, body, chosen), as_json=as_json)
        else:
            _print_answer(sas.call(stp, body, chosen), as_json=as_json)


def _print_request(request: HttpRequest, *, as_json: bool) -> None:
    headers = request.masked_headers()
    body = request.masked_body()
    if as_json:
        shell.print_json(
            {"method": request.method, "address": request.address, "headers": headers, "body": body}
        )
        return
    click.echo(f"{request.method} {request.address}")
    for name, value in headers.items():
        click.echo(f"{name}: {value}")
    click.echo(f"\n{body}")


def _print_answer(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        shell.print_json(answer.to_json())
        return
    for name, text in answer.parameters.items():
        click.echo(f"{name} = {text}")
    for name, stream in answer.streams.items():
        shell.err.print(f"[bold]{escape(name)}[/] ({escape(stream.content_type) or 'no type'})")
        click.echo(stream.content)
    if not answer.parameters and not answer.streams:
        shell.err.print("SAS answered without a result")
