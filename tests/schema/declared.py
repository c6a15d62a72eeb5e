"""Schemas compiled out of bytes, and payloads as rows; nothing is read from the disk."""

import xmlschema

from adapter.core import xml
from adapter.core.document import build, table_of
from adapter.core.payload import Payload
from adapter.core.route import Route, TransportName
from adapter.core.validation import problems_of
from adapter.schema.row import row_of

ROUTE = Route("Any", "http://sas/SASBIWS/services/X", TransportName.SOAP, "test", max_line=10**9)

HEAD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:element name="Table"><xs:complexType><xs:sequence>
<xs:element name="InData" maxOccurs="unbounded"><xs:complexType><xs:all>
"""
TAIL = """
</xs:all></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>"""
REST = """<xs:any namespace="##local" notQName="##definedSibling" processContents="skip"
  minOccurs="0" maxOccurs="unbounded"/>"""


class Schema:
    """A schema of these bytes, compiled, with its row."""

    def __init__(self, raw):
        self.raw = raw
        self.compiled = xmlschema.XMLSchema11(
            xml.parse(raw), allow="none", defuse="always", use_fallback=False
        )
        self.row = row_of(self.compiled, "own.xsd", raw)

    def problems(self, row):
        return problems_of(table_of(row), self.compiled)


def schema_of(columns, rest=""):
    """A schema with these declarations of columns, one a line from line 4 on."""
    return Schema(f"{HEAD}{columns}{rest}{TAIL}".encode())


def simple(name, base, facets="", **attributes):
    """The declaration of one column."""
    told = "".join(f' {key}="{value}"' for key, value in attributes.items())
    inside = f'<xs:restriction base="xs:{base}">{facets}</xs:restriction>'
    return f'<xs:element name="{name}"{told}><xs:simpleType>{inside}</xs:simpleType></xs:element>'


def facet(name, value):
    return f'<xs:{name} value="{value}"/>'


def rows_of(*payloads):
    """The row of each payload, as the adapter makes it."""
    return [row for p in payloads for row in build(Payload.parse(p), ROUTE).rows]
