"""Service descriptions as the server keeps them: one for each address, until a reload.

Source: SAS 9.4 BI Web Services: Developer's Guide, endpoints: WSDLs are cached for each service or
stored process until ``reload=true`` asks for one anew (documented).
"""

import threading

from adapter.emulator.addresses import Address
from adapter.emulator.catalogue import Service
from adapter.emulator.disturbance import html_page
from adapter.emulator.http_messages import Answer
from adapter.emulator.switches import Switches
from adapter.emulator.wsdl import Description, describe

_CONTENT_TYPE = "text/xml; charset=UTF-8"


class Descriptions:
    """The cache of descriptions; safe between threads."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._cached: dict[str, Description] = {}

    def answer(self, address: Address, base_url: str, switches: Switches) -> Answer:
        """Return the WSDL or the schema that an address asks for, HTML 404 if there is none."""
        if address.service is None:
            return html_page(404)
        found = self._description(address, address.service, base_url, switches)
        documents = (found.wsdl, *found.schemas)
        wanted = 0 if address.wsdl else address.schema
        if wanted >= len(documents):
            return html_page(404)
        return Answer(200, documents[wanted], _CONTENT_TYPE)

    def _description(
        self, address: Address, service: Service, base_url: str, switches: Switches
    ) -> Description:
        with self._lock:
            cached = self._cached.get(address.path)
            if cached and switches.wsdl_cache and not address.reload:
                return cached
            made = describe(service, f"{base_url}{address.path}", switches)
            self._cached[address.path] = made
            return made
