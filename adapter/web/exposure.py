"""Whether the adapter may listen where it shall: other machines only with authentication."""

from __future__ import annotations

from collections.abc import Iterator

from adapter.core.access import Schemes, address_of
from adapter.web.refusals import ExposureRefused

BY_OTHERS = (
    "another program binds the address: the adapter checks callers, Host and Origin, but not "
    "where it listens; calls through a proxy are never taken for local ones"
)
"""What is told where a WSGI server listens."""


def check(host: str, schemes: Schemes) -> None:
    """Nothing, where listening on this address lets no stranger run stored processes.

    Raises:
        ExposureRefused: It would.
    """
    if not _is_local(host) and not schemes.webhook and not schemes.anonymous:
        raise ExposureRefused(
            f"other machines can reach {host}, and nobody who calls the webhook must authenticate"
        )


def notes(host: str, schemes: Schemes) -> Iterator[str]:
    """What everybody who starts the adapter must know of this exposure."""
    if schemes.anonymous:
        who = "every program of this machine" if _is_local(host) else "everybody who reaches it"
        yield f"allow_anonymous = true: {who} can run stored processes without authentication"
    if not _is_local(host):
        yield (
            f"other machines can reach {host} by HTTP, which hides neither credentials nor "
            "payloads; let a proxy with TLS stand in front"
        )


def _is_local(host: str) -> bool:
    address = address_of(host)
    return address is not None and address.is_loopback
