"""The SAS program, which no test can run: balance, names, secrets, and the emulator's twin."""

import gzip
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from sas_code import (
    assigned,
    declared,
    macros,
    resolved,
    steps,
    without_comments,
    without_literals,
)
from xmlmap_reader import read_map

from adapter.cli.main import main
from adapter.core import xml
from adapter.emulator import EXAMPLES, FileServer
from adapter.emulator.faults import SasFault
from adapter.emulator.stored_processes import DOWNLOAD_FILE
from adapter.emulator.stored_processes.program import Run

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "sas").rglob("*.sas"))
AUTOMATIC = {"syscc", "syserr", "syserrortext", "sysjobid", "syslibrc"}
LINE = 200


def file_name(file):
    return file.name


@pytest.mark.parametrize("file", FILES, ids=file_name)
def test_lines_are_short_and_plain(file):
    text = file.read_bytes().decode("ascii")
    assert "\t" not in text
    assert "\r" not in text
    assert max(len(line) for line in text.splitlines()) <= LINE
    assert not [line for line in text.splitlines() if line != line.rstrip()]


@pytest.mark.parametrize("file", FILES, ids=file_name)
def test_comments_quotation_marks_and_brackets_are_balanced(file):
    text = file.read_text(encoding="ascii")
    assert text.count("/*") == text.count("*/")
    assert "/*" not in without_comments(text)
    bare = without_literals(text).replace("' '", "")
    assert "'" not in bare
    assert '"' not in bare
    for opening, closing in ("()", "{}"):
        assert bare.count(opening) == bare.count(closing)


def test_a_literal_with_a_macro_sign_that_shall_not_act_is_in_single_marks(program):
    """An ampersand or percent sign in double marks is for the macro processor."""
    double = re.findall(r'"[^"\n]*"', without_comments(program))
    inside = {name.lower() for each in double for name in re.findall(r"&+(\w+)", each)}
    assert inside <= declared(program) | assigned(program) | AUTOMATIC
    assert "dlf_link_metadata" not in inside


def test_each_macro_is_closed_by_its_name_and_none_is_nested(program):
    text = without_comments(program)
    opened = re.findall(r"%macro (\w+)", text)
    assert opened == re.findall(r"%mend (\w+)", text) == list(macros(program))
    assert len(set(opened)) == len(opened)


def test_each_macro_that_is_called_is_there_and_none_is_idle(program):
    called = set(re.findall(r"%(dlf_\w+)", without_comments(program)))
    assert called == set(macros(program))


def test_blocks_are_closed(program):
    for name, body in macros(program).items():
        bare = without_literals(body)
        assert len(re.findall(r"%do\b", bare)) == len(re.findall(r"%end\b", bare)), name
        opened = len(re.findall(r"(?<![%\w])(?:do\b|select \()", bare))
        assert opened == len(re.findall(r"(?<![%\w])end\s*;", bare)), name


def test_each_step_is_closed(program):
    for name, body in macros(program).items():
        opened = 0
        for word in steps(body):
            opened += 1 if word in {"data", "proc"} else -1
            assert opened in {0, 1}, name
        assert opened == 0, name


def test_every_macro_variable_is_declared(program, settings_file):
    known = declared(program) | assigned(program) | assigned(settings_file) | AUTOMATIC
    assert resolved(program) <= known


def test_every_setting_is_read_and_every_setting_that_is_read_is_there(program, settings_file):
    names = assigned(settings_file)
    assert names <= resolved(program)
    first_list = re.search(r"%global ([\w ]+);", program).group(1)
    assert set(first_list.split()) == names


def test_every_setting_is_explained(settings_file):
    told = (ROOT / "sas/README.md").read_text(encoding="utf-8")
    assert not [name for name in assigned(settings_file) if f"`{name}`" not in told]


def test_the_header_says_what_was_not_done(program):
    assert "NOT RUN ON SAS BY ITS AUTHORS" in program.partition("*/")[0]


def test_names_of_files_and_libraries_have_eight_characters_at_most(program):
    names = re.findall(r"^\s*(?:filename|libname) (\w+)", program, re.MULTILINE)
    names += re.findall(r"(?:to|from)=(\w+)", program)
    assert names
    assert not [name for name in names if len(name) > 8]


def test_every_column_that_is_read_is_in_the_schema_and_in_the_map(program, schema, download_map):
    read = set()
    for columns in re.findall(r"set work\.dlf_task\(keep=([\w ]+)\)", program):
        read |= set(columns.split())
    assert read == {"occurrenceId", "metadataFile", "dataFile", "taskCode"}
    assert read <= set(read_map(download_map).names())
    assert not [name for name in read if f'name="{name}"' not in schema.read_text(encoding="utf-8")]


# Secrets.


def test_links_are_touched_in_the_dark_only(program):
    """Between dlf_quiet and dlf_loud nothing reaches a log."""
    secret = re.compile(
        r"metadataFile, \"'\"|set dlfxml|url=|strip\((?:metadataFile|dataFile)\)|\bput line"
    )
    for name, body in macros(program).items():
        dark = False
        for line in body.splitlines():
            if "%dlf_quiet" in line:
                dark = True
            if "%dlf_loud" in line:
                dark = False
            assert dark or not secret.search(line), f"{name}: {line}"
        assert not dark, name


def test_no_message_holds_a_link(program):
    texts = re.findall(r"%(?:put|dlf_fail)\b[^\n]*\n?[^\n]*;?", program)
    assert not [text for text in texts if "dlf_link" in text]
    assert "putlog" not in program
    assert "_infile_" not in "".join(re.findall(r"%put[^;]*;", program))


# Errors.


def test_each_failure_has_a_code_of_its_own_a_reason_and_a_remedy(program):
    found = re.findall(
        r"%dlf_fail\((DLF\d{3}),\s*%str\((.+?)\),\s*%str\((.+?)\)\)",
        without_comments(program),
        re.DOTALL,
    )
    codes = [code for code, _, _ in found]
    assert len(codes) == len(set(codes)) == program.count("%dlf_fail(")
    assert codes
    told = (ROOT / "sas/README.md").read_text(encoding="utf-8")
    ranges = re.findall(r"\| (DLF\d{3})(?: to (DLF\d{3}))? \|", told)
    assert all(any(low <= code <= (high or low) for low, high in ranges) for code in codes)


def test_failure_is_told_last_so_that_nothing_changes_it(program):
    run = macros(program)["dlf_run"].split()
    assert run[-2:] == ["%dlf_clean", "%dlf_tell"]
    assert "%let syscc = 1012;" in macros(program)["dlf_tell"]
    assert "call symput('sysmsg'" in macros(program)["dlf_tell"]


# The emulator's twin.


@pytest.fixture
def run_download(tmp_path):
    import threading

    def run(folder=EXAMPLES, metadata="metadata.json", data="data.csv", rows=1):
        with FileServer(folder) as files:
            row = {
                "occurrenceId": "o-1",
                "taskCode": "1 Köln",
                "metadataFile": files.presigned(metadata),
                "dataFile": files.presigned(data),
            }
            return DOWNLOAD_FILE.program(Run((row,) * rows, {}, tmp_path, threading.Event()))

    return run


def test_the_emulator_writes_the_table_that_the_program_writes(program, run_download):
    body = macros(program)["dlf_answer"]
    written = re.findall(r"<(\w+)>", "".join(re.findall(r"put [^\n]*;", body)))
    (row,) = run_download().table
    assert written == ["TABLE", "RESULT", *row]
    assert row["STATUS"] in body
    head = program.partition("*/")[0]
    assert f"TABLE / RESULT / {', '.join(row)}." in head


def test_the_table_has_one_element_per_line_in_the_emulator_s_indentation(program):
    from lxml import etree

    lines = [
        re.sub(r"[\"']", "", line.replace(" text +(-1) ", "o-1"))
        for line in re.findall(
            r"^ *put ([\"'] *<[^?].*[\"']);$", macros(program)["dlf_answer"], re.MULTILINE
        )
    ]
    table = xml.parse("\n".join(lines).replace("&", "").encode())
    etree.indent(table, space="   ")
    assert etree.tostring(table, encoding="unicode").splitlines() == [
        line.replace("&", "") for line in lines
    ]


def test_the_emulator_takes_the_steps_in_the_order_of_the_program(program):
    run = re.findall(r"%(dlf_\w+)(?:\(what=(\w+))?", macros(program)["dlf_run"])
    steps_taken = [" ".join(filter(None, step)) for step in run if step[0] != "dlf_keep"]
    assert steps_taken == [
        "dlf_prepare", "dlf_copy_instream", "dlf_read_instream", "dlf_read_task",
        "dlf_fetch metadataFile", "dlf_unpack metadataFile", "dlf_read_metadata",
        "dlf_fetch dataFile", "dlf_unpack dataFile", "dlf_measure", "dlf_import",
        "dlf_answer", "dlf_clean", "dlf_tell",
    ]  # fmt: skip


REFUSED = [
    ('[{"columnName":"a","dataType":"NUMERIC"}]', "1\nx\n", "Record 2 of dataFile: column 1 is not a number.", "DLF502"),
    ('[{"columnName":"a","dataType":"NUMERIC"}]', "nan\n", "Record 1 of dataFile: column 1 is not a number.", "DLF502"),
    ('[{"columnName":"a","dataType":"X"}]', "1,2\n", "Record 1 of dataFile has 2 columns; metadataFile lists 1.", "DLF501"),
    ('[{"columnName":"a b","dataType":"X"},{"columnName":"A_B","dataType":"X"}]', "1,2\n", "two columns of metadataFile have the same SAS name.", "DLF404"),
    ("[]", "", "metadataFile lists no column.", "DLF402"),
    ("{", "", "metadataFile is not a JSON list of columnName and dataType.", "DLF401"),
]  # fmt: skip


@pytest.mark.parametrize(("metadata", "data", "reason", "code"), REFUSED)
def test_the_emulator_refuses_with_the_words_of_the_program(
    program, run_download, tmp_path, metadata, data, reason, code
):
    (tmp_path / "m.json").write_text(metadata)
    (tmp_path / "d.csv").write_text(data)
    with pytest.raises(SasFault) as raised:
        run_download(tmp_path, "m.json", "d.csv")
    assert reason in raised.value.cause.causes[0].message
    words = re.search(rf"%dlf_fail\({code},\s*%str\((.+?)\),", program).group(1)
    pattern = re.escape(words.replace("..", ".")).replace(r"\ ", " ")
    assert re.fullmatch(re.sub(r"&\w+", r"\\d+", pattern.replace(r"\&", "&")), reason)


def test_two_rows_are_refused(run_download):
    with pytest.raises(SasFault) as raised:
        run_download(rows=2)
    assert "instream has 2 rows; expected 1." in raised.value.cause.causes[0].message


def test_packed_files_are_unpacked(run_download, tmp_path):
    for name in ("metadata.json", "data.csv"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((EXAMPLES / name).read_bytes()))
    (row,) = run_download(tmp_path, "metadata.json.gz", "data.csv.gz").table
    assert row["ROWS"] == "8"


def test_the_map_is_the_one_that_the_schema_generates(schema, download_map):
    made = CliRunner().invoke(main, ["schema", "xmlmap", str(schema)])
    assert made.exit_code == 0, made.output
    assert made.stdout_bytes == download_map.replace(b"\r\n", b"\n")
