"""Which further files a WSDL or a schema names, and which of them may be fetched."""

from __future__ import annotations

from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from adapter.core import sasbiws, xml
from adapter.core.failures import ContractUnusable
from adapter.core.redact import shortened

WSDL = "http://schemas.xmlsoap.org/wsdl/"
SCHEMA = "http://www.w3.org/2001/XMLSchema"

_NAMING = {
    f"{{{WSDL}}}import": "location",
    f"{{{SCHEMA}}}import": "schemaLocation",
    f"{{{SCHEMA}}}include": "schemaLocation",
    f"{{{SCHEMA}}}redefine": "schemaLocation",
}
"""Elements that name a further file, and by which attribute."""

_PORTS = {"http": 80, "https": 443}


def named_in(root: xml.Element, location: str) -> list[str]:
    """The addresses of the files that a document imports, resolved against its own, in order.

    Raises:
        ContractUnusable: One is not on the same server: a WSDL must not make the adapter call
            other machines.
    """
    named = (element.get(_NAMING[str(element.tag)]) for element in root.iter(*_NAMING))
    return [_same_server(_resolved(each, location), location) for each in named if each]


def _resolved(named: str, location: str) -> str:
    try:
        return urldefrag(urljoin(location, named.strip())).url
    except ValueError:
        raise ContractUnusable(
            f"{location} imports {shortened(named)}, which is no address"
        ) from None


def _same_server(named: str, location: str) -> str:
    parts = urlsplit(named)
    if parts.scheme not in _PORTS:
        raise ContractUnusable(
            f"{location} imports {shortened(named)}, and only http and https are fetched"
        )
    if _origin(parts) != _origin(urlsplit(location)):
        raise ContractUnusable(
            f"{location} imports {shortened(named)}, which is not on "
            f"{sasbiws.server(location)}; {_remedy(parts)}"
        )
    return named


def _origin(parts: SplitResult) -> tuple[str, str, int | str]:
    try:
        port: int | str = parts.port or _PORTS[parts.scheme]
    except ValueError:
        port = parts.netloc
    return parts.scheme, (parts.hostname or "").lower(), port


def _remedy(parts: SplitResult) -> str:
    if "/sasbiws/" not in parts.path.lower():
        return "files of other servers are not fetched"
    return (
        f"SAS publishes {parts.netloc} as its own name: put {parts.scheme}://{parts.netloc} "
        "into stpurl, or mend the external URL of the web application in SAS"
    )
