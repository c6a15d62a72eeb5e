"""Where a call comes from, and what it asks for: addresses behind proxies, and host names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Request

from adapter.core.access import Access, Address, address_of, within
from adapter.core.redact import shortened
from adapter.web.refusals import HostRefused

_VIA_PROXY = ("Forwarded", "Via", "X-Real-IP")
_FORWARDED = "x-forwarded-"
_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*"?([^";]+)"?', re.IGNORECASE)
_PORT = re.compile(r"^(\[[^]]+\]|[^:]+):\d+$")


@dataclass(frozen=True)
class Peer:
    """Where a call comes from.

    Args:
        address: Of the caller; None where nobody can tell.
        local: Whether it certainly comes from this machine.
    """

    address: Address | None
    local: bool

    def __str__(self) -> str:
        """The address, for a log line."""
        return "unknown" if self.address is None else str(self.address)


def peer_of(request: Request, access: Access) -> Peer:
    """Where the request comes from.

    A proxy on this machine makes every call look local. So none that came through one is local,
    whatever it says: a proxy that sets no header passes on what its caller wrote into it.
    """
    nearest = address_of(request.remote_addr or "")
    told = via_proxy(request)
    if within(nearest, access.trusted_proxies):
        return Peer(_last_hop(request) if told else nearest, local=False)
    return Peer(nearest, local=not told and nearest is not None and nearest.is_loopback)


def via_proxy(request: Request) -> bool:
    """Whether a header says that a proxy passed the request on."""
    names = request.headers.keys()
    return any(name in request.headers for name in _VIA_PROXY) or any(
        name.lower().startswith(_FORWARDED) for name in names
    )


def _last_hop(request: Request) -> Address | None:
    """What the nearest proxy saw; None where its two headers differ or neither tells."""
    told = set()
    if listed := request.headers.get("X-Forwarded-For"):
        told.add(_address(listed.rpartition(",")[2]))
    if listed := request.headers.get("Forwarded"):
        found = _FOR.search(listed.rpartition(",")[2])
        told.add(_address(found.group(1)) if found else None)
    return told.pop() if len(told) == 1 else None


def _address(text: str) -> Address | None:
    text = text.strip()
    with_port = _PORT.match(text)
    return address_of((with_port.group(1) if with_port else text).strip("[]"))


@dataclass(frozen=True)
class Hosts:
    """The names under which callers may ask for this adapter.

    A page that points its own name at this machine sends that name, and is refused.

    Args:
        listening: The host of the configuration, an address or a name.
        named: Further names, lower case.
    """

    listening: str
    named: tuple[str, ...] = ()

    def check(self, request: Request) -> None:
        """Nothing, where the request asks for this adapter. A client without Host is no browser.

        Raises:
            HostRefused: It asks for another host.
        """
        asked = request.headers.get("Host")
        if asked is not None and not self.allows(asked):
            raise HostRefused(f"this adapter is not {shortened(asked)}")

    def allows(self, asked: str) -> bool:
        """Whether a Host header names this adapter."""
        with_port = _PORT.match(asked)
        name = (with_port.group(1) if with_port else asked).strip("[]").lower().rstrip(".")
        if name in self.named or name == self.listening.lower():
            return True
        literal, own = address_of(name), address_of(self.listening)
        if literal is None:
            return name == "localhost" and self._reached_locally(own)
        # Only a name can be pointed elsewhere: an address is what the caller connected to.
        if own is None or own.is_unspecified:
            return True
        return literal == own or (literal.is_loopback and own.is_loopback)

    def _reached_locally(self, own: Address | None) -> bool:
        return own is not None and (own.is_loopback or own.is_unspecified)
