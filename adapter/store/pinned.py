"""The folder of one pinned contract: its files as received, and a record with their hashes."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tomli_w

from adapter.core.failures import ContractUnusable
from adapter.core.redact import shortened
from adapter.ports import Contract

RECORD = "contract.toml"
"""What a pinned folder says of itself: source, dates, and the hash of every file."""

REST_S = 2.0
"""Seconds within which a file may change twice and still bear one time."""

_HEADER = b"# Written by sasbiws. Delete this folder to pin the WSDL anew.\n"
_IMPORT = re.compile(r"import-(\d+)\.(?:wsdl|xsd|xml)")
_NAME = re.compile(r"[a-z]+(-\d+)?\.(wsdl|xsd|xml)")


State = frozenset[tuple[str, int, int, int, int]]
"""The files of a folder as the operating system tells them apart without reading them."""


def state_of(folder: Path) -> State | None:
    """The state of this folder; None where there is none.

    Raises:
        OSError: The folder cannot be looked into.
    """
    try:
        with os.scandir(folder) as entries:
            stats = [(entry.name, entry.stat()) for entry in entries]
    except (FileNotFoundError, NotADirectoryError):
        return None
    return frozenset(
        (name, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        for name, stat in stats
    )


def is_at_rest(state: State, now: float) -> bool:
    """Whether a further change would show: the clock of a file system may stand for a while."""
    newest = max((max(each[3:]) for each in state), default=0)
    return newest < (now - REST_S) * 1e9


def read(folder: Path, address: str) -> Contract:
    """The contract in this folder, every hash verified.

    Raises:
        ContractUnusable: The folder is not what was pinned for this address.
    """
    try:
        record = tomllib.loads(_bytes(folder, RECORD).decode("utf-8"))
        contract = _contract(folder, record)
    except (ValueError, KeyError, TypeError) as error:
        raise _unusable(folder, RECORD, f"cannot be read: {shortened(str(error))}") from None
    if contract.address != address:
        raise _unusable(folder, RECORD, f"belongs to {shortened(contract.address)}")
    if contract.main not in contract.files:
        raise _unusable(folder, RECORD, "names no file for the WSDL itself")
    return contract


def write(folder: Path, work: Path, contract: Contract, now: float) -> None:
    """The contract on disk in this folder: whole, or not at all.

    Args:
        folder: Where it shall be, in place of what is there.
        work: A folder on the same disk to build it in; one process at a time writes `folder`.
        contract: What was fetched.
        now: Seconds since 1970-01-01 UTC.

    Raises:
        OSError: A folder cannot be written.
    """
    part = work / f"{folder.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir()
        names = names_of(contract, _known_names(folder))
        for location, name in names.items():
            _put(part / name, contract.files[location])
        record = tomli_w.dumps(_record(contract, names, now)).encode("utf-8")
        _put(part / RECORD, _HEADER + record)
        _sync_folder(part)
        _swap(part, folder, aside(folder, work))
    finally:
        shutil.rmtree(part, ignore_errors=True)


def aside(folder: Path, work: Path) -> Path:
    """Where the former state of a folder lies for the moment in which it is replaced."""
    return work / f"{folder.name}.old"


def heal(folder: Path, work: Path) -> None:
    """Undo, or end, what a process that died left half replaced.

    Raises:
        OSError: A folder cannot be written.
    """
    former = aside(folder, work)
    if former.exists() and not folder.exists():
        former.replace(folder)
    elif former.exists():
        shutil.rmtree(former, ignore_errors=True)


def address_of(folder: Path) -> str:
    """The address that a pinned folder says it is for; empty where it does not say."""
    try:
        record = tomllib.loads((folder / RECORD).read_bytes().decode("utf-8"))
    except (OSError, ValueError):
        return ""
    return str(record.get("address", ""))


def names_of(contract: Contract, known: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """File names by the address they answer; nothing of an address but its kind gets into one.

    Args:
        contract: What is named.
        known: Names that are kept, so that a changed import shows as a change of its own file.
    """
    names = {contract.main: "service.wsdl"}
    names |= {each: known[each] for each in contract.files if each in known and each not in names}
    taken = _numbers(names.values())
    free = (number for number in count(1) if number not in taken)
    for location in contract.files:
        if location not in names:
            names[location] = f"import-{next(free)}.{_kind(location)}"
    return {location: names[location] for location in contract.files}


def _known_names(folder: Path) -> dict[str, str]:
    try:
        record = tomllib.loads((folder / RECORD).read_bytes().decode("utf-8"))
        names = {str(file["answers"]): str(file["name"]) for file in record["file"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {address: name for address, name in names.items() if _IMPORT.fullmatch(name)}


def _numbers(names: Iterable[str]) -> frozenset[int]:
    return frozenset(int(told[1]) for name in names if (told := _IMPORT.fullmatch(name)))


def _swap(part: Path, folder: Path, former: Path) -> None:
    if folder.exists():
        folder.replace(former)
    try:
        part.replace(folder)
    except OSError:
        if former.exists():
            former.replace(folder)
        raise
    _sync_folder(folder.parent)
    shutil.rmtree(former, ignore_errors=True)


def _contract(folder: Path, record: dict[str, Any]) -> Contract:
    return Contract(
        address=str(record["address"]),
        main=str(record["main"]),
        files={str(file["answers"]): _verified(folder, file) for file in record["file"]},
        fetched_at=datetime.fromisoformat(record["fetched_at"]).timestamp(),
    )


def _verified(folder: Path, file: dict[str, Any]) -> bytes:
    name = str(file["name"])
    if not _NAME.fullmatch(name):
        raise _unusable(folder, RECORD, f"names {shortened(name)}, which is no file of a contract")
    content = _bytes(folder, name)
    found = (len(content), hashlib.sha256(content).hexdigest())
    expected = (file["bytes"], file["sha256"])
    if found != expected:
        raise _unusable(
            folder,
            name,
            f"was changed after it was pinned: {found[0]} bytes with SHA-256 {found[1]}, "
            f"expected {expected[0]} bytes with SHA-256 {expected[1]}",
        )
    return content


def _bytes(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError:
        raise _unusable(folder, name, "is missing") from None
    except OSError as error:
        raise _unusable(folder, name, f"cannot be read: {error.strerror}") from None


def _unusable(folder: Path, name: str, fault: str) -> ContractUnusable:
    return ContractUnusable(
        f"{folder / name} {fault}; restore it, or delete {folder} to pin the WSDL anew"
    )


def _kind(location: str) -> str:
    end = location.lower().rpartition("/")[2]
    return next((kind for kind in ("xsd", "wsdl") if kind in end), "xml")


def _record(contract: Contract, names: dict[str, str], now: float) -> dict[str, Any]:
    return {
        "address": contract.address,
        "main": contract.main,
        "fetched_at": _written(contract.fetched_at),
        "pinned_at": _written(now),
        "tool": f"sasbiws {_version()}",
        "file": [
            {
                "name": name,
                "answers": location,
                "sha256": hashlib.sha256(contract.files[location]).hexdigest(),
                "bytes": len(contract.files[location]),
            }
            for location, name in names.items()
        ],
    }


def _written(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _version() -> str:
    try:
        return version("sasbiws")
    except PackageNotFoundError:
        return "0"


def _put(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
