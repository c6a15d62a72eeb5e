"""From which hosts files may be fetched, and at which network addresses they are called."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from adapter.core.stage_failures import FileHostRefused, FileUnavailable
from adapter.sas.connection import Server
from adapter.sas.reach import host_of, port_of, refused_address


@dataclass(frozen=True)
class FileHost:
    """Where a file is fetched.

    Args:
        target: What is asked for, with the signature.
        at: The numeric addresses to connect to.
        name: Scheme, host and port, for sentences.
    """

    server: Server
    target: str
    at: tuple[str, ...]
    name: str


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
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc or not host:
        raise FileHostRefused("a presigned link is no plain http or https address")
    named = _named(host, port, hosts)
    if named is None:
        raise FileHostRefused(f"files may not be fetched from {host}:{port}")
    at = _addresses(host, port, loopback="*" not in named)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    server = Server(parts.scheme, host, parts.port, ca_file)
    return FileHost(server, target, at, f"{parts.scheme}://{host}:{port}")


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
