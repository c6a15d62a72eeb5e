"""A moment as a person tells it: an age such as `2h`, or an ISO time."""

from __future__ import annotations

import re
from datetime import datetime

from adapter.core.errors import RequestInvalid
from adapter.core.redact import shortened

_AGE = re.compile(r"(\d{1,9})\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

EXPECTED = "an age such as 30m, 2h or 7d, or a time such as 2026-11-24T05:30"


def moment(text: str, now: float) -> float:
    """Seconds since 1970-01-01 UTC; a time without an offset is one of this machine's zone.

    Args:
        text: `30m`, `2h`, `7d` ago, or an ISO 8601 time.
        now: What an age counts back from.

    Raises:
        RequestInvalid: It is neither.
    """
    age = _AGE.fullmatch(text.strip().lower())
    if age:
        return now - int(age[1]) * _SECONDS[age[2]]
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError):
        raise RequestInvalid(f"found {shortened(text)!r}, expected {EXPECTED}") from None


def span(seconds: float) -> str:
    """A length of time in its largest unit, rounded down: `45s`, `12m`, `3h`, `9d`."""
    left = max(round(seconds), 0)
    for unit in ("d", "h", "m"):
        if left >= _SECONDS[unit]:
            return f"{left // _SECONDS[unit]}{unit}"
    return f"{left}s"
