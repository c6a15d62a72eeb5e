"""Reading the files of a home, as administrators leave them."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path

from adapter.core.errors import ConfigurationInvalid, Problem


def text_of(path: Path, where: str) -> str | None:
    """The text of a file, its lines ended by LF; None where there is no such file.

    UTF-8 with or without byte order mark, else cp1252.

    Raises:
        ConfigurationInvalid: It cannot be read, or is written in neither encoding.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name is not that of a file"
        raise _invalid(where, f"the file cannot be read: {reason}", "a readable file") from None
    if b"\0" in raw:
        raise _invalid(where, "the file has NUL bytes, as UTF-16 does", "UTF-8")
    return _decoded(raw, where).replace("\r\n", "\n").replace("\r", "\n")


def _decoded(raw: bytes, where: str) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
        if raw.startswith(BOM_UTF8):
            reason = "the file begins with the mark of UTF-8, and this line is not UTF-8"
            raise _invalid(where, reason, "the whole file saved as UTF-8", line)
    raise _invalid(where, "the file is neither UTF-8 nor cp1252", "UTF-8", line)


def _invalid(
    where: str, reason: str, expected: str, line: int | None = None
) -> ConfigurationInvalid:
    problem = Problem(where, reason, expected, line=line)
    return ConfigurationInvalid(str(problem), (problem,))


def below(home: Path, written: str) -> Path:
    """The path that is meant: backslashes separate folders, a relative path starts at the home."""
    return home / written.replace("\\", "/")


def is_file(path: Path) -> bool:
    """True where a file can be seen; False for a name that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def names_in(folder: Path, pattern: str) -> str:
    """The names of a folder's files in one line; empty where there are none."""
    try:
        return ", ".join(sorted(path.name for path in folder.glob(pattern)))
    except OSError:
        return ""
