"""The log on disk: one file a day, which every process of a home appends to at once."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from adapter.ownership import give

_MEGABYTE = 1024 * 1024
_LOOK_S = 0.001
_LOCK_S = 5.0
_NAME = re.compile(r"sasbiws-(\d{4}-\d\d-\d\d)(?:\.(\d+))?\.log")
_FLAGS = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)


def log_files(folder: Path) -> list[Path]:
    """The log files of a folder, oldest first."""
    found = [path for path in folder.glob("sasbiws-*.log") if _NAME.fullmatch(path.name)]
    return sorted(found, key=_place)


def _place(path: Path) -> tuple[str, int]:
    named = _NAME.fullmatch(path.name)
    return (named[1], int(named[2] or 1)) if named else ("", 0)


def _today() -> str:
    return time.strftime("%Y-%m-%d")


class LogFiles:
    """A stream for log lines: `sasbiws-<date>.log`, and `….2.log` once that one is full.

    No file is renamed, so a reader who holds one open, as Windows lets him, stops nobody. Linux
    appends what one call writes in one piece; Windows looks for the end first, so there a lock is
    held for each line.

    Args:
        folder: Made when the first line is written.
        locked: Whether lines are written under a lock.
        max_bytes: Beyond it the next line goes to the next file.
        kept: Files that stay; the oldest beyond it are deleted.
        today: The date, as in file names.
    """

    def __init__(
        self,
        folder: Path,
        *,
        locked: bool = os.name == "nt",
        max_bytes: int = 10 * _MEGABYTE,
        kept: int = 30,
        today: Callable[[], str] = _today,
    ) -> None:
        self._folder = folder
        lock_path = folder / ".sasbiws-log.lock"
        self._lock = FileLock(lock_path, timeout=_LOCK_S) if locked else None
        self._max_bytes = max_bytes
        self._kept = kept
        self._today = today
        self._day = ""
        self._file: int | None = None
        self._failing = False

    def open(self) -> None:
        """The file of now is open.

        Raises:
            OSError: The folder cannot be made, or the file not written.
        """
        day = self._today()
        if self._file is None or day != self._day or self._is_full(self._file):
            self.close()
            self._make_folder()
            self._file, self._day = self._opened(day), day
            self._drop_old()

    def write(self, text: str) -> None:
        """Append whole lines; none is cut, mixed with others' or lost.

        What cannot be written is told once on standard error, until it can be again.
        """
        line = text.replace("\n", os.linesep).encode("utf-8", "backslashreplace")
        try:
            self.open()
            self._write(line)
        except OSError as error:
            if not self._failing and sys.stderr:
                reason = error.strerror or type(error).__name__
                sys.stderr.write(f"the log in {self._folder} cannot be written: {reason}\n")
            self._failing = True
        else:
            self._failing = False

    def _write(self, line: bytes) -> None:
        try:
            with self._lock.acquire(poll_interval=_LOOK_S) if self._lock else nullcontext():
                self._append(line)
        except Timeout:
            self._append(line)  # whoever holds the lock for so long hangs, and may not stop us

    def close(self) -> None:
        """Let the file go; the next line opens it again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _append(self, line: bytes) -> None:
        if self._file is not None:
            if self._lock:
                os.lseek(self._file, 0, os.SEEK_END)
            os.write(self._file, line)

    def _opened(self, day: str) -> int:
        of_today = [
            place[1] for path in log_files(self._folder) if (place := _place(path))[0] == day
        ]
        number = max(of_today, default=1)
        while self._is_full(file := self._open(day, number)):
            os.close(file)
            number += 1
        return file

    def _open(self, day: str, number: int) -> int:
        name = f"sasbiws-{day}.log" if number == 1 else f"sasbiws-{day}.{number}.log"
        append = 0 if self._lock else os.O_APPEND
        file = os.open(self._folder / name, _FLAGS | append, 0o640)
        give(file, self._folder)
        return file

    def _make_folder(self) -> None:
        if not self._folder.is_dir():
            above = next(folder for folder in self._folder.absolute().parents if folder.is_dir())
            self._folder.mkdir(parents=True, exist_ok=True)
            give(self._folder, above)

    def _is_full(self, file: int) -> bool:
        return os.fstat(file).st_size >= self._max_bytes

    def _drop_old(self) -> None:
        for path in log_files(self._folder)[: -self._kept]:
            with suppress(OSError):  # another process has it open still; the next turn drops it
                path.unlink()
