"""What each stored process does."""

import csv
import json
import threading

import pyreadstat
import pytest

from adapter.emulator import EXAMPLES, FileServer
from adapter.emulator.stored_processes.data_set import safe_name

DOWNLOAD = "storedProcesses/CI360/Download%20File"


@pytest.fixture
def links(files):
    return {
        "occurrenceId": "o-1",
        "metadataFile": files.presigned("metadata.json"),
        "dataFile": files.presigned("data.csv"),
        "taskCode": "TSK 101",
    }


def test_download_file_writes_a_data_set(caller, rest_body, results, links, emulator):
    answer = caller.rest(DOWNLOAD, rest_body(links), headers={"X-Request-ID": "d-1"})
    assert results(answer) == [
        {"OCCURRENCEID": "o-1", "ROWS": "8", "STATUS": "done", "DATASET": "TSK_101.csv"}
    ]
    with (emulator.folder / "datasets" / "TSK_101.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    assert rows[1]["email"] == "Ömer, B. <o@example.test>"
    execution = emulator.executions[0]
    assert (execution.stored_process, execution.transport) == ("Download File", "rest")
    assert execution.delivery_id == "d-1"
    assert execution.columns == links
    assert execution.parameters == {}
    assert execution.started_at <= execution.finished_at


def test_download_file_writes_a_transport_file(caller, rest_body, results, links, emulator):
    assert results(caller.rest(DOWNLOAD, rest_body(links)))
    columns, about = pyreadstat.read_xport(
        emulator.folder / "datasets" / "TSK_101.xpt", output_format="dict"
    )
    assert about.table_name == "TSK_101"
    assert about.column_names_to_labels["IDENTITY"] == "identity_id"
    assert columns["EMAIL"][3] == "Müller, C. <c.mueller@example.test>"
    assert columns["SCORE"] == [0.71, 12.0, 3.5, -0.25, None, 1000.0, 0.0, 99.999]


def test_download_file_without_a_task_code_is_named_by_its_occurrence(
    caller, rest_body, results, links
):
    links["occurrenceId"] = "5b0f4a52-6a0e-4b9c-8d55-1a2b3c4d5e6f"
    del links["taskCode"]
    (row,) = results(caller.rest(DOWNLOAD, rest_body(links)))
    assert row["DATASET"] == "_5b0f4a52_6a0e_4b9c_8d55_1a2b3c4.csv"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("TSK_101", "TSK_101"), ("../x", "___x"), ("1st", "_1st"), ("", "_"), ("ü" * 40, "_" * 32)],
)
def test_names_that_sas_can_hold(name, expected):
    assert safe_name(name) == expected


@pytest.mark.parametrize("column", ["occurrenceId", "metadataFile", "dataFile"])
def test_download_file_names_the_missing_column(caller, rest_body, fault_of, links, column):
    for row in ({**links, column: ""}, {n: t for n, t in links.items() if n != column}):
        fault = fault_of(caller.rest(DOWNLOAD, rest_body(row)))
        assert fault["code"] == "3000"
        assert fault["messages"][1] == f"SYSMSG: The column {column} is missing in InData."


def test_download_file_finds_columns_in_any_case(caller, rest_body, results, links):
    assert results(caller.rest(DOWNLOAD, rest_body({n.upper(): t for n, t in links.items()})))


def test_download_file_needs_a_row_and_a_data_source(caller, fault_of, rest_body):
    empty = b"<a><streams><instream><Value><Table/></Value></instream></streams></a>"
    assert "no row" in fault_of(caller.rest(DOWNLOAD, empty))["messages"][1]
    assert fault_of(caller.rest(DOWNLOAD, rest_body()))["code"] == "2000"


def test_download_file_says_when_a_link_is_refused(caller, fault_of, rest_body, links, files):
    files.deny = True
    fault = fault_of(caller.rest(DOWNLOAD, rest_body(links)))
    assert fault["messages"][1] == "SYSMSG: Expected 200, but received 403 Forbidden."
    assert fault["syscc"] == "1012"


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("file:///etc/passwd", "Only http and https addresses can be fetched."),
        ("no link", "Only http and https addresses can be fetched."),
        ("http://127.0.0.1:1/x?X-Amz-Signature=secret", "metadataFile could not be fetched: "),
        ("http://[x/?X-Amz-Signature=secret", "metadataFile could not be fetched: ValueError."),
        ("http://127.0.0.1:p/?X-Amz-Signature=secret", "could not be fetched: InvalidURL."),
    ],
)
def test_download_file_says_when_a_link_leads_nowhere(
    caller, fault_of, rest_body, links, link, message
):
    fault = fault_of(caller.rest(DOWNLOAD, rest_body({**links, "metadataFile": link})))
    assert fault["code"] == "3000"
    assert message in fault["messages"][1]
    assert "secret" not in fault["messages"][1]


METADATA = json.dumps(
    [{"columnName": "a", "dataType": "CHARACTER"}, {"columnName": "b", "dataType": "x"}]
)


@pytest.mark.parametrize(
    ("metadata", "data", "message"),
    [
        (METADATA, "1,2\n3\n", "Record 2 of dataFile has 1 columns; metadataFile lists 2."),
        ("{", "1,2\n", "metadataFile is not a JSON list of columnName and dataType."),
        ("[1]", "1,2\n", "metadataFile is not a JSON list of columnName and dataType."),
        ("a,b", "1,2\n", "metadataFile is not a JSON list of columnName and dataType."),
        (METADATA, "x" * 200_000, "dataFile is not CSV"),
    ],
)
def test_download_file_checks_the_files(
    caller, fault_of, rest_body, links, tmp_path, metadata, data, message
):
    (tmp_path / "metadata.json").write_text(metadata)
    (tmp_path / "data.csv").write_text(data)
    with FileServer(tmp_path) as files:
        row = links | {
            "metadataFile": files.presigned("metadata.json"),
            "dataFile": files.presigned("data.csv"),
        }
        fault = fault_of(caller.rest(DOWNLOAD, rest_body(row)))
    assert fault["code"] == "3000"
    assert message in fault["messages"][1]
    assert not (caller.emulator.folder / "datasets").exists()


def test_download_file_takes_no_binary_file(caller, fault_of, rest_body, links, tmp_path):
    (tmp_path / "metadata.json").write_bytes(b"\xff\xfe")
    with FileServer(tmp_path) as files:
        row = links | {"metadataFile": files.presigned("metadata.json")}
        fault = fault_of(caller.rest(DOWNLOAD, rest_body(row)))
    assert "could not be fetched: UnicodeDecodeError" in fault["messages"][1]


def test_download_file_says_when_nothing_can_be_written(caller, fault_of, rest_body, links):
    (caller.emulator.folder / "datasets").write_text("in the way")
    fault = fault_of(caller.rest(DOWNLOAD, rest_body(links)))
    assert fault["messages"][1].startswith("SYSMSG: The data set TSK_101 could not be written: ")


def test_runs_of_one_name_do_not_mix(caller, emulator, rest_body, links):
    runs = [
        threading.Thread(target=caller.rest, args=(DOWNLOAD, rest_body(links))) for _ in range(8)
    ]
    for each in runs:
        each.start()
    emulator.wait_for(lambda e: len(e.executions) == 8)
    for each in runs:
        each.join(5)
    written = sorted(file.name for file in (emulator.folder / "datasets").iterdir())
    assert written == ["TSK_101.csv", "TSK_101.xpt"]
    assert (
        (emulator.folder / "datasets/TSK_101.csv")
        .read_text(encoding="utf-8")
        .endswith((EXAMPLES / "data.csv").read_text(encoding="utf-8"))
    )


def test_count_segment_counts_up_to_max_rows(caller, rest_body):
    path = "storedProcesses/Count_Segment/outputParameters/row_count"
    assert caller.rest(path, rest_body(segment_code="x")).text == "431"
    assert caller.rest(path, rest_body(segment_code="x", max_rows="7")).text == "7"


def test_echo_writes_back_what_it_read(caller, soap_body, results, emulator):
    rows = [{"a": "1", "b": "ö < &"}, {"a": "2"}]
    answer = caller.soap("A/Echo", soap_body("echo", *rows))
    assert results(answer) == [{"A": "1", "B": "ö < &"}, {"A": "2"}]
    assert emulator.executions[0].transport == "soap"


def test_slow_sleeps_and_then_echoes(caller, rest_body, results, emulator):
    assert results(caller.rest("storedProcesses/Slow", rest_body({"seconds": "0.05"}))) == [
        {"SECONDS": "0.05"}
    ]
    run = emulator.executions[0]
    assert (run.finished_at - run.started_at).total_seconds() >= 0.05


def test_slow_without_a_table_writes_nothing(caller, rest_body):
    answer = caller.rest("storedProcesses/Slow", rest_body(seconds="0"))
    assert answer.text == "<slowResponse><slowResult/></slowResponse>"


@pytest.mark.parametrize("seconds", ["x", "nan", "-1"])
def test_slow_needs_a_number(caller, rest_body, fault_of, seconds):
    fault = fault_of(caller.rest("storedProcesses/Slow", rest_body({"seconds": seconds})))
    assert (fault["code"], "seconds is" in fault["messages"][1]) == ("3000", True)


def test_hello_needs_nothing(caller, soap_body, results):
    assert results(caller.soap("A/Hello", soap_body("hello"))) == [{"MESSAGE": "Hello World"}]
