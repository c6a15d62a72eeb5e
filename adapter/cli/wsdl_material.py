"""The files of a WSDL, from wherever the argument of a command says that they are."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from adapter.cli import shell
from adapter.cli.reports.shown import moment, nearest, shown
from adapter.cli.wsdl_fetching import progress_of, unfetched
from adapter.cli.wsdl_targets import File, Folder, Pin, Stp, Target, Url, settings_if_any
from adapter.config import Settings
from adapter.core import sasbiws
from adapter.core.failures import ContractUnusable
from adapter.core.route import Route
from adapter.ports import Contract
from adapter.sas.download import Way
from adapter.sas.published import DIRECT, fetch_tolerantly, split_address
from adapter.sas.session import HttpSession
from adapter.store import pinned
from adapter.store.wsdl_files import local_wsdl, pinned_names
from adapter.wsdl.checking import NO_USE, Use
from adapter.wsdl.description import Description
from adapter.wsdl.reading import read

if TYPE_CHECKING:
    # Imported below where SAS or a home is needed: the database library behind it takes half of
    # the time in which a file is checked.
    from adapter import wiring

_MADE_BY_SAS = "/SASBIWS/"
"""In an address whose WSDL SAS keeps a copy of, and builds anew if asked by reload=true."""


@dataclass(frozen=True)
class Material:
    """A WSDL as a command works on it.

    Args:
        target: As it was named, or found in a folder.
        origin: Where the files came from, in words.
        main: Address of the WSDL itself.
        files: Bytes by address.
        unreachable: Addresses that could not be had, each with the reason.
        paths: Path of each file that lies on this machine, by address.
        use: How it is to be used, as far as that is known.
    """

    target: str
    origin: str
    main: str
    files: Mapping[str, bytes] = field(repr=False)
    unreachable: Mapping[str, str]
    paths: Mapping[str, str]
    use: Use = NO_USE

    def place(self, address: str) -> str:
        """How an address is shown: the path of a file, or a URL without secrets."""
        return shown(self.paths.get(address, address))

    def description(self) -> Description:
        """What was read of it, be it nothing."""
        return read(self.files, self.main, self.unreachable)

    def readable(self) -> Description:
        """What was read of it.

        Raises:
            ContractUnusable: It is no WSDL.
        """
        description = self.description()
        if not description.definitions:
            place = self.place(self.main)
            raise self.unusable(f"{place} cannot be read as a WSDL; sasbiws wsdl check tells why")
        return description

    def unusable(self, message: str) -> ContractUnusable:
        """The error of a WSDL that is of no use, with what can be done about this one."""
        error = ContractUnusable(message)
        if self.origin == "file":
            error.remedy = (
                "Save the WSDL from the address of the web service with ?wsdl, with what it imports"
                " beside it."
            )
        return error


class Source:
    """Gives the material of targets; holds the way out to SAS while a command runs.

    Args:
        home: As the option has it.
        published: Ask the server even where a WSDL is pinned.
        stored_process: Whose WSDL a file or URL is; empty where it is nobody's.
    """

    def __init__(
        self, home: Path | None, *, published: bool = False, stored_process: str = ""
    ) -> None:
        self._home = home
        self._published = published
        self._stored_process = stored_process
        self._parts: wiring.Calling | None = None
        self._session = HttpSession()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()
        if self._parts is not None:
            self._parts.session.close()

    def parts(self) -> wiring.Calling | None:
        """What calls SAS; None where there is no home."""
        settings = settings_if_any(self._home) if self._parts is None else None
        return self._parts if settings is None else self._wired(settings)

    def opened(self) -> wiring.Calling:
        """What calls SAS, of the home.

        Raises:
            ConfigurationInvalid: There is no home, or it cannot be used.
        """
        return self._parts or self._wired(shell.settings_of(self._home))

    def _wired(self, settings: Settings) -> wiring.Calling:
        from adapter import wiring  # noqa: PLC0415  see above

        self._parts = wiring.calling(settings)
        return self._parts

    def material(self, target: Target, text: str, *, published: bool = False) -> Material:
        """The files of a target.

        Args:
            target: What `text` stands for.
            text: As it was named.
            published: Ask the server even where a WSDL is pinned.

        Raises:
            Unfetched: It had to be fetched, and could not be.
            ContractUnusable: It is pinned, and the pin is broken.
            OSError: A file cannot be read.
        """
        match target:
            case File(path, within):
                found = local_wsdl(path, within)
                use = self._use_of_a_file()
                return Material(
                    text, "file", found.main, found.files, found.unreachable, found.paths, use
                )
            case Pin(folder):
                contract = pinned.read(folder, pinned.address_of(folder))
                use = self._use_of_a_file() if self._stored_process else self._use_at(contract)
                return self._pinned(contract, text, folder, use)
            case Stp(route):
                return self._published_or_pinned(route.address, route, text, published=published)
            case Url(url):
                return self._published_or_pinned(url, None, text, published=published)
            case Folder(path):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))

    def _published_or_pinned(
        self, url: str, route: Route | None, text: str, *, published: bool
    ) -> Material:
        address, parts = split_address(url)[0], self.parts()
        use = self._use(parts, route or self.routed(address, exactly=True)) if parts else NO_USE
        contract = parts.contracts.get(address) if parts else None
        if parts is None or contract is None or published or self._published:
            use = use if use.asked else replace(use, asked=address)
            reload = _MADE_BY_SAS in url.upper() and (published or self._published)
            return self._fetched(url, route, text, use, reload=reload)
        return self._pinned(contract, text, parts.contracts.folder_of(address), use)

    def _fetched(
        self, url: str, route: Route | None, text: str, use: Use, *, reload: bool
    ) -> Material:
        from adapter.wiring import SystemClock  # noqa: PLC0415  see above

        way = route or self.routed(split_address(url)[0], exactly=False)
        with progress_of(url) as progress, unfetched():
            found = fetch_tolerantly(
                self._session,
                url,
                clock=SystemClock(),
                way=Way.of(way) if way else DIRECT,
                reload=reload,
                progress=progress,
            )
        files, main = found.contract.files, found.contract.main
        return Material(text, "published", main, files, found.unreachable, {}, use)

    def _pinned(self, contract: Contract, text: str, folder: Path, use: Use) -> Material:
        paths = {address: nearest(folder / name) for address, name in pinned_names(folder).items()}
        origin = f"pinned, fetched at {moment(contract.fetched_at)}"
        return Material(text, origin, contract.main, contract.files, {}, paths, use)

    def routed(self, address: str, *, exactly: bool) -> Route | None:
        """The route whose credentials are for this address, or for its server if all agree.

        Args:
            address: Of a web service.
            exactly: Only the one route that calls this very address.
        """
        parts = self.parts()
        routes = parts.settings.routes.all() if parts else ()
        same = [route for route in routes if route.address == address]
        if exactly:
            return same[0] if len(same) == 1 else None
        if same:
            return same[0]
        beside = [route for route in routes if _server(route.address) == _server(address)]
        accounts = {route.account for route in beside}
        return beside[0] if len(accounts) == 1 else None

    def _use_of_a_file(self) -> Use:
        if not self._stored_process:
            return NO_USE
        parts = self.parts()
        if parts is None:
            return Use(stored_process=self._stored_process)
        route = parts.settings.routes.choose(self._stored_process)
        return replace(self._use(parts, route), asked="")

    def _use_at(self, contract: Contract) -> Use:
        parts = self.parts()
        return self._use(parts, self.routed(contract.address, exactly=True)) if parts else NO_USE

    def _use(self, parts: wiring.Calling, route: Route | None) -> Use:
        if self._stored_process:
            route = parts.settings.routes.choose(self._stored_process)
        if route is None:
            return NO_USE
        schema = f"schemas/{route.schema}"
        content = parts.schemas.source(route.schema)
        included = parts.schemas.included(route.schema, schema)
        return Use(route.address, route.stored_process, content, schema, included=included)


def _server(address: str) -> str:
    return sasbiws.server(address).lower()
