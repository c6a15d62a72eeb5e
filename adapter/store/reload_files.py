"""How a reload is asked for, and answered: files below var, for processes on any system."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from adapter.store.sharing import PROCESSES
from adapter.store.slots import living

ASKED = "reload"
"""The file below var whose change asks every process of the home; `touch` will do."""

ANSWERS = "reloads"
"""The folder below var where each process that can be asked keeps its newest answer."""

_SUFFIX = ".json"


class ReloadFiles:
    """The files of one home.

    Args:
        var: The home's folder.
    """

    def __init__(self, var: Path) -> None:
        self._var = var
        self._asked = var / ASKED
        self._answers = var / ANSWERS

    def ask(self) -> str:
        """Ask every process; the request that their answers will name.

        Raises:
            OSError: The folder cannot be written.
        """
        request = uuid.uuid4().hex
        _write(self._asked, request)
        return request

    def asked(self) -> tuple[int, str]:
        """When it was last asked, and by which request; empty where nobody has asked or can."""
        try:
            return self._asked.stat().st_mtime_ns, self._asked.read_text("ascii", "replace")[:64]
        except OSError:
            return 0, ""

    def answer(self, owner: str, answer: Mapping[str, Any]) -> None:
        """Keep the answer of this process.

        Args:
            owner: Its id, proven alive by its lock.
            answer: JSON members.

        Raises:
            OSError: The folder cannot be written.
        """
        self._answers.mkdir(mode=0o700, exist_ok=True)
        _write(self._answers / (owner + _SUFFIX), json.dumps(dict(answer), ensure_ascii=False))

    def answers(self) -> dict[str, dict[str, Any]]:
        """The newest answer of every process that lives; what the dead left is removed."""
        alive = living(self._var / PROCESSES)
        for path in self._answers.glob("*" + _SUFFIX):
            if path.stem not in alive:
                self.leave(path.stem)
        found = {owner: _read(self._answers / (owner + _SUFFIX)) for owner in sorted(alive)}
        return {owner: answer for owner, answer in found.items() if answer}

    def leave(self, owner: str) -> None:
        """This process can be asked no more."""
        with suppress(OSError):
            (self._answers / (owner + _SUFFIX)).unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    """The file as a whole or not at all: another process may read it just now."""
    beside = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    beside.write_text(text, "utf-8")
    try:
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _read(path: Path) -> dict[str, Any]:
    try:
        answer = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return answer if isinstance(answer, dict) else {}
