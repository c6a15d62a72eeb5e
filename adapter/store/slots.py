"""Which adapter processes live: each holds a lock that the operating system takes back at death."""

from __future__ import annotations

import hashlib
import platform
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from adapter.store.database import named_errors

BIRTH_WAIT_S = 15.0
"""Seconds to wait while other processes are being born."""

_SUFFIX = ".lock"
_BIRTH = "birth"
_PLACE = "place"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class ProcessSlot:
    """Proof that this process lives, held until it ends or lets go.

    Its lock is taken before anybody can know its owner id, so an id that is met anywhere belongs
    to a process that holds its lock, or is dead.

    Args:
        folder: Where the locks are; the same for all processes on one database.

    Attributes:
        owner: The id of this process; no other process ever has it.
        place: Tells this folder on this machine from every other, also from a copy of it.

    Raises:
        StoreUnavailable: The folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with named_errors(str(folder), "the folder of process locks"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _lock(folder / (_BIRTH + _SUFFIX), BIRTH_WAIT_S):
                self._bury()
                self.place = _place(folder)
                self.owner = str(uuid.uuid4())
                self._lock = _lock(self._path(self.owner))
                self._lock.acquire()

    def dead(self, owners: Iterable[str]) -> frozenset[str]:
        """Those of these processes that have died; one that lives is never among them."""
        if not self._path(self.owner).exists():
            # A folder that has lost our own lock says nothing about the others.
            return frozenset()
        return frozenset(owner for owner in owners if owner != self.owner and self._died(owner))

    @staticmethod
    def unbroken(_: float) -> bool:
        """True: a lock is held without a gap from birth to death."""
        return True

    def release(self) -> None:
        """Let go, as at death."""
        self._lock.release()
        self._remove(self.owner)

    def _bury(self) -> None:
        """Remove what dead processes left. None is being born meanwhile: the caller sees to it."""
        for path in self._folder.glob("*" + _SUFFIX):
            self._died(path.stem)

    def _died(self, owner: str) -> bool:
        if not _is_owner(owner):
            return False
        try:
            if not self._path(owner).exists():
                return True
            with _lock(self._path(owner)):
                pass
        except (Timeout, OSError):
            return False
        self._remove(owner)
        return True

    def _remove(self, owner: str) -> None:
        # Another process may look at the same file just now; the next look removes it.
        with suppress(OSError):
            self._path(owner).unlink(missing_ok=True)

    def _path(self, owner: str) -> Path:
        return self._folder / (owner + _SUFFIX)


def living(folder: Path) -> frozenset[str]:
    """The processes that hold a lock in this folder now."""
    owners = (path.stem for path in folder.glob("*" + _SUFFIX) if _is_owner(path.stem))
    return frozenset(owner for owner in owners if _is_held(folder / (owner + _SUFFIX)))


def _is_held(path: Path) -> bool:
    try:
        with _lock(path):
            return False
    except Timeout:
        return True


def _lock(path: Path, wait_s: float = 0.0) -> FileLock:
    # Not bound to the thread that takes it: it lives as long as the process.
    return FileLock(path, timeout=wait_s, mode=0o600, thread_local=False)


def _place(folder: Path) -> str:
    """A hash of all that tells one folder from another; in doubt it differs."""
    name = folder / _PLACE
    if not name.exists():
        name.write_text(uuid.uuid4().hex, "ascii")
    status = folder.stat()
    parts = (
        name.read_text("ascii"),
        platform.node(),
        # Differs between machines, even where one is a copy of the other; and between their starts.
        _BOOT.read_text("ascii") if _BOOT.exists() else str(uuid.getnode()),
        str(folder.resolve()),
        f"{status.st_dev} {status.st_ino}",
    )
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _is_owner(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
