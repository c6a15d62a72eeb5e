"""Asking the processes of a home to reload, and waiting for what they say."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapter.store.reload_files import ReloadFiles

ANSWER_S = 30.0
"""Seconds that a process may take to load its configuration and compile its schemas."""

_LOOK_S = 0.1


@dataclass(frozen=True)
class Reply:
    """What one process said.

    Args:
        pid: Its number.
        said: Its answer to this request; empty where it gave none.
    """

    pid: int
    said: Mapping[str, Any]

    @property
    def silent(self) -> bool:
        """Whether it lives and did not answer."""
        return not self.said

    @property
    def refused(self) -> bool:
        """Whether it goes on with the former configuration."""
        return not self.silent and not self.said["reloaded"]

    @property
    def problems(self) -> tuple[str, ...]:
        """Every problem, one line each."""
        return tuple(map(_line, self.said.get("problems", ())))

    @property
    def remedy(self) -> str:
        """What to do where it refused."""
        return str(self.said.get("remedy", ""))

    @property
    def restart_for(self) -> tuple[str, ...]:
        """Keys that hold only from its next start on."""
        return tuple(self.said.get("restart_for", ()))

    def to_json(self) -> dict[str, Any]:
        """The reply as JSON members."""
        outcome = "silent" if self.silent else "refused" if self.refused else "reloaded"
        names = ("code", "message", "remedy", "problems", "restart_for")
        facts = {name: self.said[name] for name in names if self.said.get(name)}
        return {"pid": self.pid, "outcome": outcome, **facts}


def ask_to_reload(var: Path, limit_s: float = ANSWER_S) -> tuple[Reply, ...]:
    """What every process of the home that can be asked said; none where none runs.

    Args:
        var: The home's folder.
        limit_s: Seconds after which a process counts as silent.

    Raises:
        OSError: The folder cannot be written.
    """
    files = ReloadFiles(var)
    if not files.answers():
        return ()
    request, until = files.ask(), time.monotonic() + limit_s
    while True:
        answers = files.answers()
        heard = all(answer.get("request") == request for answer in answers.values())
        if heard or time.monotonic() > until:
            return tuple(_reply(answer, request) for answer in answers.values())
        time.sleep(_LOOK_S)


def _reply(answer: Mapping[str, Any], request: str) -> Reply:
    said = answer if answer.get("request") == request else {}
    return Reply(int(answer.get("pid", 0)), said)


def _line(problem: Mapping[str, Any]) -> str:
    """The problem as text says it."""
    line = f" (line {problem['line']})" if problem.get("line") else ""
    parts = [f"{problem['where']}{line}: {problem['reason']}"]
    parts += [f"{word} {problem[word]}" for word in ("expected", "found") if problem.get(word)]
    return "; ".join(parts)
