"""Plain XML over HTTP, as SASBIWS calls its REST.

Source: SAS 9.4 BI Web Services: Developer's Guide, endpoints and sample requests (documented).
"""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from adapter.emulator.addresses import Address, Part
from adapter.emulator.calls import Call, read_call
from adapter.emulator.catalogue import Service, operation_name
from adapter.emulator.disturbance import html_page
from adapter.emulator.faults import SasFault, fault_element, refused
from adapter.emulator.http_messages import Answer, Request
from adapter.emulator.markup import NotXmlError, local_name, parse
from adapter.emulator.output import CONTENT_TYPE as STREAM_TYPE
from adapter.emulator.output import fill_response, raw_stream
from adapter.emulator.security import Credentials, challenge, from_basic
from adapter.emulator.stored_processes import StoredProcess
from adapter.emulator.stored_processes.program import Written
from adapter.emulator.switches import Switches
from adapter.emulator.voice import Rejected

_CONTENT_TYPE: Final = "application/xml;charset=UTF-8"
_XML_TYPES: Final = ("", "text/xml", "application/xml")


@dataclass(frozen=True, slots=True)
class RestVoice:
    """One request at the REST address of a service."""

    request: Request
    address: Address
    service: Service
    switches: Switches

    def credentials(self) -> Credentials | None:
        """Return what HTTP Basic says."""
        return from_basic(self.request.headers)

    def call(self) -> Call:
        """Return the call of the stored process that the path or the root element names."""
        wrapper = self._wrapper()
        stored_process = self.address.stored_process or self._selected(wrapper)
        self._check_part(stored_process)
        return read_call(stored_process, wrapper)

    def result(self, call: Call, written: Written) -> Answer:
        """Return the response element, or the single output that was asked for."""
        match self.address.part:
            case (Part.STREAM, _):
                return Answer(200, raw_stream(written, self.switches), STREAM_TYPE)
            case (Part.PARAMETER, name):
                text = written.parameters.get(name, "")
                return Answer(200, text.encode(), "text/plain;charset=UTF-8")
        operation = operation_name(call.stored_process.name, self.switches.operation_spelling)
        target = self.service.target(self.switches)
        response = etree.Element(f"{operation}Response")
        fill_response(response, operation, target, written, self.switches)
        return _answer(response)

    def fault(self, fault: SasFault) -> Answer:
        """Return ``sas:Fault`` as the root element."""
        return _answer(fault_element(fault, self.switches), self.switches.fault_http_status)

    def strangers(self, credentials: Credentials | None) -> Answer:  # noqa: ARG002
        """Return HTTP 401."""
        return challenge()

    def _wrapper(self) -> etree._Element | None:
        if self.request.method not in {"GET", "HEAD", "POST"}:
            raise Rejected(html_page(405))
        if self.request.method != "POST" or not self.request.body:
            return None
        if self.request.media_type not in _XML_TYPES:
            raise Rejected(html_page(415))
        try:
            return parse(self.request.body)
        except NotXmlError as error:
            raise refused(f"The body is not XML: {error}.") from None

    def _selected(self, wrapper: etree._Element | None) -> StoredProcess:
        root = "" if wrapper is None else local_name(wrapper)
        found = self.service.find(root, self.switches.operation_spelling)
        if found is None:
            raise refused(f'The service {self.service.name} has no operation "{root}".')
        return found

    def _check_part(self, stored_process: StoredProcess) -> None:
        match self.address.part:
            case (Part.STREAM, name):
                found = stored_process.writes and name == self.service.target(self.switches)
            case (Part.PARAMETER, name):
                found = name in {each.name for each in stored_process.outputs}
            case _:
                return
        if not found:
            raise Rejected(html_page(404))


def _answer(root: etree._Element, status: int = 200) -> Answer:
    return Answer(status, etree.tostring(root, encoding="UTF-8"), _CONTENT_TYPE)
