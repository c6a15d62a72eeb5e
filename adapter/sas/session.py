"""The one way out to SAS: an HTTP exchange bounded in time and size, with every failure named.

One question decides what becomes of a failed delivery: can the request have reached SAS? So the
line between "not sent" and "unknown" is drawn by where an error was raised, never by its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError

from adapter.core import sasbiws
from adapter.core.answer import HttpResponse
from adapter.core.failures import AnswerTooLarge, NameNotFound, TlsFailed
from adapter.core.redact import Secret, shortened, without_query
from adapter.core.route import Route
from adapter.ports import HttpRequest
from adapter.sas.connection import Connections, NotConnectedError
from adapter.sas.trouble import not_sent, outcome_unknown

MAX_ANSWER_BYTES = 10 * 1024 * 1024
CONNECT_TIMEOUT_S = 10.0
_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True)
class _Bounds:
    server: str
    timeout_s: float
    connect_timeout_s: float
    max_bytes: int


class HttpSession:
    """Sends requests to SAS, from any number of threads."""

    def __init__(self) -> None:
        self._kept = Connections(keep=True)
        self._fresh = Connections(keep=False)
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
        server = sasbiws.server(without_query(request.address))
        bounds = _Bounds(server, timeout_s, connect_timeout_s, max_bytes)
        prepared = self._prepared(request, server, fresh=fresh)
        with self._connections(at, fresh=fresh) as connections:
            response = _sent(connections, prepared, bounds, _trusted(ca_file))
            with closing(response):
                return _read(response, bounds)

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
            HttpRequest("GET", address, headers or {}, b"", b""),
            timeout_s=timeout_s,
            connect_timeout_s=connect_timeout_s,
            max_bytes=max_bytes,
            ca_file=ca_file,
            at=at,
        )

    def close(self) -> None:
        """Close the connections that were kept."""
        self._kept.close()
        self._fresh.close()

    @contextmanager
    def _connections(self, at: tuple[str, ...], *, fresh: bool) -> Iterator[Connections]:
        if not at:
            yield self._fresh if fresh else self._kept
            return
        with closing(Connections(keep=False, at=at)) as own:
            yield own

    def _prepared(
        self, request: HttpRequest, server: str, *, fresh: bool
    ) -> requests.PreparedRequest:
        headers = {"User-Agent": self._user_agent, "Accept-Encoding": "gzip"}
        if fresh:
            headers["Connection"] = "close"
        for name, value in request.headers.items():
            headers[name] = value.reveal() if isinstance(value, Secret) else value
        try:
            "".join(headers.values()).encode("latin-1")  # else http.client stops half way
            return requests.Request(
                request.method, request.address, headers=headers, data=request.body or None
            ).prepare()
        except (requests.RequestException, ValueError) as error:
            raise _unsendable(error, server) from error


def _sent(
    connections: Connections,
    prepared: requests.PreparedRequest,
    bounds: _Bounds,
    trusted: str | bool,  # noqa: FBT001  as requests has it: a file, or True for its own list
) -> requests.Response:
    try:
        return connections.send(
            prepared,
            stream=True,
            timeout=(bounds.connect_timeout_s, bounds.timeout_s),
            verify=trusted,
        )
    except NotConnectedError as error:
        raise not_sent(error.cause, bounds.server, bounds.connect_timeout_s) from error
    except requests.exceptions.InvalidURL as error:
        raise _unsendable(error, bounds.server) from error
    except (OSError, HTTPError) as error:
        raise outcome_unknown(error, bounds.server, bounds.timeout_s) from error


def _unsendable(error: Exception, server: str) -> NameNotFound:
    """The error for a request that was refused before anything was connected."""
    return NameNotFound(f"{server} cannot be called: {shortened(str(error))}")


def _read(response: requests.Response, bounds: _Bounds) -> HttpResponse:
    status = response.status_code
    body = bytearray()
    try:
        for piece in response.raw.stream(_PIECE_BYTES, decode_content=True):
            body += piece
            if len(body) > bounds.max_bytes:
                raise AnswerTooLarge(
                    f"the answer of {bounds.server} has more than {bounds.max_bytes} bytes",
                    http_status=status,
                )
    except (OSError, HTTPError) as error:
        raise outcome_unknown(error, bounds.server, bounds.timeout_s, status) from error
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpResponse(status, headers, bytes(body))


def _trusted(ca_file: str) -> str | bool:
    if not ca_file:
        return True
    if not Path(ca_file).exists():
        raise TlsFailed(f"the file of certificate authorities {ca_file} does not exist")
    return ca_file


def _version() -> str:
    try:
        return metadata.version("sasbiws")
    except metadata.PackageNotFoundError:
        return "0"
