"""Whatever bytes come, the checker ends soon, and answers with findings."""

import time

import pytest

from adapter.wsdl.checking import check
from adapter.wsdl.diff import diff
from adapter.wsdl.outline import outline_of
from adapter.wsdl.reading import read
from adapter.wsdl.sample import sample_of

MAIN = "m.wsdl"
CPU_S = 5.0
VALUE = b'<xs:element name="Value" type="xs:anyType"/>'
IMPORTS = b"".join(
    b'<wsdl:import namespace="urn:%d" location="%d.wsdl"/>\n' % (i, i) for i in range(10_000)
)
OPERATIONS = (
    b'<wsdl:operation name="o%d"><wsdl:input message="tns:loadFileRequest"/></wsdl:operation>\n',
    b'<wsdl:operation name="o%d"><soap:operation soapAction="a"/><wsdl:input><soap:body use="literal"/></wsdl:input></wsdl:operation>\n',
)
PORT = b'<wsdl:port name="p%d" binding="tns:JobsBinding"><soap:address location="http://x/%d"/></wsdl:port>\n'
RESTRICTED = (
    b'<xs:element name="q" default="%s"><xs:simpleType><xs:restriction base="xs:string">'
    b'<xs:pattern value="%s"/></xs:restriction></xs:simpleType></xs:element>'
)
BODY = b'<soap:body use="literal"/>'
NAMELESS = b'<wsdl:binding name="b" type="tns:JobsPortType"><wsdl:operation name="loadFile"/></wsdl:binding>'
GROUP = b'<xs:group name="g%d"><xs:sequence><xs:group ref="tns:g%d"/><xs:group ref="tns:g%d"/><xs:group ref="tns:g%d"/></xs:sequence></xs:group>\n'


@pytest.fixture(scope="module")
def base(vectors):
    return (vectors / "wsdl/xml-malformed.good.wsdl").read_bytes()


def importing(base):
    return base.replace(b"  <wsdl:types>", IMPORTS + b"  <wsdl:types>")


def in_schema(base, content):
    return base.replace(b"</xs:schema>", content + b"</xs:schema>")


def sequence(count, element=b'<xs:element name="x%d" minOccurs="0" type="xs:string"/>\n'):
    content = b"".join(element % i for i in range(count))
    return (
        b'<xs:complexType name="big"><xs:sequence>' + content + b"</xs:sequence></xs:complexType>"
    )


def counted(template, count):
    return b"".join(template % i for i in range(count))


def before(base, place, content):
    return base.replace(place, content + place)


def many_parts(base, bodies):
    """A message of many parts, and a binding that speaks of it as often."""
    part = b'<wsdl:part name="parameters" element="tns:loadFile"/>'
    base = base.replace(part, counted(b'<wsdl:part name="p%d" element="tns:loadFile"/>', 20_000))
    return before(base.replace(BODY, b"", 1), b"</wsdl:input>\n      <wsdl:output>", bodies)


def patterned(pattern, value):
    def hostile(base):
        return in_schema(base, RESTRICTED % (value, pattern))

    return hostile


def many_operations(base):
    abstract, bound = (b"".join(each % i for i in range(4000)) for each in OPERATIONS)
    base = base.replace(b"  </wsdl:portType>", abstract + b"  </wsdl:portType>")
    return base.replace(b"  </wsdl:binding>", bound + b"  </wsdl:binding>")


HOSTILE = {
    "entity bomb": lambda _: b'<!DOCTYPE a [<!ENTITY a "aa">' + b'<!ENTITY b "&a;&a;">' * 9999 + b"]><a>&b;</a>",
    "10,000 imports": importing,
    "5,000 nested elements": lambda _: b"<a>" * 5000 + b"</a>" * 5000,
    "50 MB": lambda base: base.replace(b"<wsdl:types>", b"<!--" + b"x" * 50_000_000 + b"--><wsdl:types>"),
    "9 MB of text": lambda base: base.replace(b"<wsdl:types>", b"<!--" + b"x" * 9_000_000 + b"--><wsdl:types>"),
    "140,000 elements": lambda base: in_schema(base, b'<xs:element name="x" type="xs:string"/>\n' * 140_000),
    "2,900 elements": lambda base: in_schema(base, b"".join(b'<xs:element name="x%d"/>\n' % i for i in range(2900))),
    "a long sequence": lambda base: in_schema(base, sequence(700)),
    "an overlong sequence": lambda base: in_schema(base, sequence(5000)),
    "groups of groups": lambda base: in_schema(
        base.replace(VALUE, b'<xs:group ref="tns:g0"/>'),
        b"".join(GROUP % (i, i + 1, i + 1, i + 1) for i in range(40)) + b'<xs:group name="g40"><xs:sequence/></xs:group>',
    ),
    "a wide circle of types": lambda base: base.replace(
        VALUE, b"".join(b'<xs:element name="V%d" type="tns:source"/>' % i for i in range(50))
    ),
    "types that derive from one another": lambda base: in_schema(
        base,
        b'<xs:complexType name="a"><xs:complexContent><xs:extension base="tns:b"/></xs:complexContent></xs:complexType>'
        b'<xs:complexType name="b"><xs:complexContent><xs:extension base="tns:a"/></xs:complexContent></xs:complexType>'
        b'<xs:simpleType name="s"><xs:restriction base="tns:s"/></xs:simpleType>',
    ),
    "4,000 operations": many_operations,
    "10,000 ports": lambda base: base.replace(
        b"  </wsdl:service>", b"".join(PORT % (i, i) for i in range(10_000)) + b"  </wsdl:service>"
    ),
    "parts named one by one": lambda base: many_parts(base, counted(b'<soap:body use="literal" parts="p%d"/>', 20_000)),
    "bodies of many parts": lambda base: many_parts(base, BODY * 20_000),
    "28,000 messages": lambda base: before(
        base, b"  <wsdl:portType", counted(b'<wsdl:message name="m%d"><wsdl:part name="p" element="tns:loadFile"/></wsdl:message>', 28_000)
    ),
    "bindings beside operations without a name": lambda base: before(
        before(base, b"  </wsdl:portType>", b"<wsdl:operation/>" * 20_000), b"  <wsdl:service", NAMELESS * 18_000
    ),
    "55,000 headers": lambda base: base.replace(
        BODY, BODY + b'<soap:header message="tns:x" part="y z" use="encoded" namespace="q"/>' * 55_000, 1
    ),
    "prefixes beside prefixes": lambda base: before(
        base.replace(b"<wsdl:definitions ", b"<wsdl:definitions " + counted(b'xmlns:n%d="urn:x" ', 990), 1),
        b"<wsdl:types>", b'<wsdl:message name="x" xmlns:q="1"/>' * 20_000,
    ),
    "a pattern of alternatives": patterned(b"(a|a)*b", b"a" * 40),
    "a pattern of repeats": patterned(b"a*a*a*a*a*a*a*a*a*a*b", b"a" * 400),
    "a pattern of options": patterned(b"a?" * 40 + b"a" * 40, b"a" * 40),
    "a pattern of huge repeats": patterned(b"((a{1,3000}){1,3000}){1,3000}", b"a" * 20),
    "a huge name": lambda base: base.replace(b'name="Jobs"', b'name="' + b"x" * 3_000_000 + b'"'),
    "100,000 attributes": lambda _: b"<a " + b" ".join(b'a%d="x"' % i for i in range(100_000)) + b"/>",
    "nothing": lambda _: b"",
    "zeros": lambda _: b"\0" * 1000,
    "every byte": lambda _: bytes(range(256)) * 1000,
    "compressed": lambda _: b"\x1f\x8b\x08" + bytes(range(256)),
    "open tags": lambda _: b"<a " * 300_000,
    "open ends": lambda _: b"</a " * 300_000,
    "open quotes": lambda _: b'<a b="' * 300_000,
    "open comments": lambda _: b"<!--" * 300_000,
    "comments": lambda _: b"<!---->" * 300_000,
    "open instructions": lambda _: b"<?" * 300_000,
    "open CDATA": lambda _: b"<![CDATA[" * 300_000,
    "open entities": lambda _: b"<!DOCTYPE a [" + b"<!ENTITY " * 300_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_bytes_cost_little_time_and_no_traceback(base, kind):
    raw = HOSTILE[kind](base)
    start = time.process_time()
    findings = check({MAIN: raw}, MAIN)
    assert time.process_time() - start < CPU_S
    description = read({MAIN: raw}, MAIN)
    outline_of(description)
    sample_of(description)
    assert not [change for change in diff(description, description) if change.kind != "wsdl"]
    assert time.process_time() - start < 2 * CPU_S
    assert len(findings) < 1000
    assert all(each.line >= 1 and each.column >= 1 for each in findings)


def test_imports_that_all_lead_back_are_read_once(base):
    main = importing(base)
    start = time.process_time()
    findings = check({MAIN: main, **{f"{i}.wsdl": main for i in range(300)}}, MAIN)
    assert time.process_time() - start < CPU_S
    assert "limit-exceeded" in {each.rule.id for each in findings}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
def test_every_unicode_encoding_is_read(base, encoding):
    raw = base.decode().replace("UTF-8", encoding.removesuffix("-sig")).encode(encoding)
    description = read({MAIN: raw}, MAIN)
    assert [each.name for each in outline_of(description).operations] == ["loadFile"]


def test_a_wrong_encoding_is_read_with_its_letters(base):
    text = base.decode().replace(
        "<wsdl:types>", "<wsdl:documentation>Köln</wsdl:documentation><wsdl:types>"
    )
    description = read({MAIN: text.encode("cp1252")}, MAIN)
    assert outline_of(description).documentation == "Köln"


def test_the_metadata_address_of_a_cloud_host_is_only_named(base):
    address = "http://169.254.169.254/latest/meta-data/"
    link = f'<wsdl:import namespace="urn:x" location="{address}"/><wsdl:types>'
    raw = base.replace(b"<wsdl:types>", link.encode())
    (finding,) = check({MAIN: raw}, MAIN, unreachable={address: "another host, not asked"})
    assert finding.rule.id == "import-unreachable"
    assert finding.found == f"{address}: another host, not asked"


def test_lines_beyond_65535_are_told(base):
    raw = base.replace(b"  <wsdl:types>", b"\n" * 70_000 + b"  <wsdl:types>").replace(
        b"xs:int", b"xs:itn"
    )
    (finding,) = check({MAIN: raw}, MAIN)
    line = raw[: raw.index(b'"row_count"')].count(b"\n") + 1
    assert (finding.rule.id, finding.line, finding.column) == ("schema-invalid", line, 17)
