"""`sasbiws schema infer`: a schema from payloads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from rich.markup import escape

from adapter.cli import shell
from adapter.cli.schema_files import output_options, write
from adapter.cli.wsdl_targets import settings_if_any
from adapter.config import Settings
from adapter.core import document
from adapter.core.columns import Column
from adapter.core.errors import DocumentInvalid, PayloadRefused, StpNameMissing, StpUnknown
from adapter.core.payload import Limits, Payload, checked_name
from adapter.core.redact import shortened
from adapter.core.route import Route, TransportName
from adapter.schema.inference import infer
from adapter.schema.proof import REQUIRED_FROM

_ANY = Route("any", "http://localhost/", TransportName.REST, "nothing is sent")
"""For payloads of which the home knows no route: the mapping that needs no settings."""

LONG = 400
"""Characters that are shown of a path."""


@click.command("infer")
@click.argument("payloads", metavar="PAYLOAD.json|-...", nargs=-1, required=True)
@click.option("--stp", default="", metavar="NAME", help="Stored process whose mapping is used.")
@click.option("--closed", is_flag=True, help="Allow no column beyond those of the payloads.")
@click.option("--enums", is_flag=True, help="List the values of a column that has few.")
@click.option(
    "--min-samples",
    type=click.IntRange(min=1),
    default=REQUIRED_FROM,
    show_default=True,
    metavar="N",
    help="Payloads from which on a column that all have is required.",
)
@output_options
@shell.home_option
@shell.ends_well
def command(  # noqa: PLR0913  one argument per option
    payloads: tuple[str, ...],
    stp: str,
    min_samples: int,
    output: Path | None,
    home: Path | None,
    *,
    closed: bool,
    enums: bool,
    force: bool,
) -> None:
    """Write an XSD that accepts what the payloads become, with the reasons for each column.

    The payloads go through the mapping of the stored process that --stp or they themselves name;
    where the home has no such route, through the default mapping. No value of a payload is
    written, unless --enums asks for values. Exit code 0 when it is written, 1 when a payload is
    bad, 2 for usage and configuration.
    """
    settings = settings_if_any(home)
    rows = [row for source in payloads for row in _rows(source, stp, settings)]
    if not rows:
        raise DocumentInvalid("no payload gives a column, so there is nothing to infer from")
    made = infer(rows, closed=closed, values=enums, required_from=min_samples)
    write(made, output, force=force)


def _rows(source: str, stp: str, settings: Settings | None) -> Iterator[tuple[Column, ...]]:
    """The rows that a payload becomes; what is wrong with it is told, and what is right is used."""
    limits = settings.limits if settings else Limits()
    body = shell.read_payload(source, limits.max_bytes)
    try:
        payload = Payload.parse(body, limits)
    except PayloadRefused as error:
        raise type(error)(f"{shortened(source, limit=LONG)}: {error}") from None
    built = document.build(payload, _route(payload, stp, settings))
    for problem in built.problems:
        shell.err.print(f"[yellow]note[/] {escape(shortened(source))}: {escape(str(problem))}")
    yield from filter(None, built.rows)


def _route(payload: Payload, stp: str, settings: Settings | None) -> Route:
    if settings is None:
        return _ANY
    if stp:
        return settings.routes.choose(checked_name(stp))
    try:
        return settings.routes.choose(payload.stored_process())
    except (StpNameMissing, StpUnknown):
        return _ANY
