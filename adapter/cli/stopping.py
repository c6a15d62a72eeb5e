"""How a command that runs until it is told to stop is told."""

from __future__ import annotations

import signal
import threading

_SIGNALS = ("SIGINT", "SIGTERM", "SIGBREAK")
"""Ctrl-C, a service manager, and Ctrl-Break on Windows."""

_LOOK_S = 0.5


def stop_signal() -> threading.Event:
    """An event that is set once this process is told to stop."""
    told = threading.Event()
    for name in _SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: told.set())
    return told


def wait_for(told: threading.Event) -> None:
    """Return once the event is set. Windows delivers Ctrl-C only between waits."""
    while not told.wait(_LOOK_S):
        pass
