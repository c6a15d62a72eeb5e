"""SOAP 1.1 by the pinned WSDL: the SOAP side of SASBIWS."""

from __future__ import annotations

import threading
from typing import Any

from lxml import etree

from adapter.core import sasbiws, xml
from adapter.core.answer import Answer, read_answer
from adapter.core.errors import Problem
from adapter.core.failures import (
    ClientFault,
    ContractUnusable,
    CredentialsRefused,
    RequestRefused,
)
from adapter.core.prompts import problems_of
from adapter.core.redact import without_links
from adapter.core.request import Request
from adapter.core.route import Credentials, Route, TransportName
from adapter.ports import Call, Clock, Contract, ContractStore, HttpRequest
from adapter.sas.download import Way
from adapter.sas.envelope import SOAP, Operation, envelope_of
from adapter.sas.published import fetch_contract
from adapter.sas.refresh import Refresh
from adapter.sas.session import HttpSession
from adapter.sas.wsdl import operation_for

_FAULT_STATUS = (200, 500)
"""With these, a refused request is a SOAP fault, such as for an action that is unknown."""


class SoapTransport:
    """Runs stored processes by SOAP, from any number of threads.

    Operation, namespaces and SOAPAction come from the pinned WSDL; the address called is the
    route's, because the WSDL's own names an inner host behind a proxy. The answer is read by local
    names in the core, not by zeep, which drops the text inside `Value` and stops at a stream that
    the WSDL does not declare.
    """

    def __init__(self, session: HttpSession, contracts: ContractStore, clock: Clock) -> None:
        self._session = session
        self._contracts = contracts
        self._clock = clock
        self._refresh = Refresh(session, clock)
        self._reading = threading.Lock()
        self._operations: dict[tuple[str, str, bool], tuple[Contract, Operation]] = {}

    def contract(self, route: Route) -> Contract:
        """The pinned contract of this route; the one time that none is pinned, it is fetched.

        Raises:
            ContractUnavailable: None is pinned, and none can be fetched now.
            ContractUnusable: The pinned or the published WSDL cannot be used.
            CredentialsRefused: None is pinned, and SAS gives none without a login.
        """
        return self._contracts.pin_once(route.address, lambda: self._usable(route))

    def request(self, call: Call) -> HttpRequest:
        """The request the call would send; nothing is sent, but a missing contract is fetched.

        Raises:
            DeliveryError: No contract can be had, or it has no operation for this call.
        """
        return self._request(call, self.contract(call.route))

    def send(self, call: Call) -> Answer:
        """The stored process's answer.

        Where SAS does not understand the call, the error's details also tell whether SAS still
        publishes the WSDL that is pinned.

        Raises:
            DeliveryError: The leaf that says what SAS may have done.
        """
        contract = self.contract(call.route)
        response = self._session.send(self._request(call, contract), call.route)
        try:
            return read_answer(response)
        except (ClientFault, RequestRefused) as error:
            if isinstance(error, ClientFault) or error.http_status in _FAULT_STATUS:
                error.details += self._refresh.compared(contract, call.route)
            raise

    def prompt_problems(self, route: Route, sealed: bytes) -> tuple[Problem, ...]:
        """What the pinned contract says against the prompts; nothing where none can be read."""
        if route.transport is not TransportName.SOAP:
            return ()
        inputs = Request.opened(sealed)
        try:
            contract = self._contracts.get(route.address)
            if contract is None:
                return ()
            name, instream = route.stored_process, bool(inputs.instream)
            operation = self._operation(contract, name, instream=instream)
        except ContractUnusable:
            return ()
        return problems_of(operation.prompts, inputs.parameters)

    def _usable(self, route: Route) -> Contract:
        """The published contract, read once before it is pinned: an unusable one never is."""
        contract = fetch_contract(
            self._session, route.address, clock=self._clock, way=Way.of(route)
        )
        operation_for(contract, route.stored_process, instream=route.mapping.has_instream)
        return contract

    def _request(self, call: Call, contract: Contract) -> HttpRequest:
        inputs = Request.opened(call.table)
        stored_process, instream = call.route.stored_process, bool(inputs.instream)
        operation = self._operation(contract, stored_process, instream=instream)
        envelope = envelope_of(operation, inputs)
        if call.route.credentials:
            add_token(envelope, call.route.credentials)
        headers = {
            "Content-Type": "text/xml; charset=UTF-8",
            "Accept": "text/xml",
            "SOAPAction": _quoted(operation.soap_action),
            "X-Request-ID": call.delivery_id,
        }
        return HttpRequest("POST", call.route.address, headers, _to_bytes(envelope), _masked)

    def _operation(self, contract: Contract, stored_process: str, *, instream: bool) -> Operation:
        """The operation, read once for each state of the contract."""
        key = (contract.address, stored_process, instream)
        with self._reading:
            known = self._operations.get(key)
            if known is None or known[0].files != contract.files:
                read = operation_for(contract, stored_process, instream=instream)
                known = self._operations[key] = (contract, read)
        return known[1]


def add_token(envelope: xml.Element, credentials: Credentials) -> None:
    """Put user and password into the header in clear text, as SAS expects them; TLS covers them.

    Source: Guide, "Security": WS-Security UsernameToken.
    """
    from zeep import ns  # noqa: PLC0415  zeep takes 140 ms, which only SOAP owes
    from zeep.wsse.username import UsernameToken  # noqa: PLC0415

    token: Any = UsernameToken
    try:
        token(credentials.user, credentials.password.reveal()).apply(envelope, {})
    except ValueError:
        raise CredentialsRefused(
            f"user name or password of {credentials.user!r} holds a character that XML cannot carry"
        ) from None
    header = envelope[0]
    for element in header.iter():
        element.tail = "\n"
        if len(element):
            element.text = "\n"
    for security in header.iterchildren(f"{{{ns.WSSE}}}Security"):
        security.set(f"{{{SOAP}}}mustUnderstand", "1")


def _masked(message: bytes) -> bytes:
    envelope = xml.parse(message)
    header, body = envelope
    for password in header.iter("{*}Password"):
        password.text = "***"
    for element in body.iter():
        if element.text:
            hidden = _is_base64(element)  # what it hides cannot be masked
            element.text = "(Base64)" if hidden else without_links(element.text)
    return _to_bytes(envelope)


def _is_base64(element: xml.Element) -> bool:
    """Whether this is the content of a generic stream."""
    return not len(element) and xml.local_name(element) == sasbiws.VALUE


def _to_bytes(envelope: xml.Element) -> bytes:
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


def _quoted(soap_action: str) -> str:
    # Header values go out as Latin-1; this way the bytes of the action are UTF-8.
    return f'"{soap_action}"'.encode().decode("latin-1")
