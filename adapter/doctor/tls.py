"""A TLS handshake, looked at: the chain, the names and the days left of the certificate."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import certifi
from urllib3.util.ssl_ import create_urllib3_context

from adapter.core.failures import NotSent
from adapter.core.redact import shortened
from adapter.sas.trouble import not_sent


@dataclass(frozen=True)
class Certificate:
    """The certificate of a server.

    Args:
        names: DNS names and addresses that it is for.
        ends_at: When it expires.
    """

    names: tuple[str, ...]
    ends_at: datetime

    def days_left(self, now: datetime) -> int:
        """Whole days until it expires; negative after that."""
        return (self.ends_at - now).days

    def __str__(self) -> str:
        names = shortened(", ".join(self.names) or "no name", 200)
        return f"it is for {names}, and ends on {self.ends_at:%Y-%m-%d}"


def handshake(host: str, port: int, wait_s: float, ca_file: str = "") -> Certificate:
    """The certificate of a server that is trusted.

    Raises:
        NotSent: It is not, or there is no TLS; as a call to SAS would tell.
    """
    try:
        return _shaken(host, port, wait_s, _trusting(ca_file))
    except OSError as error:
        raise _told(error, host, port, wait_s) from error


def distrusted(host: str, port: int, wait_s: float) -> Certificate | None:
    """The certificate of a server that is not trusted, to look at; None where it shows none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent: the certificate is only looked at
    try:
        return _shaken(host, port, wait_s, context)
    except (OSError, ValueError):
        return None


def _trusting(ca_file: str) -> ssl.SSLContext:
    context = create_urllib3_context()
    context.check_hostname = True
    trusted = ca_file or certifi.where()
    if Path(trusted).is_dir():
        context.load_verify_locations(capath=trusted)
    else:
        context.load_verify_locations(trusted)
    return context


def _shaken(host: str, port: int, wait_s: float, context: ssl.SSLContext) -> Certificate:
    with (
        socket.create_connection((host, port), wait_s) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        return _read(secured.getpeercert(binary_form=True) or b"")


def _read(der: bytes) -> Certificate:
    from cryptography import x509  # noqa: PLC0415  only a look at a certificate needs it

    certificate = x509.load_der_x509_certificate(der)
    kind = x509.SubjectAlternativeName
    found = [each.value for each in certificate.extensions if isinstance(each.value, kind)]
    names = tuple(str(name.value) for each in found for name in each)
    return Certificate(names, certificate.not_valid_after_utc.astimezone(UTC))


def _told(error: OSError, host: str, port: int, wait_s: float) -> NotSent:
    return not_sent(error, f"https://{host}:{port}", wait_s)
