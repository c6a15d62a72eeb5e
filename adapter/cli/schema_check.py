"""`sasbiws schema check`: can a schema be used, and can SAS hold what it allows?"""

from __future__ import annotations

import time
from pathlib import Path

import click

from adapter.cli import shell
from adapter.cli.reports.findings import Judged, conclude
from adapter.cli.reports.shown import nearest, shown
from adapter.config import TEMPLATE, Settings
from adapter.core.errors import ConfigurationInvalid
from adapter.core.payload import checked_name
from adapter.core.route import Route
from adapter.schema.judging import Use, judge, unusable
from adapter.schema.row import row_of
from adapter.store.schemas import SchemaFolder


@click.command("check")
@click.argument("files", metavar="XSD...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--stp",
    default="",
    metavar="NAME",
    help="Also hold them against the route and the pinned WSDL of NAME; without XSD, its own.",
)
@click.option("--strict", is_flag=True, help="Let warnings count as errors do.")
@shell.home_option
@shell.json_option
@shell.ends_well
def command(
    files: tuple[Path, ...], stp: str, home: Path | None, *, strict: bool, as_json: bool
) -> None:
    """Apply every rule to schemas: do they compile, and can SAS hold what they allow?

    Exit code 0 when there is no error, 1 when there is one, 2 for usage and configuration.
    """
    started = time.monotonic()
    settings, route = _named(stp, home) if stp else (None, None)
    if settings is not None and route is not None and not files:
        files = (_own(settings, route),)
    if not files:
        raise click.UsageError("name an XSD, or a stored process with --stp")
    judged = [_judged(path, settings, route) for path in files]
    conclude(judged, time.monotonic() - started, strict=strict, as_json=as_json)


def _named(stp: str, home: Path | None) -> tuple[Settings, Route]:
    settings = shell.settings_of(home)
    return settings, settings.routes.choose(checked_name(stp))


def _own(settings: Settings, route: Route) -> Path:
    """The schema of the route: that of the home, else the one that comes with the program."""
    own = settings.schemas / route.schema
    return own if own.is_file() else TEMPLATE / "schemas" / route.schema


def _judged(path: Path, settings: Settings | None, route: Route | None) -> Judged:
    name = shown(nearest(path))
    raw = path.read_bytes()
    folder = SchemaFolder(path.parent)
    try:
        compiled = folder.compiled(path.name)
    except ConfigurationInvalid as error:
        return Judged(name, unusable(error.problems, name), {name: raw})
    row = row_of(compiled, name, raw)
    own = judge(row, Use(route.max_line if route else None)) if row is not None else ()
    if settings is None or route is None:
        return Judged(name, own, {name: raw})
    from adapter.cli.schema_agreement import agreement  # noqa: PLC0415  brings the database library

    files = {**folder.included(path.name, name), name: raw}
    agreed = agreement(settings, route, name, files)
    return Judged(name, (*own, *agreed.findings), {**files, **agreed.sources}, agreed.note)
