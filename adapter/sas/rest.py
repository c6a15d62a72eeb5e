"""Plain XML over HTTP: the REST side of SASBIWS."""

from __future__ import annotations

import base64
import re
from urllib.parse import quote, urlsplit, urlunsplit

from adapter.core import sasbiws
from adapter.core.answer import Answer, read_answer, read_raw
from adapter.core.redact import Secret, without_links
from adapter.core.route import Credentials, Route
from adapter.ports import Call, HttpRequest
from adapter.sas.session import HttpSession

_XML = "application/xml"
_BASE64 = re.compile(rb"<Value>[A-Za-z0-9+/=]+</Value>")


class RestTransport:
    """Runs stored processes by POST of plain XML.

    Source: Guide, "REST and JSON endpoints".
    """

    def __init__(self, session: HttpSession) -> None:
        self._session = session

    def request(self, call: Call) -> HttpRequest:
        """The request the call would send; nothing is sent."""
        route = call.route
        body = sasbiws.plain_request(route.stored_process, call.table)
        headers: dict[str, str | Secret] = {
            "Content-Type": _XML,
            "Accept": "*/*" if route.target else _XML,
            "X-Request-ID": call.delivery_id,
        }
        if route.credentials:
            headers["Authorization"] = basic(route.credentials)
        return HttpRequest("POST", _address(route), headers, body, _masked)

    def send(self, call: Call) -> Answer:
        """The stored process's answer: its whole result, or the one data target asked for.

        Raises:
            DeliveryError: The leaf that says what SAS may have done.
        """
        response = self._session.send(self.request(call), call.route)
        if call.route.target:
            return read_raw(response, call.route.target)
        return read_answer(response)


def basic(credentials: Credentials) -> Secret:
    """The value of the Authorization header. Source: RFC 7617, with UTF-8."""
    pair = f"{credentials.user}:{credentials.password.reveal()}"
    return Secret("Basic " + base64.b64encode(pair.encode("utf-8")).decode("ascii"))


def _masked(body: bytes) -> bytes:
    shown = _BASE64.sub(b"<Value>(Base64)</Value>", body)  # what it hides cannot be masked
    return without_links(shown.decode("utf-8")).encode("utf-8")


def _address(route: Route) -> str:
    if not route.target:
        return route.address
    parts = urlsplit(route.address)
    path = f"{parts.path}{sasbiws.DATA_TARGETS}{quote(route.target, safe='')}"
    return urlunsplit(parts._replace(path=path))
