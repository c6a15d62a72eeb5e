"""Rules of the addresses a WSDL names. The adapter calls the configured one, whatever they say."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from adapter.core.sasbiws import PORTS, port_of
from adapter.wsdl.description import Port
from adapter.wsdl.finding import Case, Level, Spot, rule
from adapter.wsdl.nodes import Place

_CONFIGURED = "the adapter calls the address of its settings, so this does no harm to it"


@rule(
    "address-invalid",
    Level.WARNING,
    expected="an http or https address",
    why=_CONFIGURED + "; other clients cannot call the service",
    remedy="let SAS build the WSDL anew with reload=true",
    source="WSDL 1.1, section 3.8",
)
def address_invalid(case: Case) -> Iterator[Spot]:
    """The address of a port is none that can be called."""
    for port in _ports(case):
        parts = _split(port.address)
        if parts is None or parts.scheme not in PORTS or not parts.hostname:
            yield Spot(_place(port), port.address)


@rule(
    "address-host",
    Level.NOTE,
    expected="the host that the WSDL was asked for",
    why=_CONFIGURED + "; behind a proxy the WSDL names an inner host",
    remedy="none needed",
    source="WSDL 1.1, section 3.8",
)
def address_host(case: Case) -> Iterator[Spot]:
    """The address names another host than the one asked."""
    for port, there, asked in _compared(case):
        alike = there.scheme != asked.scheme or port_of(there) == port_of(asked)
        if there.hostname != asked.hostname or not alike:
            yield Spot(_place(port), there.netloc.rpartition("@")[2], asked.netloc)


@rule(
    "address-not-tls",
    Level.WARNING,
    expected="https, as the WSDL was asked for",
    why="other clients send the password in clear text; the adapter calls by https all the same",
    remedy="correct the external URL of the web application in SAS",
    source="SAS 9.4 BI Web Services Developer's Guide, security",
)
def address_not_tls(case: Case) -> Iterator[Spot]:
    """The address is http, though https was asked."""
    for port, there, asked in _compared(case):
        if (asked.scheme, there.scheme) == ("https", "http"):
            yield Spot(_place(port), port.address)


@rule(
    "address-duplicate",
    Level.WARNING,
    expected="an address of its own for each port",
    why="nobody can tell by the address which of the bindings a message is for",
    remedy="none needed where the ports differ in their SOAP version",
    source="WS-I BP 1.1 R2711",
)
def address_duplicate(case: Case) -> Iterator[Spot]:
    """Two ports of one protocol have the same address."""
    seen: dict[tuple[str, str], str] = {}
    for port in _ports(case):
        binding = case.description.binding(port)
        key = (port.address, binding.protocol.value if binding else "")
        if seen.setdefault(key, port.name) != port.name:
            yield Spot(_place(port), f"{port.name} has that of {seen[key]}")


def _ports(case: Case) -> Iterator[Port]:
    for service in case.description.services:
        yield from (port for port in service.ports if port.address)


def _place(port: Port) -> Place:
    return (port.extension or port.node).at("location")


def _compared(case: Case) -> Iterator[tuple[Port, SplitResult, SplitResult]]:
    asked = _split(case.asked)
    for port in _ports(case):
        there = _split(port.address)
        if asked is not None and asked.hostname and there is not None and there.hostname:
            yield port, there, asked


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port, parts.hostname
    except ValueError:
        return None
    return parts
