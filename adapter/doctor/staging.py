"""Checks of staged files: the folder, the room for them, and whether SAS can fetch them here."""

from __future__ import annotations

import os
import shutil
import sys
from urllib.parse import urlsplit

from adapter.core.access import address_of
from adapter.core.route import Route
from adapter.core.staging import StageAs
from adapter.doctor.case import Case
from adapter.doctor.check import Check, Ending, Result, fail, ok, warn
from adapter.store.staged_folder import FOLDER

_GB = 1024**3
_OTHERS = 0o007


def _staging(case: Case) -> tuple[str, ...]:
    """The stored processes whose files are staged."""
    return tuple(route.stored_process for route in case.routes if route.staging.on)


def _staged(case: Case, stp: str) -> Result:
    folder = case.settings.var / FOLDER
    if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK)):
        step = "let it be a folder that the adapter's own user can write"
        return fail(f"{folder} cannot be written", "a folder for staged files", step)
    if folder.exists() and sys.platform != "win32" and folder.stat().st_mode & _OTHERS:
        return warn(f"others can read {folder}", "no others", f"chmod o= {folder}")
    return room(_free(case), case.route(stp).staging.max_bytes)


def room(free: int, most: int) -> Result:
    """What so many free bytes mean where a file may have so many."""
    found = f"{free / _GB:.1f} GB are free for staged files"
    if free < most:
        step = "make room on the disk of var, or set stage_max to what your files have"
        return warn(found, f"{most / _GB:.1f} GB, as stage_max allows for one file", step)
    return ok(found)


def _free(case: Case) -> int:
    var = case.settings.var
    return shutil.disk_usage(var if var.is_dir() else case.home).free


def _short_links(case: Case) -> tuple[str, ...]:
    """The stored processes that fetch staged files from this adapter."""
    told = (case.route(name) for name in _staging(case))
    return tuple(r.stored_process for r in told if r.staging.told_as is StageAs.LINK)


def _link(case: Case, stp: str) -> Result:
    settings = case.settings
    host = urlsplit(settings.files_url).hostname or settings.host
    if _is_local(host) and not _is_local(_sas_host(case.route(stp))):
        step = "listen where SAS can reach it, or write files_url in [adapter:server]"
        return fail(
            f"short links begin with {host}, which is this machine only",
            "a name that SAS reaches",
            step,
        )
    return ok(f"short links begin with {host}")


def _sas_host(route: Route) -> str:
    return urlsplit(route.server).hostname or ""


def _is_local(host: str) -> bool:
    address = address_of(host)
    return host == "localhost" or (
        address is not None and (address.is_loopback or address.is_unspecified)
    )


STAGING_CHECKS = (
    Check(
        "staged",
        "There is a place for staged files",
        "The rights of var/staged, and whether the largest file of `stage_max` fits on its disk.",
        _staged,
        needs=("conf", "folders"),
        subjects=_staging,
    ),
    Check(
        "short-links",
        "SAS can follow short links",
        "Whether short links name this machine only, while SAS runs on another.",
        _link,
        needs=("conf",),
        subjects=_short_links,
        ending=Ending.CONFIGURATION,
    ),
)
