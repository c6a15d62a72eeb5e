"""`sasbiws validate`: the XML a payload becomes, or every problem."""

import json

import pytest

from adapter.emulator import example_bulk_task

BAD_TASK = {"sendParameters": {"stpName": "Download File"}, "dataFile": "ftp://x/y", "1st": 1}
"""No occurrenceId, no metadataFile, and a dataFile that is no http address."""


def written(payload):
    return json.dumps(payload, ensure_ascii=False).encode()


def test_a_good_payload_is_printed_as_xml_and_nothing_is_sent(run, home, emulator, files):
    ended = run("validate", "-", "--home", home, stdin=example_bulk_task(files))
    assert ended.exit_code == 0
    assert ended.out.splitlines()[:2] == ["<Table>", "<InData>"]
    assert "<taskName>Spring mailing, Köln</taskName>" in ended.out.splitlines()
    assert ended.err == "valid\n"
    assert emulator.requests == ()
    assert not (home / "var").exists()


def test_a_payload_is_read_from_a_file(run, home, tmp_path):
    file = tmp_path / "Größe & [Co].json"
    file.write_bytes(b'\xef\xbb\xbf{"a": 0.10}')
    ended = run("validate", file, "--stp", "Echo", "--home", home)
    assert ended.exit_code == 0
    assert "<a>0.10</a>" in ended.out


def test_the_option_wins_over_the_name_in_the_payload(run, home):
    ended = run("validate", "-", "--stp", "Echo", "--home", home, stdin=written(BAD_TASK))
    assert ended.exit_code == 0


def test_what_had_to_be_changed_is_told_apart_from_the_xml(run, home):
    ended = run("validate", "-", "--stp", "Echo", "--home", home, stdin=b'{"a b": 1, "1st": 2}')
    assert ended.exit_code == 0
    assert "note" not in ended.out
    assert ended.err.count("note ") == 2


def test_json_has_the_document_and_the_notes(run, home):
    ended = run(
        "validate", "-", "--stp", "Echo", "--home", home, "--json", stdin='{"a b": "ü"}'.encode()
    )
    told = json.loads(ended.out)
    assert told["valid"] is True
    assert told["document"] == "<Table>\n<InData>\n<a_b>ü</a_b>\n</InData>\n</Table>"
    assert [set(note) for note in told["notes"]] == [
        {"where", "line", "reason", "expected", "found"}
    ]
    assert ended.err == ""


def test_every_problem_of_a_bad_document_is_listed(run, home):
    ended = run("validate", "-", "--home", home, stdin=written(BAD_TASK))
    assert (ended.exit_code, ended.out) == (1, "")
    assert ended.err.startswith("DOCUMENT_INVALID: ")
    problems = [line for line in ended.err.splitlines() if line.startswith("  - ")]
    for name in ("metadataFile", "dataFile"):
        assert any(name in problem for problem in problems)
    assert "Remedy: " in ended.err


def test_every_problem_of_a_bad_document_is_listed_as_json(run, home):
    ended = run("validate", "-", "--home", home, "--json", stdin=written(BAD_TASK))
    assert (ended.exit_code, ended.err) == (1, "")
    error = json.loads(ended.out)["error"]
    assert error["code"] == "DOCUMENT_INVALID"
    assert error["remedy"]
    assert len(error["details"]) >= 2


BAD_PAYLOADS = [
    (b"", "PAYLOAD_NOT_JSON"),
    (b"not json", "PAYLOAD_NOT_JSON"),
    (b"[1]", "PAYLOAD_NOT_JSON"),
    (b'{"a": NaN}', "PAYLOAD_NOT_JSON"),
    (bytes(range(256)), "PAYLOAD_NOT_JSON"),
    (b"[" * 100_000, "PAYLOAD_TOO_DEEP"),
    (b'{"a": "' + b"x" * 1_048_576 + b'"}', "PAYLOAD_TOO_LARGE"),
    (b"{}", "STP_NAME_MISSING"),
    (b'{"sendParameters": {"stpName": "../../x"}}', "STP_NAME_INVALID"),
    (b'{"sendParameters": {"stpName": "Echo"}, "a": "\\u0000\\ud800"}', ""),
]


@pytest.mark.parametrize(("payload", "code"), BAD_PAYLOADS, ids=lambda value: str(value)[:30])
def test_a_bad_payload_ends_with_one(run, home, payload, code):
    ended = run("validate", "-", "--home", home, stdin=payload)
    assert ended.exit_code == (1 if code else 0)
    assert ended.err.startswith(f"{code}: " if code else "note ")


def test_an_unknown_stored_process_is_a_matter_of_configuration(run, home):
    ended = run("validate", "-", "--stp", "Nobody", "--home", home, stdin=b"{}")
    assert ended.exit_code == 2
    assert ended.err.startswith("STP_UNKNOWN: ")
    assert "[Download File]" in ended.err


def test_a_schema_that_cannot_be_used_is_a_matter_of_configuration(run, home):
    (home / "schemas/instream.xsd").write_text("<xs:schema", encoding="utf-8")
    ended = run("validate", "-", "--stp", "Echo", "--home", home, stdin=b'{"a": 1}')
    assert ended.exit_code == 2
    assert "instream.xsd" in ended.err


def test_a_broken_conf_is_told_with_every_problem(run, home):
    (home / "conf/serviceConfig.ini").write_text(
        "[DEFAULT]\nstpurl = nonsense\nproglog = maybe\nwiat = 3\n", encoding="utf-8"
    )
    (home / "conf/serviceConfig.py").write_text("port = 'many'\n", encoding="utf-8")
    ended = run("validate", "-", "--home", home, stdin=b"{}")
    assert ended.exit_code == 2
    for place in ("stpurl (line 2)", "proglog (line 3)", "wiat (line 4)", "port (line 1)"):
        assert place in ended.err
    told = json.loads(run("validate", "-", "--home", home, "--json", stdin=b"{}").out)["error"]
    assert told["code"] == "CONFIG_INVALID"
    assert [problem["line"] for problem in told["details"]] == [2, 3, 4, 1]


@pytest.mark.parametrize("payload", ["missing.json", ".", "a\0b", "x" * 5000, "/proc/self/mem"])
def test_a_file_that_cannot_be_read_is_wrong_usage(run, home, payload):
    ended = run("validate", payload, "--home", home)
    assert ended.exit_code == 2
    assert "cannot read" in ended.err
