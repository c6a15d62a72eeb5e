"""What is configured now: read at every use, replaced as a whole by a reload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from adapter.core.errors import Problem
from adapter.core.route import Route, Routes
from adapter.ports import Schemas


class RouteTable(Protocol):
    """The routes in force: those of one configuration, or always those of the newest."""

    @property
    def named(self) -> Mapping[str, Route]:
        """One route per section of serviceConfig.ini, by exact name."""

    @property
    def default(self) -> Route | None:
        """The route of `[DEFAULT]`, used for any name where no section names one."""

    def choose(self, stored_process: str) -> Route:
        """The route of this stored process; raises StpUnknown where there is none."""

    def all(self) -> tuple[Route, ...]:
        """Every route there is."""


@dataclass(frozen=True)
class _InForce:
    routes: Routes
    schemas: Schemas


class Current:
    """The routes and schemas in force. It has the interface of both; each call takes one of them.

    Whoever has chosen a route keeps it: a route is a value, so an attempt ends as it began.

    Args:
        routes: Those to begin with.
        schemas: Those to begin with.
    """

    def __init__(self, routes: Routes, schemas: Schemas) -> None:
        self._in_force = _InForce(routes, schemas)

    def follow(self, routes: Routes, schemas: Schemas) -> None:
        """From now on these hold."""
        self._in_force = _InForce(routes, schemas)

    @property
    def named(self) -> Mapping[str, Route]:
        """One route per section."""
        return self._in_force.routes.named

    @property
    def default(self) -> Route | None:
        """The route of `[DEFAULT]`."""
        return self._in_force.routes.default

    def choose(self, stored_process: str) -> Route:
        """The route of this stored process.

        Raises:
            StpUnknown: There are sections, and none has exactly this name.
        """
        return self._in_force.routes.choose(stored_process)

    def all(self) -> tuple[Route, ...]:
        """Every route there is."""
        return self._in_force.routes.all()

    def accounts(self) -> frozenset[str]:
        """Every account that these routes call by."""
        return self._in_force.routes.accounts()

    def problems(self, document: bytes, schema: str) -> tuple[Problem, ...]:
        """Everything in the document that the schema of this file name does not allow."""
        return self._in_force.schemas.problems(document, schema)
