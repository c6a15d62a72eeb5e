"""The SAS BI Web Services manual as code: addresses, element names, the plain XML request.

Source: SAS 9.4 BI Web Services: Developer's Guide, abbreviated "Guide" below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from lxml import etree

from adapter.core import xml
from adapter.core.request import Request, add_parameters, fill

SOAP_PATH = "/SASBIWS/services/"
"""Source: Guide, "SOAP endpoints"."""

REST_PATH = "/SASBIWS/rest/"
"""Source: Guide, "REST and JSON endpoints"."""

STP_NAME = "{{stpName}}"
"""What stands in stpurl for the stored process, as in the published connector sample."""

DATA_TARGETS = "/dataTargets/"
"""Suffix that asks for one output stream raw. Source: Guide, "REST and JSON endpoints"."""

INSTREAM = "instream"
"""The data source; eight characters, the most a SAS fileref can have."""

STREAMS = "streams"
PARAMETERS = "parameters"
VALUE = "Value"
"""Element names of a request. Source: Guide, "Sample requests and responses"."""

CONTENT_TYPE = "text/xml"
"""Content type of the instream, as its stored process registers it."""

BINARY = "application/octet-stream"
"""Content type of a generic stream, whose bytes go in line as Base64."""

PORTS: Mapping[str, int] = {"http": 80, "https": 443}
"""The schemes that can be called, and the port of each where an address tells none."""

_NOT_NAME = re.compile(r"[^A-Za-z0-9_]")


def address(stpurl: str, stored_process: str) -> str:
    """The address to call: `{{stpName}}` replaced, every path segment percent-encoded.

    A segment that is encoded already stays as it is; the stored process name is data and is
    always encoded. Source: Guide, "SOAP endpoints" (a blank is %20, a colon %3A).
    """
    parts = urlsplit(stpurl)
    segments = (
        STP_NAME.join(_encoded(piece) for piece in segment.split(STP_NAME))
        for segment in parts.path.split("/")
    )
    path = "/".join(segments).replace(STP_NAME, quote(stored_process, safe=""))
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def stored_process_at(stpurl: str, address_called: str) -> str | None:
    """The stored process that is called at an address of this stpurl; None if none is.

    Empty where stpurl names no stored process, so that one address serves them all.
    """
    before, mark, _ = stpurl.partition(STP_NAME)
    start, whole = address(before, ""), address(stpurl, "x")
    if not mark:
        return "" if address_called == whole else None
    end = whole[len(start) + 1 :]
    name = address_called[len(start) : len(address_called) - len(end)]
    if not name or "/" in name or f"{start}{name}{end}" != address_called:
        return None
    return unquote(name)


def _encoded(segment: str) -> str:
    return quote(unquote(segment), safe="")


def path_of(stpurl: str) -> str:
    """The path of an address as written."""
    return urlsplit(stpurl).path


def server(stpurl: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(stpurl)
    return f"{parts.scheme}://{parts.netloc}"


def port_of(parts: SplitResult) -> int:
    """The port of an address, by its scheme where none is written."""
    return parts.port or PORTS.get(parts.scheme, 0)


def operation_name(stored_process: str) -> str:
    """The spelling SAS gives a stored process's elements: no blanks, first letter lower case.

    Only for the root of a plain XML request, whose name does not matter to SAS; an operation of
    a web service is always read from its WSDL. What XML cannot hold becomes an underscore.
    """
    name = _NOT_NAME.sub("_", stored_process.replace(" ", ""))
    name = name[:1].lower() + name[1:]
    return name if name[:1].isalpha() and name[:3].lower() != "xml" else f"_{name}"


def plain_request(stored_process: str, sealed: bytes) -> bytes:
    """The plain XML request of one stored process with its inputs, one element per line.

    Source: Guide, "Sample requests and responses": the body of the SOAP message, without
    envelope and without namespaces.
    """
    request = Request.opened(sealed)
    root = etree.Element(operation_name(stored_process))
    if request.parameters:
        add_parameters(xml.below(root, PARAMETERS), request.parameters)
    if request.streams:
        streams = xml.below(root, STREAMS)
        for stream in request.streams:
            fill(xml.below(xml.below(streams, stream.name), VALUE), stream)
    return xml.to_bytes(root)
