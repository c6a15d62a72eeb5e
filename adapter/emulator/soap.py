"""SOAP 1.1, document/literal, as SASBIWS speaks it."""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from adapter.emulator.addresses import Address
from adapter.emulator.calls import Call, read_call
from adapter.emulator.catalogue import Service, operation_name
from adapter.emulator.disturbance import html_page
from adapter.emulator.faults import BAD_CREDENTIALS, REFUSED, SasFault, bad_credentials
from adapter.emulator.faults import fault_element as _fault_element
from adapter.emulator.http_messages import Answer, Request
from adapter.emulator.markup import NotXmlError, add, children, local_name, namespace_of, parse
from adapter.emulator.output import fill_response
from adapter.emulator.security import Credentials, from_token
from adapter.emulator.stored_processes import StoredProcess
from adapter.emulator.stored_processes.program import Written
from adapter.emulator.switches import Switches
from adapter.emulator.voice import Rejected

ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_CONTENT_TYPE: Final = "text/xml; charset=UTF-8"
_XML_TYPES: Final = ("", "text/xml", "application/xml")
_CLIENT_FAULTS: Final = (BAD_CREDENTIALS, REFUSED)


@dataclass(frozen=True, slots=True)
class SoapVoice:
    """One request at a SOAP address."""

    request: Request
    address: Address
    switches: Switches

    def credentials(self) -> Credentials | None:
        """Return what the UsernameToken says."""
        return from_token(self._envelope())

    def call(self) -> Call:
        """Return the call of the operation in the body."""
        wrapper = self._wrapper()
        return read_call(self._stored_process(wrapper), wrapper)

    def result(self, call: Call, written: Written) -> Answer:
        """Return the envelope with the response element."""
        service = self._service()
        operation = operation_name(call.stored_process.name, self.switches.operation_spelling)
        target = service.target(self.switches)
        body = _new_body()
        response = add(body, f"{operation}Response", service.namespace, "m")
        fill_response(response, operation, target, written, self.switches)
        return _answer(body)

    def fault(self, fault: SasFault) -> Answer:
        """Return a SOAP fault with ``sas:Fault`` in its detail."""
        side = "Client" if fault.code in _CLIENT_FAULTS else "Server"
        body = _new_body()
        element = _add_fault(body, f"soapenv:{side}", fault.cause.message)
        add(element, "detail").append(_fault_element(fault, self.switches))
        return _answer(body, self.switches.fault_http_status)

    def strangers(self, credentials: Credentials | None) -> Answer:
        """Return fault 1000."""
        return self.fault(bad_credentials(credentials.user if credentials else ""))

    def _envelope(self) -> etree._Element:
        if self.request.method != "POST":
            raise Rejected(html_page(405))
        if self.request.media_type not in _XML_TYPES:
            raise Rejected(html_page(415))
        try:
            envelope = parse(self.request.body)
        except NotXmlError as error:
            raise self._rejected(f"The body is not XML: {error}.") from None
        if envelope.tag != f"{{{ENVELOPE}}}Envelope":
            raise self._rejected("The body is not a SOAP 1.1 envelope.")
        return envelope

    def _wrapper(self) -> etree._Element:
        body = self._envelope().find(f"{{{ENVELOPE}}}Body")
        if body is None or len(wrappers := children(body)) != 1:
            raise self._rejected("The envelope has no body with one element.")
        return wrappers[0]

    def _stored_process(self, wrapper: etree._Element) -> StoredProcess:
        service = self._service()
        name = local_name(wrapper)
        stored_process = service.find(name, self.switches.operation_spelling)
        if stored_process is None or namespace_of(wrapper) != service.namespace:
            raise self._unknown()
        # A missing or empty action leaves the choice to the body.
        action = self.request.headers.get("SOAPAction", "").strip().strip('"')
        if action not in {"", f"{service.namespace}/{name}"}:
            raise self._unknown()
        return stored_process

    def _service(self) -> Service:
        if self.address.service is None:
            raise self._unknown()
        return self.address.service

    def _unknown(self) -> Rejected:
        return self._rejected("No service is known under this address or action.")

    def _rejected(self, why: str) -> Rejected:
        body = _new_body()
        _add_fault(body, "soapenv:Client", why)
        return Rejected(_answer(body, self.switches.fault_http_status))


def _new_body() -> etree._Element:
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", None, {"soapenv": ENVELOPE})
    add(envelope, "Header", ENVELOPE)
    return add(envelope, "Body", ENVELOPE)


def _add_fault(body: etree._Element, code: str, text: str) -> etree._Element:
    fault = add(body, "Fault", ENVELOPE)
    add(fault, "faultcode").text = code
    add(fault, "faultstring").text = text
    return fault


def _answer(body: etree._Element, status: int = 200) -> Answer:
    text = etree.tostring(body.getroottree(), encoding="UTF-8", xml_declaration=True)
    return Answer(status, text, _CONTENT_TYPE)
