"""One file, from its link to the disk: streamed, taken up where it broke off, and proven whole."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path

from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError, ReadTimeoutError

from adapter.core.failures import LinksExpired
from adapter.core.stage_failures import FileTooLarge, FileUnavailable
from adapter.core.staging import StagedFile
from adapter.sas.connection import Connections, NotConnectedError, Wait, ask
from adapter.sas.due import DueResponse
from adapter.sas.trouble import not_sent
from adapter.staging.host import FileHost, file_host, moved
from adapter.staging.sums import PIECE_BYTES, Sums
from adapter.store.staged_folder import PART, writing

SILENT_S = 60.0
"""Seconds without a byte after which a file host is given up."""
CONNECT_S = 10.0
MOST_HOPS = 3
"""Redirects, all within one host, that are followed for one file."""
TELL_S = 2.0
"""Seconds between two words of progress."""

_OK, _PARTIAL, _OUT_OF_RANGE = 200, 206, 416
_MOVED = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({400, 401, 403, 404, 410})
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")

_CLOSED = "it closed the connection"
_OTHER = "the rest that it sends is not of this file"

Tell = Callable[[StagedFile], None]
"""Is told how far it is; raises where nobody wants the file any more."""


@dataclass(frozen=True)
class Bounds:
    """What may be fetched.

    Args:
        hosts: From where.
        max_bytes: Of one file.
        ca_file: Certificate authorities to trust; empty trusts the built-in list.
    """

    hosts: tuple[str, ...]
    max_bytes: int
    ca_file: str = ""


@dataclass(frozen=True)
class _Way:
    """Where a file comes from and goes to.

    Args:
        place: Where it lies once it is whole.
    """

    host: FileHost
    place: Path
    bounds: Bounds
    tell: Tell

    @property
    def part(self) -> Path:
        """Where it lies before."""
        return self.place.with_name(self.place.name + PART)


class Fetch:
    """Fetches files, from any number of threads."""

    def __init__(self) -> None:
        self._connections = Connections()

    def __call__(
        self, link: str, file: StagedFile, folder: Path, bounds: Bounds, tell: Tell
    ) -> StagedFile:
        """The file, whole and on disk.

        Where the connection breaks it goes on at once, for as long as that brings anything.

        Raises:
            LinksExpired: The link is refused.
            FileHostRefused, FileTooLarge: It may not be fetched.
            FileUnavailable, StageDiskFull: Not now; what is on disk stays.
        """
        place = folder / file.name
        if file.sha256 and place.is_file() and place.stat().st_size == file.got:
            return file
        host = file_host(link, bounds.hosts, bounds.ca_file)
        way = _Way(host, place, bounds, tell)
        before, hops, anew = -1, 0, False
        while True:
            try:
                return self._get(way, _on_disk(file, way.part))
            except _MovedTo as further:
                hops += 1
                if hops > MOST_HOPS:
                    raise FileUnavailable(f"{host.name} redirects without end") from None
                way = replace(way, host=further.host)
            except _BrokeOff as broken:
                file = broken.file
                if not file.etag:
                    way.part.unlink(missing_ok=True)
                if file.got <= before or (anew and not file.etag):
                    raise FileUnavailable(f"{host.name} broke off {broken}") from None
                anew = not file.etag  # begun again at once where another file is there now
                before = file.got if file.etag else -1

    def _get(self, way: _Way, file: StagedFile) -> StagedFile:
        host = way.host
        wait = Wait(CONNECT_S, SILENT_S)
        try:
            with self._connections.to(host.server, wait, fresh=True, at=host.at) as connection:
                request = ("GET", host.target, b"")
                try:
                    response = ask(connection, wait, request, _headers(file))
                except (OSError, HTTPError, HTTPException) as error:
                    raise _BrokeOff(file, _why(error)) from None
                with closing(response):
                    if response.status in _MOVED:
                        to = response.headers.get("Location", "")
                        raise _MovedTo(moved(host, to))
                    return _take(response, way, file)
        except NotConnectedError as error:
            told = not_sent(error.cause, host.name, CONNECT_S).message
            raise FileUnavailable(told) from None


class _MovedTo(Exception):
    """The host names another address of its own."""

    def __init__(self, host: FileHost) -> None:
        super().__init__()
        self.host = host


class _BrokeOff(Exception):
    """The answer ended before the file did."""

    def __init__(self, file: StagedFile, why: str) -> None:
        of = "" if file.total is None else f" of {file.total}"
        super().__init__(f"after {file.got}{of} bytes: {why}")
        self.file = file


def _why(error: Exception) -> str:
    if isinstance(error, (TimeoutError, ReadTimeoutError)):
        return f"nothing came for {SILENT_S:g} s"
    return _CLOSED


def _on_disk(file: StagedFile, part: Path) -> StagedFile:
    """The file with as much as a former attempt, perhaps of a process that died, has left."""
    here = part.stat().st_size if part.is_file() and file.etag else 0
    if file.total:  # whole, and its process died before it said so: one byte is asked for anew
        here = min(here, file.total - 1)
    return replace(file, got=here)


def _headers(file: StagedFile) -> dict[str, str]:
    headers = {"Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
    if file.got:
        headers |= {"Range": f"bytes={file.got}-", "If-Range": file.etag}
    return headers


def _take(response: HTTPResponse, way: _Way, file: StagedFile) -> StagedFile:
    file = _begun(response, way.host, file)
    _check_size(file, way.bounds)
    if not file.got:  # before the new ETag is told: no part may ever stand beside another's ETag
        with writing():
            way.part.unlink(missing_ok=True)
    way.tell(file)
    sums = Sums(file.etag)
    with writing():
        sums.add_kept(way.part, file.got)
    file = _written(response, way, file, sums)
    if file.total is not None and file.got != file.total:
        raise _BrokeOff(file, _CLOSED)
    _check_sum(response, way, file, sums)
    with writing():
        way.part.replace(way.place)
    return replace(file, total=file.got, sha256=sums.sha256.hexdigest())


def _begun(response: HTTPResponse, host: FileHost, file: StagedFile) -> StagedFile:
    """The file as its host tells it, with the bytes that are kept of it."""
    status = response.status
    etag = response.headers.get("ETag", "")
    if status == _OK or (status == _OUT_OF_RANGE and file.got):
        length = response.headers.get("Content-Length", "")
        encoding = response.headers.get("Content-Encoding", "")
        if status == _OUT_OF_RANGE:
            raise _BrokeOff(replace(file, got=0, etag=""), _OTHER)
        total = int(length) if length.isdecimal() else None
        return replace(file, got=0, total=total, etag=etag, encoding=encoding)
    if status == _PARTIAL:
        found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if found and int(found[1]) == file.got and etag in {"", file.etag}:
            return replace(file, total=int(found[2]))
        raise _BrokeOff(replace(file, got=0, etag=""), _OTHER)
    raise _refusal(status, host)


def _refusal(status: int, host: FileHost) -> Exception:
    if status in _GONE:
        return LinksExpired(f"{host.name} answers {status}: the link has expired or is refused")
    return FileUnavailable(f"{host.name} answers {status}", http_status=status)


def _check_size(file: StagedFile, bounds: Bounds) -> None:
    size = max(file.got, file.total or 0)
    if size > bounds.max_bytes:
        raise FileTooLarge(
            f"{file.name} has {size} bytes or more, expected at most {bounds.max_bytes}"
        )


def _written(response: HTTPResponse, way: _Way, file: StagedFile, sums: Sums) -> StagedFile:
    told_at = time.monotonic()
    with writing():
        part = way.part.open("r+b" if file.got else "wb")
    with writing(), part:
        part.seek(file.got)
        part.truncate()
        for piece in _pieces(response, file):
            with writing():
                part.write(piece)
            sums.add(piece)
            file = replace(file, got=file.got + len(piece))
            _check_size(file, way.bounds)
            if time.monotonic() - told_at > TELL_S:
                told_at = time.monotonic()
                way.tell(file)
        with writing():
            part.flush()
            os.fsync(part.fileno())
    return file


def _pieces(response: HTTPResponse, file: StagedFile) -> Iterator[bytes]:
    original = response._original_response  # noqa: SLF001  urllib3 has no other way to it
    got = 0
    while True:
        if isinstance(original, DueResponse):
            original.wait_anew(SILENT_S)
        try:
            piece = response.read(PIECE_BYTES, decode_content=False)
        except (OSError, HTTPError, HTTPException) as error:
            raise _BrokeOff(replace(file, got=file.got + got), _why(error)) from None
        if not piece:
            return
        got += len(piece)
        yield piece


def _check_sum(response: HTTPResponse, way: _Way, file: StagedFile, sums: Sums) -> None:
    """Nothing, where the ETag is no MD5 or the file's; else all of it is fetched again."""
    by_key = "kms" in response.headers.get("x-amz-server-side-encryption", "")
    if sums.differs() and not by_key:
        way.part.unlink(missing_ok=True)
        raise FileUnavailable(
            f"{file.name} differs from what its file host sums up as {sums.told_md5}"
        )
