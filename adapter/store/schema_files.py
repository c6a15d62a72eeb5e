"""The files of a schema before it is compiled: inside one folder, well-formed, of sane size."""

from __future__ import annotations

from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

from adapter.core import xml
from adapter.core.errors import Problem
from adapter.core.redact import shortened

MAX_BYTES = 1024 * 1024
MAX_FILES = 100
"""Far above any schema of an instream; more is a mistake, and costs the start its time."""

_XSD = "{http://www.w3.org/2001/XMLSchema}"
_REFERENCES = tuple(_XSD + name for name in ("include", "import", "redefine", "override"))


class SchemaFiles:
    """One schema file and all that it includes and imports.

    Attributes:
        root: The root element of the file itself; None where it cannot be read.
        problems: What is wrong with any of the files.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder.resolve()
        self._seen: set[Path] = set()
        self.problems: list[Problem] = []
        self.root: xml.Element | None = None
        if name and Path(name).name == name and name != ".." and "\\" not in name:
            self.root = self._read(self._folder / name, name)
        else:
            self._note(name, "this is not the name of a file in the folder of schemas")

    def _read(self, path: Path, where: str, line: int | None = None) -> xml.Element | None:
        """The root element of a file, once its references were followed too."""
        self._seen.add(path)
        root = self._parsed(path, where, line)
        if root is None:
            return None
        if root.tag != _XSD + "schema":
            self._note(self._name(path), "the root is not xs:schema", xml.local_name(root), 1)
            return None
        for element in root.iter(*_REFERENCES):
            self._follow(path, element)
        return root

    def _parsed(self, path: Path, where: str, line: int | None) -> xml.Element | None:
        try:
            size = path.stat().st_size
            raw = path.read_bytes() if size <= MAX_BYTES else b""
        except OSError as error:
            self._note(where, f"{self._name(path)} cannot be read: {error.strerror}", line=line)
            return None
        if size > MAX_BYTES:
            self._note(
                where, f"{self._name(path)} has more than {MAX_BYTES} bytes", f"{size}", line
            )
            return None
        try:
            return xml.parse(raw)
        except xml.XmlRefused as error:
            self._note(self._name(path), f"not XML that is read here: {error}", line=error.line)
            return None

    def _follow(self, path: Path, element: xml.Element) -> None:
        location = element.get("schemaLocation")
        if location is None:
            return
        name, line = self._name(path), cast("int | None", element.sourceline)
        target = _inside(path.parent, location)
        if target is None:
            kind = xml.local_name(element)
            self._note(name, f"xs:{kind} names no file in the folder of {name}", location, line)
        elif len(self._seen) >= MAX_FILES:
            self._note(name, f"the schema has more than {MAX_FILES} files", location, line)
        elif target not in self._seen:
            self._read(target, name, line)

    def _note(self, where: str, reason: str, found: str = "", line: int | None = None) -> None:
        self.problems.append(Problem(shortened(where), reason, found=shortened(found), line=line))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()


def _inside(folder: Path, location: str) -> Path | None:
    """The file a schema location names; None unless it is in the folder or below."""
    parts = urlsplit(location.strip())
    if any((parts.scheme, parts.netloc, parts.query, parts.fragment, "\\" in location)):
        return None
    target = (folder / unquote(parts.path)).resolve()
    return target if target.is_relative_to(folder) else None
