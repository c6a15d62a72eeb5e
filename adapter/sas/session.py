"""The one way out to SAS: an HTTP exchange bounded in time and size, with every failure named.

One question decides what becomes of a failed delivery: can the request have reached SAS? So the
line between "not sent" and "unknown" is drawn by where an error was raised, never by its text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from http.client import HTTPException
from importlib import metadata
from pathlib import Path

from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import parse_url

from adapter.core import sasbiws
from adapter.core.answer import HttpResponse
from adapter.core.failures import AnswerTooLarge, NameNotFound, TlsFailed
from adapter.core.redact import Secret, shortened, without_query
from adapter.core.route import Route
from adapter.ports import HttpRequest
from adapter.sas.connection import Connections, NotConnectedError, Server, Wait, ask
from adapter.sas.trouble import not_sent, outcome_unknown

MAX_ANSWER_BYTES = 10 * 1024 * 1024
CONNECT_TIMEOUT_S = 10.0
_PIECE_BYTES = 64 * 1024
_UNSENDABLE = re.compile(r"[\0\r\n]")


@dataclass(frozen=True)
class _Address:
    """An address taken apart.

    Args:
        name: Scheme, host and port, for messages.
        target: What of it is sent in the request line.
    """

    server: Server
    name: str
    target: str


class HttpSession:
    """Sends requests to SAS, from any number of threads."""

    def __init__(self) -> None:
        self._connections = Connections()
        self._user_agent = f"sasbiws/{_version()}"

    def exchange(  # noqa: PLR0913  each bounds the exchange in its own way
        self,
        request: HttpRequest,
        *,
        timeout_s: float,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        max_bytes: int = MAX_ANSWER_BYTES,
        fresh: bool = True,
        ca_file: str = "",
        at: tuple[str, ...] = (),
    ) -> HttpResponse:
        """The answer, whatever its status; redirects are answers too.

        Args:
            request: What is sent; secrets among its headers are revealed here and nowhere else.
            timeout_s: Seconds for the whole answer, from the last byte sent to the last received.
            connect_timeout_s: Seconds for connect, TLS handshake and sending, each.
            max_bytes: Bytes of the body, unpacked, beyond which reading stops.
            fresh: A connection of its own, closed afterwards: one that was kept may have gone
                stale, which looks like an unknown outcome.
            ca_file: Certificate authorities to trust; empty trusts the built-in list.
            at: Numeric addresses to connect to instead of looking the host up; fresh ones only.

        Raises:
            NotSent: Name look-up, connect or TLS handshake failed.
            OutcomeUnknown: The request was on its way.
        """
        address = _address(request.address, _existing(ca_file))
        wait = Wait(connect_timeout_s, timeout_s)
        headers = self._headers(request, address, fresh=fresh)
        try:
            with self._connections.to(address.server, wait, fresh=fresh, at=at) as connection:
                asked = (request.method, address.target, request.body)
                try:
                    response = ask(connection, wait, asked, headers)
                except (OSError, HTTPError, HTTPException) as error:
                    raise outcome_unknown(error, address.name, timeout_s) from error
                with closing(response):
                    answer = _read(response, address.name, timeout_s, max_bytes)
                    return _without_secrets(answer, request)
        except NotConnectedError as error:
            raise not_sent(error.cause, address.name, connect_timeout_s) from error

    def send(self, request: HttpRequest, route: Route) -> HttpResponse:
        """The answer to a call of this route, within the route's bounds.

        Raises:
            NotSent: Name look-up, connect or TLS handshake failed.
            OutcomeUnknown: The request was on its way.
        """
        return self.exchange(
            request,
            timeout_s=route.timeout_s,
            connect_timeout_s=route.connect_timeout_s,
            fresh=not route.policy.idempotent,
            ca_file=route.ca_file,
        )

    def get(  # noqa: PLR0913  each bounds the exchange in its own way
        self,
        address: str,
        *,
        timeout_s: float,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        max_bytes: int = MAX_ANSWER_BYTES,
        headers: Mapping[str, str | Secret] | None = None,
        ca_file: str = "",
        at: tuple[str, ...] = (),
    ) -> HttpResponse:
        """What is published at an address, whatever the status.

        Raises:
            NotSent: Name look-up, connect or TLS handshake failed.
            OutcomeUnknown: The request was on its way.
        """
        return self.exchange(
            HttpRequest("GET", address, headers or {}, b"", bytes),
            timeout_s=timeout_s,
            connect_timeout_s=connect_timeout_s,
            max_bytes=max_bytes,
            ca_file=ca_file,
            at=at,
        )

    def close(self) -> None:
        """Close the connections that were kept."""
        self._connections.close()

    def _headers(self, request: HttpRequest, address: _Address, *, fresh: bool) -> dict[str, str]:
        headers = {"User-Agent": self._user_agent, "Accept-Encoding": "gzip"}
        if fresh:
            headers["Connection"] = "close"
        for name, value in request.headers.items():
            headers[name] = value.reveal() if isinstance(value, Secret) else value
        written = "".join(headers.values())
        if _UNSENDABLE.search(written) or not _is_latin(written):
            raise _unsendable("a header has a character that HTTP does not carry", address.name)
        return headers


def _is_latin(text: str) -> bool:
    return text.isascii() or all(ord(character) < 256 for character in text)  # noqa: PLR2004


@lru_cache(maxsize=256)
def _address(address: str, ca_file: str) -> _Address:
    """The address taken apart.

    Raises:
        NameNotFound: Nobody can be called by it.
    """
    shown = sasbiws.server(without_query(address))
    try:
        url = parse_url(address)
        # As the look-up encodes the name: one that it cannot is refused with its reason.
        (url.host or "").encode("idna")
    except (LocationParseError, ValueError) as error:
        raise _unsendable(str(error), shown) from error
    scheme = url.scheme or ""
    if scheme not in sasbiws.PORTS or not url.host:
        raise _unsendable("no address of a web server", shown)
    port = url.port or sasbiws.PORTS[scheme]
    server = Server(scheme, url.host.strip("[]"), port, ca_file)
    return _Address(server, shown, url.request_uri)


def _unsendable(reason: str, server: str) -> NameNotFound:
    """The error for a request that was refused before anything was connected."""
    return NameNotFound(f"{server} cannot be called: {shortened(reason)}")


def _read(response: HTTPResponse, server: str, timeout_s: float, max_bytes: int) -> HttpResponse:
    status = response.status
    body = bytearray()
    try:
        for piece in response.stream(_PIECE_BYTES, decode_content=True):
            body += piece
            if len(body) > max_bytes:
                raise AnswerTooLarge(
                    f"the answer of {server} has more than {max_bytes} bytes", http_status=status
                )
    except (OSError, HTTPError, HTTPException) as error:
        raise outcome_unknown(error, server, timeout_s, status) from error
    headers = {name.lower(): value for name, value in response.headers.itermerged()}
    return HttpResponse(status, headers, bytes(body))


def _without_secrets(answer: HttpResponse, request: HttpRequest) -> HttpResponse:
    """The answer; where it repeats what the request proved itself with, that is masked."""
    for value in request.headers.values():
        proof = value.reveal().rpartition(" ")[2] if isinstance(value, Secret) else ""
        if proof and (proof.encode() in answer.body or proof in str(answer.headers)):
            headers = {name: text.replace(proof, "***") for name, text in answer.headers.items()}
            body = answer.body.replace(proof.encode(), b"***")
            answer = replace(answer, headers=headers, body=body)
    return answer


def _existing(ca_file: str) -> str:
    if ca_file and not Path(ca_file).exists():
        raise TlsFailed(f"the file of certificate authorities {ca_file} does not exist")
    return ca_file


def _version() -> str:
    try:
        return metadata.version("sasbiws")
    except metadata.PackageNotFoundError:
        return "0"
