"""Checks of the home: its folders, who can read them, and the room on the disk."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from adapter.config import ini
from adapter.config.caller_file import AUTH_INI
from adapter.config.entry import Findings
from adapter.config.key import SERVER_SECTION, SERVICE_INI
from adapter.doctor.case import Case
from adapter.doctor.check import Check, Ending, Result, fail, ok, skip, warn
from adapter.ownership import give
from adapter.store.operator_token import OPERATOR_TOKEN
from adapter.store.sharing import DATABASE

FOLDERS = ("schemas", "wsdl_cache", "var")
SECRET_FILES = ("conf/credentials.ini", AUTH_INI, f"var/{DATABASE}", f"var/{OPERATOR_TOKEN}")
MB = 1024 * 1024
LEAST_FREE = 100 * MB
LITTLE_FREE = 1024 * MB

_OTHERS = 0o077


def _home(case: Case, _: str) -> Result:
    if not (case.home / "conf").is_dir():
        expected = "a folder with conf in it"
        return fail(
            f"{case.home} is no home", expected, f"sasbiws init {case.home}, or name --home"
        )
    return ok(str(case.home))


def _folders(case: Case, _: str) -> Result:
    needed = [*(case.home / name for name in FOLDERS)]
    wrong = [f"{each} is a file, not a folder" for each in needed if each.is_file()]
    there = [each for each in needed if each.is_dir()]
    wrong += [f"{each} cannot be written" for each in there if not os.access(each, os.W_OK)]
    if wrong:
        step = "let the adapter's own user write to these folders"
        return fail(wrong[0], "a folder that can be written", step, wrong[1:])
    missing = [each.name for each in needed if not each.exists()]
    if missing:
        return warn(f"missing: {', '.join(missing)}", "folders that are there", "--fix makes them")
    return ok(f"{', '.join(FOLDERS)} can be written")


def _make_folders(case: Case, _: str) -> str:
    missing = [case.home / name for name in FOLDERS if not (case.home / name).exists()]
    for each in missing:
        each.mkdir(mode=0o700 if each.name == "var" else 0o755, parents=True)
        give(each, case.home)
    return f"made {', '.join(each.name for each in missing)}" if missing else ""


def _rights(case: Case, _: str) -> Result:
    if sys.platform == "win32":
        return skip("the rights of Windows are not read", "icacls conf var tells them")
    loose = [path.relative_to(case.home).as_posix() for path in _loose(case.home)]
    if loose:
        found = f"others can read {', '.join(loose)}"
        return warn(found, "files for their owner alone", f"chmod go= {' '.join(loose)}, or --fix")
    return ok("passwords and deliveries are for their owner alone")


def _tighten(case: Case, _: str) -> str:
    loose = list(_loose(case.home))
    for path in loose:
        path.chmod(path.stat().st_mode & ~_OTHERS)
    return f"closed {', '.join(path.name for path in loose)} to others" if loose else ""


def _loose(home: Path) -> Iterator[Path]:
    """What others can read and should not."""
    named = (SERVICE_INI,) if _has_password(home) else ()
    for name in (*SECRET_FILES, *named, "var"):
        path = home / name
        if path.exists() and path.stat().st_mode & _OTHERS:
            yield path


def _has_password(home: Path) -> bool:
    """Whether serviceConfig.ini holds the password of a PostgreSQL database."""
    service = ini.read(home, SERVICE_INI, Findings())
    entry = service.section(SERVER_SECTION).entries.get("store_url") if service else None
    user, _, _ = entry.text.partition("://")[2].rpartition("@") if entry else ("", "", "")
    return ":" in user or bool(entry and "password=" in entry.text)


def _disk(case: Case, _: str) -> Result:
    place = case.home / "var"
    return space(shutil.disk_usage(place if place.is_dir() else case.home).free)


def space(free: int) -> Result:
    """What so many free bytes mean."""
    found, expected = f"{free // MB} MB are free", f"{LITTLE_FREE // MB} MB or more"
    step = "make room on the disk of var: without it no task can be taken in"
    if free < LEAST_FREE:
        return fail(found, expected, step)
    return warn(found, expected, step) if free < LITTLE_FREE else ok(found)


HOME_CHECKS = (
    Check(
        "home",
        "The home is there",
        "Whether the folder has a folder conf in it.",
        _home,
        ending=Ending.CONFIGURATION,
    ),
    Check(
        "folders",
        "The folders can be written",
        "Whether schemas, wsdl_cache and var are folders that this user can write.",
        _folders,
        needs=("home",),
        ending=Ending.CONFIGURATION,
        mend=_make_folders,
    ),
    Check(
        "rights",
        "Secrets are for their owner alone",
        "The modes of credentials.ini, auth.ini, var, the database and the operator token; of "
        "serviceConfig.ini where store_url holds a password.",
        _rights,
        needs=("home",),
        mend=_tighten,
    ),
    Check(
        "disk",
        "There is room on the disk",
        "The free bytes where var is: warned of below 1 GB, failed below 100 MB.",
        _disk,
        needs=("home",),
    ),
)
