"""Pinned contracts: one folder per web service, reviewed like a lock file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from filelock import FileLock, Timeout

from adapter.core.failures import ContractUnavailable
from adapter.core.redact import without_query
from adapter.ports import Clock, Contract
from adapter.store import pinned

FETCH_WAIT_S = 120.0
"""Seconds to wait while another process or thread fetches the same contract."""

_LOCKS = ".locks"
_PART_LENGTH = 60
_NOT_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class ContractFolder:
    """The contract store on a folder such as wsdl_cache.

    Args:
        root: Holds one folder per address.
        clock: Dates what is pinned.
    """

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root = root
        self._clock = clock

    def folder_of(self, address: str) -> Path:
        """The folder of the contract of this address, whether it is there or not."""
        return self._root / _slug(address)

    def get(self, address: str) -> Contract | None:
        """The pinned contract, or None.

        Raises:
            ContractUnusable: A file is missing or its hash does not match.
        """
        folder = self.folder_of(address)
        return pinned.read(folder, address) if folder.exists() else None

    def pin_once(self, address: str, fetch: Callable[[], Contract]) -> Contract:
        """The pinned contract; fetched and pinned if there is none, by one process only.

        What `fetch` raises passes, and nothing is left behind.

        Raises:
            ContractUnusable: A file is missing or its hash does not match.
            ContractUnavailable: It cannot be kept, or somebody else takes too long to fetch it.
        """
        contract = self.get(address)
        if contract is not None:
            return contract
        with self._locked(address):
            return self.get(address) or self._keep(address, fetch())

    def _keep(self, address: str, contract: Contract) -> Contract:
        folder = self.folder_of(address)
        with self._kept(address):
            pinned.write(folder, self._root / _LOCKS, contract, self._clock.now())
        return pinned.read(folder, address)

    @contextmanager
    def _locked(self, address: str) -> Iterator[None]:
        locks = self._root / _LOCKS
        lock = FileLock(locks / f"{_slug(address)}.lock", FETCH_WAIT_S, thread_local=False)
        with self._kept(address):
            locks.mkdir(parents=True, exist_ok=True)
            (locks / ".gitignore").write_text("*\n", "utf-8")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _kept(self, address: str) -> Iterator[None]:
        where = f"the contract of {without_query(address)} cannot be kept in {self._root}"
        try:
            yield
        except Timeout:
            raise ContractUnavailable(
                f"{where}: somebody else has been fetching it for {FETCH_WAIT_S:g} s"
            ) from None
        except OSError as error:
            raise ContractUnavailable(f"{where}: {error.strerror or error}") from error


def _slug(address: str) -> str:
    """A folder name that tells host and service, and differs for every address."""
    digest = hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()
    return "-".join([*_readable(address), digest[:8]])


def _readable(address: str) -> Iterator[str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return
    for part in (parts.hostname or "", unquote(parts.path).rstrip("/").rpartition("/")[2]):
        name = _NOT_NAME.sub("_", part).strip("._-")[:_PART_LENGTH]
        if name:
            yield name
