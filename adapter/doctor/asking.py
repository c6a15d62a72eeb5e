"""A request to a stored process that runs nothing, to learn whom SAS lets in."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from adapter.core.answer import read_answer
from adapter.core.failures import CredentialsRefused, DeliveryError
from adapter.core.redact import Secret
from adapter.core.route import Route, TransportName
from adapter.ports import HttpRequest
from adapter.sas.envelope import SOAP
from adapter.sas.rest import basic
from adapter.sas.session import HttpSession
from adapter.sas.soap import add_token

WAIT_S = 15.0


@dataclass(frozen=True)
class Heard:
    """What SAS answered.

    Args:
        status: HTTP status.
        refused: Whether it wants other credentials.
        said: In its own words.
    """

    status: int
    refused: bool
    said: str


def ask(session: HttpSession, route: Route, *, with_credentials: bool) -> Heard:
    """What SAS answers to a request of this route's transport that names nothing to run.

    Raises:
        DeliveryError: There was no answer.
    """
    make = _soap if route.transport is TransportName.SOAP else _rest
    response = session.exchange(
        make(route, with_credentials=with_credentials),
        timeout_s=WAIT_S,
        connect_timeout_s=route.connect_timeout_s,
        ca_file=route.ca_file,
    )
    try:
        read_answer(response)
    except CredentialsRefused as error:
        return Heard(response.status, refused=True, said=error.message)
    except DeliveryError as error:
        return Heard(response.status, refused=False, said=error.message)
    return Heard(response.status, refused=False, said="")


def _rest(route: Route, *, with_credentials: bool) -> HttpRequest:
    headers: dict[str, str | Secret] = {"Accept": "application/xml"}
    if with_credentials and route.credentials:
        headers["Authorization"] = basic(route.credentials)
    return HttpRequest("OPTIONS", route.address, headers, b"", bytes)


def _soap(route: Route, *, with_credentials: bool) -> HttpRequest:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", None, {"soapenv": SOAP})
    etree.SubElement(envelope, f"{{{SOAP}}}Header")
    etree.SubElement(envelope, f"{{{SOAP}}}Body")
    if with_credentials and route.credentials:
        add_token(envelope, route.credentials)
    headers = {"Content-Type": "text/xml; charset=UTF-8", "Accept": "text/xml", "SOAPAction": '""'}
    body = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
    return HttpRequest("POST", route.address, headers, body, bytes)
