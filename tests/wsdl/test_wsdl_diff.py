"""Every change between two WSDLs is told, and whether a call survives it."""

import pytest

from adapter.wsdl.diff import diff
from adapter.wsdl.reading import read

TWO, TYPED = "TwoOperations.wsdl", "DownloadFileTyped.wsdl"
PARAMETER = '<xs:element name="max_rows" type="xs:int" minOccurs="0"/>'
INSTREAM = '                  <xs:element name="instream">'
LOOKUP = '<xs:element name="lookup" type="xs:string"{}/>\n'
COLUMN = '<xs:element name="taskCode" minOccurs="0">'

CHANGES = [
    (TWO, "count_Segment", "Count_Segment", "operation", True),
    (TWO, "http://tempuri.org/CI360Jobs", "http://tempuri.org/Jobs", "namespace", True),
    (TWO, 'soapAction="http://tempuri.org/CI360Jobs/downloadFile"', 'soapAction="x"', "soapAction", True),
    (TWO, "sas.example.test:80", "sas.example.test:81", "address", False),
    (TWO, "CI360JobsSoapPort", "OtherPort", "port", False),
    (TWO, PARAMETER, "", "parameter", True),
    (TWO, PARAMETER, PARAMETER + '<xs:element name="more" type="xs:int"/>', "parameter", True),
    (TWO, PARAMETER, PARAMETER + '<xs:element name="more" type="xs:int" minOccurs="0"/>', "parameter", False),
    (TWO, PARAMETER, PARAMETER.replace(' minOccurs="0"', ""), "parameter", True),
    (TWO, PARAMETER, PARAMETER.replace("xs:int", "xs:short"), "parameter", True),
    (TWO, PARAMETER, PARAMETER.replace("xs:int", "xs:double"), "parameter", False),
    (TWO, 'maxOccurs="5"', 'maxOccurs="4"', "parameter", True),
    (TWO, 'maxOccurs="5"', 'maxOccurs="unbounded"', "parameter", False),
    (TWO, 'name="row_count" type="xs:int"', 'name="row_count" type="xs:long"', "parameter", False),
    (TWO, 'name="run_status"', 'name="state"', "parameter", True),
    (TWO, 'name="instream"', 'name="indata"', "stream", True),
    (TWO, INSTREAM, LOOKUP.format("") + INSTREAM, "stream", True),
    (TWO, INSTREAM, LOOKUP.format(' minOccurs="0"') + INSTREAM, "stream", False),
    (TWO, 'style="document" transport', 'style="rpc" transport', "", None),
    (TYPED, COLUMN, COLUMN.replace(' minOccurs="0"', ""), "column", True),
    (TYPED, 'value="256"', 'value="100"', "column", True),
    (TYPED, 'value="256"', 'value="300"', "column", False),
    (TYPED, 'name="taskCode"', 'name="code"', "column", True),
    (TWO, "<wsdl:portType", "<wsdl:documentation>New.</wsdl:documentation><wsdl:portType", "documentation", False),
    (TWO, "<wsdl:portType", "<!-- New. --><wsdl:portType", "text", False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "kind", "breaking"), CHANGES)
def test_a_change_is_told_and_judged(vectors, name, old, new, kind, breaking):
    text = (vectors / "wsdl" / name).read_text(encoding="utf-8")
    assert old in text
    changes = diff(
        read({"m": text.encode()}, "m"), read({"m": text.replace(old, new).encode()}, "m")
    )
    assert [change for change in changes if change.kind == kind] or not kind
    assert any(change.breaking for change in changes) is bool(breaking)
    assert [change.breaking for change in changes] == sorted(
        (c.breaking for c in changes), reverse=True
    )


def test_nothing_changed_between_a_wsdl_and_itself(vectors):
    raw = (vectors / "wsdl" / TWO).read_bytes()
    assert diff(read({"m": raw}, "m"), read({"m": raw}, "m")) == ()


def test_a_page_in_place_of_a_wsdl_is_breaking(vectors):
    raw = (vectors / "wsdl" / TWO).read_bytes()
    (change,) = diff(read({"m": raw}, "m"), read({"m": b"<html/>"}, "m"))
    assert change.breaking


def test_an_operation_that_no_longer_serves_every_name_is_breaking(vectors):
    one, two = (
        read({"m": (vectors / "wsdl" / name).read_bytes()}, "m")
        for name in ("DownloadFile.wsdl", TWO)
    )
    assert any(c.kind == "stored process" and c.breaking for c in diff(one, two, "Load It"))
    assert not any(c.kind == "stored process" for c in diff(one, two, "Download File"))
