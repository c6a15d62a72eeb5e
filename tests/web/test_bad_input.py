"""Bad input over real sockets: refused with the value and what would be right, and nothing breaks."""

import json
import time
from urllib.parse import quote

import pytest
from callers import LINK, SIGNATURE, get, kept, post, refused, shows_nothing, task

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
[Echo]
[EchoSoap]
stpurl = {sas}/SASBIWS/services/Shared Data/CI360Jobs/Echo
[Download File]
schema = DownloadFile.xsd
"""

MIB = 1024 * 1024
ECHO = task("Echo", a=1)


@pytest.fixture(autouse=True)
def still_works(shared):
    """After whatever a test posts, the next good task is delivered."""
    yield
    assert post(shared, ECHO, wait=30).status == 200


def refused_unkept(site, body, status, code, *told):
    before = kept(site)
    error = refused(site, post(site, body, "/Echo"), status, code, *told)
    assert "deliveryId" not in error
    assert kept(site) == before
    assert not site.emulator.requests


def rejected(site, reply, status, code, *told):
    """The error, once the payload is kept as rejected and tells the same of itself later."""
    error = refused(site, reply, status, code, *told)
    later = get(site, f"/deliveries/{error['deliveryId']}")
    assert later.status == 200
    assert (later.body["status"], later.body["attempts"]) == ("rejected", 0)
    assert later.body["history"] == []
    for member in ("code", "message", "details", "remedy"):
        assert later.body["error"][member] == error[member]
    assert later.body["error"]["why"] == code.lower()
    shows_nothing(site, later.text)
    assert not site.emulator.requests
    return later.body


NOT_PAYLOADS = {
    "not JSON": (b"stpName=Echo", 400, "PAYLOAD_NOT_JSON", "line 1, column 1"),
    "XML": (b"<a/>", 400, "PAYLOAD_NOT_JSON", "line 1, column 1"),
    "cut off": (b'{"a": "b', 400, "PAYLOAD_NOT_JSON", "line 1, column 7"),
    "a comma too many": (b'{"a": 1,\n}', 400, "PAYLOAD_NOT_JSON", "line"),
    "two objects": (b"{}{}", 400, "PAYLOAD_NOT_JSON", "column 3"),
    "empty": (b"", 400, "PAYLOAD_NOT_JSON", "empty", "one JSON object"),
    "blank": (b" \r\n\t", 400, "PAYLOAD_NOT_JSON", "empty", "one JSON object"),
    "an array": (b'[{"a": 1}]', 400, "PAYLOAD_NOT_JSON", "an array", "one JSON object"),
    "a string": (b'"Echo"', 400, "PAYLOAD_NOT_JSON", "a string", "one JSON object"),
    "a number": (b"1", 400, "PAYLOAD_NOT_JSON", "a number", "one JSON object"),
    "null": (b"null", 400, "PAYLOAD_NOT_JSON", "null", "one JSON object"),
    "NaN": (b'{"a": NaN}', 400, "PAYLOAD_NOT_JSON", "NaN"),
    "Infinity": (b'{"a": [-Infinity]}', 400, "PAYLOAD_NOT_JSON", "-Infinity"),
    "a key twice": (b'{"a": 1, "a": 1}', 400, "PAYLOAD_NOT_JSON", "'a'", "twice"),
    "Latin-1": ('{"a": "ö"}'.encode("latin-1"), 400, "PAYLOAD_NOT_JSON", "byte 7", "UTF-8", "0xf6"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), 400, "PAYLOAD_NOT_JSON", "byte 0", "UTF-8", "0xff"),
    "a raw NUL": (b'{"a": "\0"}', 400, "PAYLOAD_NOT_JSON", "line 1, column 8"),
    "2 MiB": (b'{"a": "' + b"x" * 2 * MIB + b'"}', 413, "PAYLOAD_TOO_LARGE", f"{MIB} bytes"),
    "depth 200": (b'{"a":' * 200 + b"1" + b"}" * 200, 400, "PAYLOAD_TOO_DEEP", "200 levels", "64"),
    "depth 200 in arrays": (
        b'{"a":' + b"[" * 199 + b"]" * 199 + b"}", 400, "PAYLOAD_TOO_DEEP", "200 levels", "64",
    ),
    "depth without end": (b"[" * MIB, 400, "PAYLOAD_TOO_DEEP", f"{MIB} levels", "64"),
    "70000 keys": (
        json.dumps({str(n): 0 for n in range(70000)}).encode(),
        400, "PAYLOAD_TOO_MANY_KEYS", "70000 keys", "65536",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_PAYLOADS)
def test_what_is_no_payload_is_refused_and_not_kept(shared, name):
    refused_unkept(shared, *NOT_PAYLOADS[name])


COSTLY = {
    "a string without end": b'{"a": "' + b'\\"' * (MIB // 2 - 8),
    "a key twice among thousands": (
        "{" + ",".join(f'"{n}":1' for n in range(90_000)) + ',"x":1,"x":1}'
    ).encode(),
    "a signature without end": task("X-Amz-" * 170_000),
    "thousands of keys that come to one name": json.dumps(
        {f"{a}{b}{c}": n for n, (a, b, c) in enumerate(
            (a, b, c) for a in "!#$%&()*+,-./:;<" for b in "!#$%&()*+,-./:;<" for c in "!#$%&()*+,-./"
        )}
    ).encode(),
    "a thousand columns too many": task("Download File", **{f"k{n}": n for n in range(4000)}),
}  # fmt: skip


@pytest.mark.parametrize("name", COSTLY)
def test_a_hostile_megabyte_costs_no_more_than_a_moment(shared, name):
    started = time.monotonic()
    reply = post(shared, COSTLY[name], "" if b"stpName" in COSTLY[name] else "/Echo")
    assert time.monotonic() - started < 5
    assert reply.status in (400, 422)
    shows_nothing(shared, reply.text)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"sendParameters": {}}',
        b'{"sendParameters": null}',
        b'{"sendParameters": []}',
        b'{"sendParameters": "stpName"}',
        b'{"stpName": "Echo"}',
        b'{"sendParameters": {"stpname": "Echo"}}',
        task(""),
        task("   "),
        b'{"sendParameters": {"stpName": null}}',
        b'{"sendParameters": {"stpName": {"a": 1}}}',
        b'{"outboundProperties": {"properties": {"stpName": ""}}}',
    ],
)
@pytest.mark.parametrize("target", ["", "/"])
def test_a_missing_or_empty_name_is_kept_as_rejected(shared, body, target):
    reply = post(shared, body, target)
    later = rejected(
        shared, reply, 400, "STP_NAME_MISSING", "sendParameters.stpName", "/ExecuteSTP/"
    )
    assert later["storedProcess"].strip() == ""


NAMES = {
    "../../x": (400, "STP_NAME_INVALID", "../../x", "one path segment"),
    "..": (400, "STP_NAME_INVALID", "'..'", "one path segment"),
    "a/b": (400, "STP_NAME_INVALID", "a/b", "without slash"),
    "/etc": (400, "STP_NAME_INVALID", "/etc", "without slash"),
    "a/": (400, "STP_NAME_INVALID", "a/", "without slash"),
    "a\\b": (400, "STP_NAME_INVALID", "b", "without slash, backslash"),
    "a\nb": (400, "STP_NAME_INVALID", "\\nb", "control characters"),
    "Echo\n": (400, "STP_NAME_INVALID", "Echo", "control characters"),
    "\r\nX: y": (400, "STP_NAME_INVALID", "X: y", "control characters"),
    "a\0b": (400, "STP_NAME_INVALID", "\\x00b", "control characters"),
    "a\u2028b": (400, "STP_NAME_INVALID", "\\u2028b", "control characters"),
    "Größe & Co": (404, "STP_UNKNOWN", "[Größe & Co]", "[Download File], [Echo], [EchoSoap]"),
    "echo": (404, "STP_UNKNOWN", "[echo]", "[Echo]"),
    "DEFAULT": (404, "STP_UNKNOWN", "[DEFAULT]", "[Echo]"),
    "<b>&amp;": (404, "STP_UNKNOWN", "[<b>&amp;]", "[Echo]"),
    "{{stpName}}": (404, "STP_UNKNOWN", "[{{stpName}}]", "[Echo]"),
    "%2e%2e%2f": (404, "STP_UNKNOWN", "[%2e%2e%2f]", "[Echo]"),
    "Echo?wsdl#x;y": (404, "STP_UNKNOWN", "[Echo?wsdl#x;y]", "[Echo]"),
    "'; DROP TABLE deliveries--": (404, "STP_UNKNOWN", "DROP TABLE", "[Echo]"),
    "x" * 300: (400, "STP_NAME_INVALID", "300 characters", "at most 128"),
    "ß" * 129: (400, "STP_NAME_INVALID", "129 characters", "at most 128"),
    "x" * 128: (404, "STP_UNKNOWN", "[" + "x" * 80 + "…", "[Echo]"),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:30])
def test_a_bad_name_in_the_payload_is_kept_as_rejected(shared, name):
    assert rejected(shared, post(shared, task(name)), *NAMES[name])["storedProcess"] == _stored(
        name
    )


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:30])
def test_a_bad_name_in_the_address_is_kept_as_rejected(shared, name):
    reply = post(shared, b'{"a": 1}', "/" + quote(name, safe=""))
    assert rejected(shared, reply, *NAMES[name])["storedProcess"] == _stored(name)


def _stored(name):
    """The name as it is kept: cut, and without what no database takes."""
    return name[:128].replace("\0", "\\x00")


def test_a_name_with_a_lone_surrogate_is_kept_as_rejected(shared):
    body = b'{"sendParameters": {"stpName": "a\\ud800b"}}'
    later = rejected(shared, post(shared, body), 400, "STP_NAME_INVALID", "ud800b")
    assert later["storedProcess"] == "a\\ud800b"


def test_a_signed_link_as_a_name_is_told_without_its_signature(shared):
    reply = post(shared, task(f"x?X-Amz-Signature={SIGNATURE}"))
    later = rejected(shared, reply, 404, "STP_UNKNOWN", "X-Amz-Signature=***")
    assert later["status"] == "rejected"


def test_a_name_beyond_ascii_is_one_encoded_segment_of_the_address(open_site):
    site = open_site("[Größe & Co]\nstpurl = {sas}/SASBIWS/rest/storedProcesses/A/{{stpName}}\n")
    for reply in (
        post(site, task("Größe & Co"), wait=20),
        post(site, b'{"a": 1}', "/Gr%C3%B6%C3%9Fe%20%26%20Co", wait=20),
    ):
        refused(site, reply, 502, "SAS_REQUEST_REFUSED", "HTTP 404")
    called = "/SASBIWS/rest/storedProcesses/A/Gr%C3%B6%C3%9Fe%20%26%20Co"
    assert [request.path for request in site.emulator.requests] == [called] * 2


KEYS = {
    "a b": "a_b",
    "a><b": "a__b",
    "1st": "_1st",
    "xml": "_xml",
    "XMLthing": "_XMLthing",
    "": "_",
    "Größe": "Gr__e",
    "a:b": "a_b",
    "x" * 32: "x" * 32,
    "x" * 40: "x" * 25 + "_bd913f",
}


@pytest.mark.parametrize("stored_process", ["Echo", "EchoSoap"])
@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_sas_cannot_hold_becomes_a_name_that_it_can(shared, stored_process, key):
    assert post(shared, task(stored_process, **{key: "value"}), wait=20).status == 200
    columns = shared.emulator.executions[0].columns
    assert columns.pop("stpName") == stored_process
    assert columns == {KEYS[key]: "value"}


@pytest.mark.parametrize("stored_process", ["Echo", "EchoSoap"])
def test_two_keys_that_differ_in_case_only_become_two_columns(shared, stored_process):
    assert post(shared, task(stored_process, Name="x", name="y", NAME="x"), wait=20).status == 200
    columns = shared.emulator.executions[0].columns
    assert columns == {"stpName": stored_process, "Name": "x", "name_2": "y"}


@pytest.mark.parametrize("key", ["a\0b", "a\x1fb", "a\ufffeb", "a\ud800b"])
def test_a_key_with_a_character_that_xml_forbids_is_a_problem(shared, key):
    reply = post(shared, task("Echo", **{key: 1, "good": 1}))
    rejected(shared, reply, 422, "DOCUMENT_INVALID", "XML forbids", "letters, digits", "[Echo]")


VALUES = {
    "NUL": ("a\0b", "ab"),
    "control characters": ("\x01a\x0b\x1fb\ufffe", "ab"),
    "a lone surrogate": ("a\ud800b\udfff", "ab"),
    "end of CDATA": ("a]]>b", "a]]>b"),
    "ampersand": ("a & b &amp; &#0; &c;", "a & b &amp; &#0; &c;"),
    "markup": ("</Table><Table/>", "</Table><Table/>"),
    "a DTD": ('<!DOCTYPE a [<!ENTITY b "c">]>', '<!DOCTYPE a [<!ENTITY b "c">]>'),
    "quotes": ("\"'`", "\"'`"),
    "emoji": ("👩‍🚀 10 €", "👩‍🚀 10 €"),
    "beyond Latin": ("Ω 漢字 שלום", "Ω 漢字 שלום"),
    "line ends": ("a\r\nb\rc\n", "a\nb\nc\n"),
    "blanks": ("  a  ", "  a  "),
    "SAS macro": ("%put &sysuserid;", "%put &sysuserid;"),
    "empty": ("", ""),
}


@pytest.mark.parametrize("stored_process", ["Echo", "EchoSoap"])
@pytest.mark.parametrize("name", VALUES)
def test_a_hostile_value_arrives_as_data(shared, stored_process, name):
    value, arrived = VALUES[name]
    assert post(shared, task(stored_process, value=value, last="z"), wait=20).status == 200
    columns = shared.emulator.executions[0].columns
    assert columns == {"stpName": stored_process, "value": arrived, "last": "z"}


def test_a_presigned_link_of_4000_characters_is_a_line_too_long(shared):
    link = LINK + "x" * (4000 - len(LINK))
    good = {"occurrenceId": "1", "metadataFile": LINK}
    reply = post(shared, task("Download File", dataFile=link, **good))
    element = f"<dataFile>{link}</dataFile>".replace("&", "&amp;")
    rejected(
        shared, reply, 422, "DOCUMENT_INVALID",
        "/Table/InData/dataFile", "would be cut", "at most 3000 bytes", f"{len(element)} bytes",
    )  # fmt: skip
    assert reply.error["details"][0]["line"] == 4


def test_a_payload_without_any_value_is_rejected(shared):
    rejected(
        shared, post(shared, b"{}", "/Echo"), 422, "DOCUMENT_INVALID", "no column", "at least one"
    )
