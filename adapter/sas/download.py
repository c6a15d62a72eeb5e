"""The files of a contract over HTTP: fetched within bounds, and judged."""

from __future__ import annotations

from dataclasses import dataclass, field

from adapter.core import xml
from adapter.core.answer import HttpResponse, read_raw
from adapter.core.failures import (
    AnswerTooLarge,
    ClientFault,
    ContractUnavailable,
    ContractUnusable,
    CredentialsRefused,
    DeliveryError,
    NotSent,
    OutcomeUnknown,
    RequestRefused,
)
from adapter.core.redact import Secret, shortened
from adapter.core.route import Credentials
from adapter.ports import Clock
from adapter.sas.imports import SCHEMA, WSDL
from adapter.sas.rest import basic
from adapter.sas.session import HttpSession

MAX_FILE_BYTES = 5 * 1024 * 1024
MAX_FETCH_S = 60.0

_UNAUTHORISED = 401
_ROOTS = (f"{{{WSDL}}}definitions", f"{{{SCHEMA}}}schema")


@dataclass
class Download:
    """Fetches the files of one contract, all together within a minute.

    Args:
        session: The way out.
        clock: Measures the minute.
        credentials: Sent as Basic once the server has asked for it by 401.
        connect_timeout_s: Seconds for connect and TLS handshake, each.
        ca_file: Certificate authorities to trust; empty trusts the built-in list.
    """

    session: HttpSession
    clock: Clock
    credentials: Credentials | None
    connect_timeout_s: float
    ca_file: str
    _headers: dict[str, str | Secret] = field(default_factory=lambda: {"Accept": "*/*"})
    _due_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._due_at = self.clock.monotonic() + MAX_FETCH_S

    def fetch(self, location: str) -> bytes:
        """The file at an address.

        Raises:
            ContractUnavailable: The server cannot be reached, or cannot answer now.
            ContractUnusable: No such file is published there, or it is too large.
            CredentialsRefused: 401 with the credentials, or a login page.
        """
        response = self._get(location)
        if response.status == _UNAUTHORISED and self.credentials:
            self._headers["Authorization"] = basic(self.credentials)
            self.credentials = None  # sent once: wrong ones sent twice may lock the account
            response = self._get(location)
        return _content(response, location)

    def _get(self, location: str) -> HttpResponse:
        left_s = self._due_at - self.clock.monotonic()
        if left_s <= 0:
            raise ContractUnavailable(
                f"{location} was not fetched: the files before it took {MAX_FETCH_S:g} s"
            )
        try:
            return self.session.get(
                location,
                timeout_s=left_s,
                connect_timeout_s=min(left_s, self.connect_timeout_s),
                max_bytes=MAX_FILE_BYTES,
                headers=self._headers,
                ca_file=self.ca_file,
            )
        except AnswerTooLarge:
            raise ContractUnusable(
                f"{location} has more than {MAX_FILE_BYTES} bytes, as no WSDL has"
            ) from None
        except (NotSent, OutcomeUnknown) as error:
            raise ContractUnavailable(f"{location} cannot be fetched: {error.message}") from error


def _content(response: HttpResponse, location: str) -> bytes:
    try:
        read_raw(response, location)
    except CredentialsRefused as error:
        raise CredentialsRefused(
            f"{location} asks for a login: {error.message}", http_status=error.http_status
        ) from None
    except (RequestRefused, ClientFault) as error:
        raise ContractUnusable(
            f"there is no WSDL at {location}: {error.message}", http_status=error.http_status
        ) from None
    except DeliveryError as error:
        raise ContractUnavailable(
            f"{location} cannot be fetched: {error.message}",
            http_status=error.http_status,
            retry_after_s=error.retry_after_s,
        ) from None
    return response.body


def root_of(content: bytes, location: str, *, main: bool) -> xml.Element:
    """The root of a WSDL (`main`), or of a WSDL or schema that one imports.

    Raises:
        ContractUnusable: It is not XML, holds a document type declaration, or is another document.
    """
    try:
        root = xml.parse(content)
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
    return root
