"""Service descriptions: equal to the reconstructed ones, switchable, cached, and good for zeep."""

from dataclasses import replace

import pytest
import zeep
from lxml import etree
from zeep.wsse.username import UsernameToken

from adapter.emulator import Spelling, Switches, ValueKind, WsdlImport

XS = "{http://www.w3.org/2001/XMLSchema}"
STORED_PROCESSES = [
    "Download%20File",
    "Count_Segment",
    "Add%20Floats",
    "Echo",
    "Slow",
    "Fault",
    "Hello",
    "Read%20Sources",
]
SERVICES = ["DownloadFile", "DownloadFileTyped", "CI360Jobs", "AddFloats"]
EVERYWHERE = SERVICES + [f"A/{name}" for name in STORED_PROCESSES]


@pytest.mark.parametrize(
    ("path", "switches", "file"),
    [
        ("DownloadFile", Switches(), "DownloadFile.wsdl"),
        ("DownloadFile", Switches(value_kind=ValueKind.TYPED), "DownloadFileTyped.wsdl"),
        ("CI360Jobs", Switches(), "TwoOperations.wsdl"),
        ("Shared%20Data/CI360/Download%20File", Switches(), "StoredProcessPath.wsdl"),
    ],
)
def test_equal_to_the_wsdls_of_the_contract(caller, same_xml, vectors, path, switches, file):
    caller.emulator.switches = switches
    text = caller.wsdl(path).content.replace(
        caller.emulator.url.encode(), b"http://sas.example.test:80"
    )
    same_xml(text, (vectors / "wsdl" / file).read_bytes())


@pytest.fixture
def client(caller):
    """A zeep client of an address."""

    def build(path, query="?wsdl", **options):
        transport = zeep.Transport(session=caller.session, cache=None, timeout=5)
        url = f"{caller.emulator.url}/SASBIWS/services/{path}{query}"
        return zeep.Client(url, transport=transport, **options)

    return build


def operations(client):
    (service,) = client.wsdl.services.values()
    (port,) = service.ports.values()
    return sorted(port.binding._operations)


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize("kind", list(ValueKind))
@pytest.mark.parametrize("imported", [WsdlImport.NONE, WsdlImport.LOCAL, WsdlImport.CYCLE])
def test_zeep_loads_every_description(client, emulator, path, kind, imported):
    emulator.switches = Switches(value_kind=kind, wsdl_import=imported)
    assert operations(client(path))


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        (Spelling.CAMEL, ["count_Segment", "downloadFile"]),
        (Spelling.PASCAL, ["Count_Segment", "DownloadFile"]),
        (Spelling.ASIS, ["Count_Segment", "DownloadFile"]),
    ],
)
def test_spelling_of_operations(client, emulator, spelling, expected):
    emulator.switches = Switches(operation_spelling=spelling)
    assert operations(client("CI360Jobs")) == expected


def test_spelling_holds_for_requests_and_answers(caller, soap_body, rest_body, results):
    caller.emulator.switches = Switches(operation_spelling=Spelling.PASCAL)
    assert results(caller.soap("A/Echo", soap_body("Echo", {"a": "b"}))) == [{"A": "b"}]
    assert caller.soap("A/Echo", soap_body("echo", {"a": "b"})).status_code == 500
    rest = caller.rest("storedProcesses/Echo", rest_body({"a": "b"}))
    assert rest.text.startswith("<EchoResponse><EchoResult>")


def table():
    root = etree.fromstring(b"<Table>\n<InData>\n<a>x</a>\n<b>\xc3\xb6</b>\n</InData>\n</Table>")
    return etree.tostring(root), root


@pytest.mark.parametrize("imported", [WsdlImport.NONE, WsdlImport.LOCAL, WsdlImport.CYCLE])
def test_zeep_calls_with_an_element(client, emulator, imported):
    emulator.switches = Switches(wsdl_import=imported)
    _, root = table()
    answer = client("A/Echo").service.echo(streams={"instream": {"Value": {"_value_1": root}}})
    written = answer["_WEBOUT"]["Value"]["_value_1"][0]
    assert [each.text for each in written.iter("A", "B")] == ["x", "ö"]
    assert answer["_WEBOUT"]["contentType"] == "text/xml;charset=windows-1252"
    assert emulator.executions[0].columns == {"a": "x", "b": "ö"}


def test_zeep_calls_the_typed_service_with_a_dict(client, emulator, files):
    emulator.switches = Switches(lrecl=8000)
    row = {
        "occurrenceId": "o-1",
        "metadataFile": files.presigned("metadata.json"),
        "dataFile": files.presigned("data.csv"),
    }
    value = {"Table": {"InData": [row]}}
    client("DownloadFileTyped").service.downloadFile(streams={"instream": {"Value": value}})
    assert (emulator.folder / "datasets" / "o_1.csv").exists()


def test_zeep_calls_with_prompts(client):
    answer = client("CI360Jobs").service.count_Segment(
        parameters={
            "segment_code": "A",
            "max_rows": 7,
            "channels": ["a", "b"],
            "age_range": {"lowerBound": 1, "upperBound": 2},
        }
    )
    assert (answer["row_count"], answer["run_status"]) == (7, "done")
    add = client("AddFloats").service.addFloats
    assert add(parameters={"num1": 1, "num2": 0.5})["sum"] == 1.5
    assert client("A/Hello").service.hello()["_WEBOUT"]["Value"]["_value_1"]


def test_zeep_is_let_in_with_a_username_token(client, emulator):
    emulator.switches = Switches(users={"svc": "secret"})
    assert client("A/Hello", wsse=UsernameToken("svc", "secret")).service.hello()
    with pytest.raises(zeep.exceptions.Fault, match="refused"):
        client("A/Hello", wsse=UsernameToken("svc", "wrong")).service.hello()


def test_zeep_sees_the_fault(client):
    with pytest.raises(zeep.exceptions.Fault) as raised:
        client("CI360Jobs").service.count_Segment(parameters={"segment_code": ""})
    assert raised.value.code == "soapenv:Client"
    assert raised.value.detail[0].get("code") == "2000"


def test_target_follows_the_switch(client, emulator):
    emulator.switches = Switches(output_name="other")
    assert client("A/Hello").service.hello()["other"]["Value"]["_value_1"]


def test_typed_leaves_the_others_alone(caller, same_xml):
    before = caller.wsdl("A/Echo").content
    caller.emulator.switches = Switches(value_kind=ValueKind.TYPED)
    same_xml(caller.wsdl("A/Echo", "?wsdl&reload=true").content, before)


def test_description_changes_only_after_a_reload(caller):
    first = caller.wsdl("DownloadFile").content
    caller.emulator.switches = Switches(operation_spelling=Spelling.PASCAL)
    assert caller.wsdl("DownloadFile").content == first
    assert b'"DownloadFileRequest"' in caller.wsdl("CI360Jobs").content
    reloaded = caller.wsdl("DownloadFile", "?wsdl&reload=true").content
    assert b'"DownloadFileRequest"' in reloaded
    assert caller.wsdl("DownloadFile").content == reloaded


def test_description_changes_at_once_without_a_cache(caller):
    first = caller.wsdl("DownloadFile").content
    caller.emulator.switches = Switches(value_kind=ValueKind.MIXED, wsdl_cache=False)
    assert caller.wsdl("DownloadFile").content != first


def test_schema_elsewhere_cannot_be_had(client, emulator, caller):
    emulator.switches = Switches(wsdl_import=WsdlImport.EXTERNAL)
    assert b'schemaLocation="http://elsewhere.invalid/x.xsd"' in caller.wsdl("DownloadFile").content
    assert caller.wsdl("DownloadFile", "?xsd=1").status_code == 404


@pytest.mark.parametrize(
    ("switches", "schemas"),
    [
        (Switches(wsdl_import=WsdlImport.LOCAL), 1),
        (Switches(wsdl_import=WsdlImport.LOCAL, value_kind=ValueKind.TYPED), 1),
        (Switches(wsdl_import=WsdlImport.CYCLE), 2),
        (Switches(wsdl_import=WsdlImport.CYCLE, value_kind=ValueKind.TYPED), 2),
    ],
)
def test_imported_schemas_are_served(caller, switches, schemas):
    caller.emulator.switches = switches
    caller.wsdl("DownloadFile")
    for number in range(1, schemas + 1):
        root = etree.fromstring(caller.wsdl("DownloadFile", f"?xsd={number}").content)
        assert root.tag == f"{XS}schema"
    assert caller.wsdl("DownloadFile", f"?xsd={schemas + 1}").status_code == 404


def test_basic_for_descriptions_only_when_asked(caller):
    caller.emulator.switches = Switches(users={"svc": "secret"})
    assert caller.wsdl("DownloadFile").status_code == 200
    caller.emulator.switches = replace(caller.emulator.switches, wsdl_needs_basic=True)
    refused = caller.wsdl("DownloadFile")
    assert (refused.status_code, refused.content) == (401, b"")
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    assert caller.wsdl("DownloadFile", auth=("svc", "wrong")).status_code == 401
    assert caller.wsdl("DownloadFile", auth=("svc", "secret")).status_code == 200
