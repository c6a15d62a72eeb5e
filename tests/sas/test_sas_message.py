"""The SOAP message, whatever shape the WSDL gives it."""

import re
import subprocess
import sys

import pytest
from lxml import etree
from scripted import Contracts, pinned

from adapter.core import failures
from adapter.core.redact import Secret
from adapter.core.route import Credentials, TransportName
from adapter.sas.soap import SoapTransport
from adapter.sas.wsdl import PinnedFiles, operation_for

ADDRESS = "http://sas.example.test/SASBIWS/services/DownloadFile"
MAIN = ADDRESS + "?wsdl"
SAMPLE_USER = Credentials("svc_ci360", Secret("not-a-real-password"))
TABLE = re.compile(rb"<Table>.*</Table>", re.DOTALL)
ANY = '<xs:any namespace="##any" processContents="skip"/>'
ANY_VALUE = re.compile(
    r'<xs:element name="Value">\s*<xs:complexType>\s*<xs:sequence>\s*'
    + re.escape(ANY)
    + r"\s*</xs:sequence>\s*</xs:complexType>\s*</xs:element>"
)


def canonical(message):
    """A message without what must not matter: prefixes, and whitespace around elements."""
    return etree.canonicalize(
        message.decode(), rewrite_prefixes=True, strip_text=True, with_comments=False
    )


@pytest.fixture
def described(vectors):
    """A sample WSDL as text."""
    return lambda name="DownloadFile": (vectors / "wsdl" / f"{name}.wsdl").read_text("utf-8")


@pytest.fixture
def soap(session, clock, contracts):
    return SoapTransport(session, contracts, clock)


@pytest.fixture
def request_by(soap, contracts, call):
    """The request that a pinned WSDL makes of a call."""

    def make(text, name="Download File", more=None, **facts):
        files = {MAIN: text.encode()} | {at: each.encode() for at, each in (more or {}).items()}
        pinned(contracts, ADDRESS, files)
        return soap.request(call(ADDRESS, TransportName.SOAP, name=name, **facts))

    return make


def wrapper_of(request):
    """The element in the body."""
    body = etree.fromstring(request.body).find("{*}Body")
    assert len(body) == 1
    return body[0]


def unusable(request_by, text, **facts):
    with pytest.raises(failures.ContractUnusable) as caught:
        request_by(text, **facts)
    assert ADDRESS in str(caught.value)
    return str(caught.value)


class TestSamples:
    """Requests are the sample messages, the Table byte by byte."""

    @pytest.mark.parametrize(
        ("wsdl", "message", "credentials"),
        [
            ("DownloadFile", "DownloadFile", SAMPLE_USER),
            ("DownloadFile", "DownloadFile-anonymous", None),
            ("DownloadFileTyped", "DownloadFile", SAMPLE_USER),
            ("StoredProcessPath", "StoredProcessPath", SAMPLE_USER),
            ("TwoOperations", "CI360Jobs-downloadFile", SAMPLE_USER),
        ],
    )
    def test_request(self, request_by, described, vectors, wsdl, message, credentials):
        sample = (vectors / "messages" / f"soap-request-{message}.xml").read_bytes()
        request = request_by(described(wsdl), credentials=credentials)
        assert canonical(request.body) == canonical(sample)
        assert TABLE.search(request.body).group() == TABLE.search(sample).group()

    def test_headers(self, request_by, described):
        request = request_by(described("TwoOperations"))
        assert request.method == "POST"
        assert request.address == ADDRESS
        assert request.headers == {
            "Content-Type": "text/xml; charset=UTF-8",
            "Accept": "text/xml",
            "SOAPAction": '"http://tempuri.org/CI360Jobs/downloadFile"',
            "X-Request-ID": "d-1",
        }

    def test_one_element_per_line(self, request_by, described):
        request = request_by(described(), credentials=SAMPLE_USER)
        lines = request.body.decode().splitlines()
        assert lines[0] == "<?xml version='1.0' encoding='UTF-8'?>"
        assert all(re.fullmatch(r"</?[^<>]+>|<([^<> ]+)[^<>]*>[^<>]*</\1>", each) for each in lines)
        assert max(map(len, lines)) < 3000
        assert b"xmlns=" not in request.body

    def test_the_address_in_the_wsdl_is_not_called(self, request_by, described):
        assert "http://sas.example.test:80/" in described()
        assert request_by(described()).address == ADDRESS


class TestShapes:
    """The same Table goes into every kind of Value, under every spelling."""

    @pytest.mark.parametrize(
        "value",
        [
            '<xs:element name="Value" type="xs:anyType"/>',
            '<xs:element name="Value"/>',
            '<xs:element name="Value" minOccurs="0" type="xs:string"/>',
            (
                f'<xs:element name="Value"><xs:complexType mixed="true"><xs:sequence>{ANY}'
                "</xs:sequence></xs:complexType></xs:element>"
            ),
            '<xs:element name="Value"><xs:complexType mixed="true"/></xs:element>',
            (
                f'<xs:element name="value"><xs:complexType><xs:choice maxOccurs="9">{ANY}'
                "</xs:choice></xs:complexType></xs:element>"
            ),
            (
                '<xs:element name="Value"><xs:complexType><xs:sequence><xs:element form="unqualified" name="Table"/>'
                "</xs:sequence></xs:complexType></xs:element>"
            ),
        ],
    )
    def test_open_value(self, request_by, described, table, value):
        text = ANY_VALUE.sub(value, described(), count=1)
        assert value in text
        request = request_by(text)
        assert TABLE.search(request.body).group() == table
        source = wrapper_of(request)[0][0]
        assert [etree.QName(each).localname.lower() for each in source] == ["value"]
        assert source.get("contentType") == "text/xml"

    @pytest.mark.parametrize(
        ("form", "column"), [("qualified", "{http://tempuri.org/DownloadFile}"), ("", "")]
    )
    @pytest.mark.parametrize("included", [True, False])
    def test_table_in_the_target_namespace(self, request_by, described, form, column, included):
        schema = (
            '<xs:element name="Table"><xs:complexType><xs:sequence><xs:element ref="tns:InData" '
            'maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element><xs:element '
            'name="InData"><xs:complexType><xs:all><xs:element name="dataFile" minOccurs="0"/>'
            "</xs:all></xs:complexType></xs:element>"
        )
        attribute = f'elementFormDefault="{form or "unqualified"}"'
        chameleon = (
            f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" {attribute}>'
            f"{schema.replace('tns:', '')}</xs:schema>"
        )
        text = described().replace(ANY, '<xs:element ref="tns:Table"/>', 1)
        start = '<xs:element name="downloadFile">'
        if included:
            text = text.replace(start, f'<xs:include schemaLocation="t.xsd"/>{start}', 1)
        elif form:
            text = text.replace(start, schema + start, 1)
        else:
            local = schema.replace('name="dataFile"', 'name="dataFile" form="unqualified"')
            text = text.replace(start, local + start, 1)
        request = request_by(text, more={MAIN.replace("DownloadFile?wsdl", "t.xsd"): chameleon})
        table = wrapper_of(request)[0][0][0][0]
        assert table.tag == "{http://tempuri.org/DownloadFile}Table"
        assert table[0].tag == "{http://tempuri.org/DownloadFile}InData"
        assert {each.tag for each in table[0]} >= {f"{column}dataFile", f"{column}taskName"}
        assert b"xmlns=" not in request.body

    def test_a_table_that_holds_itself_ends(self, request_by, described):
        schema = (
            '<xs:element name="Table"><xs:complexType><xs:sequence><xs:element ref="tns:Table"/>'
            "</xs:sequence></xs:complexType></xs:element>"
        )
        start = '<xs:element name="downloadFile">'
        text = described().replace(ANY, '<xs:element ref="tns:Table"/>', 1)
        request = request_by(text.replace(start, schema + start, 1))
        assert b"<biw:Table>" in request.body

    def test_unqualified_wrappers(self, request_by, described, table):
        text = described().replace('elementFormDefault="qualified" ', "")
        request = request_by(text)
        assert [each.tag for each in wrapper_of(request).iter()][:4] == [
            "{http://tempuri.org/DownloadFile}downloadFile",
            "streams",
            "instream",
            "Value",
        ]
        assert TABLE.search(request.body).group() == table

    def test_content_type_is_sent_only_where_declared(self, request_by, described):
        attribute = '<xs:attribute name="contentType" type="xs:string"/>'
        request = request_by(described().replace(attribute, ""))
        assert b"contentType" not in request.body
        qualified = described().replace(
            'attributeFormDefault="unqualified"', 'attributeFormDefault="qualified"'
        )
        assert b' biw:contentType="text/xml"' in request_by(qualified).body

    @pytest.mark.parametrize("spelling", ["DownloadFile", "DOWNLOADFILE", "runIt", "größe"])
    def test_the_only_operation_may_have_any_name(self, request_by, described, spelling):
        text = described().replace("downloadFile", spelling)
        request = request_by(text)
        assert etree.QName(wrapper_of(request)).localname == spelling
        action = f'"http://tempuri.org/DownloadFile/{spelling}"'
        assert request.headers["SOAPAction"].encode("latin-1").decode("utf-8") == action

    @pytest.mark.parametrize(
        ("name", "spelling"),
        [
            ("Download File", "DOWNLOADFILE"),
            ("Download  File ", "downloadFile"),
            ("Download-File", "download_File"),
            ("Download: File", "downloadFile"),
        ],
    )
    def test_one_of_two_operations_by_name(self, request_by, described, name, spelling):
        text = described("TwoOperations").replace("downloadFile", spelling)
        assert etree.QName(wrapper_of(request_by(text, name=name))).localname == spelling

    @pytest.mark.parametrize("first", [True, False])
    @pytest.mark.parametrize(("occurs", "sent"), [("", True), (' minOccurs="0"', False)])
    def test_parameters(self, request_by, described, first, occurs, sent):
        streams = '<xs:element name="streams">'
        parameters = (
            f'<xs:element name="parameters"{occurs}><xs:complexType><xs:sequence><xs:element '
            'name="p" type="xs:int" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>'
        )
        text = described()
        if first:
            text = text.replace(streams, parameters + streams, 1)
        else:
            end = "</xs:element>\n          </xs:sequence>\n        </xs:complexType>\n"
            text = text.replace(end, end.replace("</xs:element>", "</xs:element>" + parameters), 1)
        wrapper = wrapper_of(request_by(text))
        expected = ["parameters", "streams"] if first else ["streams", "parameters"]
        assert [etree.QName(each).localname for each in wrapper] == (
            expected if sent else ["streams"]
        )
        assert b"<biw:parameters/>" in request_by(text).body or not sent

    @pytest.mark.parametrize("name", ["INSTREAM", "InStream", "other"])
    def test_data_source_of_another_name(self, request_by, described, name):
        request = request_by(described().replace('name="instream"', f'name="{name}"'))
        assert etree.QName(wrapper_of(request)[0][0]).localname == name

    def test_instream_among_others(self, request_by, described):
        source = '<xs:element name="instream">'
        text = described().replace(source, f'<xs:element name="other"/>{source}', 1)
        assert etree.QName(wrapper_of(request_by(text))[0][0]).localname == "instream"

    def test_streams_in_a_repeated_group(self, request_by, described):
        text = described()
        start = text.index('<xs:element name="downloadFile">')
        end = text.index('<xs:element name="downloadFileResponse">')
        sequence = re.search(r"<xs:sequence>.*</xs:sequence>", text[start:end], re.DOTALL).group()
        group = (
            f'<xs:group name="g">{sequence}</xs:group><xs:element name="downloadFile">'
            '<xs:complexType><xs:sequence><xs:group ref="tns:g" maxOccurs="2"/></xs:sequence>'
            "</xs:complexType></xs:element>"
        )
        assert request_by(text[:start] + group + text[end:]).body == request_by(text).body


class TestUnusable:
    """A WSDL that the document cannot be sent by is refused in a plain sentence."""

    def test_no_such_operation(self, request_by, described):
        told = unusable(request_by, described("TwoOperations"), name="Mail Merge")
        assert "no operation for Mail Merge; it offers downloadFile, count_Segment" in told

    def test_two_operations_of_one_name(self, request_by, described):
        text = described("TwoOperations").replace("count_Segment", "download_File")
        assert "no operation for D-F" in unusable(request_by, text, name="D-F")
        assert "it offers" in unusable(request_by, text, name="DOWNLOAD-FILE")
        assert request_by(text, name="DOWNLOAD FILE")

    def test_prompts_only(self, request_by, described):
        told = unusable(request_by, described("TwoOperations"), name="Count_Segment")
        assert "operation count_Segment" in told
        assert "has no <streams>" in told

    def test_several_data_sources_and_none_is_instream(self, request_by, described):
        source = '<xs:element name="instream">'
        text = described().replace(
            source, '<xs:element name="a"/>' + source.replace("instream", "b"), 1
        )
        assert "its data sources are: a, b" in unusable(request_by, text)

    def test_no_data_source(self, request_by, described):
        text = re.sub(
            r'<xs:element name="streams">.*?</xs:element>\s*</xs:sequence>\s*</xs:complexType>\s*'
            r"</xs:element>\s*</xs:sequence>\s*</xs:complexType>\s*</xs:element>\s*"
            r'<xs:element name="downloadFileResponse">',
            '<xs:element name="streams"/></xs:sequence></xs:complexType></xs:element>'
            '<xs:element name="downloadFileResponse">',
            described(),
            count=1,
            flags=re.DOTALL,
        )
        assert "its data sources are: none" in unusable(request_by, text)

    def test_data_source_without_value(self, request_by, described):
        text = described().replace('<xs:element name="Value">', '<xs:element name="Worth">', 1)
        assert "data source instream of operation downloadFile" in unusable(request_by, text)

    @pytest.mark.parametrize(
        ("found", "instead"),
        [
            ('style="document"', 'style="rpc"'),
            ('use="literal"', 'use="encoded"'),
            ("/wsdl/soap/", "/wsdl/soap12/"),
        ],
    )
    def test_only_soap_1_1_document_literal(self, request_by, described, found, instead):
        told = unusable(request_by, described().replace(found, instead))
        assert "it offers none by SOAP 1.1 document/literal" in told

    def test_soap_1_2_beside_1_1_is_left_alone(self, request_by, described):
        both = (
            re.sub(
                r"(<wsdl:binding .*?</wsdl:binding>)",
                lambda found: (
                    found.group()
                    + found.group()
                    .replace("soap:", "soap12:")
                    .replace("SoapBinding", "Soap12Binding")
                    .replace("/downloadFile", "/wrong")
                ),
                described(),
                flags=re.DOTALL,
            )
            .replace(
                "xmlns:soap=", 'xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:soap='
            )
            .replace(
                "</wsdl:service>",
                '<wsdl:port name="P12" binding="tns:DownloadFileSoap12Binding"><soap12:address '
                'location="http://sas/x"/></wsdl:port></wsdl:service>',
            )
        )
        assert request_by(both).headers["SOAPAction"].endswith('/downloadFile"')

    @pytest.mark.parametrize(
        ("found", "instead"),
        [
            ('element="tns:downloadFile"', 'element="tns:nothing"'),
            ('message="tns:downloadFileRequest"', 'message="tns:nothing"'),
            ('type="tns:DownloadFilePortType"', 'type="tns:nothing"'),
            (
                '<xs:element name="streams">',
                '<xs:element ref="tns:no"/><xs:element name="streams">',
            ),
            ('<xs:element name="downloadFile">', '<xs:elephant/><xs:element name="downloadFile">'),
            ("</wsdl:definitions>", ""),
            ('<wsdl:part name="parameters" element="tns:downloadFile"/>', ""),
        ],
    )
    def test_what_zeep_stumbles_over(self, request_by, described, found, instead):
        unusable(request_by, described().replace(found, instead))

    def test_entities(self, request_by, described):
        text = described().replace(
            "<!--", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><!--', 1
        )
        unusable(request_by, text)


def test_nothing_but_pinned_files_is_ever_loaded(request_by, described, serve):
    server = serve(lambda *_: None)
    start = '<xs:element name="downloadFile">'
    text = described().replace(
        start, f'<xs:include schemaLocation="{server.url}/x.xsd"/>{start}', 1
    )
    told = unusable(request_by, text)
    assert f"needs {server.url}/x.xsd, which is not pinned with it" in told
    assert server.connections == 0


@pytest.mark.parametrize("namespace", ["http://www.w3.org/XML/1998/namespace"])
def test_not_even_what_zeep_knows_by_heart(request_by, described, namespace):
    start = '<xs:element name="downloadFile">'
    text = described().replace(start, f'<xs:import namespace="{namespace}"/>{start}', 1)
    assert "needs https://www.w3.org/2001/xml.xsd" in unusable(request_by, text)


def test_the_loader_has_no_other_way_out(contracts):
    files = PinnedFiles(pinned(contracts, ADDRESS, {MAIN: b"<x/>"}))
    assert files.load(MAIN + "#part") == b"<x/>"
    assert [name for name in dir(files) if not name.startswith("_")] == ["load"]


def test_the_password_is_in_the_message_only(request_by, described):
    table = (
        b"<Table>\n<InData>\n<f>https://s3/x?X-Amz-Signature=abc&amp;b=1</f>\n"
        b"<Password>a column</Password>\n</InData>\n</Table>"
    )
    user = Credentials("svc", Secret("s3cr<>&\u00e9t"))
    request = request_by(described(), credentials=user, table=table)
    password = etree.fromstring(request.body).find(".//{*}UsernameToken/{*}Password")
    assert password.text == "s3cr<>&\u00e9t"
    masked = request.masked_body()
    for shown in (masked, repr(request)):
        assert "s3cr" not in shown
        assert "X-Amz-Signature" not in shown
    assert "svc" in masked
    assert "https://s3/x?***" in masked
    assert "<Password>a column</Password>" in masked
    assert re.search(r"<wsse:Password Type=[^>]*>\*\*\*</wsse:Password>", masked)


def test_a_password_that_xml_cannot_carry(request_by, described):
    user = Credentials("svc", Secret("a\x01b"))
    with pytest.raises(failures.CredentialsRefused) as caught:
        request_by(described(), credentials=user)
    assert "a\x01b" not in str(caught.value)


def test_two_stored_processes_of_one_service(described):
    contract = pinned(Contracts(), ADDRESS, {MAIN: described("TwoOperations").encode()})
    assert operation_for(contract, "downloadfile").name == "downloadFile"


def test_an_empty_password_stays_empty(request_by, described):
    request = request_by(described(), credentials=Credentials("svc", Secret("")))
    assert not etree.fromstring(request.body).findtext(".//{*}UsernameToken/{*}Password")


def test_zeep_is_loaded_by_soap_calls_only():
    code = "import sys, adapter.sas.soap, adapter.sas.rest; sys.exit('zeep' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
