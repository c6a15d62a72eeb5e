"""How a process that runs is told to reload: SIGHUP, or a file that changes."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from adapter.config import Settings
from adapter.observe import Observer
from adapter.reload import Reload, Reloaded, problems_of
from adapter.store.reload_files import ReloadFiles
from adapter.wiring import Adapter

LOOK_S = 0.5
"""Seconds between looks at the file."""


END_S = 5.0
"""Seconds that a reload under way may still take when the process stops."""


class Reloading:
    """One thread that reloads whenever it is asked to, and says in a file what became of it.

    Args:
        parts: The adapter that runs.
        delivers: Whether this process delivers.
        check: Refuses settings that may not be served where this process listens.
    """

    def __init__(
        self, parts: Adapter, *, delivers: bool, check: Callable[[Settings], None]
    ) -> None:
        self._reload = Reload(parts, delivers=delivers, check=check)
        self._files = ReloadFiles(parts.settings.var)
        self._owner = parts.shared.presence.owner
        self._stopping = threading.Event()
        self._by_signal = False

    def start(self) -> None:
        """Begin to listen to requests."""
        self._seen = self._files.asked()
        self._thread = threading.Thread(target=self._run, name="reload", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Reload no more; one under way is left behind after a moment."""
        self._stopping.set()
        self._thread.join(END_S)
        self._files.leave(self._owner)

    def ask(self) -> None:
        """Reload soon; safe in a signal's handler, since it takes no lock."""
        self._by_signal = True

    def _run(self) -> None:
        self._guarded(lambda: self._files.answer(self._owner, {"pid": os.getpid(), "request": ""}))
        while not self._stopping.wait(LOOK_S):
            self._guarded(self._look)

    def _look(self) -> None:
        asked = self._files.asked()
        if self._by_signal or asked != self._seen:
            self._by_signal, self._seen = False, asked
            self._files.answer(self._owner, _answer(asked[1], self._reload()))

    @staticmethod
    def _guarded(step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001  whatever it was, the adapter goes on as it is
            Observer().crash("reload", error)


class Hangup:
    """SIGHUP reloads, from now on; where it tells that the terminal is gone, it stops.

    Args:
        told: Is set to stop.
    """

    def __init__(self, told: threading.Event) -> None:
        self._told = told
        self._reloading: Reloading | None = None
        self._early = False
        self._at_terminal = os.isatty(0)
        if sys.platform != "win32":
            signal.signal(signal.SIGHUP, self._hung_up)

    def reloads(self, reloading: Reloading) -> None:
        """Ask this one; at once, where a signal came before there was anything to reload."""
        self._reloading = reloading
        if self._early:
            reloading.ask()

    def _hung_up(self, *_: object) -> None:
        if self._at_terminal and not os.isatty(0):
            self._told.set()
        elif self._reloading:
            self._reloading.ask()
        else:
            self._early = True


def _answer(request: str, reloaded: Reloaded) -> dict[str, Any]:
    refusal = reloaded.refusal
    return {
        "pid": os.getpid(),
        "request": request,
        "at": time.time(),
        "reloaded": refusal is None,
        "code": refusal.code if refusal else "",
        "message": refusal.message if refusal else "",
        "remedy": refusal.remedy if refusal else "",
        "problems": [problem.to_json() for problem in problems_of(refusal)] if refusal else [],
        "restart_for": list(reloaded.restart),
    }
