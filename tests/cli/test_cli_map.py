"""`sasbiws map`: where every column and prompt came from."""

import base64
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
    (line,) = (line for line in done.out.splitlines() if "sas_date(day)" in line)
    assert "this is no date" in line
    assert "secret" not in done.out + done.err


EVERYTHING = (
    CONFIG.partition("columns")[0]
    + """\
rows = items
columns =
    day = sas_date(day)
sources =
    more   = items
    letter = from_base64(secret)
    note   = note
"""
)
HIDDEN = base64.b64encode(b"https://x.test/d?X-Amz-Signature=hidden").decode()


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_every_row_and_data_source(run, home, payload, options):
    body = payload(items=[{"day": "2025-07-04"}, {"day": "soon"}], secret=HIDDEN, note="hello")
    (home / "conf/serviceConfig.ini").write_text(EVERYTHING, encoding="utf-8")
    done = run("map", body, "--stp", "Echo", "--home", str(home), *options)
    assert done.exit_code == 1
    assert "row 1: this is no date and time" in done.out + done.err
    assert "letter" in done.out
    assert HIDDEN not in done.out
    assert "39" in done.out
    if options:
        told = json.loads(done.out)
        assert [[column["value"] for column in row] for row in told["rows"]] == [
            ["04JUL2025"],
            [""],
        ]
        more, letter, note = told["sources"]
        assert [row[0]["value"] for row in more["rows"]] == ["2025-07-04", "soon"]
        assert (letter["value"], letter["length"], note["value"]) == ("(bytes)", 39, "hello")


def test_a_value_too_large_to_be_read_is_a_problem(run, home, payload):
    body = payload(big="x" * 10_100_000)
    text = CONFIG.partition("columns")[0] + "[adapter:server]\nmax_body = 20971520\n"
    (home / "conf/serviceConfig.ini").write_text(text, encoding="utf-8")
    done = run("map", body, "--stp", "Echo", "--home", str(home))
    assert done.exit_code == 1
    assert "the document is too large to be read" in done.err
