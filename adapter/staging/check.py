"""Metadata file and data file against each other: one table, in an encoding that can be read."""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO, cast

from adapter.core.redact import shortened
from adapter.core.stage_failures import StageMismatch

LINE_BYTES = 4 * 1024 * 1024
"""Bytes of one line; more is no line of a table."""
METADATA_BYTES = 16 * 1024 * 1024
_GZIP = b"\x1f\x8b"


def rows_of(metadata: Path, data: Path, told: int | None = None) -> int:
    """The records of the data file, once the two are proven to belong together.

    CI 360 writes no header; where a file has one, it is not counted.

    Args:
        metadata: The file that lists the columns.
        data: The file of the records.
        told: How many records the payload tells; None where it tells none.

    Raises:
        StageMismatch: They do not; the sentence tells what is said by either.
    """
    names = _names(metadata)
    number = headers = 0
    try:
        for number, record in enumerate(csv.reader(_lines(data), strict=True), 1):
            fields = record or ([""] if len(names) == 1 else [])
            if number == 1 and _is_header(fields, names):
                headers = 1
                _check_header(fields, names, f"{data.name} has the header", metadata.name)
            if len(fields) != len(names):
                raise StageMismatch(
                    f"{data.name} has {len(fields)} columns in record {number}, "
                    f"{metadata.name} lists {len(names)}"
                )
    except csv.Error as error:
        raise StageMismatch(f"{data.name} is no CSV at record {number + 1}: {error}") from None
    rows = number - headers
    if told is not None and rows != told:
        raise StageMismatch(f"{data.name} has {rows} records, the payload tells {told}")
    return rows


def _is_header(fields: list[str], names: list[str]) -> bool:
    """Whether most fields of the first record are names of columns, in any order."""
    known = {_plain(name) for name in names}
    return 2 * sum(_plain(field) in known for field in fields) > len(fields)


def _check_header(fields: list[str], names: list[str], told: str, listed: str) -> None:
    for place, (found, name) in enumerate(zip_longest(fields, names, fillvalue=""), 1):
        if _plain(found) != _plain(name):
            raise StageMismatch(
                f"{told} {shortened(found)!r} as column {place}, {listed} lists {shortened(name)!r}"
            )


def _plain(name: str) -> str:
    """A name as SAS tells it apart from others."""
    return name.strip().casefold()


def _names(metadata: Path) -> list[str]:
    """The columns that the metadata file lists. Source: wire contract 7.1, a JSON list."""
    with _opened(metadata) as file:
        raw = _read(file, METADATA_BYTES, metadata)
    try:
        listed = json.loads(raw.decode("utf-8-sig"))
        names = [str(each["columnName"]) for each in listed]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise StageMismatch(
            f"{metadata.name} is not a JSON list of columnName and dataType, but begins "
            f"{shortened(raw[:40].decode('utf-8', 'replace'))!r}"
        ) from None
    if not names:
        raise StageMismatch(f"{metadata.name} lists no column, expected at least one")
    return names


def _lines(data: Path) -> Iterator[str]:
    number = 0
    with _opened(data) as file:
        while line := _line(file, data):
            number += 1
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            try:
                yield line.decode("utf-8")
            except UnicodeDecodeError as error:
                found = f"0x{line[error.start]:02x}"
                raise StageMismatch(
                    f"{data.name} has {found} in line {number}, which is not UTF-8"
                ) from None


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
