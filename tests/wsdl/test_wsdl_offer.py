"""What a WSDL offers is told in the words of SAS, and a sample of it is valid."""

import json

import pytest
import xmlschema
from lxml import etree

from adapter.emulator.catalogue import SERVICES
from adapter.emulator.switches import Spelling, Switches, ValueKind, WsdlImport
from adapter.emulator.wsdl import describe
from adapter.wsdl.checking import Use, check
from adapter.wsdl.finding import Level
from adapter.wsdl.outline import outline_of
from adapter.wsdl.reading import read
from adapter.wsdl.sample import sample_of

URL = "http://sas.example.test/SASBIWS/services/Jobs"
XS = "{http://www.w3.org/2001/XMLSchema}"


def description_of(folder, name):
    return read({name: (folder / "wsdl" / name).read_bytes()}, name)


def files_of(service, switches):
    described = describe(SERVICES[service], URL, switches)
    schemas = {f"{URL}?xsd={number}": raw for number, raw in enumerate(described.schemas, 1)}
    return {f"{URL}?wsdl": described.wsdl, **schemas}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ValueKind)
@pytest.mark.parametrize("spelling", Spelling)
@pytest.mark.parametrize("imported", [WsdlImport.NONE, WsdlImport.LOCAL])
def test_the_services_of_the_emulator_are_clean(service, kind, spelling, imported):
    switches = Switches(value_kind=kind, operation_spelling=spelling, wsdl_import=imported)
    files = files_of(service, switches)
    findings = check(files, f"{URL}?wsdl", use=Use(asked=URL))
    names = [each.name for each in SERVICES[service].stored_processes]
    expected = {"wrapper-name"} if spelling is Spelling.ASIS and " " in "".join(names) else set()
    told = {each.rule.id for each in findings if each.level is not Level.NOTE}
    assert told <= expected


def test_an_import_that_circles_is_a_warning_and_one_elsewhere_an_error():
    levels = {
        kind: {
            each.level
            for each in check(files_of("CI360Jobs", Switches(wsdl_import=kind)), f"{URL}?wsdl")
        }
        for kind in (WsdlImport.CYCLE, WsdlImport.EXTERNAL)
    }
    assert levels == {WsdlImport.CYCLE: {Level.WARNING}, WsdlImport.EXTERNAL: {Level.ERROR}}


def test_prompts_are_told_as_sas_names_them(vectors):
    outline = outline_of(description_of(vectors, "TwoOperations.wsdl"))
    load, count = outline.operations
    assert [(each.name, each.type, each.required) for each in count.parameters] == [
        ("segment_code", "xs:string", True),
        ("max_rows", "xs:int", False),
        ("min_score", "xs:double", False),
        ("as_of", "xs:dateTime", False),
        ("channels", "xs:string", False),
        ("age_range", "elements", False),
    ]
    assert count.parameters[3].prompt == "timestamp"
    assert count.parameters[4].prompt.endswith("several values")
    assert count.parameters[5].prompt == "range of numeric, whole numbers"
    assert [each.name for each in load.streams] == ["instream"]
    assert [each.name for each in load.output_streams] == ["outstream"]
    assert [each.name for each in count.output_parameters] == ["row_count", "run_status"]
    assert load.soap_action == "http://tempuri.org/CI360Jobs/downloadFile"
    assert json.loads(json.dumps(outline.to_json()))["services"] == ["CI360Jobs"]


def test_the_columns_of_a_typed_stream_are_told(vectors):
    (operation,) = outline_of(description_of(vectors, "DownloadFileTyped.wsdl")).operations
    columns = operation.streams[0].columns
    assert [(each.name, each.length) for each in columns][:3] == [
        ("occurrenceId", 36),
        ("taskId", 36),
        ("taskVersionId", 32),
    ]


WSDLS = [
    "DownloadFile.wsdl",
    "DownloadFileTyped.wsdl",
    "StoredProcessPath.wsdl",
    "TwoOperations.wsdl",
]


@pytest.mark.parametrize("name", WSDLS)
def test_a_sample_is_valid_by_the_schema_of_its_wsdl(vectors, name):
    description = description_of(vectors, name)
    root = etree.fromstring((vectors / "wsdl" / name).read_bytes())
    first, *others = (etree.tostring(each) for each in root.iter(f"{XS}schema"))
    schema = xmlschema.XMLSchema10(first, build=False)
    for other in others:
        schema.add_schema(other)
    schema.build()
    for operation in outline_of(description).operations:
        sample = sample_of(description, operation.name)
        (body,) = etree.fromstring(sample.envelope).find("{*}Body")
        assert not list(schema.iter_errors(body))
        assert [etree.QName(each).localname for each in body.iter("*")] == [
            each.tag for each in etree.fromstring(sample.plain).iter("*")
        ]


def test_a_sample_fills_the_table_of_the_adapters_schema(vectors):
    raw = (vectors.parents[1] / "schemas/DownloadFile.xsd").read_bytes()
    own = read({"own": raw}, "own")
    sample = sample_of(description_of(vectors, "DownloadFile.wsdl"), "Download File", own=own)
    table = etree.fromstring(sample.plain).find(".//Table")
    assert not list(xmlschema.XMLSchema11(raw.decode().partition("?>")[2]).iter_errors(table))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DownloadFile.wsdl", "/SASBIWS/rest/DownloadFile"),
        (
            "StoredProcessPath.wsdl",
            "/SASBIWS/rest/storedProcesses/Shared%20Data/CI360/Download%20File",
        ),
    ],
)
def test_the_rest_address_stands_beside_the_soap_address(vectors, name, address):
    sample = sample_of(description_of(vectors, name), "Download File")
    assert sample.rest_address == f"http://sas.example.test:80{address}"


def test_where_no_operation_serves_there_is_no_sample(vectors):
    assert sample_of(description_of(vectors, "TwoOperations.wsdl"), "Drop File") is None
    assert sample_of(read({}, "x")) is None


@pytest.mark.parametrize("name", ["", "a b", "1"])
def test_of_a_name_that_xml_cannot_hold_there_is_no_sample(vectors, name):
    raw = (vectors / "wsdl/DownloadFile.wsdl").read_bytes()
    raw = raw.replace(b'<xs:element name="streams">', f'<xs:element name="{name}">'.encode())
    assert sample_of(read({"x": raw}, "x")) is None
