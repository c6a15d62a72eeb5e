"""The addresses of SAS BI Web Services, read.

Source: SAS 9.4 BI Web Services: Developer's Guide, endpoints (documented).
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, unquote

from adapter.emulator.catalogue import (
    SERVICES,
    Service,
    stored_process_service,
    without_blanks,
)
from adapter.emulator.stored_processes import StoredProcess

SOAP_ROOT: Final = "/SASBIWS/services"
REST_ROOT: Final = "/SASBIWS/rest"
STORED_PROCESSES_RESOURCE: Final = "storedProcesses"
WSDL_SUFFIX: Final = ".wsdl"


class Transport(StrEnum):
    """How a stored process is called."""

    SOAP = "soap"
    REST = "rest"


class Part(StrEnum):
    """The resource of a single output below a REST address."""

    STREAM = "dataTargets"
    PARAMETER = "outputParameters"


@dataclass(frozen=True, slots=True)
class Address:
    """What an address leads to.

    Args:
        path: the path as it was sent, without query, ``.wsdl`` and the part.
        service: None if a SOAP address leads to no service.
        stored_process: the one that a REST path names, None if the root element has to.
        part: the single output that is asked for, with its name.
        wsdl: whether the description is asked for.
        schema: number of the schema that is asked for, 0: none.
        reload: whether the cached description is to be made anew.
    """

    transport: Transport
    path: str
    service: Service | None
    stored_process: StoredProcess | None = None
    part: tuple[Part, str] | None = None
    wsdl: bool = False
    schema: int = 0
    reload: bool = False

    @property
    def stored_processes(self) -> tuple[str, ...]:
        """The names of the stored processes that a call of this address may run."""
        if self.stored_process:
            return (self.stored_process.name,)
        return tuple(each.name for each in self.service.stored_processes) if self.service else ()


@lru_cache(maxsize=256)
def find(target: str) -> Address | None:
    """Return what a request target leads to, None if it is no address of SASBIWS."""
    path, _, query = target.partition("?")
    if path.startswith(f"{SOAP_ROOT}/"):
        return _soap(path, query)
    if path.startswith(f"{REST_ROOT}/"):
        return _rest(path)
    return None


def _soap(path: str, query: str) -> Address:
    # The order of wsdl and reload, and the case of wsdl, do not matter.
    asked = {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}
    bare = path.removesuffix(WSDL_SUFFIX)
    segments = _segments(bare.removeprefix(SOAP_ROOT))
    alone = SERVICES.get(segments[0]) if len(segments) == 1 else None
    number = asked.get("xsd", "")
    return Address(
        Transport.SOAP,
        bare,
        alone or stored_process_service(segments[-1]),
        wsdl=bare != path or "wsdl" in asked,
        schema=int(number) if number.isdecimal() else 0,
        reload=asked.get("reload", "").lower() == "true",
    )


def _rest(path: str) -> Address | None:
    segments = _segments(path.removeprefix(REST_ROOT))
    part = None
    if len(segments) > 2 and segments[-2] in tuple(Part):  # noqa: PLR2004  # resource/part/name
        part = (Part(segments[-2]), segments[-1])
        segments = segments[:-2]
        path = path.rsplit("/", 2)[0]
    match segments:
        case [resource, *_, name] if resource == STORED_PROCESSES_RESOURCE:
            service = stored_process_service(name)
            named = service.stored_processes[0] if service else None
        case [name]:
            service, named = SERVICES.get(name), None
        case [name, short] if service := SERVICES.get(name):
            named = _named(service, short)
            service = service if named else None
        case _:
            return None
    return Address(Transport.REST, path, service, named, part) if service else None


def _named(service: Service, short: str) -> StoredProcess | None:
    offered = {without_blanks(each.name): each for each in service.stored_processes}
    return offered.get(short)


def _segments(path: str) -> list[str]:
    return [unquote(segment) for segment in path.strip("/").split("/")]
