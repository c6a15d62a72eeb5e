"""`sasbiws wsdl refresh`: compare pinned WSDLs with the published ones, and replace what may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from adapter import wiring
from adapter.cli import shell
from adapter.cli.reports.shown import shown
from adapter.cli.wsdl_diff import line_of
from adapter.cli.wsdl_fetching import ends_well
from adapter.cli.wsdl_material import Source
from adapter.cli.wsdl_pin import users_of
from adapter.cli.wsdl_targets import by_soap
from adapter.core.errors import AdapterError
from adapter.core.payload import checked_name
from adapter.core.route import Accept, Route, TransportName
from adapter.ports import Contract
from adapter.sas.download import Way
from adapter.sas.published import fetch_contract
from adapter.sas.refresh import compare
from adapter.wsdl.diff import Change


class Outcome(StrEnum):
    """What became of one pinned WSDL."""

    UNCHANGED = "unchanged"
    REPLACED = "replaced"
    KEPT = "kept"
    NOT_PINNED = "not pinned"
    FAILED = "failed"


@dataclass(frozen=True)
class _Refreshed:
    """One web service after the comparison.

    Args:
        address: Of the web service.
        users: Stored processes that are called by it.
        outcome: What became of the pinned WSDL.
        changes: From the pinned one to the published one, the breaking ones first.
        error: Why it could not be compared.
    """

    address: str
    users: tuple[str, ...]
    outcome: Outcome
    changes: tuple[Change, ...] = ()
    error: AdapterError | None = None

    @property
    def breaking(self) -> bool:
        """Whether a call made with the pinned one may be refused."""
        return any(change.breaking for change in self.changes)

    @property
    def exit_code(self) -> int:
        """Of the command, were this the only one."""
        if self.error is not None:
            return shell.exit_code(self.error)
        kept = self.outcome is Outcome.KEPT and self.breaking
        return shell.BAD if kept or self.outcome is Outcome.NOT_PINNED else shell.GOOD

    @property
    def remedy(self) -> str:
        """What to do; empty where nothing is to be done."""
        if self.error is not None:
            return self.error.remedy
        match self.outcome:
            case Outcome.NOT_PINNED:
                return f'pin it: sasbiws wsdl fetch "{self.users[0]}"'
            case Outcome.KEPT:
                option = "--accept-breaking" if self.breaking else "--accept"
                return f"read the changes; {option} replaces the pinned one"
        return ""

    def to_json(self) -> dict[str, Any]:
        """The outcome as JSON members."""
        return {
            "address": shown(self.address),
            "storedProcesses": list(self.users),
            "outcome": self.outcome.value,
            "breaking": self.breaking,
            "changes": [change.to_json() for change in self.changes],
            "error": shell.error_json(self.error)["error"] if self.error else None,
            "remedy": self.remedy,
        }


@click.command("refresh")
@click.argument("names", metavar="[STP...]", nargs=-1)
@click.option("--accept", is_flag=True, help="Replace a pinned WSDL where no change is breaking.")
@click.option("--accept-breaking", is_flag=True, help="Replace it whatever changed.")
@shell.home_option
@shell.json_option
@ends_well
def command(
    names: tuple[str, ...], home: Path | None, *, accept: bool, accept_breaking: bool, as_json: bool
) -> None:
    """Compare the pinned WSDLs of STP, or all of them, with what SAS publishes now.

    SAS is asked to build each WSDL anew. Every change is printed. A pinned WSDL is replaced where
    no change is breaking, with --accept or the setting accept = compatible; where one is, with
    --accept-breaking only. Exit code 0 when nothing breaking is left, 1 when something is, 2 for
    usage and configuration, 3 when SAS cannot be reached.
    """
    settings = shell.settings_of(home)
    with Source(home) as source:
        parts = source.opened()
        chosen = [by_soap(settings.routes.choose(checked_name(name))) for name in names]
        done = []
        for address in _addresses(parts, chosen):
            routes = [r for r in chosen if r.address == address] or users_of(parts, address)
            done.append(_refreshed(parts, routes, accept=accept, breaking=accept_breaking))
            if not as_json:
                _print(done[-1])
    if as_json:
        shell.print_json({"contracts": [each.to_json() for each in done]})
    elif not done:
        shell.err.print("no section of serviceConfig.ini has a pinned WSDL")
    raise SystemExit(max((each.exit_code for each in done), default=shell.GOOD))


def _addresses(parts: wiring.Calling, chosen: Sequence[Route]) -> Iterator[str]:
    """The addresses to look at, each once: those named, else those pinned that a section uses."""
    if chosen:
        yield from dict.fromkeys(route.address for route in chosen)
        return
    pinned = {each.address for each in parts.contracts.all()}
    routes = parts.settings.routes.named.values()
    by_soap_only = (route for route in routes if route.transport is TransportName.SOAP)
    yield from dict.fromkeys(r.address for r in by_soap_only if r.address in pinned)


def _refreshed(
    parts: wiring.Calling, routes: Sequence[Route], *, accept: bool, breaking: bool
) -> _Refreshed:
    address, users = routes[0].address, tuple(route.stored_process for route in routes)
    try:
        pinned = parts.contracts.get(address)
        if pinned is None:
            return _Refreshed(address, users, Outcome.NOT_PINNED)
        published = _published(parts, routes[0])
        if published.files == pinned.files:
            return _Refreshed(address, users, Outcome.UNCHANGED)
        changes = compare(pinned, published, users)
        if breaking or (not _breaks(changes) and (accept or _compatible(routes))):
            parts.contracts.replace(published)
            return _Refreshed(address, users, Outcome.REPLACED, changes)
    except AdapterError as error:
        return _Refreshed(address, users, Outcome.FAILED, error=error)
    return _Refreshed(address, users, Outcome.KEPT, changes)


def _published(parts: wiring.Calling, route: Route) -> Contract:
    return fetch_contract(
        parts.session, route.address, clock=parts.clock, way=Way.of(route), reload=True
    )


def _breaks(changes: Sequence[Change]) -> bool:
    return any(change.breaking for change in changes)


def _compatible(routes: Sequence[Route]) -> bool:
    return all(route.contract.accept is Accept.COMPATIBLE for route in routes)


def _print(each: _Refreshed) -> None:
    users = ", ".join(f"[{name}]" for name in each.users)
    click.echo(f"{shown(each.address)} {users}: {each.outcome}")
    for change in each.changes:
        shell.out.print(line_of(change))
    if each.error is not None:
        shell.print_error(each.error, as_json=False)
    elif each.remedy:
        click.echo(f"  remedy: {each.remedy}")
