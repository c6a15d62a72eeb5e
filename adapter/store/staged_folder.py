"""Where staged files lie: one folder for each delivery below `var/staged`."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapter.core.stage_failures import StageDiskFull

FOLDER = "staged"
PART = ".part"
"""At the end of the name of a file that is not whole."""

_NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}


@dataclass(frozen=True)
class StagedFolder:
    """The staged files of a home."""

    root: Path

    def of(self, delivery_id: str) -> Path:
        """The folder of a delivery."""
        return self.root / delivery_id

    def made(self, delivery_id: str) -> Path:
        """The folder of a delivery, there now; only its owner can look into any."""
        folder = self.of(delivery_id)
        if not self.root.is_dir():
            self.root.mkdir(parents=True, exist_ok=True)
            if sys.platform != "win32":
                self.root.chmod(0o750)
        folder.mkdir(exist_ok=True)
        return folder

    def ids(self) -> Iterator[str]:
        """The deliveries with a folder."""
        if self.root.is_dir():
            yield from (each.name for each in self.root.iterdir() if each.is_dir())

    def remove(self, delivery_id: str) -> None:
        """The files of a delivery are no more."""
        shutil.rmtree(self.of(delivery_id), ignore_errors=True)


@contextmanager
def writing() -> Iterator[None]:
    """A block whose file errors say that there is no room."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            why = os.strerror(error.errno or 0)
            raise StageDiskFull(f"var/staged cannot be written: {why}") from None
        raise
