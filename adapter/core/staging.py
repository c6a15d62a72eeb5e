"""Staged files: what a task's presigned links lead to, kept here so that SAS need not fetch it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from adapter.core import xml
from adapter.core.payload import Payload

METADATA = "metadataFile"
DATA = "dataFile"
LINKS = "presignedUrls"
ROWS = "rowCount"

WAITS_FROM = 1e11
"""A delivery that is due at this time or later is not due at all: its files are staged first, and
what is beyond this number is when that is tried next. No clock comes near."""

_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 80


class StageAs(StrEnum):
    """What a stored process is given in place of a link: a short link, or the path of the file."""

    LINK = "link"
    PATH = "path"


@dataclass(frozen=True)
class StagePolicy:
    """How the files of a route's tasks are staged.

    Args:
        on: Whether they are.
        told_as: What the stored process is given.
        path_prefix: What stands before delivery and name in a path; empty takes the folder's own.
        hosts: Hosts that files may come from: `name`, `name:port` or `*.domain`.
        max_bytes: Bytes of one file.
        allow: Hosts, addresses or networks that may fetch short links; empty allows the SAS host.
    """

    on: bool = False
    told_as: StageAs = StageAs.LINK
    path_prefix: str = ""
    hosts: tuple[str, ...] = ("*.amazonaws.com",)
    max_bytes: int = 10 * 1024**3
    allow: tuple[str, ...] = ()


@dataclass(frozen=True)
class StagedFile:
    """One file, however much of it is here.

    Args:
        part: The key of its link in the payload.
        link_sha256: Of the link, by which it is found in a document.
        name: Of the file, here and in its short link.
        got: Bytes that are here.
        total: Bytes in all; None until the file host has told.
        etag: As the file host gave it.
        encoding: Content-Encoding as sent: the file is kept as it came.
        sha256: Of the whole file; empty until it is here.
        location: What a stored process is given; empty until it may be used.
    """

    part: str
    link_sha256: str
    name: str
    got: int = 0
    total: int | None = None
    etag: str = ""
    encoding: str = ""
    sha256: str = ""
    location: str = field(default="", repr=False)


@dataclass(frozen=True)
class Staging:
    """How it stands with the files of one delivery.

    Args:
        tried: Times that it was tried and failed.
        done_at: When all was here and checked; None before.
        rows: Records of the data file.
        expires_at: When short links end, whatever becomes of the delivery, unless a person sends it
            again: from then on they last as long anew.
    """

    files: tuple[StagedFile, ...]
    tried: int = 0
    done_at: float | None = None
    rows: int | None = None
    expires_at: float | None = None

    @classmethod
    def of(cls, payload: Payload) -> Self | None:
        """What is to be staged for a payload; None where it has no links."""
        links = links_of(payload)
        names = {part: _name(link, part) for part, link in links.items()}
        if len(set(names.values())) < len(names):
            names = {part: f"{part}-{name}" for part, name in names.items()}
        files = tuple(StagedFile(part, _sha256(link), names[part]) for part, link in links.items())
        return cls(files) if files else None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """As `to_json` gave it."""
        return cls(**{**value, "files": tuple(StagedFile(**each) for each in value["files"])})

    def to_json(self) -> dict[str, Any]:
        """All of it, to be kept."""
        return {**asdict(self), "files": [asdict(each) for each in self.files]}

    def told(self) -> dict[str, Any]:
        """What an operator may see: no link by which a file can be had."""
        shown = ("part", "name", "got", "total", "sha256")
        names = {"got": "bytes", "total": "totalBytes"}
        return {
            "done": self.done_at is not None,
            "rows": self.rows,
            "files": [{names.get(x, x): getattr(each, x) for x in shown} for each in self.files],
        }

    def anew(self) -> Self:
        """The same files, none of them here."""
        files = (StagedFile(each.part, each.link_sha256, each.name) for each in self.files)
        return type(self)(tuple(files))

    def with_file(self, file: StagedFile) -> Self:
        """The same with one file as it is now."""
        files = tuple(file if each.part == file.part else each for each in self.files)
        return replace(self, files=files)

    def in_place_of_links(self, document: bytes) -> bytes:
        """The document with every link of a staged file replaced by where the file is."""
        locations = {each.link_sha256: each.location for each in self.files}
        root = xml.parse(document)
        for element in root.iter():
            text = element.text or ""
            if "://" in text:
                element.text = locations.get(_sha256(text), text)
        return xml.to_bytes(root)

    def masks(self) -> dict[str, str]:
        """Every location that opens a file, with the text that may be shown of it."""
        return {x.location: f"(staged {x.name})" for x in self.files if "://" in x.location}


def links_of(payload: Payload) -> dict[str, str]:
    """The presigned links of a payload by their keys."""
    found = {part: payload.text_at(LINKS, part) for part in (METADATA, DATA)}
    return {part: link for part, link in found.items() if "://" in link}


def rows_told(payload: Payload) -> int | None:
    """How many records a payload says its data file has; None where it says nothing."""
    told = payload.text_at(LINKS, ROWS)
    short = len(told) <= len(str(2**63))
    return int(told) if short and told.isascii() and told.isdecimal() else None


def _name(link: str, part: str) -> str:
    try:
        last = unquote(urlsplit(link).path).rpartition("/")[2]
    except ValueError:
        last = ""
    return _STRANGE.sub("_", last)[-_LONGEST:].lstrip(".-") or part


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
