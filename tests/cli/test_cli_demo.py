"""`sasbiws demo`: the main job, shown step by step."""

import base64
import configparser
import re
import time

import pytest

STEPS = [
    "The payload that CI 360 posts",
    "The transport: ",
    "The XML of the data source instream",
    "Validation: valid by schemas/DownloadFile.xsd",
    "The HTTP request",
    "What the SAS emulator saw",
    "The adapter's answer to CI 360: HTTP 200",
    "The data set that the stored process wrote",
]


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "kept"


def steps_of(out):
    return re.findall(r"^(\d) ([A-Z].*)$", out, re.MULTILINE)


def test_both_transports_are_shown_step_by_step_within_fifteen_seconds(run_process):
    began = time.monotonic()
    ended = run_process("demo", HTTP_PROXY="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9")
    assert (ended.exit_code, ended.err) == (0, "")
    assert time.monotonic() - began < 15
    steps = steps_of(ended.out)
    assert [int(number) for number, _ in steps] == [1, 2, 3, 4, 5, 6, 7, 8] * 2
    for (_, text), expected in zip(steps, STEPS * 2, strict=True):
        assert text.startswith(expected)
    assert "The transport: SOAP, because the address contains /SASBIWS/services/" in ended.out
    assert "The transport: REST, because the address contains /SASBIWS/rest/" in ended.out
    assert "POST /SASBIWS/services/DownloadFile 200 " in ended.out
    assert "POST /SASBIWS/rest/storedProcesses/Shared%20Data/CI360Jobs/Download%20File 200 " in (
        ended.out
    )
    assert "ann@example.test" in ended.out
    assert "2 of 2 tasks delivered in " in ended.out


def test_the_folder_is_kept_shows_no_secret_and_is_a_home(run, kept):
    first = run("demo", "--folder", kept)
    assert first.exit_code == 0
    credentials = configparser.RawConfigParser()
    credentials.read(kept / "conf/credentials.ini", encoding="utf-8")
    user, password = credentials["DEFAULT"]["stpusername"], credentials["DEFAULT"]["stppassword"]
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    for secret in (password, pair, "X-Amz-Signature", "X-Amz-Security-Token"):
        assert secret not in first.out + first.err
    told = re.search(r"Kept in .*: (.*)\.", first.out).group(1)
    for name in told.replace(" and ", ", ").split(", "):
        assert (kept / name).is_dir()
    assert {"TSK_101.csv", "TSK_102.csv"} <= {path.name for path in (kept / "datasets").iterdir()}
    task = '{"sendParameters": {"stpName": "Download File"}}'
    ended = run("validate", "-", "--home", kept, stdin=task.encode())
    assert ended.exit_code == 1
    assert ended.err.startswith("DOCUMENT_INVALID: ")


def test_a_second_run_in_the_same_folder_runs_again(run, kept):
    run("demo", "--folder", kept)
    again = run("demo", "--folder", kept)
    assert again.exit_code == 0
    assert again.out.count(" 200 ") == 2
    assert "│ TSK_101.csv │" in again.out
    assert "│ TSK_102.csv │" in again.out


def test_the_home_of_somebody_is_not_written_over(run, home):
    before = (home / "conf/serviceConfig.ini").read_bytes()
    ended = run("demo", "--folder", home)
    assert (ended.exit_code, ended.out) == (2, "")
    assert str(home) in ended.err
    assert (home / "conf/serviceConfig.ini").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_told(run, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert run("demo", "--folder", tmp_path / "file/below").exit_code == 2
    assert run("demo", "--folder", tmp_path / "file").exit_code == 2
