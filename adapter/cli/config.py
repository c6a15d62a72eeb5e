"""`sasbiws config`: check, show, explain and reload what is configured."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from adapter.cli import shell
from adapter.cli.config_asking import Reply, ask_to_reload
from adapter.config import Key, Settings, examine, refuse_no_home
from adapter.config.effective import BY_DEFAULT, MASK, Effective, effective, key_of, meant
from adapter.core.errors import ConfigurationInvalid, Problem
from adapter.core.redact import shortened

_PLACE = re.compile(r"(?P<file>\S+)(?: \[(?P<section>.*)\])?(?: (?P<key>\S+))?")
_PIPED_WIDTH = 200
_RESTART = "the next start"
_RELOAD = "the next start or reload"


@click.group("config")
def command() -> None:
    """Check, show, explain and reload the configuration of a home."""


@command.command("check")
@shell.home_option
@shell.json_option
@shell.ends_well
def check(home: Path | None, *, as_json: bool) -> None:
    """Tell everything that is wrong with conf, schemas and variables; nothing is started.

    Notes tell what works otherwise than it seems to be meant. Exit code 0 where the adapter would
    start with this, 2 where it would not.
    """
    settings, problems = examine(shell.home_of(home), os.environ)
    problems = tuple(dict.fromkeys((*problems, *_beyond(settings))))
    if as_json:
        found = {"problems": _all_json(problems), "notes": _all_json(settings.notes)}
        shell.print_json({"home": str(settings.home), "ok": not problems, **found})
    else:
        for problem in problems:
            shell.out.print(f"[bold red]problem[/] {escape(str(problem))}")
        for note in settings.notes:
            shell.out.print(f"[yellow]note[/]    {escape(str(note))}")
        number = len(problems) or "no"
        word = "problem" if len(problems) == 1 else "problems"
        shell.out.print(f"{escape(str(settings.home))}: {number} {word}")
    sys.exit(shell.USAGE if problems else shell.GOOD)


@command.command("show")
@click.argument("stp", default="")
@shell.home_option
@shell.json_option
@shell.ends_well
def show(stp: str, home: Path | None, *, as_json: bool) -> None:
    """Print the value of each setting, where it comes from, its default and its meaning.

    With STP, what this stored process is called by: its own section, else variables, else
    [DEFAULT]. Secrets are masked. Exit code 2 where the configuration has problems.
    """
    folder = shell.home_of(home)
    settings = effective(folder, os.environ, stp)
    problems = examine(folder, os.environ)[1]
    if as_json:
        told = [setting.to_json() for setting in settings]
        shell.print_json({"stp": stp, "settings": told, "problems": _all_json(problems)})
    else:
        _screen().print(_table(settings))
        if problems:
            shell.err.print(f"{len(problems)} problem(s): sasbiws config check lists them")
    sys.exit(shell.USAGE if problems else shell.GOOD)


@command.command("explain")
@click.argument("key")
@shell.json_option
@shell.ends_well
def explain(key: str, *, as_json: bool) -> None:
    """Tell all about one setting: KEY is its name, or that of its variable."""
    found = key_of(key)
    if found is None:
        near = meant(key)
        hint = f"; did you mean {near}?" if near else "; sasbiws config show lists all"
        raise click.UsageError(f"there is no setting {shortened(key)}{hint}")
    facts = _facts(found)
    if as_json:
        shell.print_json(facts)
        return
    width = max(map(len, facts))
    for name, text in facts.items():
        click.echo(f"{name.ljust(width)}  {text or '(none)'}")


@command.command("reload")
@shell.home_option
@shell.json_option
@shell.ends_well
def reload(home: Path | None, *, as_json: bool) -> None:
    """Let every process of the home that runs take up what is configured now: all or nothing.

    Attempts under way end as they began. Exit code 0 when it was taken up, 2 when a process
    refused it and goes on as before, or there is no such home, 3 when no process answers.
    """
    folder = shell.home_of(home)
    replies = ask_to_reload(folder.resolve() / "var")
    if not replies:
        refuse_no_home(folder)
    if as_json:
        shell.print_json({"processes": [reply.to_json() for reply in replies]})
    else:
        _tell(replies)
    sys.exit(_exit_code(replies))


def _exit_code(replies: Sequence[Reply]) -> int:
    if any(reply.refused for reply in replies):
        return shell.USAGE
    unheard = not replies or any(reply.silent for reply in replies)
    return shell.UNREACHABLE if unheard else shell.GOOD


def _tell(replies: Sequence[Reply]) -> None:
    if not replies:
        shell.err.print("no process of this home runs; what is configured holds at the next start")
    for reply in replies:
        if reply.silent:
            shell.err.print(f"process {reply.pid}: no answer; its log tells why")
        elif reply.refused:
            shell.err.print(f"process {reply.pid}: refused, and goes on as before", markup=False)
            for line in reply.problems:
                shell.err.print(f"  - {escape(line)}")
            shell.err.print(f"  [bold]Remedy:[/] {escape(reply.remedy)}")
        else:
            shell.out.print(f"process {reply.pid}: reloaded")
        if reply.restart_for:
            names = ", ".join(reply.restart_for)
            shell.out.print(f"  changed, and holds from the next start on: {escape(names)}")


def _beyond(settings: Settings) -> tuple[Problem, ...]:
    """What only shows where schemas, callers and keys of tokens are used."""
    from adapter import wiring  # noqa: PLC0415  brings the database library
    from adapter.config.caller_file import read_callers  # noqa: PLC0415
    from adapter.web.auth_jwt import Jwt  # noqa: PLC0415

    steps = (
        lambda: read_callers(settings.home),
        lambda: Jwt(rules) if (rules := settings.access.jwt) and rules.key.reveal() else None,
        lambda: wiring.refuse_bad_schemas(settings.routes, wiring.schemas_of(settings)),
    )
    found: list[Problem] = []
    for step in steps:
        try:
            step()
        except ConfigurationInvalid as error:
            found += error.problems or (Problem(error.code, error.message),)
    return tuple(found)


def _all_json(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [{**problem.to_json(), **_place(problem.where)} for problem in problems]


def _place(where: str) -> dict[str, str]:
    parts = _PLACE.fullmatch(where)
    return {name: text or "" for name, text in parts.groupdict().items()} if parts else {}


def _screen() -> Any:
    from adapter.cli.tables import screen  # noqa: PLC0415  brings more than the other commands need

    return screen()


def _table(settings: Sequence[Effective]) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in ("setting", "value", "from", "default", "meaning"):
        table.add_column(head, overflow="fold")
    for each in settings:
        style = "dim" if each.origin == BY_DEFAULT else ""
        cells = (each.key.name, each.value, each.origin, each.key.default, each.key.meaning)
        table.add_row(*(Text(cell) for cell in cells), style=style)
    return table


def _facts(key: Key) -> dict[str, str]:
    return {
        "key": key.name,
        "meaning": key.meaning,
        "values": key.kind.expected,
        "unit": key.unit,
        "default": key.default,
        "example": key.example,
        "place": str(key.place),
        "variable": key.variable,
        "shown": f"never, only {MASK}" if key.secret else "yes",
        "holds_from": _RESTART if key.needs_restart else _RELOAD,
    }
