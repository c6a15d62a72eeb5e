"""Which process listens on a port, as far as Linux tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENS = "0A"
"""Source: Linux, include/net/tcp_states.h."""


def listeners(port: int) -> dict[int, str]:
    """Id and name of every process that listens on a port, and that this user may look at."""
    wanted = {f"socket:[{inode}]" for inode in _inodes(port)}
    return dict(_holders(wanted)) if wanted else {}


def _inodes(port: int) -> Iterator[str]:
    for table in _TABLES:
        try:
            lines = table.read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _holders(sockets: set[str]) -> Iterator[tuple[int, str]]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(each.readlink()) in sockets for each in (process / "fd").iterdir()):
                yield int(process.name), (process / "comm").read_text("utf-8", "replace").strip()
        except OSError:
            continue  # of another user, or gone
