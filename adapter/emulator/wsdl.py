"""The description of a web service, built the way the wire contract reconstructs it.

Source: wire contract 2.1 and 2.2: document/literal with one wrapper element for each operation,
the namespaces and actions; names of messages, port type, binding and port are inferred.
"""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from adapter.emulator.catalogue import Service, operation_name
from adapter.emulator.switches import Switches, ValueKind, WsdlImport
from adapter.emulator.wsdl_schema import XS, new_schema, operation_schema, table_schema, xs

_WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
_SOAP: Final = "http://schemas.xmlsoap.org/wsdl/soap/"
_SOAP_HTTP: Final = "http://schemas.xmlsoap.org/soap/http"
_ELSEWHERE: Final = "http://elsewhere.invalid/x.xsd"


@dataclass(frozen=True, slots=True)
class Description:
    """The documents of one address: the WSDL, and the schemas it imports from ``?xsd=1`` on."""

    wsdl: bytes
    schemas: tuple[bytes, ...] = ()


def describe(service: Service, url: str, switches: Switches) -> Description:
    """Return the description of a service that is called at ``url``."""
    typed = service.typed or switches.value_kind is ValueKind.TYPED
    main = operation_schema(service, switches, typed=typed)
    columns = [each.schema for each in service.stored_processes if typed and each.schema]
    # The table's schema stays inside: zeep finds no elements without a namespace elsewhere.
    inside = [table_schema(each) for each in columns[:1]]
    apart: list[etree._Element] = []
    match switches.wsdl_import:
        case WsdlImport.NONE:
            inside.append(main)
        case WsdlImport.EXTERNAL:
            inside.append(_importing(service.namespace, _ELSEWHERE))
        case WsdlImport.LOCAL:
            inside.append(_importing(service.namespace, f"{url}?xsd=1"))
            apart = [main]
        case WsdlImport.CYCLE:
            inside.append(_importing(service.namespace, f"{url}?xsd=1"))
            apart = [main, _including(main, url)]
    return Description(_wsdl(service, url, switches, inside), tuple(map(_text, apart)))


def _importing(namespace: str, location: str) -> etree._Element:
    schema = new_schema()
    xs(schema, "import", namespace=namespace, schemaLocation=location)
    return schema


def _including(main: etree._Element, url: str) -> etree._Element:
    """Return a second schema: it includes ``main``, which from now on includes it."""
    include = etree.Element(f"{{{XS}}}include", {"schemaLocation": f"{url}?xsd=2"})
    main.insert(0, include)
    second = new_schema(targetNamespace=str(main.get("targetNamespace")))
    xs(second, "include", schemaLocation=f"{url}?xsd=1")
    return second


def _wsdl(service: Service, url: str, switches: Switches, schemas: list[etree._Element]) -> bytes:
    nsmap = {"tns": service.namespace, "wsdl": _WSDL, "soap": _SOAP, "xs": XS}
    attributes = {"name": service.name, "targetNamespace": service.namespace}
    root = etree.Element(f"{{{_WSDL}}}definitions", attributes, nsmap)
    _add(root, "types").extend(schemas)
    operations = [
        operation_name(each.name, switches.operation_spelling) for each in service.stored_processes
    ]
    for operation in operations:
        _add_messages(root, operation)
    _add_port_type(root, service.name, operations)
    _add_binding(root, service, operations)
    port = _add(
        _add(root, "service", name=service.name),
        "port",
        name=f"{service.name}SoapPort",
        binding=f"tns:{service.name}SoapBinding",
    )
    _add_soap(port, "address", location=url)
    return _text(root)


def _add_messages(root: etree._Element, operation: str) -> None:
    for message, element in (("Request", ""), ("Response", "Response")):
        part = _add(_add(root, "message", name=f"{operation}{message}"), "part", name="parameters")
        part.set("element", f"tns:{operation}{element}")


def _add_port_type(root: etree._Element, service: str, operations: list[str]) -> None:
    port_type = _add(root, "portType", name=f"{service}PortType")
    for operation in operations:
        element = _add(port_type, "operation", name=operation)
        _add(element, "input", message=f"tns:{operation}Request")
        _add(element, "output", message=f"tns:{operation}Response")


def _add_binding(root: etree._Element, service: Service, operations: list[str]) -> None:
    port_type = f"tns:{service.name}PortType"
    binding = _add(root, "binding", name=f"{service.name}SoapBinding", type=port_type)
    _add_soap(binding, "binding", style="document", transport=_SOAP_HTTP)
    for operation in operations:
        element = _add(binding, "operation", name=operation)
        action = f"{service.namespace}/{operation}"
        _add_soap(element, "operation", soapAction=action, style="document")
        for direction in ("input", "output"):
            _add_soap(_add(element, direction), "body", use="literal")


def _add(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_WSDL}}}{tag}", attributes)


def _add_soap(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_SOAP}}}{tag}", attributes)


def _text(root: etree._Element) -> bytes:
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
