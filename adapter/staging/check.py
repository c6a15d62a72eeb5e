"""Metadata file and data file against each other: one table, in an encoding that can be read."""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from adapter.core.redact import shortened
from adapter.core.stage_failures import StageMismatch

LINE_BYTES = 4 * 1024 * 1024
"""Bytes of one line; more is no line of a table."""
METADATA_BYTES = 16 * 1024 * 1024
_GZIP = b"\x1f\x8b"


def rows_of(metadata: Path, data: Path) -> int:
    """The records of the data file, once the two are proven to belong together.

    Raises:
        StageMismatch: They do not; the sentence tells what is said by either.
    """
    columns = _columns(metadata)
    rows = 0
    try:
        for rows, record in enumerate(csv.reader(_lines(data), strict=True), 1):
            if len(record) != columns:
                raise StageMismatch(
                    f"{data.name} has {len(record)} columns in record {rows}, "
                    f"{metadata.name} lists {columns}"
                )
    except csv.Error as error:
        raise StageMismatch(f"{data.name} is no CSV at record {rows + 1}: {error}") from None
    return rows


def _columns(metadata: Path) -> int:
    """How many columns the metadata file lists. Source: wire contract 7.1, a JSON list."""
    with _opened(metadata) as file:
        raw = _read(file, METADATA_BYTES, metadata)
    try:
        listed = json.loads(raw.decode("utf-8-sig"))
        names = [str(each["columnName"]) for each in listed]
    except (ValueError, TypeError, KeyError):
        raise StageMismatch(
            f"{metadata.name} is not a JSON list of columnName and dataType, but begins "
            f"{shortened(raw[:40].decode('utf-8', 'replace'))!r}"
        ) from None
    if not names:
        raise StageMismatch(f"{metadata.name} lists no column, expected at least one")
    return len(names)


def _lines(data: Path) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    number = 0
    with _opened(data) as file:
        while line := _line(file, data):
            number += 1
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            try:
                text = decoder.decode(line)
            except UnicodeDecodeError as error:
                found = f"0x{line[error.start]:02x}"
                raise StageMismatch(
                    f"{data.name} has {found} in line {number}, which is not UTF-8"
                ) from None
            if text:
                yield text


def _line(file: BinaryIO, path: Path) -> bytes:
    line = _unpacked(file.readline, LINE_BYTES + 1, path)
    if len(line) > LINE_BYTES:
        raise StageMismatch(f"{path.name} has a line of more than {LINE_BYTES} bytes")
    return line


def _read(file: BinaryIO, most: int, path: Path) -> bytes:
    raw = _unpacked(file.read, most + 1, path)
    if len(raw) > most:
        raise StageMismatch(f"{path.name} has more than {most} bytes, as no metadata has")
    return raw


def _unpacked(read: Callable[[int], bytes], size: int, path: Path) -> bytes:
    try:
        return read(size)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise StageMismatch(f"{path.name} is gzip and cannot be unpacked") from None


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return cast("BinaryIO", gzip.open(path, "rb")) if packed else path.open("rb")
