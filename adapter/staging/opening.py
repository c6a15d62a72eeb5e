"""The stager of a home."""

from __future__ import annotations

from adapter.bell import Bell
from adapter.config.settings import Settings
from adapter.current import RouteTable
from adapter.observe import Observer
from adapter.staging.stager import Desk, Stager
from adapter.store.sharing import Shared
from adapter.store.staged import SqlStaging
from adapter.store.staged_folder import FOLDER, StagedFolder


def stager_of(
    settings: Settings, shared: Shared, routes: RouteTable, bell: Bell, observer: Observer
) -> Stager:
    """What stages the files of a home's deliveries; no thread runs yet."""
    store = SqlStaging(shared.engine, shared.clock, shared.presence.owner, shared.presence.dead)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return Stager(
        Desk(
            routes,
            store,
            StagedFolder(settings.var / FOLDER),
            shared.clock,
            bell,
            observer,
            base=settings.files_url or f"http://{host}:{settings.port}",
            keep_s=settings.keep_staged_s,
        )
    )
