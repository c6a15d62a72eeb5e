"""From which hosts files may be fetched, and at which network addresses they are called."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urljoin, urlsplit

from adapter.core.sasbiws import PORTS, port_of
from adapter.core.stage_failures import FileHostRefused, FileUnavailable
from adapter.sas.connection import Server
from adapter.sas.reach import host_of, refused_address

_SENDABLE = re.compile(r"[!-~]+")
"""Characters of an address that can be asked for as it is."""


@dataclass(frozen=True)
class FileHost:
    """Where a file is fetched.

    Args:
        target: What is asked for, with the signature.
        at: The numeric addresses to connect to.
        name: Scheme, host and port, for sentences.
        url: The same as the link has it.
    """

    server: Server
    target: str
    at: tuple[str, ...]
    name: str
    url: str


def file_host(link: str, hosts: Iterable[str], ca_file: str = "") -> FileHost:
    """Where a link leads, looked up once: whoever connects there cannot be led elsewhere.

    Raises:
        FileHostRefused: Nothing may be fetched from there.
        FileUnavailable: The name cannot be looked up now.
    """
    try:
        parts = urlsplit(link)
        host, port = host_of(parts), port_of(parts)
    except ValueError:
        raise FileHostRefused("a presigned link is no address") from None
    if parts.scheme not in PORTS or "@" in parts.netloc or not host:
        raise FileHostRefused("a presigned link is no plain http or https address")
    named = _named(host, port, hosts)
    if named is None:
        raise FileHostRefused(f"files may not be fetched from {host}:{port}")
    at = _addresses(host, port, loopback="*" not in named)
    server = Server(parts.scheme, host, port, ca_file)
    name, url = f"{parts.scheme}://{host}:{port}", f"{parts.scheme}://{parts.netloc}"
    return FileHost(server, _target(parts), at, name, url)


def moved(host: FileHost, location: str) -> FileHost:
    """Where a redirect within one host leads; the addresses stay those that were checked.

    Raises:
        FileHostRefused: It leads elsewhere: another scheme, host or port, or nowhere.
    """
    told = f"{host.name} redirects elsewhere, which is not followed"
    try:
        parts = urlsplit(urljoin(f"{host.url}{host.target}", location))
        here = urlsplit(host.url)
        same = (parts.scheme, host_of(parts), port_of(parts)) == (
            here.scheme,
            host_of(here),
            port_of(here),
        )
    except ValueError:
        raise FileHostRefused(told) from None
    if not (location and same) or "@" in parts.netloc or not _SENDABLE.fullmatch(location):
        raise FileHostRefused(told)
    return replace(host, target=_target(parts))


def _target(parts: SplitResult) -> str:
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def _named(host: str, port: int, hosts: Iterable[str]) -> str | None:
    """The entry of the list that allows the host."""
    for each in hosts:
        name, _, only = each.lower().partition(":")
        fits = host.endswith(name[1:]) if name.startswith("*.") else host == name
        if fits and only in {"", str(port)}:
            return each
    return None


def _addresses(host: str, port: int, *, loopback: bool) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FileUnavailable(f"the host name {host} is unknown") from None
    addresses = tuple(dict.fromkeys(str(each[4][0]) for each in found))
    for each in addresses:
        reason = refused_address(each, loopback=loopback)
        if reason:
            raise FileHostRefused(f"{host} is {each}, {reason}")
    return addresses
