"""`sasbiws doctor`: everything that must be right for a task to reach SAS, checked in order."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.markup import escape

from adapter.cli import shell
from adapter.core.payload import MAX_BYTES
from adapter.doctor.case import Case
from adapter.doctor.check import Check, Outcome
from adapter.doctor.examination import Examination, Finding, ending, wanted
from adapter.doctor.table import BY_ID, CHECKS

_COLOURS = {
    Outcome.OK: "green",
    Outcome.WARN: "yellow",
    Outcome.FAIL: "bold red",
    Outcome.SKIP: "dim",
}


@click.command("doctor")
@click.argument("stp", metavar="[STP]", default="")
@click.option("--call", "payload", metavar="PAYLOAD.json|-", help="Also run STP once with it.")
@click.option("--fix", is_flag=True, help="Make folders, close files to others, pin WSDLs.")
@click.option(
    "--only",
    type=click.Choice(list(BY_ID)),
    metavar="ID",
    multiple=True,
    help="Only this check and what it needs; may be given again.",
)
@click.option(
    "--files-host",
    "files_hosts",
    metavar="HOST[:PORT]",
    multiple=True,
    help="Host of presigned links; else those of the newest deliveries.",
)
@click.option("--list", "listed", is_flag=True, help="List the checks and end.")
@shell.home_option
@shell.json_option
@shell.ends_well
def command(  # noqa: PLR0913  one argument per option
    stp: str,
    payload: str | None,
    only: tuple[str, ...],
    files_hosts: tuple[str, ...],
    home: Path | None,
    *,
    fix: bool,
    listed: bool,
    as_json: bool,
) -> None:
    """Check everything between CI 360 and SAS, the most basic first, and say what to do.

    With STP only its own route is looked at. No stored process runs without --call, and nothing
    is changed without --fix. Exit code 0 when nothing failed, 1 when a check failed, 2 when the
    first failure is one of installation or configuration, 3 when it is that SAS or the network
    cannot be reached.
    """
    if listed:
        _list(as_json=as_json)
        return
    if payload is not None and not stp:
        raise click.UsageError("--call needs STP, the stored process to run")
    case = Case(
        shell.home_of(home).resolve(),
        os.environ,
        stp,
        None if payload is None else shell.read_payload(payload, MAX_BYTES),
        files_hosts,
        fix=fix,
    )
    with _progress(case, wanted(CHECKS, only)) as findings:
        found = list(findings if as_json else _lines(findings))
    _conclude(found, as_json=as_json)
    sys.exit(ending(found))


@contextmanager
def _progress(case: Case, checks: tuple[Check, ...]) -> Iterator[Iterator[Finding]]:
    """The findings as they come; on a terminal the check that runs is shown below them."""
    status = shell.err.status("") if shell.err.is_terminal else None

    def begins(check: Check, subject: str) -> None:
        if status is not None:
            status.update(escape(f"{check.title} {subject}"))

    if status is not None:
        status.start()
    try:
        yield Examination(case, checks, begins).findings()
    finally:
        if status is not None:
            status.stop()
        case.close()


def _lines(findings: Iterator[Finding]) -> Iterator[Finding]:
    for finding in findings:
        _print(finding)
        yield finding


def _print(finding: Finding) -> None:
    result = finding.result
    colour = _COLOURS[result.outcome]
    subject = f"[{finding.subject}] " if finding.subject else ""
    found = escape(subject + result.found)
    shell.out.print(f"[{colour}]{result.outcome:<4}[/]  {finding.check.id:<11}  {found}")
    told = [
        *(("", detail) for detail in result.details),
        ("fixed", finding.mended),
        ("expected", result.expected),
        ("next", result.next_step),
    ]
    for name, text in told:
        if text:
            label = f"{name}: " if name else ""
            shell.out.print(f"{'':19}{label}{escape(text)}")


def _conclude(found: list[Finding], *, as_json: bool) -> None:
    counts = Counter(finding.result.outcome for finding in found)
    if as_json:
        shell.print_json(
            {
                "healthy": not counts[Outcome.FAIL],
                "exitCode": ending(found),
                "counts": {str(outcome): counts[outcome] for outcome in Outcome},
                "checks": [finding.to_json() for finding in found],
            }
        )
        return
    told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    shell.err.print(f"\n{len(found)} checks: {told}", markup=False)


def _list(*, as_json: bool) -> None:
    if as_json:
        rows = [
            {"id": c.id, "title": c.title, "needs": list(c.needs), "how": c.how} for c in CHECKS
        ]
        shell.print_json({"checks": rows})
        return
    for check in CHECKS:
        click.echo(f"{check.id:<12}  {check.title}")
