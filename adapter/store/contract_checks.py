"""When each pinned contract was last compared with the published one, and what came of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from adapter.core.contract_check import ContractCheck

LOCK_WAIT_S = 10.0
"""Seconds to wait for another process that writes the file, which takes it milliseconds."""

FILE = "contract_checks.json"
"""Below a home's var folder, not in wsdl_cache: a comparison that finds nothing changes nothing."""


class ContractChecks:
    """The file that the processes of a home share.

    Every method raises OSError when the file cannot be read or written.

    Args:
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> Mapping[str, ContractCheck]:
        """The last check of every address; none for a file that is not readable as one."""
        try:
            written = json.loads(self._path.read_bytes())
            return {str(address): _check(told) for address, told in written.items()}
        except (FileNotFoundError, ValueError, TypeError, AttributeError, LookupError):
            return {}  # what is lost with it is when to look again

    def claim(self, address: str, now: float, due: Callable[[ContractCheck], bool]) -> bool:
        """Whether this process shall make the check now; no other is told so for the same one."""
        with self._locked():
            checks = self.all()
            known = checks.get(address, ContractCheck())
            if not due(known):
                return False
            self._write({**checks, address: replace(known, checked_at=now)})
            return True

    def record(self, address: str, check: ContractCheck) -> None:
        """Write down how a check ended."""
        with self._locked():
            self._write({**self.all(), address: check})

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._path.with_suffix(".lock"), LOCK_WAIT_S, thread_local=False):
            yield

    def _write(self, checks: Mapping[str, ContractCheck]) -> None:
        part = self._path.with_suffix(".part")
        written = {address: asdict(check) for address, check in sorted(checks.items())}
        with part.open("w", encoding="utf-8", newline="\n") as file:
            json.dump(written, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)


def _check(told: Mapping[str, Any]) -> ContractCheck:
    return ContractCheck(
        checked_at=float(told["checked_at"]),
        failure=str(told["failure"]),
        pinned=str(told["pinned"]),
        published=str(told["published"]),
        since=float(told["since"]),
        breaking=bool(told["breaking"]),
        changes=tuple(map(str, told["changes"])),
    )
