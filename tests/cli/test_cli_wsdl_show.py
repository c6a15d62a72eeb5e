"""`sasbiws wsdl show`, `sample` and `diff`: what a WSDL offers, takes, and how it changed."""

import json
import re
from pathlib import Path

import pytest
import requests

from adapter.core import xml
from adapter.emulator import Switches

VECTORS = Path(__file__).parents[1] / "vectors/wsdl"
ANY, TYPED = VECTORS / "DownloadFile.wsdl", VECTORS / "DownloadFileTyped.wsdl"
PATH = VECTORS / "StoredProcessPath.wsdl"


# show


def test_show_tells_services_operations_streams_and_a_sample(run):
    told = run("wsdl", "show", TYPED)
    assert (told.exit_code, told.err) == (0, "")
    for text in (
        "services   DownloadFile\n",
        "operation downloadFile (SOAP 1.1)\n",
        "  soapAction http://tempuri.org/DownloadFile/downloadFile\n",
        "    instream  required, Value holds elements, 12 columns\n",
        "      occurrenceId  required, xs:string, at most 36 characters\n",
        "    outstream  optional, Value holds any element\n",
        "\nSample request\nPOST http://sas.example.test:80/SASBIWS/services/DownloadFile\n",
    ):
        assert text in told.out


def test_show_tells_prompts_by_the_types_of_sas(run, emulator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = run("wsdl", "show", f"{emulator.url}/SASBIWS/services/CI360Jobs")
    assert told.exit_code == 0
    assert "    segment_code  required, xs:string  (prompt: text, date," in told.out
    assert "    max_rows  optional, xs:int  (prompt: numeric, whole numbers)\n" in told.out
    assert "    as_of  optional, xs:dateTime  (prompt: timestamp)\n" in told.out
    assert re.search(r"age_range  optional, elements  \(prompt: range of numeric", told.out)
    assert "      lowerBound  " in told.out


def test_show_as_json_has_the_outline_and_the_sample(run):
    told = json.loads(run("wsdl", "show", TYPED, "--json").out)
    assert told["services"] == ["DownloadFile"]
    (operation,) = told["operations"]
    assert next(each["name"] for each in operation["streams"][0]["columns"]) == "occurrenceId"
    assert operation["soapAction"] == told["sample"]["soapAction"]
    assert told["sample"]["envelope"].startswith("<soapenv:Envelope")
    assert (told["origin"], told["unreachable"]) == ("file", {})


def test_show_as_xml_is_the_wsdl_byte_for_byte(run_process):
    ended = run_process("wsdl", "show", ANY, "--xml")
    assert ended.out.encode() == ANY.read_bytes()


def test_show_takes_a_pin_a_stored_process_and_asks_sas_where_it_shall(run, home, emulator):
    first = json.loads(run("wsdl", "show", "DownloadFile", "--home", home, "--json").out)
    assert first["origin"] == "published"
    assert run("wsdl", "fetch", "DownloadFile", "--home", home).exit_code == 0
    second = json.loads(run("wsdl", "show", "DownloadFile", "--home", home, "--json").out)
    assert second["origin"].startswith("pinned, fetched at ")
    seen = len(emulator.requests)
    url = f"{emulator.url}/SASBIWS/services/DownloadFile?wsdl"
    pinned = json.loads(run("wsdl", "show", url, "--home", home, "--json").out)
    assert pinned["origin"] == second["origin"]
    assert len(emulator.requests) == seen
    third = json.loads(run("wsdl", "show", url, "--home", home, "--published", "--json").out)
    assert third["origin"] == "published"
    assert len(emulator.requests) == seen + 1
    folder = next((home / "wsdl_cache").glob("*/contract.toml")).parent
    for place in (folder, folder / "service.wsdl"):
        assert run("wsdl", "show", place).exit_code == 0


def test_show_of_what_is_no_wsdl_ends_with_1_and_of_what_is_away_with_3(
    run, emulator, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.wsdl").write_bytes(b"<a/>")
    ended = run("wsdl", "show", "x.wsdl")
    assert (ended.exit_code, ended.out) == (1, "")
    assert "x.wsdl cannot be read as a WSDL; sasbiws wsdl check tells why" in ended.err
    assert "Remedy: Save the WSDL from the address of the web service" in ended.err
    assert "stpurl" not in ended.err
    error = json.loads(run("wsdl", "show", "x.wsdl", "--json").out)["error"]
    assert error["code"] == "SAS_CONTRACT_UNUSABLE"
    url = f"{emulator.url}/nothing?wsdl"
    for command in (("show", url), ("sample", url), ("diff", ANY, url)):
        assert run("wsdl", *command).exit_code == 3
    assert json.loads(run("wsdl", "show", url, "--json").out)["error"]["remedy"]


@pytest.mark.parametrize(
    "arguments",
    [("show",), ("show", ANY, "--xml", "--json"), ("show", VECTORS), ("sample", "file:///x"),
     ("sample", ANY, "--transport", "ftp"), ("diff", ANY), ("diff", ANY, "no/such")],
)  # fmt: skip
def test_wrong_usage(run, arguments):
    assert run("wsdl", *arguments).exit_code == 2


@pytest.mark.parametrize("command", ["show", "check", "sample", "fetch", "export"])
def test_a_stored_process_called_by_rest_has_no_wsdl_and_is_told_where_one_is(
    run, home, emulator, command, tmp_path
):
    more = (tmp_path / "to",) if command == "export" else ()
    ended = run("wsdl", command, "Download File", *more, "--home", home)
    assert ended.exit_code == 2
    assert "[Download File] is called by REST" in ended.err
    assert f"{emulator.url}/SASBIWS/services/Shared%20Data/CI360Jobs/Download%20File?wsdl" in (
        ended.err
    )
    assert "Remedy: Name the URL of its WSDL" in ended.err
    assert emulator.requests == ()


# sample


def test_a_sample_is_a_request_that_sas_takes(run, home, emulator):
    told = json.loads(run("wsdl", "sample", "EchoService", "--home", home, "--json").out)
    assert set(told) == {"operation", "soap", "rest"}
    for transport in ("soap", "rest"):
        request = told[transport]
        body = request["body"].encode()
        assert xml.parse(body) is not None
        response = requests.post(
            request["address"], data=body, headers=request["headers"], timeout=30
        )
        assert response.status_code == 200, response.text
        assert emulator.executions[-1].transport == transport


def test_a_sample_fits_the_schema_of_its_stored_process(run, home):
    told = run("wsdl", "sample", "DownloadFile", "--home", home, "--transport", "soap")
    assert told.exit_code == 0
    assert told.out.startswith("POST http://127.0.0.1")
    assert told.out.count("POST ") == 1
    for column in ("occurrenceId", "metadataFile", "dataFile"):
        assert f"<{column}>" in told.out
    both = run("wsdl", "sample", "DownloadFile", "--home", home).out
    assert both.startswith(told.out.rstrip("\n"))
    assert "/SASBIWS/rest/DownloadFile\nContent-Type: application/xml\n" in both


def test_a_sample_for_one_called_by_rest_has_the_soap_address_of_the_wsdl(
    run, home, configure, emulator
):
    configure("[DEFAULT]\nstpurl = {sas}/SASBIWS/rest/storedProcesses/Jobs/{{stpName}}\n[Echo]\n")
    url = f"{emulator.url}/SASBIWS/services/Echo"
    told = run("wsdl", "sample", url, "--stp", "Echo", "--home", home, "--json")
    made = json.loads(told.out)
    assert made["soap"]["address"].endswith("/SASBIWS/services/Echo")
    assert made["rest"]["address"].endswith("/SASBIWS/rest/storedProcesses/Jobs/Echo")


def test_without_an_operation_for_it_there_is_no_sample(run, home):
    ended = run("wsdl", "sample", VECTORS / "TwoOperations.wsdl", "--stp", "Echo", "--home", home)
    assert ended.exit_code == 1
    assert "[Echo]" in ended.err


# diff


def test_diff_tells_what_breaks_and_ends_with_1(run):
    ended = run("wsdl", "diff", ANY, PATH)
    assert ended.exit_code == 1
    lines = ended.out.splitlines()
    assert lines[:2] == [f"--- {ANY} (file)", f"+++ {PATH} (file)"]
    assert lines[2].startswith("breaking: ")
    assert re.fullmatch(r"\d+ breaking, \d+ harmless", lines[-1])
    told = json.loads(run("wsdl", "diff", ANY, PATH, "--json").out)
    assert told["breaking"] == sum(each["breaking"] for each in told["changes"]) > 0


def test_diff_of_the_same_is_no_change(run):
    ended = run("wsdl", "diff", ANY, ANY)
    assert (ended.exit_code, ended.out.splitlines()[-1]) == (0, "no change")


def test_diff_of_words_for_people_is_harmless(run, tmp_path):
    text = ANY.read_text(encoding="utf-8")
    about = "<wsdl:documentation>new</wsdl:documentation><wsdl:types>"
    (tmp_path / "x.wsdl").write_text(text.replace("<wsdl:types>", about, 1), "utf-8")
    ended = run("wsdl", "diff", ANY, tmp_path / "x.wsdl")
    assert ended.exit_code == 0
    assert "0 breaking, 1 harmless" in ended.out


def test_diff_holds_the_pinned_one_against_what_is_published_now(run, home, emulator):
    run("wsdl", "fetch", "DownloadFile", "--home", home)
    url = f"{emulator.url}/SASBIWS/services/DownloadFile?wsdl"
    assert run("wsdl", "diff", "DownloadFile", url, "--home", home).exit_code == 0
    emulator.switches = Switches(operation_spelling="pascal")
    ended = run("wsdl", "diff", "DownloadFile", url, "--home", home)
    assert ended.exit_code == 1
    assert "renamed" in ended.out
