"""`sasbiws store`: the delivery database itself: looked at, upgraded, moved."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from adapter.cli import shell
from adapter.store import places, reporting
from adapter.store.database import name_of
from adapter.store.places import Place
from adapter.store.reporting import Report
from adapter.store.sharing import DATABASE
from adapter.store.tables import VERSION


@click.group("store")
def command() -> None:
    """Look at the delivery database, upgrade its tables, move it.

    Exit codes: 0 good, 1 the copy differs, 2 wrong usage, in use or not usable, 3 not reachable.
    """


@command.command("show")
@shell.home_option
@shell.json_option
@shell.ends_well
def show_command(home: Path | None, *, as_json: bool) -> None:
    """Show which database the home uses, its version, and what is in it."""
    place = _of_home(home)
    places.expect(place)
    report = reporting.report(place)
    if as_json:
        shell.print_json(_report_json(report))
        return
    for label, text in _lines(report):
        shell.out.print(f"{label:12}{escape(text)}")
    if 0 < report.version < VERSION:
        shell.err.print(
            "[yellow]note[/] upgrade it before an adapter starts: sasbiws store upgrade"
        )


@command.command("upgrade")
@shell.home_option
@shell.json_option
@shell.ends_well
def upgrade_command(home: Path | None, *, as_json: bool) -> None:
    """Bring the tables of the home's database to the version that this sasbiws needs.

    All or nothing, in one transaction. Before that a file is copied beside itself, with the version
    in its name: delete that copy once all is well, for it holds presigned links too. Stop every
    adapter on the database first.
    """
    from adapter.store.upgrading import copy_of, upgrade  # noqa: PLC0415  Alembic is slow to import

    place = _of_home(home)
    places.expect(place)
    had: list[int] = []
    engine = places.opened(place, lambda connection, name: had.append(upgrade(connection, name)))
    engine.dispose()
    (version,) = had
    upgraded = 0 < version < VERSION
    copy = copy_of(place) if upgraded and isinstance(place, Path) else None
    if as_json:
        shared = {"place": name_of(engine), "from": version, "to": VERSION}
        shell.print_json({**shared, "copy": str(copy) if copy else None})
    elif not upgraded:
        shell.out.print(f"{escape(name_of(engine))} has version {VERSION} already")
    else:
        shell.out.print(f"{escape(name_of(engine))}: version {version} is now version {VERSION}")
    if copy and not as_json:
        shell.out.print(f"The file as it was: {escape(str(copy))}. Delete it once all is well.")


@command.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@shell.json_option
@shell.ends_well
def copy_command(source: str, target: str, *, as_json: bool) -> None:
    """Copy all deliveries of FROM into TO: a file, or postgresql://USER@HOST/DATABASE.

    TO must be empty, or hold what an earlier copy has left: a copy that was cut off goes on where
    it was. Stop every adapter on FROM first. No adapter starts on TO before the copy is complete,
    checked by the number of rows and by their SHA-256. Never start one on FROM again: both would
    send.
    """
    from adapter.store import copying  # noqa: PLC0415  only this command needs it

    from_place, to_place = _named(source), _named(target)
    places.expect(from_place)
    whence = places.opened(from_place)
    into = places.opened(to_place, copying.begin)
    try:
        with _bar(shown=not as_json) as progress:
            task = progress.add_task("copy", total=None)

            def tell(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            copied = copying.copy(whence, into, tell)
    finally:
        whence.dispose()
        into.dispose()
    if as_json:
        names = {"from": name_of(whence), "to": name_of(into)}
        shell.print_json({**names, "tables": [asdict(each) for each in copied]})
        return
    for each in copied:
        shell.out.print(f"{each.table:12}{each.rows:>9} rows  SHA-256 {each.sha256}")
    shell.out.print(f"[green]complete[/]: {escape(name_of(into))} holds all of it.")
    shell.out.print("Now let store_url name it, and start no adapter on the old one again.")


def _named(text: str) -> Place:
    place = places.place_of(text)
    scheme, found, _ = text.partition("://")
    if found and isinstance(place, Path):
        raise click.UsageError(
            f"{scheme}:// is no delivery database: name a file by its path, or a PostgreSQL "
            "database by postgresql://USER@HOST/DATABASE"
        )
    return place


def _bar(*, shown: bool) -> Progress:
    columns = (TextColumn("copy and check"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeRemainingColumn(), console=shell.err, disable=not shown)


def _of_home(home: Path | None) -> Place:
    settings = shell.settings_of(home)
    return settings.store_url or settings.var / DATABASE


def _report_json(report: Report) -> dict[str, Any]:
    return {
        "engine": report.engine,
        "place": report.place,
        "version": report.version,
        "expected": VERSION,
        "deliveries": sum(report.states.values()),
        "states": dict(report.states),
        "bytes": report.size_bytes,
    }


def _lines(report: Report) -> list[tuple[str, str]]:
    states = [(f"  {state}", f"{count:>9}") for state, count in report.states.items()]
    return [
        ("engine", report.engine),
        ("place", report.place),
        ("version", f"{report.version} (this sasbiws needs {VERSION})"),
        ("size", f"{report.size_bytes / 1024**2:.1f} MB"),
        ("deliveries", f"{sum(report.states.values()):>9}"),
        *states,
    ]
