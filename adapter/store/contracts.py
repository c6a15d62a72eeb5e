"""Pinned contracts: one folder per web service, reviewed like a lock file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from filelock import FileLock, Timeout

from adapter.core.failures import ContractUnavailable, ContractUnusable
from adapter.core.redact import without_query
from adapter.ports import BrokenContract, Clock, Contract
from adapter.store import pinned

FETCH_WAIT_S = 120.0
"""Seconds to wait while another process or thread fetches the same contract."""

_LOCKS = ".locks"
_AS_RECEIVED = "*.wsdl -text\n*.xsd -text\n*.xml -text\n"
"""For version control: hashes are of the bytes, so it must not turn line ends."""

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
        self._known: dict[str, tuple[pinned.State, Contract]] = {}

    def folder_of(self, address: str) -> Path:
        """The folder of the contract of this address, whether it is there or not."""
        return self._root / _slug(address)

    def get(self, address: str) -> Contract | None:
        """The pinned contract, or None.

        Raises:
            ContractUnusable: A file is missing or its hash does not match.
        """
        try:
            contract = self._read(address)
        except ContractUnusable:
            return self._settled(address)
        if contract is None and pinned.aside(self.folder_of(address), self._locks).exists():
            return self._settled(address)
        return contract

    def all(self) -> tuple[Contract | BrokenContract, ...]:
        """Every pinned contract, also those that cannot be used, in the order of their folders."""
        if not self._root.is_dir():
            return ()
        folders = (each for each in self._root.iterdir() if not each.name.startswith("."))
        return tuple(self._listed(each) for each in sorted(folders) if each.is_dir())

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
            return self._read(address) or self._keep(address, fetch())

    def replace(self, contract: Contract) -> Contract:
        """The contract, pinned now, in place of the one that was; nobody meets half of it.

        Where the pinned files are the same already, they stay untouched.

        Raises:
            ContractUnavailable: It cannot be kept, or somebody else takes too long to fetch it.
        """
        with self._locked(contract.address):
            known = self._listed(self.folder_of(contract.address))
            if isinstance(known, Contract) and _alike(known, contract):
                return known
            return self._keep(contract.address, contract)

    @property
    def _locks(self) -> Path:
        return self._root / _LOCKS

    def _read(self, address: str) -> Contract | None:
        folder = self.folder_of(address)
        try:
            state = pinned.state_of(folder)
        except OSError as error:
            raise ContractUnavailable(
                f"the contract of {without_query(address)} cannot be read in {self._root}: "
                f"{error.strerror}"
            ) from error
        if state is None:
            return None
        known = self._known.get(address)
        if known is not None and known[0] == state:
            return known[1]
        contract = pinned.read(folder, address)
        if pinned.is_at_rest(state, self._clock.now()):
            self._known[address] = state, contract
        return contract

    def _settled(self, address: str) -> Contract | None:
        """As `_read`, once nobody is about to replace it."""
        try:
            with self._locked(address):
                return self._read(address)
        except ContractUnavailable:  # a folder that cannot be written is replaced by nobody
            return self._read(address)

    def _listed(self, folder: Path) -> Contract | BrokenContract:
        address = pinned.address_of(folder)
        try:
            if address and self.folder_of(address) != folder:
                raise ContractUnusable(
                    f"{folder} is not where the contract of {without_query(address)} is looked "
                    f"for; call it {self.folder_of(address).name}, or delete it"
                )
            return pinned.read(folder, address)
        except ContractUnusable as error:
            return BrokenContract(str(folder), address, error)

    def _keep(self, address: str, contract: Contract) -> Contract:
        folder = self.folder_of(address)
        with self._kept(address):
            _write_once(self._root / ".gitattributes", _AS_RECEIVED)
            pinned.write(folder, self._locks, contract, self._clock.now())
        return pinned.read(folder, address)

    @contextmanager
    def _locked(self, address: str) -> Iterator[None]:
        lock = FileLock(self._locks / f"{_slug(address)}.lock", FETCH_WAIT_S, thread_local=False)
        with self._kept(address):
            self._locks.mkdir(parents=True, exist_ok=True)
            _write_once(self._locks / ".gitignore", "*\n")
            lock.acquire()
        try:
            with self._kept(address):
                pinned.heal(self.folder_of(address), self._locks)
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


def _alike(one: Contract, other: Contract) -> bool:
    return (one.main, one.files) == (other.main, other.files)


def _write_once(path: Path, text: str) -> None:
    if not path.exists():
        path.write_text(text, "utf-8", newline="\n")


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
