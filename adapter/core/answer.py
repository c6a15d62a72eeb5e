"""What came back from SAS to an Answer or to the error that says what SAS may have done.

SOAP and plain XML answers differ in their wrapping only, so one reader serves both: by local
names, for prefixes and namespaces vary between SAS releases.
"""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from adapter.core import xml
from adapter.core.failures import (
    AnswerEmpty,
    AnswerIsHtml,
    AnswerNotSas,
    AnswerNotXml,
    CredentialsRefused,
    DeliveryError,
    RequestRefused,
    SasBusy,
    ServerFailed,
)
from adapter.core.faults import fault_in
from adapter.core.redact import shortened, without_query

_HTML = re.compile(rb"^\s*(<!doctype\s+html|<html)", re.IGNORECASE)
_LOGIN = re.compile(rb"type\s*=\s*[\"']?password|SASLogon", re.IGNORECASE)
_LOGIN_ADDRESS = re.compile(r"saslogon|login|logon|signin", re.IGNORECASE)
_HEAD = re.compile(r"<(head|style|script)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_SAID_BYTES = 2048
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"']([\w.:-]+)")


@dataclass(frozen=True)
class HttpResponse:
    """One HTTP answer, read whole. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class Stream:
    """One output stream (data target).

    Args:
        content_type: As SAS declares it.
        content: Text; in Base64 where `encoding` says so.
        encoding: `text` or `base64`.
    """

    content_type: str
    content: str
    encoding: str = "text"

    def to_json(self) -> dict[str, str]:
        """`{"contentType", "content"}`, and `encoding` where it is not text."""
        body = {"contentType": self.content_type, "content": self.content}
        return body if self.encoding == "text" else {**body, "encoding": self.encoding}


@dataclass(frozen=True)
class Answer:
    """What a stored process gave back: output parameters and streams by name."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    streams: Mapping[str, Stream] = field(default_factory=dict)

    def to_json(self) -> dict[str, dict[str, Any]]:
        """`{"parameters": {…}, "streams": {…}}`; binary content says `"encoding": "base64"`."""
        return {
            "parameters": dict(self.parameters),
            "streams": {name: stream.to_json() for name, stream in self.streams.items()},
        }


def read_answer(response: HttpResponse) -> Answer:
    """The result in a SOAP or plain XML answer.

    Raises:
        DeliveryError: The leaf that says what SAS may have done.
    """
    _refuse_login(response)
    root = _root_of(response)
    _refuse_failure(response, root)
    if root is None:
        raise _unreadable(response)
    return _result(root)


def read_raw(response: HttpResponse, target: str) -> Answer:
    """The one data target that was asked for raw, as SAS wrote it.

    Raises:
        DeliveryError: The leaf that says what SAS may have done.
    """
    _refuse_login(response)
    if response.status != HTTP_OK:
        _refuse_failure(response, _root_of(response))
    return Answer(streams={target: _raw_stream(response)})


HTTP_OK = 200
_REDIRECT = range(300, 400)
_UNAUTHORISED = 401
_BUSY = (429, 503)
_CLIENT_ERROR = range(400, 500)
_SUCCESS = range(200, 300)


def _refuse_login(response: HttpResponse) -> None:
    status = response.status
    if status == _UNAUTHORISED:
        raise CredentialsRefused("SAS answered 401 Unauthorized", http_status=status)
    if status in _REDIRECT:
        location = without_query(response.headers.get("location", ""))
        if _LOGIN_ADDRESS.search(location):
            raise CredentialsRefused(
                f"SAS redirected to its login page {shortened(location)}", http_status=status
            )
        raise RequestRefused(
            f"the address redirects to {shortened(location) or 'nowhere'}, which is not followed",
            http_status=status,
        )
    if status in _SUCCESS and _is_html(response) and _LOGIN.search(response.body):
        raise CredentialsRefused("SAS answered with a login page", http_status=status)


def _is_html(response: HttpResponse) -> bool:
    return bool(_HTML.match(response.body)) or (
        response.content_type == "text/html" and not response.body.lstrip().startswith(b"<?xml")
    )


def _root_of(response: HttpResponse) -> xml.Element | None:
    if not response.body.strip() or _is_html(response):
        return None
    try:
        return xml.parse(response.body)
    except xml.XmlRefused:
        return None


def _refuse_failure(response: HttpResponse, root: xml.Element | None) -> None:
    fault = fault_in(root, response.status) if root is not None else None
    if fault is not None:
        raise fault
    if response.status in _SUCCESS:
        return
    raise _status_error(response)


def _status_error(response: HttpResponse) -> DeliveryError:
    status = response.status
    said = shortened(_text_of(response))
    message = f"SAS answered HTTP {status}" + (f": {said}" if said else "")
    if status in _BUSY:
        return SasBusy(message, http_status=status, retry_after_s=_retry_after_s(response))
    if status in _CLIENT_ERROR:
        return RequestRefused(message, http_status=status)
    return ServerFailed(message, http_status=status)


def _retry_after_s(response: HttpResponse) -> float | None:
    value = response.headers.get("retry-after", "").strip()
    return float(value) if value.isascii() and value.isdigit() else None


def _text_of(response: HttpResponse) -> str:
    text = response.body[:_SAID_BYTES].decode("utf-8", "replace")
    return " ".join(re.sub(r"<[^>]*>", " ", _HEAD.sub(" ", text)).split())


def _unreadable(response: HttpResponse) -> DeliveryError:
    status = response.status
    if not response.body.strip():
        return AnswerEmpty(f"SAS answered HTTP {status} without a body", http_status=status)
    if _is_html(response):
        said = shortened(_text_of(response))
        return AnswerIsHtml(f"SAS answered with an HTML page: {said}", http_status=status)
    try:
        xml.parse(response.body)
    except xml.XmlRefused as error:
        reason = f"{shortened(str(error))} (line {error.line})"
        return AnswerNotXml(f"the answer cannot be read as XML: {reason}", http_status=status)
    raise AssertionError("an answer that parses is not unreadable")


def _result(root: xml.Element) -> Answer:
    body = _unwrapped(root)
    result = next((child for child in body if xml.local_name(child).endswith("Result")), None)
    if result is None or not xml.local_name(body).endswith("Response"):
        raise AnswerNotSas(
            f"the answer's root is <{shortened(xml.local_name(body))}>, "
            "expected <…Response> with <…Result>"
        )
    parts = {xml.local_name(part).lower(): part for part in result}
    return Answer(
        {xml.local_name(item): _content(item) for item in parts.get("parameters", ())},
        {xml.local_name(item): _stream(item) for item in parts.get("streams", ())},
    )


def _unwrapped(root: xml.Element) -> xml.Element:
    """The message itself: the first child of a SOAP body, or the root of plain XML."""
    if xml.local_name(root) != "Envelope":
        return root
    body = next((child for child in root if xml.local_name(child) == "Body"), None)
    if body is None or len(body) == 0:
        raise AnswerNotSas("the SOAP envelope has no body, expected <…Response>")
    return body[0]


def _stream(item: xml.Element) -> Stream:
    value = next((child for child in item if xml.local_name(child) == "Value"), None)
    content = "" if value is None else _content(value)
    return Stream(item.get("contentType", ""), content)


def _content(element: xml.Element) -> str:
    """What stands inside an element: its text, or its children as XML without foreign prefixes."""
    if len(element) == 0:
        return element.text or ""
    pieces = [(element.text or "").strip()]
    for child in element:
        own = copy.deepcopy(child)
        own.tail = None
        etree.cleanup_namespaces(own)
        pieces += [etree.tostring(own, encoding="unicode"), (child.tail or "").strip()]
    return "".join(pieces)


def _raw_stream(response: HttpResponse) -> Stream:
    content_type = response.headers.get("content-type", "")
    declared = _DECLARED.match(response.body) or _CHARSET.search(content_type)
    if declared is None and not _is_text(response.content_type):
        return Stream(content_type, base64.b64encode(response.body).decode("ascii"), "base64")
    charset = declared.group(1) if declared else "utf-8"
    if isinstance(charset, bytes):
        charset = charset.decode("ascii")
    return Stream(content_type, _decoded(response.body, charset))


def _is_text(content_type: str) -> bool:
    return content_type.startswith("text/") or content_type.endswith(("xml", "json"))


def _decoded(body: bytes, charset: str) -> str:
    """The text by its declared character set, else UTF-8, else Windows-1252 as SAS sessions use."""
    for candidate in (charset, "utf-8", "cp1252"):
        try:
            return body.decode(candidate)
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("latin-1")
