"""The installation that is examined: its settings, its routes, and what is opened to look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from adapter import config, wiring
from adapter.config import Settings
from adapter.core.errors import ConfigurationInvalid, StoreOutdated, StoreUnavailable
from adapter.core.payload import checked_name
from adapter.core.route import Route, TransportName
from adapter.store.sharing import DATABASE


@dataclass
class Case:
    """One home, looked at from this machine.

    Args:
        home: The folder that holds conf.
        environ: The environment variables.
        stp: The one stored process that is looked at; empty for all that have a section.
        payload: What it is called with; None calls nothing.
        files_hosts: Hosts of presigned links, each `host` or `host:port`.
        fix: Whether what is safe may be mended.
        mounts: Where the system tells what is mounted.
        refused: Accounts that SAS has refused during this examination.
    """

    home: Path
    environ: Mapping[str, str]
    stp: str = ""
    payload: bytes | None = None
    files_hosts: tuple[str, ...] = ()
    fix: bool = False
    mounts: Path = Path("/proc/mounts")
    refused: set[str] = field(default_factory=set)

    @cached_property
    def settings(self) -> Settings:
        """What is configured.

        Raises:
            ConfigurationInvalid: With every problem.
        """
        return config.load(self.home, self.environ)

    @cached_property
    def parts(self) -> wiring.Calling:
        """What calls SAS."""
        return wiring.calling(self.settings)

    @cached_property
    def office(self) -> wiring.Office:
        """The deliveries.

        Raises:
            StoreUnavailable: The database cannot be opened.
            StoreOutdated: It is of an older version.
        """
        return wiring.office(self.parts)

    @property
    def database(self) -> Path | None:
        """The file of the delivery database; None for PostgreSQL."""
        return None if self.settings.store_url else self.settings.var / DATABASE

    @property
    def has_database(self) -> bool:
        """Whether there is one to look into: to open a missing file would make it."""
        return self.database is None or self.database.exists()

    def held(self) -> frozenset[str]:
        """The accounts that are held; none where the database does not tell."""
        try:
            return frozenset(self.office.deliveries.holds()) if self.has_database else frozenset()
        except (StoreUnavailable, StoreOutdated, ConfigurationInvalid):
            return frozenset()

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """The stored processes that are looked at."""
        routes = self.settings.routes
        if self.stp:
            return (routes.choose(checked_name(self.stp)),)
        return tuple(routes.named.values())

    def route(self, name: str) -> Route:
        """The route of a stored process that is looked at."""
        return next(route for route in self.routes if route.stored_process == name)

    def servers(self) -> tuple[str, ...]:
        """Scheme, host and port of every SAS server, each once."""
        found = self.routes or self.settings.routes.all()
        return tuple(dict.fromkeys(route.server for route in found))

    def of_server(self, server: str) -> Route:
        """One of the routes that lead to a server."""
        found = self.routes or self.settings.routes.all()
        return next(route for route in found if route.server == server)

    def by(self, transport: TransportName) -> tuple[str, ...]:
        """The stored processes that are called by this transport."""
        return tuple(r.stored_process for r in self.routes if r.transport is transport)

    def above(self, subject: str) -> tuple[str, ...]:
        """The subjects whose checks count for this one: itself, its server, the home."""
        servers = [r.server for r in self._known_routes() if r.stored_process == subject]
        return tuple(dict.fromkeys((subject, *servers, "")))

    def _known_routes(self) -> tuple[Route, ...]:
        return self.routes if "routes" in self.__dict__ else ()

    def close(self) -> None:
        """Let go of what was opened."""
        if "office" in self.__dict__:
            self.office.close()
        if "parts" in self.__dict__:
            self.parts.session.close()
