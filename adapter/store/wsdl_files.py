"""A WSDL that lies in a folder of this machine, with what it imports from that folder."""

from __future__ import annotations

import os
import tomllib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from adapter.store.pinned import RECORD
from adapter.wsdl.crawl import MAX_BYTES, MAX_FILES
from adapter.wsdl.reading import read
from adapter.wsdl.source import MAX_FILE_BYTES

SUFFIX = ".wsdl"


@dataclass(frozen=True)
class LocalWsdl:
    """A WSDL and the files it is made of.

    Args:
        main: Address of the WSDL itself, a file URI.
        files: Bytes by address.
        unreachable: Addresses that were not read, each with the reason.
        paths: The path of each file as it may be shown, by address.
    """

    main: str
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    unreachable: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)


def local_wsdl(path: Path, within: Path) -> LocalWsdl:
    """A WSDL of this machine with all it imports; nothing outside of `within` is read.

    Raises:
        OSError: The WSDL itself cannot be read.
    """
    main = path.resolve()
    folder = _Folder(within.resolve(), path.parent, main.parent)
    found = LocalWsdl(main.as_uri())
    found.files[found.main] = _bytes(main)
    found.paths[found.main] = path.as_posix()
    waiting = deque([found.main])
    while waiting and not _full(found):
        address = waiting.popleft()
        for named in _named(address, found.files[address]):
            if named not in found.files and named not in found.unreachable:
                folder.add(named, found)
                if named in found.files:
                    waiting.append(named)
    return found


def _full(found: LocalWsdl) -> bool:
    """Whether there is more than the reader takes, so that it can tell of the excess."""
    sizes = [len(content) for content in found.files.values()]
    return len(sizes) > MAX_FILES or sum(sizes) > MAX_BYTES


def wsdls_below(folder: Path) -> Iterator[Path]:
    """Every WSDL in a folder and below, in order; hidden folders are left out."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        yield from (Path(place, n) for n in sorted(names) if n.lower().endswith(SUFFIX))


def pinned_names(folder: Path) -> dict[str, str]:
    """The names of the files of a pinned folder by the address they answer, as its record has it.

    Only for a folder that was verified: it does not judge.
    """
    record = tomllib.loads((folder / RECORD).read_bytes().decode("utf-8"))
    return {str(file["answers"]): str(file["name"]) for file in record["file"]}


@dataclass(frozen=True)
class _Folder:
    """The folder that imports may come from.

    Args:
        root: Its resolved path.
        given: The folder of the WSDL as it was named.
        resolved: The same, resolved.
    """

    root: Path
    given: Path
    resolved: Path

    def add(self, address: str, found: LocalWsdl) -> None:
        """Put the file of an address among the files, or among what is unreachable, and why."""
        try:
            path = self._path(address)
            if path.exists():
                found.files[address] = _bytes(path)
                shown = os.path.relpath(path, self.resolved)
                found.paths[address] = Path(os.path.normpath(self.given / shown)).as_posix()
        except OSError as error:
            found.unreachable[address] = error.strerror or str(error)
        except ValueError as error:
            found.unreachable[address] = str(error)

    def _path(self, address: str) -> Path:
        parts = urlsplit(address)
        if parts.scheme != "file" or parts.netloc:
            raise ValueError(
                "a file of this machine imports from its own folder only; save it there"
            )
        path = Path(url2pathname(parts.path)).resolve()
        if not path.is_relative_to(self.root):
            raise ValueError(
                f"it is outside of the folder {self.root.name}; check the folder that holds both"
            )
        return path


def _bytes(path: Path) -> bytes:
    """The bytes of a regular file, only so many that the reader still sees there are too many.

    Raises:
        OSError: It cannot be read, or is a folder, a pipe or a device.
    """
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a pipe or a device"
        raise OSError(0, f"it is {kind}, not a file", str(path))
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def _named(address: str, content: bytes) -> Iterator[str]:
    """The addresses of the files that one file names."""
    yield from dict.fromkeys(
        link.address for link in read({address: content}, address).links if link.address
    )
