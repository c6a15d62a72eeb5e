"""`sasbiws deliveries`: what became of every task, and what an operator does about it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click
from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from adapter.cli import interventions, shell
from adapter.cli.selection import Selection, opened, selecting
from adapter.cli.steps import steps
from adapter.cli.stopping import stop_signal
from adapter.cli.tables import page, screen, whole
from adapter.core.errors import StoreUnavailable
from adapter.survey import Held, Survey
from adapter.web import told

LOOK_S = 1.0
"""Seconds between two looks of --watch."""


@click.group("deliveries")
def command() -> None:
    """Look at deliveries, send them again, discard or drop them.

    An ID may be its beginning, at least four characters. Exit codes: 0 good, 1 nothing matches or
    something was refused, 2 wrong usage or configuration.
    """


@command.command("list")
@selecting
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="Deliveries shown at most.",
)
@click.option("--watch", is_flag=True, help="Look again each second, until Ctrl-C.")
@shell.home_option
@shell.json_option
@shell.ends_well
def list_command(
    selection: Selection, limit: int, home: Path | None, *, watch: bool, as_json: bool
) -> None:
    """List deliveries, newest first, below counts, holds and open breakers."""
    if watch and (as_json or not sys.stdout.isatty()):
        raise click.UsageError("--watch draws on a terminal: not with --json, a file or a pipe")
    with opened(home) as office:
        if watch:
            _watch(office.survey, selection, limit)
        elif as_json:
            wanted = selection.wanted(office.survey)
            found = office.survey.ledger.find(wanted, limit)
            matching = sum(office.survey.ledger.count(wanted).values())
            shell.print_json(told.list_json(office.survey, found, matching))
        else:
            console = screen()
            console.print(_page(office.survey, selection, limit, console.width))


@command.command("show")
@click.argument("delivery_id", metavar="ID")
@shell.home_option
@shell.json_option
@shell.ends_well
def show_command(delivery_id: str, home: Path | None, *, as_json: bool) -> None:
    """Show everything that is known of one delivery, and what can be done next."""
    with opened(home) as office:
        survey = office.survey
        delivery = survey.get(survey.whole_id(delivery_id))
        kept = survey.ledger.kept(delivery.delivery_id)
        hold = survey.hold_of(delivery)
        now = survey.clock.now()
        after = steps(
            delivery,
            hold,
            twice=survey.may_run_twice(delivery),
            expired=(delivery.links_expire_at or now) < now,
        )
        if as_json:
            body = told.whole_json(survey, delivery, kept)
            shell.print_json({**body, "next": [step.to_json() for step in after]})
        else:
            held: Held | None = survey.covered(hold) if hold else None
            screen().print(whole(delivery, kept, held, after, now))


@command.command("export")
@selecting
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file, which only its owner can read.",
)
@shell.home_option
@shell.json_option
@shell.ends_well
def export_command(
    selection: Selection, output: Path | None, home: Path | None, *, as_json: bool
) -> None:
    """Write deliveries as JSON lines, each with its payload and document, links masked.

    With --json an error is JSON too; the lines are in any case.
    """
    del as_json
    number = 0
    with opened(home) as office, _sink(output) as sink:
        for exported in office.operate.export(selection.wanted(office.survey)):
            line = told.exported_json(office.survey, exported)
            sink.write(json.dumps(line, ensure_ascii=False) + "\n")
            number += 1
    if not number:
        shell.err.print("no delivery matches")
        sys.exit(shell.BAD)
    if output:
        shell.err.print(f"{told.counted(number)} written to {output}", markup=False)


for _verb in interventions.COMMANDS:
    command.add_command(_verb)


def _page(survey: Survey, selection: Selection, limit: int, width: int) -> RenderableType:
    wanted = selection.wanted(survey)
    found = survey.ledger.find(wanted, limit)
    matching = sum(survey.ledger.count(wanted).values())
    return page(survey.overview(), found, matching, survey.clock.now(), width)


def _watch(survey: Survey, selection: Selection, limit: int) -> None:
    """Draw the list each second until Ctrl-C, which is the good end of it."""
    console = screen()
    limit = min(limit, max(console.height - _LINES_ABOVE, 1))
    told = stop_signal()
    first = _page(survey, selection, limit, console.width)
    with Live(first, console=console, auto_refresh=False) as live:
        while not told.wait(LOOK_S):
            live.update(_seen(survey, selection, limit, console.width), refresh=True)


_LINES_ABOVE = 8


def _seen(survey: Survey, selection: Selection, limit: int, width: int) -> RenderableType:
    """The list, or why it cannot be read just now."""
    try:
        return _page(survey, selection, limit, width)
    except StoreUnavailable as error:
        return Text(f"{error.code}: {error.message}", style="bold red")


@contextmanager
def _sink(output: Path | None) -> Iterator[IO[str]]:
    if output is None:
        yield sys.stdout
        return
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8", newline="\n") as opened_file:
        if sys.platform != "win32" and output.is_file():
            output.chmod(0o600)
        yield opened_file
