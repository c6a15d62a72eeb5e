"""The folder of one pinned contract: its files as received, and a record with their hashes."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import tomli_w

from adapter.core.failures import ContractUnusable
from adapter.core.redact import shortened
from adapter.ports import Contract

RECORD = "contract.toml"
"""What a pinned folder says of itself: source, dates, and the hash of every file."""

_HEADER = b"# Written by sasbiws. Delete this folder to pin the WSDL anew.\n"
_NAME = re.compile(r"[a-z]+(-\d+)?\.(wsdl|xsd|xml)")


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
        folder: Where it shall be; nothing may be there yet.
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
        names = dict(_names(contract))
        for location, name in names.items():
            _put(part / name, contract.files[location])
        record = tomli_w.dumps(_record(contract, names, now)).encode("utf-8")
        _put(part / RECORD, _HEADER + record)
        _sync_folder(part)
        part.replace(folder)
        _sync_folder(folder.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


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


def _names(contract: Contract) -> Iterator[tuple[str, str]]:
    """File names by the address they answer; nothing of an address but its kind gets into one."""
    yield contract.main, "service.wsdl"
    others = (location for location in contract.files if location != contract.main)
    for number, location in enumerate(others, 1):
        yield location, f"import-{number}.{_kind(location)}"


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
