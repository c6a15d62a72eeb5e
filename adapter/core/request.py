"""Request: what a stored process is sent: prompts, its instream, further data sources.

It is sealed as the Table alone where there is nothing else. Else as `<Request>`, one element per
line, without namespaces: `parameters` and `streams` as in a plain XML request of SAS. Wrappers of
the transport are added when it is sent.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from adapter.core import xml

REQUEST = "Request"
PARAMETERS = "parameters"
STREAMS = "streams"
INSTREAM = "instream"
ENCODING = "encoding"
TEXT = "text"
BASE64 = "base64"
"""How the bytes of a generic stream are sealed. A text stays one, so that its links can be masked
and erased; it becomes Base64 when it is sent."""


@dataclass(frozen=True)
class Parameter:
    """One value of a prompt.

    Args:
        name: The prompt.
        text: The value; empty where it has members.
        members: Names and texts of a value in parts, such as `lowerBound` and `upperBound`.
    """

    name: str
    text: str = ""
    members: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Stream:
    """One data source: a Table in line, else bytes: those of a text in UTF-8, or Base64."""

    name: str
    table: bytes = b""
    text: str = ""
    base64: str = ""

    @property
    def octets(self) -> str:
        """The bytes of a generic stream, as Base64."""
        return self.base64 or b64encode(self.text.encode("utf-8")).decode("ascii")


@dataclass(frozen=True)
class Request:
    """All that one call gives to a stored process.

    Args:
        parameters: Values of prompts; one name several times for several values.
        streams: Data sources, the instream first where there is one.
    """

    parameters: tuple[Parameter, ...] = ()
    streams: tuple[Stream, ...] = ()

    def sealed(self) -> bytes:
        """The request as it is stored."""
        if not self.parameters and [each.name for each in self.streams] == [INSTREAM]:
            return self.streams[0].table
        root = xml.new(REQUEST)
        if self.parameters:
            add_parameters(xml.below(root, PARAMETERS), self.parameters)
        if self.streams:
            streams = xml.below(root, STREAMS)
            for stream in self.streams:
                _seal(xml.below(streams, stream.name), stream)
        return xml.to_bytes(root)

    @classmethod
    def opened(cls, sealed: bytes) -> Request:
        """The request that was sealed."""
        root = xml.parse(sealed)
        if root.tag != REQUEST:
            return cls((), (Stream(INSTREAM, sealed),))
        parameters, streams = root.find(PARAMETERS), root.find(STREAMS)
        return cls(
            tuple(_parameter(each) for each in parameters) if parameters is not None else (),
            tuple(_stream(each) for each in streams) if streams is not None else (),
        )

    @property
    def instream(self) -> bytes:
        """The Table of the instream; empty where there is none."""
        return next((each.table for each in self.streams if each.name == INSTREAM), b"")


def add_parameters(parent: xml.Element, parameters: tuple[Parameter, ...]) -> None:
    """Put every value below `parameters`, on lines of their own."""
    for parameter in parameters:
        element = xml.below(parent, parameter.name)
        element.text = parameter.text or None
        for name, text in parameter.members:
            xml.below(element, name).text = text


def fill(value: xml.Element, stream: Stream) -> None:
    """Put the content of a data source below `Value`: a Table in no namespace, or Base64."""
    if not stream.table:
        value.text = stream.octets
        return
    value.text = "\n"
    table = xml.parse(stream.table)
    table.tail = "\n"
    value.append(table)


def _seal(element: xml.Element, stream: Stream) -> None:
    if stream.table:
        fill(element, stream)
        return
    element.set(ENCODING, BASE64 if stream.base64 else TEXT)
    element.text = stream.base64 or stream.text


def _parameter(element: xml.Element) -> Parameter:
    members = tuple((str(each.tag), each.text or "") for each in element)
    return Parameter(str(element.tag), "" if members else element.text or "", members)


def _stream(element: xml.Element) -> Stream:
    match element.get(ENCODING):
        case "base64":
            return Stream(str(element.tag), base64=element.text or "")
        case "text":
            return Stream(str(element.tag), text=element.text or "")
    return Stream(str(element.tag), xml.to_bytes(element[0]))
