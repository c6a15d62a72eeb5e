"""`sasbiws map`: where every column and prompt came from."""

import json

import pytest

CONFIG = """\
[DEFAULT]
stpurl = http://sas.example.test/SASBIWS/rest/storedProcesses/x/{{stpName}}
[Echo]
columns =
    link = presignedUrls.dataFile
    day = sas_date(day)
parameters =
    n = number(n)
"""
LINK = "https://files.example.test/d?X-Amz-Signature=secret"


@pytest.fixture
def payload(home, tmp_path):
    (home / "conf/serviceConfig.ini").write_text(CONFIG, encoding="utf-8")

    def write(**more):
        file = tmp_path / "task.json"
        file.write_text(json.dumps({"presignedUrls": {"dataFile": LINK}, **more}), "utf-8")
        return str(file)

    return write


def test_a_valid_payload(run, home, payload):
    done = run(
        "map", payload(day="2025-07-04", n="5"), "--stp", "Echo", "--home", str(home), "--json"
    )
    assert done.exit_code == 0
    told = json.loads(done.out)
    assert told["valid"]
    link, day = told["columns"]
    assert "secret" not in done.out + done.err
    assert link["length"] == len(LINK)
    assert (day["value"], day["source"], day["expression"]) == ("04JUL2025", "day", "sas_date(day)")
    assert told["parameters"][0]["type"] == "number"


def test_what_is_wrong(run, home, payload):
    done = run("map", payload(day="soon", n="x"), "--stp", "Echo", "--home", str(home))
    assert done.exit_code == 1
    assert "problem day = sas_date(day): this is no date and time" in done.err
    assert "problem n = number(n): this is no number" in done.err
    assert "secret" not in done.out + done.err
