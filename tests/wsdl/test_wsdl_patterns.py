"""Schemas with patterns are compiled, unless one could take for ever."""

from pathlib import Path

import pytest

from adapter.wsdl.compiled import judged
from adapter.wsdl.reading import read

VECTORS = Path(__file__).parents[1] / "vectors/wsdl"
MAIN = "jobs.wsdl"
SLOW = '<xs:simpleType name="slow"><xs:restriction base="xs:string"><xs:pattern value="(a+)+b"/>{}</xs:restriction></xs:simpleType>'
LONG = "a" * 44


def unjudged(more):
    raw = (VECTORS / "schema-unjudged.good.wsdl").read_text(encoding="utf-8")
    raw = raw.replace("</xs:schema>", more + "</xs:schema>", 1)
    return judged(read({MAIN: raw.encode()}, MAIN)).unjudged


def restricted(pattern):
    return f'<xs:simpleType name="p"><xs:restriction base="xs:string"><xs:pattern value="{pattern}"/></xs:restriction></xs:simpleType>'


def test_serialization_schema_of_wcf_is_compiled():
    raw = (VECTORS / "styles/wcf-serialization.wsdl").read_bytes()
    assert b"2003/10/Serialization/" in raw
    assert judged(read({MAIN: raw}, MAIN)).unjudged == ""


@pytest.mark.parametrize(
    "more",
    [
        SLOW.format(""),
        SLOW.format('<xs:maxLength value="44"/>') + f'<xs:element name="e" type="xs:string" default="{LONG}"/>',
        SLOW.format("") + f'<xs:simpleType name="other"><xs:restriction base="xs:string"><xs:enumeration value="{LONG}"/></xs:restriction></xs:simpleType>',
        restricted("([0-9A-F]{2}:){5}[0-9A-F]{2}") + '<xs:element name="e" type="tns:p" default="00:00:00:00:00:00"/>',
        restricted("a?" * 40),
    ],
)  # fmt: skip
def test_pattern_that_no_long_value_is_held_against_is_compiled(more):
    assert unjudged(more) == ""


@pytest.mark.parametrize(
    "more",
    [
        f'<xs:element name="e" type="tns:slow" default="{LONG}"/>',
        f'<xs:attribute name="e" type="tns:slow" fixed="{LONG}"/>',
        f'<xs:simpleType name="f"><xs:restriction base="tns:slow"><xs:enumeration value="{LONG}"/></xs:restriction></xs:simpleType>',
        f'<xs:simpleType name="f"><xs:list itemType="tns:slow"/></xs:simpleType><xs:element name="e" type="tns:f" default="{LONG}"/>',
        f'<xs:simpleType name="f"><xs:union memberTypes="xs:int tns:slow"/></xs:simpleType><xs:element name="e" type="tns:f" default="{LONG}"/>',
        f'<xs:complexType name="f"><xs:simpleContent><xs:extension base="tns:slow"/></xs:simpleContent></xs:complexType><xs:element name="e" type="tns:f" default="{LONG}"/>',
        f'<xs:element name="h" type="tns:slow"/><xs:element name="e" substitutionGroup="tns:h" default="{LONG}"/>',
        f'<xs:attribute name="h" type="tns:slow"/><xs:attributeGroup name="g"><xs:attribute ref="tns:h" default="{LONG}"/></xs:attributeGroup>',
        f'<xs:element name="e" default="{LONG}">{SLOW.format("").replace(" name=", " id=")}</xs:element>',
        f'<xs:simpleType name="f"><xs:restriction>{SLOW.format("").replace(" name=", " id=")}<xs:enumeration value="{LONG}"/></xs:restriction></xs:simpleType>',
    ],
)  # fmt: skip
def test_pattern_that_a_long_value_is_held_against_is_not_compiled(more):
    assert "a pattern that could take forever" in unjudged(SLOW.format("") + more)


def test_type_that_poses_as_one_of_xml_schema_is_not_compiled():
    more = f'<xs:element name="e" type="xs:slow" default="{LONG}"/>'
    posing = f'<xs:schema targetNamespace="http://www.w3.org/2001/XMLSchema">{SLOW.format("")}{more}</xs:schema>'
    raw = (VECTORS / "schema-unjudged.good.wsdl").read_text(encoding="utf-8")
    raw = raw.replace("</wsdl:types>", posing + "</wsdl:types>")
    assert judged(read({MAIN: raw.encode()}, MAIN)).unjudged


@pytest.mark.parametrize(
    "pattern", ["((((a?){300}){300}){300}){300}", "(a?){300000000}", "(a){" + "9" * 5000 + "}"]
)
def test_pattern_that_takes_long_on_an_empty_value_is_not_compiled(pattern):
    assert "a pattern that could take forever" in unjudged(restricted(pattern))
