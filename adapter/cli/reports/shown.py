"""Addresses, paths and times as they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from adapter.core.redact import published

PLACE_LENGTH = 500


def shown(address: str) -> str:
    """An address or a path fit for one line: no secret, no control characters, not endless."""
    masked = published(address) if "://" in address else address
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in masked[:PLACE_LENGTH])


def nearest(path: Path) -> str:
    """The path, seen from the current folder where it lies below it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def moment(seconds: float) -> str:
    """A time for people, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso_moment(seconds: float) -> str:
    """A time for programs, in UTC. Source: RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
