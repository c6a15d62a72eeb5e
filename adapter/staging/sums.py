"""The sums of a file, piece by piece."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

PIECE_BYTES = 256 * 1024

_MD5 = re.compile(r'"?([0-9a-f]{32})"?')


class Sums:
    """The sums of what is on disk; the MD5 only where the file host has told one.

    Args:
        etag: As the file host tells it.

    Attributes:
        told_md5: What the ETag says; empty where it is no MD5.
    """

    def __init__(self, etag: str) -> None:
        found = _MD5.fullmatch(etag)
        self.told_md5 = found[1] if found else ""
        self.sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)  # as S3 has it

    def add(self, piece: bytes) -> None:
        """A further piece."""
        self.sha256.update(piece)
        if self.told_md5:
            self._md5.update(piece)

    def add_kept(self, part: Path, size: int) -> None:
        """The first bytes of what is on disk already."""
        if size:
            with part.open("rb") as kept:
                while size and (piece := kept.read(min(PIECE_BYTES, size))):
                    self.add(piece)
                    size -= len(piece)

    def differs(self) -> bool:
        """Whether the file host has told another MD5."""
        return bool(self.told_md5) and self.told_md5 != self._md5.hexdigest()
