"""Reload: another configuration while the adapter runs, as a whole or not at all."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from adapter import config, wiring
from adapter.config import Settings
from adapter.core.errors import AdapterError, Problem, StoreUnavailable
from adapter.core.route import Routes
from adapter.observe import Observer, log


@dataclass(frozen=True)
class Reloaded:
    """What became of a reload.

    Args:
        restart: Keys that changed and hold only from the next start on.
        refusal: Why nothing changed; None where it was taken up.
    """

    restart: tuple[str, ...] = ()
    refusal: AdapterError | None = None


@dataclass
class Reload:
    """The use case: the configuration as it is on disk now, for everything that begins from now on.

    Args:
        parts: The adapter that runs.
        delivers: Whether this process delivers.
        check: Refuses settings that may not be served where this process listens.
    """

    parts: wiring.Adapter
    delivers: bool
    check: Callable[[Settings], None]
    observer: Observer = field(default_factory=Observer)
    _settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        self._settings = self.parts.settings

    def __call__(self) -> Reloaded:
        """What became of it; where anything is wrong, all stays as it was."""
        try:
            settings = config.load(self._settings.home, os.environ)
            self._follow(settings)
        except AdapterError as refusal:
            self._tell_refused(refusal)
            return Reloaded(refusal=refusal)
        restart = self.parts.settings.restart_for(settings)
        self._settings = settings
        self.observer.event("reload", home=settings.home, restart_for=", ".join(restart))
        for note in settings.notes:
            self.observer.event("note", logging.WARNING, note=str(note))
        return Reloaded(restart)

    def _follow(self, settings: Settings) -> None:
        """All that can be refused comes first; once the routes are replaced nothing can."""
        schemas = wiring.schemas_of(settings)
        wiring.refuse_bad_schemas(settings.routes, schemas)
        self.check(settings)
        self.parts.web.reception.follow(settings.access)
        self.parts.current.follow(settings.routes, schemas)
        log.setLevel(settings.log.level)
        if self.delivers:
            self._release(settings)
            self.parts.contract_watch.start()
        self.parts.deliver.bell.ring()

    def _release(self, settings: Settings) -> None:
        try:
            release_changed_accounts(self.parts, settings, self._settings)
        except StoreUnavailable as error:  # an operator can lift what stays
            self.observer.store_lost(error)

    def _tell_refused(self, refusal: AdapterError) -> None:
        self.observer.event(
            "reload_refused",
            logging.ERROR,
            code=refusal.code,
            message=refusal.message,
            remedy="the former configuration holds; mend what is named and reload again",
        )
        for problem in refusal.problems:
            self.observer.event("problem", logging.ERROR, problem=str(problem))


def problems_of(refusal: AdapterError) -> tuple[Problem, ...]:
    """Every problem of a refusal; the refusal itself where it lists none."""
    return refusal.problems or (Problem(refusal.code, refusal.message),)


def release_changed_accounts(
    parts: wiring.Adapter, settings: Settings, former: Settings | None = None
) -> None:
    """Lift the holds whose credentials were saved or changed since, so that they are tried again.

    Args:
        parts: Whose deliveries are held.
        settings: Those in force.
        former: Those of this process until now. With them, credentials that the environment or a
            key store gives are compared; without, they count as changed.
    """
    saved_at, changed = settings.credentials_saved_at, frozenset[str]()
    if former is not None:
        changed = _changed(former.routes, settings.routes)
        saved_at = 0.0 if math.isinf(saved_at) else saved_at
    accounts = settings.routes.accounts()
    for account, hold in parts.deliveries.holds().items():
        again = saved_at > hold.since or account in changed or account not in accounts
        if again and not hold.by_hand:
            parts.deliveries.release(account)


def _changed(former: Routes, routes: Routes) -> frozenset[str]:
    """Accounts that call with other credentials than before."""
    before = {(route.account, route.credentials) for route in former.all()}
    return frozenset(
        route.account for route in routes.all() if (route.account, route.credentials) not in before
    )
