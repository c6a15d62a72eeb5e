"""The namespaces of a WSDL 1.1 and of what it is bound to."""

from __future__ import annotations

from typing import Final

WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
WSDL_20: Final = "http://www.w3.org/ns/wsdl"
SOAP11: Final = "http://schemas.xmlsoap.org/wsdl/soap/"
SOAP12: Final = "http://schemas.xmlsoap.org/wsdl/soap12/"
HTTP: Final = "http://schemas.xmlsoap.org/wsdl/http/"
MIME: Final = "http://schemas.xmlsoap.org/wsdl/mime/"
XSD: Final = "http://www.w3.org/2001/XMLSchema"
XSD_OLD: Final = ("http://www.w3.org/1999/XMLSchema", "http://www.w3.org/2000/10/XMLSchema")
XML: Final = "http://www.w3.org/XML/1998/namespace"
SOAP_ENCODING: Final = "http://schemas.xmlsoap.org/soap/encoding/"
SOAP_ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
XMIME: Final = (
    "http://www.w3.org/2005/05/xmlmime",
    "http://www.w3.org/2004/11/xmlmime",
)
SWA_REF: Final = "http://ws-i.org/profiles/basic/1.1/xsd"
XOP: Final = "http://www.w3.org/2004/08/xop/include"
SOAP_OVER_HTTP: Final = "http://schemas.xmlsoap.org/soap/http"


def wsdl(name: str) -> str:
    """An element of WSDL in Clark notation."""
    return f"{{{WSDL}}}{name}"


def xsd(name: str) -> str:
    """An element or built-in type of XML schema in Clark notation."""
    return f"{{{XSD}}}{name}"


def local(name: str) -> str:
    """A name in Clark notation without its namespace."""
    return name.rpartition("}")[2]


def namespace(name: str) -> str:
    """The namespace of a name in Clark notation; empty where it has none."""
    return name[1:].partition("}")[0] if name.startswith("{") else ""


def clark(space: str, name: str) -> str:
    """A name in Clark notation; bare where it is in no namespace."""
    return f"{{{space}}}{name}" if space else name
