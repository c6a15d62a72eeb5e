"""conf/auth.ini: the callers that are known, written by `sasbiws auth`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from adapter.config import ini
from adapter.config.access_keys import parts_of
from adapter.config.entry import Findings, in_order
from adapter.config.ini import Section
from adapter.config.key import DEFAULT
from adapter.core.access import Area, Caller, Method
from adapter.core.errors import ConfigurationInvalid, Problem
from adapter.ownership import give

AUTH_INI = "conf/auth.ini"
NAME = re.compile(r"(?!(?i:default)$)[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
NAME_EXPECTED = "letters, digits and . _ @ -, at most 64, a letter or digit first"

_HEAD = "# Who may call the adapter. Written by sasbiws auth; nobody but its owner may read it.\n"
_PROOF = re.compile(r"\$argon2id\$[A-Za-z0-9+/=,$]{20,200}|[0-9a-f]{64}")
_KEYS = ("method", "for", "proof", "added")
_LOCK_WAIT_S = 15.0


def read_callers(home: Path) -> tuple[Caller, ...]:
    """The callers in the order of the file; none where there is no file.

    Raises:
        ConfigurationInvalid: With every problem of the file.
    """
    findings = Findings()
    found = ini.read(home, AUTH_INI, findings)
    sections = found.sections if found else {}
    callers = [_caller(name, section, findings) for name, section in sections.items()]
    problems = in_order(findings.problems)
    if problems:
        raise ConfigurationInvalid(str(problems[0]), problems)
    return tuple(caller for caller in callers if caller)


@dataclass
class CallerBook:
    """The callers as the file has them now: whoever is removed is refused at the next request.

    Args:
        home: The folder that holds conf.
        trouble: Told of a file that cannot be read; what it said before goes on to hold.
    """

    home: Path
    trouble: Callable[[ConfigurationInvalid], None]
    _callers: tuple[Caller, ...] = field(init=False)
    _seen: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._seen = self._state()
        self._callers = read_callers(self.home)

    def now(self) -> tuple[Caller, ...]:
        """The callers; the same tuple until the file changes."""
        state = self._state()
        if state != self._seen:
            self._seen = state
            try:
                self._callers = read_callers(self.home)
            except ConfigurationInvalid as error:
                self.trouble(error)
        return self._callers

    def _state(self) -> tuple[int, ...]:
        try:
            told = (self.home / AUTH_INI).stat()
        except OSError:
            return ()
        return told.st_mtime_ns, told.st_size, told.st_ino


def write_callers(home: Path, callers: Iterable[Caller]) -> None:
    """Replace the file by these callers, all or nothing, readable by its owner alone."""
    path = home / AUTH_INI
    text = _HEAD + "".join(map(_text, callers))
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    give(file, path.parent)
    with suppress(FileNotFoundError):
        give(Path(f"{path}.lock"), path.parent)
    with os.fdopen(file, "w", encoding="utf-8", newline="\n") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(path)


def changing(home: Path) -> FileLock:
    """While it is held, no other command changes the file."""
    return FileLock(f"{home / AUTH_INI}.lock", _LOCK_WAIT_S, mode=0o600)


def others_can_read(home: Path) -> bool:
    """Whether users other than its owner can read the file; on Windows nobody knows here."""
    path = home / AUTH_INI
    if sys.platform == "win32" or not path.is_file():
        return False
    return bool(path.stat().st_mode & 0o077)


def _text(caller: Caller) -> str:
    areas = ", ".join(area for area in Area if area in caller.areas)
    return (
        f"\n[{caller.name}]\nmethod = {caller.method}\nfor = {areas}\n"
        f"proof = {caller.proof}\nadded = {caller.added}\n"
    )


def _caller(name: str, section: Section, findings: Findings) -> Caller | None:
    """The caller of a section; None with problems where it is not one."""
    texts = {key: entry.text for key, entry in section.entries.items()}
    problems = [
        Problem(f"{section.where} {key}", "this has no such value", expected, line=section.line)
        for key, expected, good in (
            ("method", "basic, bearer or apikey", texts.get("method") in _METHODS),
            ("for", "webhook, operator or both", _areas_good(texts.get("for", ""))),
            ("proof", "what sasbiws auth add writes", _PROOF.fullmatch(texts.get("proof", ""))),
        )
        if not good
    ]
    if name == DEFAULT or not NAME.fullmatch(name):
        problems.append(Problem(section.where, "this is no name", NAME_EXPECTED, line=section.line))
    problems += [
        entry.problem("there is no such key", f"one of {', '.join(_KEYS)}")
        for key, entry in section.entries.items()
        if key not in _KEYS
    ]
    findings.add(*problems)
    if problems:
        return None
    areas = frozenset(Area(part) for part in parts_of(texts["for"]))
    method, added = Method(texts["method"]), texts.get("added", "")
    return Caller(name, method, areas, texts["proof"], added)


_METHODS = (Method.BASIC, Method.BEARER, Method.API_KEY)


def _areas_good(text: str) -> bool:
    parts = parts_of(text)
    return bool(parts) and all(part in set(Area) for part in parts)
