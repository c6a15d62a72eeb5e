"""Checks of the way out to presigned links: can their hosts be reached from here?"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from adapter.core.delivery import Filter
from adapter.core.failures import NotSent
from adapter.doctor import tls
from adapter.doctor.case import Case
from adapter.doctor.check import Check, Ending, Result, fail, ok, warn
from adapter.sas.reach import refused_address

LATEST = 20
"""Deliveries whose links are looked at."""

_WAIT_S = 10.0
_HTTPS = 443


def _hosts(case: Case) -> tuple[str, ...]:
    """Those that were named, else those of the newest deliveries, each `host:port`."""
    named = [each if ":" in each else f"{each}:{_HTTPS}" for each in case.files_hosts]
    return tuple(dict.fromkeys(named or _met(case)))


def _met(case: Case) -> Iterator[str]:
    if not case.has_database:
        return
    ledger = case.office.ledger
    for delivery in ledger.find(Filter(), LATEST):
        if delivery.links_expire_at is not None:
            try:
                yield from _in_links(json.loads(ledger.kept(delivery.delivery_id).payload))
            except ValueError:
                continue


def _in_links(value: object) -> Iterator[str]:
    match value:
        case str() if value.startswith("https://"):
            parts = urlsplit(value)
            yield f"{parts.hostname}:{parts.port or _HTTPS}"
        case list():
            for each in value:
                yield from _in_links(each)
        case dict():
            yield from _in_links([*value.values()])


def _reach(case: Case, place: str) -> Result:
    host, port = place.rpartition(":")[::2]
    reason = "" if case.files_hosts else _unfit(host)
    if reason:
        step = "nothing, where nobody of yours made that link; else name the host by --files-host"
        return warn(f"{place} of a link is {reason}", "a host on the internet", step)
    try:
        tls.handshake(host, int(port), _WAIT_S)
    except NotSent as error:
        step = "let this machine, and that of SAS, call this host by HTTPS: firewall, certificates"
        return fail(error.message, "a connection by TLS", step)
    return ok(f"{place} connects by TLS from here; the stored process needs the same from SAS")


def _unfit(host: str) -> str:
    """Why a host that only a task names is not called; empty where it may be."""
    try:
        found = socket.getaddrinfo(host, _HTTPS, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ""  # the handshake tells it
    return next(filter(None, (refused_address(str(at[4][0]), loopback=False) for at in found)), "")


FILE_CHECKS = (
    Check(
        "files",
        "Hosts of presigned links can be reached",
        "Shakes hands with the hosts of `--files-host`, else with those of the newest deliveries.",
        _reach,
        needs=("conf", "database"),
        subjects=_hosts,
        ending=Ending.UNREACHABLE,
    ),
)
