"""From where the files of a WSDL may be fetched: which hosts, and which addresses behind them."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from adapter.core import sasbiws
from adapter.core.redact import without_query
from adapter.core.sasbiws import PORTS, port_of

_METADATA = frozenset({"100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"})
"""Where clouds tell a machine its secrets, beside the link-local 169.254.169.254."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 inside IPv6. Source: RFC 6052, "Well-known prefix"."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Reach:
    """What a fetched WSDL may make the adapter call.

    Args:
        main: Address of the WSDL itself, as it was asked for.
        hosts: Further hosts that files may come from, each `host` or `host:port`.
    """

    main: str
    hosts: tuple[str, ...] = ()
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    def refusal(self, location: str) -> str:
        """Why a file of this address may not be fetched; empty where it may."""
        try:
            parts, main = urlsplit(location), urlsplit(self.main)
            named = {host_of(parts), f"{host_of(parts)}:{port_of(parts)}"}
        except ValueError:
            return "it is no address that can be called"
        if named & {each.lower() for each in self.hosts} and parts.scheme in PORTS:
            return ""
        return _unfit(parts) or self._elsewhere(parts, main)

    def _elsewhere(self, parts: SplitResult, main: SplitResult) -> str:
        if host_of(parts) != host_of(main):
            return f"it is not on {sasbiws.server(without_query(self.main))}; {_remedy(parts)}"
        if (main.scheme, parts.scheme) == ("https", "http"):
            return f"the WSDL came by https and this would not; {_remedy(parts)}"
        return ""

    def is_main_server(self, location: str) -> bool:
        """Whether an address is on the very server of the WSDL: scheme, host and port."""
        return _origin(location) == _origin(self.main)

    def addresses(self, location: str) -> tuple[str, ...]:
        """The numeric addresses to connect to; whoever connects to these cannot be led elsewhere.

        A host is looked up once, for its name may stand for something else a moment later.

        Raises:
            OSError: The host name is unknown.
            AddressRefused: One of them is not to be called.
        """
        found = self._resolved(location)
        loopback = self._on_loopback(location)
        for each in found:
            reason = _forbidden(_plain(each), loopback=loopback)
            if reason:
                raise AddressRefused(f"{urlsplit(location).hostname} is {each}, {reason}")
        return found

    def _on_loopback(self, location: str) -> bool:
        """Whether this machine itself may be called: its configured server may be it."""
        if host_of(urlsplit(location)) == host_of(urlsplit(self.main)):
            return True
        try:
            return any(_plain(each).is_loopback for each in self._resolved(self.main))
        except OSError:
            return False

    def _resolved(self, location: str) -> tuple[str, ...]:
        parts = urlsplit(location)
        host = host_of(parts)
        if host not in self._known:
            found = socket.getaddrinfo(parts.hostname, port_of(parts), type=socket.SOCK_STREAM)
            self._known[host] = tuple(dict.fromkeys(str(each[4][0]) for each in found))
        return self._known[host]


class AddressRefused(Exception):
    """A host name stands for a network address that is not to be called."""


def _plain(address: str) -> _Address:
    """The address, IPv4 where it only wears the form of IPv6."""
    read = ipaddress.ip_address(address)
    if isinstance(read, ipaddress.IPv6Address):
        if read in _NAT64:
            return ipaddress.IPv4Address(int(read) & 0xFFFF_FFFF)
        return read.ipv4_mapped or read.sixtofour or read
    return read


def _forbidden(address: _Address, *, loopback: bool) -> str:
    if address.is_link_local or str(address).partition("%")[0] in _METADATA:
        return "where clouds keep the credentials of a machine; it is never called"
    if address.is_multicast or address.is_unspecified:
        return "which is the address of no server"
    if address.is_loopback and not loopback:
        return "this machine itself; it is called only where the WSDL comes from it too"
    return ""


def _unfit(parts: SplitResult) -> str:
    if parts.scheme not in PORTS:
        return "only http and https are fetched"
    if "@" in parts.netloc or not parts.hostname:
        return "an address needs a host, and may hold neither user nor password"
    return ""


def host_of(parts: SplitResult) -> str:
    """The host of an address, in the spelling that hosts are compared by."""
    return (parts.hostname or "").rstrip(".")


def _origin(location: str) -> tuple[str, str, int]:
    parts = urlsplit(location)
    return parts.scheme, host_of(parts), port_of(parts)


def _remedy(parts: SplitResult) -> str:
    name = f"{host_of(parts)}:{port_of(parts)}"
    if "/sasbiws/" not in parts.path.lower():
        return f"name {name} in wsdl_hosts if it may be called"
    return (
        f"SAS publishes {parts.netloc} as its own name: put {parts.scheme}://{parts.netloc} into "
        f"stpurl, name {name} in wsdl_hosts, or mend the external URL of the web application in SAS"
    )


def refused_address(address: str, *, loopback: bool) -> str:
    """Why a network address is never called; empty where it may be.

    Args:
        address: As numbers.
        loopback: Whether this machine itself may be called.
    """
    plain = _plain(address)
    if plain.is_loopback and not loopback:
        return "this machine itself; name the host in full if it may be called"
    return _forbidden(plain, loopback=True)
