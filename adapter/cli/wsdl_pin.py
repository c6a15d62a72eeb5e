"""`sasbiws wsdl fetch` and `list`: pin a WSDL, and tell what is pinned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from adapter import wiring
from adapter.cli import shell
from adapter.cli.reports.shown import iso_moment, moment, nearest, shown
from adapter.cli.wsdl_fetching import ends_well
from adapter.cli.wsdl_material import Source
from adapter.cli.wsdl_targets import Stp, Url, find
from adapter.core.route import Route, TransportName
from adapter.ports import BrokenContract, Contract
from adapter.sas.download import Way
from adapter.sas.published import DIRECT, fetch_contract, split_address
from adapter.sas.wsdl import operation_for
from adapter.store.wsdl_files import pinned_names


@dataclass(frozen=True)
class _Pinned:
    """One pinned contract as it is told.

    Args:
        address: Of the web service.
        folder: Where it lies.
        used_by: Stored processes of the home that are called by it.
        contract: None where it is broken.
        problem: What is wrong with it.
        remedy: What to do about that.
    """

    address: str
    folder: Path
    used_by: tuple[str, ...]
    contract: Contract | None
    problem: str = ""
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """The contract as JSON members."""
        return {
            "address": shown(self.address),
            "storedProcesses": list(self.used_by),
            "folder": nearest(self.folder),
            "fetchedAt": iso_moment(self.contract.fetched_at) if self.contract else None,
            "files": list(self._files()),
            "intact": self.contract is not None,
            "problem": self.problem,
            "remedy": self.remedy,
        }

    def _files(self) -> Iterator[dict[str, Any]]:
        if self.contract is not None:
            for address, name in pinned_names(self.folder).items():
                size = len(self.contract.files.get(address, b""))
                yield {"name": name, "answers": shown(address), "bytes": size}

    def lines(self) -> Iterator[str]:
        """The contract, line by line."""
        yield shown(self.address) or "(no address)"
        yield f"  used by  {', '.join(f'[{name}]' for name in self.used_by) or 'no section'}"
        yield f"  folder   {nearest(self.folder)}"
        if self.contract is None:
            yield f"  broken   {self.problem}"
            yield f"  remedy   {self.remedy}"
            return
        yield f"  fetched  {moment(self.contract.fetched_at)}"
        for each in self._files():
            yield f"  file     {each['name']}  {each['bytes']} bytes  {each['answers']}"
        yield "  intact   every file has its hash"


@click.command("list")
@shell.home_option
@shell.json_option
@ends_well
def listing(home: Path | None, *, as_json: bool) -> None:
    """Tell which WSDLs are pinned, for which stored processes, and whether they are intact.

    Exit code 0 when all are intact, 1 when one is broken.
    """
    parts = wiring.calling(shell.settings_of(home))
    told = [_told(parts, each) for each in parts.contracts.all()]
    if as_json:
        shell.print_json({"contracts": [each.to_json() for each in told]})
    else:
        _print(told, nearest(parts.settings.wsdl_cache))
    if any(each.contract is None for each in told):
        raise SystemExit(shell.BAD)


def _print(told: list[_Pinned], cache: str) -> None:
    for each in told:
        click.echo("\n".join(each.lines()))
    if not told:
        shell.err.print(f"no WSDL is pinned in {cache}", markup=False)


def _told(parts: wiring.Calling, each: Contract | BrokenContract) -> _Pinned:
    users = tuple(route.stored_process for route in users_of(parts, each.address))
    if isinstance(each, BrokenContract):
        error = each.error
        return _Pinned(each.address, Path(each.folder), users, None, error.message, error.remedy)
    return _Pinned(each.address, parts.contracts.folder_of(each.address), users, each)


def users_of(parts: wiring.Calling, address: str) -> list[Route]:
    """The routes that call this address by SOAP."""
    named = parts.settings.routes.named.values()
    return [
        route
        for route in named
        if route.transport is TransportName.SOAP and route.address == address
    ]


@click.command("fetch")
@click.argument("target", metavar="STP|URL")
@shell.home_option
@shell.json_option
@ends_well
def fetch(target: str, home: Path | None, *, as_json: bool) -> None:
    """Fetch the WSDL of STP or URL with all it imports, and pin it in wsdl_cache.

    One that is pinned already stays as it is: `sasbiws wsdl refresh` compares it with the
    published one. Exit code 0 when it is pinned, 1 when what is published cannot be used, 2 for
    usage, configuration and refused credentials, 3 when SAS cannot be reached.
    """
    shell.settings_of(home)
    with Source(home) as source:
        parts = source.opened()
        address, route = _address_of(find(target, home), source)
        before = parts.contracts.get(address)
        contract = before or _fetched(parts, address, route)
    told = _told(parts, contract)
    if as_json:
        shell.print_json({"pinnedBefore": before is not None, **told.to_json()})
        return
    click.echo("pinned already" if before else "pinned")
    click.echo("\n".join(told.lines()))


def _address_of(found: object, source: Source) -> tuple[str, Route | None]:
    match found:
        case Stp(route):
            return route.address, route
        case Url(url):
            address = split_address(url)[0]
            return address, source.routed(address, exactly=False)
        case _:
            raise click.UsageError("only a stored process or a URL can be fetched")


def _fetched(parts: wiring.Calling, address: str, way: Route | None) -> Contract:
    def fetch_usable() -> Contract:
        contract = fetch_contract(
            parts.session, address, clock=parts.clock, way=Way.of(way) if way else DIRECT
        )
        for route in users_of(parts, address):
            instream = route.mapping.has_instream
            operation_for(contract, route.stored_process, instream=instream)
        return contract

    with shell.err.status("fetching") if shell.err.is_terminal else nullcontext():
        return parts.contracts.pin_once(address, fetch_usable)
