"""The web services of the emulator, and the names that SASBIWS derives from names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapter.emulator.stored_processes import (
    ADD_FLOATS,
    COUNT_SEGMENT,
    DOWNLOAD_FILE,
    STORED_PROCESSES,
    StoredProcess,
)
from adapter.emulator.switches import SAS_NAMESPACE, Spelling, Switches

# Source: SAS 9.4 BI Web Services: Developer's Guide, sample requests (documented): every stored
# process address has the one namespace, a generated service one of its own.
STORED_PROCESS_NAMESPACE: Final = SAS_NAMESPACE
GENERATED_NAMESPACE: Final = "http://tempuri.org/"


@dataclass(frozen=True, slots=True)
class Service:
    """A web service: a generated one, or what the address of a stored process offers by itself."""

    name: str
    namespace: str
    stored_processes: tuple[StoredProcess, ...]
    output_name: str
    typed: bool = False

    def target(self, switches: Switches) -> str:
        """Return the name of its data target."""
        return switches.output_name or self.output_name

    def find(self, operation: str, spelling: Spelling) -> StoredProcess | None:
        """Return the stored process behind an operation, None if there is no such operation."""
        offered = {operation_name(each.name, spelling): each for each in self.stored_processes}
        return offered.get(operation)


def without_blanks(name: str) -> str:
    """Return the name as a generated service has it in a REST path.

    Source: SAS 9.4 BI Web Services: Developer's Guide, endpoints (documented).
    """
    return "".join(name.split())


def operation_name(stored_process: str, spelling: Spelling) -> str:
    """Return the operation of a stored process.

    Source: wire contract 2.3: the first letter in lower case, nothing else (seen in public code).
    """
    joined = without_blanks(stored_process)
    match spelling:
        case Spelling.CAMEL:
            return joined[:1].lower() + joined[1:]
        case Spelling.PASCAL:
            return joined[:1].upper() + joined[1:]
        case Spelling.ASIS:
            return joined


def stored_process_service(name: str) -> Service | None:
    """Return what the address of a stored process offers, None if the name is not registered.

    Source: wire contract 2.2: without a data target the stream is ``_WEBOUT`` (seen).
    """
    if (stored_process := STORED_PROCESSES.get(name)) is None:
        return None
    namespace = STORED_PROCESS_NAMESPACE
    return Service(without_blanks(name), namespace, (stored_process,), "_WEBOUT")


def _generated(name: str, *stored_processes: StoredProcess, typed: bool = False) -> Service:
    namespace = GENERATED_NAMESPACE + name
    return Service(name, namespace, stored_processes, "outstream", typed)


SERVICES: Mapping[str, Service] = {
    each.name: each
    for each in (
        _generated("DownloadFile", DOWNLOAD_FILE),
        _generated("DownloadFileTyped", DOWNLOAD_FILE, typed=True),
        _generated("CI360Jobs", DOWNLOAD_FILE, COUNT_SEGMENT),
        _generated("AddFloats", ADD_FLOATS),
    )
}
