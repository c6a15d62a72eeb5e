"""The files of a contract over HTTP: fetched within bounds, and only from where they may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urldefrag, urljoin

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
from adapter.core.route import Credentials, Route
from adapter.ports import Clock
from adapter.sas.reach import AddressRefused, Reach
from adapter.sas.rest import basic
from adapter.sas.session import CONNECT_TIMEOUT_S, HttpSession

MAX_FILE_BYTES = 5 * 1024 * 1024
MAX_FETCH_S = 60.0
MAX_REDIRECTS = 3

_UNAUTHORISED = 401
_OK = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Way:
    """How the files of a contract are fetched.

    Args:
        credentials: Sent as Basic to the WSDL's own server, where it asks for them by 401.
        connect_timeout_s: Seconds for connect and TLS handshake, each.
        ca_file: Certificate authorities to trust; empty trusts the built-in list.
        hosts: Further hosts that imported files may come from, each `host` or `host:port`.
    """

    credentials: Credentials | None = None
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    ca_file: str = ""
    hosts: tuple[str, ...] = ()

    @classmethod
    def of(cls, route: Route) -> Self:
        """As a route has it."""
        return cls(route.credentials, route.connect_timeout_s, route.ca_file, route.contract.hosts)


class NotFetched(Exception):
    """One file cannot be had.

    Args:
        reason: Why, as a clause of its own.
        kind: What that is where the contract needs the file.
        http_status: Status of the answer, if there was one.
        retry_after_s: Seconds that the server asked to wait, if it did.
    """

    def __init__(
        self,
        reason: str,
        kind: type[DeliveryError],
        http_status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind
        self.http_status = http_status
        self.retry_after_s = retry_after_s

    def error(self, location: str, named_by: str) -> DeliveryError:
        """The error for a contract that needs this file; `named_by` is empty for the WSDL."""
        told = shortened(location) if named_by else location
        if self.kind is CredentialsRefused:
            message = f"{told} asks for a login: {self.reason}"
        elif self.kind is ContractUnavailable:
            message = f"{told} cannot be fetched: {self.reason}"
        elif named_by:
            message = f"{named_by} imports {told}: {self.reason}"
        else:
            message = f"{told} gives no WSDL: {self.reason}"
        return self.kind(message, http_status=self.http_status, retry_after_s=self.retry_after_s)


@dataclass
class Download:
    """Fetches the files of one contract, all together within a minute.

    Args:
        session: The way out.
        clock: Measures the minute.
        reach: What may be called.
        way: How.
    """

    session: HttpSession
    clock: Clock
    reach: Reach
    way: Way
    _authorization: Secret | None = None
    _due_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._due_at = self.clock.monotonic() + MAX_FETCH_S

    def fetch(self, location: str) -> bytes:
        """The file at an address, after a few redirects at most.

        Raises:
            NotFetched: It may not be fetched, cannot be fetched now, or is not there.
        """
        target = location
        for _ in range(MAX_REDIRECTS + 1):
            response = self._answer(target)
            onward = _onward(response, target)
            if not onward:
                return _content(response, location)
            target = onward
        raise NotFetched(
            f"it redirects more than {MAX_REDIRECTS} times", ContractUnusable, response.status
        )

    def _answer(self, target: str) -> HttpResponse:
        refusal = self.reach.refusal(target)
        if refusal:
            raise NotFetched(refusal, ContractUnusable)
        response = self._get(target)
        if response.status == _UNAUTHORISED and self._may_log_in(target):
            self._authorization = basic(self.way.credentials) if self.way.credentials else None
            response = self._get(target)
        return response

    def _may_log_in(self, target: str) -> bool:
        """Once, for wrong credentials that are sent twice may lock the account."""
        asked = self._authorization is None and self.way.credentials is not None
        return asked and self.reach.is_main_server(target)

    def _get(self, target: str) -> HttpResponse:
        left_s = self._due_at - self.clock.monotonic()
        if left_s <= 0:
            raise NotFetched(f"the files before it took {MAX_FETCH_S:g} s", ContractUnavailable)
        try:
            return self.session.get(
                target,
                timeout_s=left_s,
                connect_timeout_s=min(left_s, self.way.connect_timeout_s),
                max_bytes=MAX_FILE_BYTES,
                headers=self._headers(target),
                ca_file=self.way.ca_file,
                at=self._addresses(target),
            )
        except AnswerTooLarge:
            raise NotFetched(
                f"it has more than {MAX_FILE_BYTES} bytes, as no WSDL has", ContractUnusable
            ) from None
        except (NotSent, OutcomeUnknown) as error:
            raise NotFetched(error.message, ContractUnavailable) from error

    def _headers(self, target: str) -> dict[str, str | Secret]:
        headers: dict[str, str | Secret] = {"Accept": "*/*"}
        if self._authorization and self.reach.is_main_server(target):
            headers["Authorization"] = self._authorization
        return headers

    def _addresses(self, target: str) -> tuple[str, ...]:
        try:
            return self.reach.addresses(target)
        except AddressRefused as error:
            raise NotFetched(str(error), ContractUnusable) from None
        except (OSError, UnicodeError):
            return ()  # the session names the failure: it looks the host up itself


def _onward(response: HttpResponse, target: str) -> str:
    """Where an answer redirects to; empty where it does not, or to a login."""
    location = response.headers.get("location", "")
    if response.status not in _REDIRECTS or not location:
        return ""
    try:
        read_raw(response, target)
    except RequestRefused:
        return _joined(target, location)
    except CredentialsRefused:
        return ""
    return ""


def _joined(target: str, location: str) -> str:
    try:
        return urldefrag(urljoin(target, location.strip())).url
    except ValueError:
        return location  # which is refused as no address


def _content(response: HttpResponse, location: str) -> bytes:
    """The body of a good answer, whatever it holds: who reads it tells what is wrong with it."""
    if response.status == _OK:
        return response.body
    try:
        read_raw(response, location)
    except CredentialsRefused as error:
        raise NotFetched(error.message, CredentialsRefused, error.http_status) from None
    except (RequestRefused, ClientFault) as error:
        raise NotFetched(error.message, ContractUnusable, error.http_status) from None
    except DeliveryError as error:
        raise NotFetched(
            error.message, ContractUnavailable, error.http_status, error.retry_after_s
        ) from None
    return response.body
