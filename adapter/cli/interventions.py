"""The verbs of `sasbiws deliveries` that change something."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.markup import escape
from rich.progress import Progress

from adapter.cli import shell
from adapter.cli.selection import Selection, opened, selecting
from adapter.cli.tables import hold_line
from adapter.core.delivery import Delivery, Filter, State
from adapter.core.verb import Verb, meant_by
from adapter.operate import Operate, Result, Tell
from adapter.survey import Held, Survey
from adapter.web import told
from adapter.wiring import Office

MANY = 20
"""Deliveries from which on the progress is shown."""

_DONE = {
    Verb.RETRY: "queued again",
    Verb.DISCARD: "discarded",
    Verb.CANCEL: "cancelled",
    Verb.PURGE: "deleted",
}

Act = Callable[[Operate, Sequence[str], Tell], tuple[Result, ...]]

_yes = click.option("--yes", is_flag=True, help="Do not ask.")


@click.command("retry")
@selecting
@click.option("--as-sent", is_flag=True, help="Send the sealed document, not one built anew.")
@_yes
@shell.home_option
@shell.json_option
@shell.ends_well
def retry(
    selection: Selection, home: Path | None, *, as_sent: bool, yes: bool, as_json: bool
) -> None:
    """Send deliveries again, built anew from the kept payload with today's mapping and schema.

    Filters without --state mean parked and rejected ones. One whose outcome is unknown may run
    the stored process a second time: to name it is to allow it.
    """

    def act(operate: Operate, ids: Sequence[str], tell: Tell) -> tuple[Result, ...]:
        return operate.retry_all(ids, tell, as_sent=as_sent)

    _each(Verb.RETRY, selection, home, act, yes=yes, as_json=as_json)


@click.command("discard")
@selecting
@_yes
@shell.home_option
@shell.json_option
@shell.ends_well
def discard(selection: Selection, home: Path | None, *, yes: bool, as_json: bool) -> None:
    """Never send parked or rejected deliveries again; they are kept as cancelled."""
    _each(Verb.DISCARD, selection, home, Operate.discard_all, yes=yes, as_json=as_json)


@click.command("cancel")
@selecting
@_yes
@shell.home_option
@shell.json_option
@shell.ends_well
def cancel(selection: Selection, home: Path | None, *, yes: bool, as_json: bool) -> None:
    """Never send queued or retrying deliveries; they are kept as cancelled."""
    _each(Verb.CANCEL, selection, home, Operate.cancel_all, yes=yes, as_json=as_json)


@click.command("purge")
@selecting
@_yes
@shell.home_option
@shell.json_option
@shell.ends_well
def purge(selection: Selection, home: Path | None, *, yes: bool, as_json: bool) -> None:
    """Delete ended deliveries for good, a few at a time.

    Filters without --state mean delivered and cancelled ones. A task that is sent again after
    its delivery was deleted runs again.
    """
    selection.require()
    with opened(home) as office:
        typed = selection.wanted(office.survey)
        wanted = meant_by(Verb.PURGE, typed)
        counts = office.survey.ledger.count(wanted)
        meant = sum(counts.values())
        if not meant and selection.filters:
            _nothing(Verb.PURGE, as_json=as_json)
        if selection.filters and not yes:
            _ask(_meant(counts), Verb.PURGE)
        with _progress(Verb.PURGE, meant) as tell:
            deleted = office.operate.purge(wanted, tell) if meant else 0
    _report_purge(deleted, typed.ids if not selection.filters else (), as_json=as_json)


@click.command("hold")
@click.argument("stp", metavar="STP")
@click.option("--message", default="held by an operator", show_default=True, help="Why.")
@shell.home_option
@shell.json_option
@shell.ends_well
def hold(stp: str, message: str, home: Path | None, *, as_json: bool) -> None:
    """Send nothing more for the SAS server and user of the stored process STP.

    Tasks are still taken in; they wait until `sasbiws deliveries release`.
    """
    with opened(home) as office:
        _report_holds("held", (office.operate.hold(stp, message),), office, as_json=as_json)


@click.command("release")
@click.argument("stp", metavar="[STP]", default="")
@click.option("--account", default="", help="As `deliveries list` names it, instead of STP.")
@_yes
@shell.home_option
@shell.json_option
@shell.ends_well
def release(stp: str, account: str, home: Path | None, *, yes: bool, as_json: bool) -> None:
    """Lift the hold that covers the stored process STP, or every hold there is."""
    if stp and account:
        raise click.UsageError("name a stored process or an account, not both")
    with opened(home) as office:
        operate, accounts = office.operate, [account]
        if not (stp or account):
            accounts = [held.hold.account for held in office.survey.holds()]
            _confirm_release(accounts, yes=yes)
        lifted = tuple(operate.release(stored_process=stp, account=name) for name in accounts)
        _report_holds("released", lifted, office, as_json=as_json)


COMMANDS = (retry, discard, cancel, purge, hold, release)


def _each(  # noqa: PLR0913  one for each thing that was typed
    verb: Verb, selection: Selection, home: Path | None, act: Act, *, yes: bool, as_json: bool
) -> None:
    """Do it to every delivery that is meant, once that is confirmed; report, and end."""
    selection.require()
    with opened(home) as office:
        wanted = selection.wanted(office.survey)
        targets = _targets(verb, selection, wanted, office.survey)
        if not targets:
            _nothing(verb, as_json=as_json)
        if selection.filters and not yes:
            _confirm(verb, targets, office.survey)
        ids = [delivery.delivery_id for delivery in targets]
        with _progress(verb, len(ids)) as tell:
            results = act(office.operate, ids, tell)
        if len(results) == 1 and results[0].refusal:
            raise results[0].refusal
        _report(verb, results, targets, office.survey, as_json=as_json)


def _targets(
    verb: Verb, selection: Selection, wanted: Filter, survey: Survey
) -> tuple[Delivery, ...]:
    """Those that are meant; one that is named by id alone is meant in any state."""
    if not selection.filters:
        return tuple(survey.get(name) for name in sorted(wanted.ids))
    return survey.meant(meant_by(verb, wanted))


def _nothing(verb: Verb, *, as_json: bool) -> None:
    if as_json:
        shell.print_json(told.results_json(()))
    shell.err.print(f"no delivery matches: nothing to {verb}")
    sys.exit(shell.BAD)


def _confirm(verb: Verb, targets: Sequence[Delivery], survey: Survey) -> None:
    meant = _meant(Counter(delivery.state for delivery in targets))
    twice = sum(survey.may_run_twice(delivery) for delivery in targets)
    if twice and verb is Verb.RETRY:
        meant += f"; {told.runs_twice(twice, len(targets))}"
    _ask(meant, verb)


def _meant(counts: Mapping[State, int]) -> str:
    states = ", ".join(f"{counts[state]} {state}" for state in State if state in counts)
    return told.meant(sum(counts.values()), f" ({states})")


def _confirm_release(accounts: Sequence[str], *, yes: bool) -> None:
    if not accounts:
        shell.err.print("nothing is held")
        sys.exit(shell.BAD)
    if not yes and len(accounts) > 1:
        _ask(f"{len(accounts)} accounts are held: {', '.join(accounts)}", "release")


def _ask(meant: str, verb: str) -> None:
    """Return where a person says yes."""
    if not sys.stdin.isatty():
        raise click.UsageError(f"{meant}; nobody can be asked here: --yes goes on with {verb}")
    if not click.confirm(f"{meant}. {verb.capitalize()}?", err=True):
        shell.err.print("nothing was changed")
        sys.exit(shell.BAD)


@contextmanager
def _progress(verb: Verb, number: int) -> Iterator[Tell]:
    if number < MANY or not shell.err.is_terminal:
        yield lambda _: None
        return
    with Progress(console=shell.err, transient=True) as progress:
        task = progress.add_task(verb, total=number)
        yield lambda done: progress.update(task, completed=done)


def _report_purge(deleted: int, ids: Collection[str], *, as_json: bool) -> None:
    if as_json:
        shell.print_json({"deleted": deleted})
    else:
        click.echo(f"{told.counted(deleted)} {_DONE[Verb.PURGE]}")
    if len(ids) > deleted:
        kept = told.counted(len(ids) - deleted)
        shell.err.print(f"not ended, and kept: {kept}; what waits can be cancelled first")
        sys.exit(shell.BAD)


def _report(
    verb: Verb,
    results: Sequence[Result],
    targets: Sequence[Delivery],
    survey: Survey,
    *,
    as_json: bool,
) -> None:
    refused = [result for result in results if result.refusal]
    if as_json:
        shell.print_json(told.results_json(results))
    else:
        _print_results(verb, results)
        if verb is Verb.RETRY:
            _warn_of_holds(targets, survey)
    if refused:
        sys.exit(shell.BAD)


def _print_results(verb: Verb, results: Sequence[Result]) -> None:
    done = [result for result in results if not result.refusal]
    names = f": {done[0].delivery_id}" if len(done) == 1 else ""
    click.echo(f"{told.counted(len(done))} {_DONE[verb]}{names}")
    if twice := sum(result.may_run_twice for result in done):
        shell.err.print(f"[yellow]note[/] {told.runs_twice(twice, len(done))}")
    for result in results:
        if error := result.refusal:
            shell.err.print(f"refused  {result.delivery_id}  [bold red]{error.code}[/]", end="  ")
            shell.err.print(escape(error.message))


def _warn_of_holds(targets: Sequence[Delivery], survey: Survey) -> None:
    accounts = {route.account for each in targets if (route := survey.route_of(each))}
    for held in survey.holds():
        if held.hold.account in accounts:
            line = escape(hold_line(held, survey.clock.now()))
            shell.err.print(f"[yellow]note[/] they wait, for it is held: {line}")


def _report_holds(word: str, holds: tuple[Held, ...], office: Office, *, as_json: bool) -> None:
    if as_json:
        shell.print_json({word: [told.hold_json(held) for held in holds]})
        return
    for held in holds:
        click.echo(f"{word}  {hold_line(held, office.survey.clock.now())}")
