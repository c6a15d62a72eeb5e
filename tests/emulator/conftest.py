"""An emulator and a file server for each test, and a caller who speaks both transports."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from lxml import etree

from adapter.emulator import EXAMPLES, Emulator, FileServer

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
BIWS = "http://www.sas.com/xml/namespace/biwebservices"
XML = {"Content-Type": "application/xml"}


@pytest.fixture
def emulator(tmp_path):
    with Emulator(folder=tmp_path) as running:
        yield running


@pytest.fixture
def files():
    with FileServer(EXAMPLES) as running:
        yield running


@dataclass
class Caller:
    emulator: Emulator
    files: FileServer
    vectors: Path
    session: requests.Session = field(default_factory=requests.Session)

    def rest(self, path, body=None, **options):
        url = f"{self.emulator.url}/SASBIWS/rest/{path}"
        if body is None:
            return self.session.get(url, timeout=5, **options)
        headers = XML | options.pop("headers", {})
        return self.session.post(url, data=body, headers=headers, timeout=5, **options)

    def soap(self, path, body, action=None, **headers):
        url = f"{self.emulator.url}/SASBIWS/services/{path}"
        headers = {"Content-Type": "text/xml; charset=UTF-8"} | headers
        if action is not None:
            headers["SOAPAction"] = f'"{action}"'
        return self.session.post(url, data=body, headers=headers, timeout=5)

    def message(self, name):
        """A request of the vectors, its links turned to the running file server."""
        root = etree.parse(self.vectors / "messages" / name).getroot()
        for column, file in (("metadataFile", "metadata.json"), ("dataFile", "data.csv")):
            for element in root.iter(column):
                element.text = self.files.presigned(file)
        return etree.tostring(root, encoding="UTF-8")

    def wsdl(self, path, query="?wsdl", **options):
        url = f"{self.emulator.url}/SASBIWS/services/{path}{query}"
        return self.session.get(url, timeout=5, **options)


@pytest.fixture
def caller(emulator, files, vectors):
    caller = Caller(emulator, files, vectors)
    with caller.session:
        yield caller


def _rows(rows):
    table = etree.Element("Table")
    for row in rows:
        element = etree.SubElement(table, "InData")
        for name, text in row.items():
            etree.SubElement(element, name).text = text
    etree.indent(table, space="")
    return table


@pytest.fixture
def rest_body():
    """Build a request without namespaces: rows for instream, prompts for parameters."""

    def build(*rows, root="contents", **prompts):
        request = etree.Element(root)
        parameters = etree.SubElement(request, "parameters")
        for name, text in prompts.items():
            etree.SubElement(parameters, name).text = text
        if rows:
            streams = etree.SubElement(request, "streams")
            value = etree.SubElement(etree.SubElement(streams, "instream"), "Value")
            value.append(_rows(rows))
        return etree.tostring(request, encoding="UTF-8")

    return build


@pytest.fixture
def soap_body():
    """Build an envelope; every wrapper element is in the namespace."""

    def build(operation, *rows, namespace=BIWS, **prompts):
        envelope = etree.Element(f"{{{SOAP}}}Envelope")
        body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
        request = etree.SubElement(body, f"{{{namespace}}}{operation}")
        if prompts:
            parameters = etree.SubElement(request, f"{{{namespace}}}parameters")
            for name, text in prompts.items():
                etree.SubElement(parameters, f"{{{namespace}}}{name}").text = text
        if rows:
            streams = etree.SubElement(request, f"{{{namespace}}}streams")
            source = etree.SubElement(streams, f"{{{namespace}}}instream")
            etree.SubElement(source, f"{{{namespace}}}Value").append(_rows(rows))
        return etree.tostring(envelope, encoding="UTF-8")

    return build


def canonical(root):
    """One text for documents that differ in comments, prefixes' places and white space only."""
    if isinstance(root, bytes):
        root = etree.fromstring(root)
    for node in list(root.iter()):
        if not isinstance(node.tag, str):
            node.getparent().remove(node)
            continue
        node.text = (node.text or "").strip() or None
        node.tail = None
    return etree.tostring(root, method="c14n2", with_comments=False, strip_text=True)


@pytest.fixture
def same_xml():
    def same(one, other):
        assert canonical(one) == canonical(other)

    return same


def local(root, name):
    return list(root.iter("{*}" + name))


@pytest.fixture
def fault_of():
    """Read a fault out of an answer: code, SYSCC, every message, the SOAP fault code."""

    def read(answer):
        root = etree.fromstring(answer.content)
        fault = local(root, "Fault")[-1]
        return {
            "code": fault.get("code"),
            "syscc": fault.get("SYSCC"),
            "messages": [each.get("message") for each in local(fault, "Exception")],
            "faultcode": root.findtext(".//faultcode"),
            "namespace": etree.QName(fault).namespace,
        }

    return read


@pytest.fixture
def results():
    """Read the rows of TABLE/RESULT out of an answer of either transport."""

    def read(answer):
        assert answer.status_code == 200, answer.text
        root = etree.fromstring(answer.content)
        return [{each.tag: each.text or "" for each in row} for row in root.iter("RESULT")]

    return read
