"""What a web service publishes: its WSDL and all that it names, fetched and not yet believed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urlsplit

from adapter.core import sasbiws, xml
from adapter.core.answer import HttpResponse, read_raw
from adapter.core.failures import ContractUnusable, CredentialsRefused
from adapter.core.redact import shortened
from adapter.ports import Clock, Contract
from adapter.sas.download import Download, NotFetched, Way
from adapter.sas.reach import Reach
from adapter.sas.session import HttpSession
from adapter.wsdl import names, reading

MAX_FILES = 50
MAX_CONTRACT_BYTES = 20 * 1024 * 1024
MAX_DEPTH = 10
"""Far above any WSDL of a stored process: whoever exceeds one of these is not a SAS server."""

DIRECT = Way()
"""Without credentials, trusting the built-in list of authorities, from the one host only."""

Progress = Callable[[str, int | str], None]
"""Told of each file: its address, and its bytes, or why it could not be had."""

_WSDL_KEY = re.compile(r"(single)?wsdl(=|$)|reload=", re.IGNORECASE)
_WSDL_FILE = ".wsdl"
_ROOTS = (names.wsdl("definitions"), names.xsd("schema"))


@dataclass(frozen=True)
class Published:
    """A WSDL as far as it could be had.

    Args:
        contract: The files that came, whatever they hold; always the WSDL itself.
        unreachable: Files that are named and did not come, each with the reason.
    """

    contract: Contract
    unreachable: Mapping[str, str]


def main_address(address: str) -> str:
    """Where a web service publishes its WSDL. Source: Guide, "SOAP endpoints"."""
    return f"{address}{'&' if '?' in address else '?'}wsdl"


def split_address(url: str) -> tuple[str, str]:
    """The address of a web service, and of its WSDL, from whichever of the two a person writes.

    A URL that asks for a WSDL (`?wsdl`, `?singleWsdl`, `X.wsdl`) is asked for as it stands.

    Raises:
        ContractUnusable: It is no address.
    """
    try:
        parts = urlsplit(urldefrag(url).url)
    except ValueError:
        raise ContractUnusable(f"{shortened(url)} is no address that can be called") from None
    if sasbiws.SOAP_PATH.lower() in parts.path.lower():
        parts = urlsplit(sasbiws.address(parts.geturl(), ""))
    pieces = parts.query.split("&")
    bare = [each for each in pieces if not _WSDL_KEY.match(each)]
    if bare != pieces:
        return parts._replace(query="&".join(bare)).geturl(), parts.geturl()
    if parts.path.lower().endswith(_WSDL_FILE):
        return parts._replace(path=parts.path[: -len(_WSDL_FILE)]).geturl(), parts.geturl()
    return parts.geturl(), main_address(parts.geturl())


def fetch_contract(
    session: HttpSession, address: str, *, clock: Clock, way: Way = DIRECT, reload: bool = False
) -> Contract:
    """The contract that a web service publishes now, whole.

    Args:
        session: The way out.
        address: Address of the web service, without `?wsdl`.
        clock: Bounds the download and dates it.
        way: Credentials, time-out, authorities and hosts.
        reload: Let SAS build the WSDL anew, for it keeps its own copy. The file is filed under
            the same address either way, so that two contracts can be compared.

    Raises:
        ContractUnavailable: The server cannot be reached, or cannot answer now.
        ContractUnusable: What is published there is no WSDL that may be used.
        CredentialsRefused: 401 with these credentials, or a login page.

    Source: Guide, "SOAP endpoints" (`reload=true`).
    """
    main = main_address(address)
    crawl = _Crawl(Download(session, clock, Reach(main, way.hosts), way), main, reload, _refuse)
    crawl.follow()
    for location, content in crawl.files.items():
        _judge(content, location, main=location == main)
    return Contract(address, main, crawl.files, clock.now())


def fetch_tolerantly(  # noqa: PLR0913  each is a fact of the download
    session: HttpSession,
    url: str,
    *,
    clock: Clock,
    way: Way = DIRECT,
    reload: bool = False,
    progress: Progress = lambda _address, _told: None,
) -> Published:
    """What can be had of a WSDL and of all that it names, for someone who wants to judge it.

    Args:
        session: The way out.
        url: Address of the web service, or of its WSDL.
        clock: Bounds the download and dates it.
        way: Credentials, time-out, authorities and hosts.
        reload: Let SAS build the WSDL anew.
        progress: Told of every file.

    Raises:
        ContractUnavailable: The WSDL itself cannot be had now.
        ContractUnusable: There is none at this address, or it may not be fetched.
        CredentialsRefused: The WSDL itself is given only after a login.
    """
    address, main = split_address(url)
    unreachable: dict[str, str] = {}

    def note(location: str, named_by: str, trouble: NotFetched) -> None:
        if not named_by:
            raise trouble.error(location, named_by) from None
        unreachable[location] = trouble.reason
        progress(location, trouble.reason)

    download = Download(session, clock, Reach(main, way.hosts), way)
    crawl = _Crawl(download, main, reload, note, progress)
    crawl.follow()
    return Published(Contract(address, main, crawl.files, clock.now()), unreachable)


def _refuse(location: str, named_by: str, trouble: NotFetched) -> None:
    raise trouble.error(location, named_by) from None


@dataclass
class _Crawl:
    """Every file by address, each fetched once; `trouble` is told of one that cannot be had."""

    download: Download
    main: str
    reload: bool
    trouble: Callable[[str, str, NotFetched], None]
    progress: Progress = lambda _address, _told: None
    files: dict[str, bytes] = field(default_factory=dict)
    asked: int = 0

    def follow(self) -> None:
        """Fetch the WSDL, and whatever is named by what was fetched."""
        waiting = deque([(self.main, "", 0)])
        met = {self.main}
        while waiting:
            location, named_by, depth = waiting.popleft()
            try:
                content = self._fetched(location, depth)
            except NotFetched as trouble:
                self.trouble(location, named_by, trouble)
                continue
            self.files[location] = content
            self.progress(location, len(content))
            for named in reading.read({location: content}, location).absent:
                if named not in met:
                    met.add(named)
                    waiting.append((named, location, depth + 1))

    def _fetched(self, location: str, depth: int) -> bytes:
        met = {
            f"{MAX_FILES} files": self.asked >= MAX_FILES,
            f"{MAX_CONTRACT_BYTES} bytes": sum(map(len, self.files.values())) > MAX_CONTRACT_BYTES,
            f"{MAX_DEPTH} levels of imports": depth > MAX_DEPTH,
        }
        for limit, exceeded in met.items():
            if exceeded:
                raise NotFetched(
                    f"there are more than {limit}, as no WSDL of SAS has", ContractUnusable
                )
        self.asked += 1
        return self.download.fetch(self._address(location))

    def _address(self, location: str) -> str:
        if self.reload and location == self.main and "reload=" not in location.lower():
            return f"{location}&reload=true" if "?" in location else f"{location}?reload=true"
        return location


def _judge(content: bytes, location: str, *, main: bool) -> None:
    """Nothing for a WSDL (`main`), or for a WSDL or schema that one imports.

    Raises:
        ContractUnusable: It is not XML, holds a document type declaration, or is another document.
        CredentialsRefused: It is a login page.
    """
    try:
        read_raw(HttpResponse(200, {}, content), location)
        root = xml.parse(content)
    except CredentialsRefused as error:
        raise CredentialsRefused(f"{location} asks for a login: {error.message}") from None
    except xml.XmlRefused as error:
        found = "an HTML page" if b"<html" in content[:2048].lower() else "no usable XML"
        raise ContractUnusable(
            f"{location} gives {found}: {shortened(str(error))} (line {error.line})"
        ) from None
    if root.tag not in (_ROOTS[:1] if main else _ROOTS):
        raise ContractUnusable(
            f"{location} gives <{shortened(xml.local_name(root))}>, expected a WSDL 1.1"
            + ("" if main else " or a schema")
        )
