"""The files of a schema before it is compiled: inside one folder, well-formed, of sane size."""

from __future__ import annotations

from pathlib import Path
from typing import cast
from urllib.parse import quote, unquote, urlsplit

from adapter.core import xml
from adapter.core.errors import Problem
from adapter.core.redact import shortened
from adapter.core.xsd import XSD

MAX_BYTES = 1024 * 1024
MAX_FILES = 100
"""Far above any schema of an instream; more is a mistake, and costs the start its time."""

_REFERENCES = tuple(XSD + name for name in ("include", "import", "redefine", "override"))


SCHEME = "files:///"
"""Before the name of a file of the folder, where a reference was found to lead to it."""

_XML = "http://www.w3.org/XML/1998/namespace"


class SchemaFiles:
    """One schema file and all that it includes and imports.

    Each reference is rewritten to `SCHEME` and the name of the file that it leads to.

    Attributes:
        root: The root element of the file itself; None where it cannot be read.
        roots: The root element of every file, by its name in the folder, which is the URL of the
            tree too where the file is included.
        problems: What is wrong with any of the files.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder.resolve()
        self._seen: set[Path] = set()
        self.roots: dict[str, xml.Element] = {}
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
        if root.tag != XSD + "schema":
            self._note(self._name(path), "the root is not xs:schema", xml.local_name(root), 1)
            return None
        if self.roots:
            root.getroottree().docinfo.URL = self._name(path)
        self.roots[self._name(path)] = root
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
        if element.get("namespace") == _XML:
            del element.attrib["schemaLocation"]  # its schema is built in
            return
        name, line = self._name(path), cast("int | None", element.sourceline)
        target = self._inside(path.parent, location)
        if target is None:
            kind = xml.local_name(element)
            self._note(name, f"xs:{kind} names no file in the folder of the schema", location, line)
        elif target not in self._seen and len(self._seen) >= MAX_FILES:
            self._note(name, f"the schema has more than {MAX_FILES} files", location, line)
        else:
            element.set("schemaLocation", SCHEME + quote(self._name(target)))
            if target not in self._seen:
                self._read(target, name, line)

    def _note(self, where: str, reason: str, found: str = "", line: int | None = None) -> None:
        self.problems.append(Problem(shortened(where), reason, found=shortened(found), line=line))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()

    def _inside(self, folder: Path, location: str) -> Path | None:
        """The file a schema location names; None unless it is in the folder of the schema."""
        parts = urlsplit(location.strip())
        if any((parts.scheme, parts.netloc, parts.query, parts.fragment, "\\" in location)):
            return None
        try:
            target = (folder / unquote(parts.path)).resolve()
        except (OSError, ValueError, RuntimeError):  # a NUL, a link that leads to itself
            return None
        return target if target.is_relative_to(self._folder) else None
