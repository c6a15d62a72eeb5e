"""INI files as administrators write them, and what is wrong in them, with the line."""

import string
from configparser import Error, RawConfigParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.config.entry import Findings
from adapter.config.ini import _ini

REST = "http://sas.example.com/SASBIWS/rest/storedProcesses/Shared Data/{{stpName}}"
INI = "conf/serviceConfig.ini"


def test_crlf_byte_order_mark_and_trailing_blanks(home):
    home.service(b"\xef\xbb\xbf[DEFAULT] \r\nstpurl = " + REST.encode() + b" \t\r\nWAIT=25\r\n")
    route = home.load().routes.choose("x")
    assert (route.stpurl, route.wait_s) == (REST, 25.0)


def test_cp1252(home):
    home.service(f"# Umläute\n[DEFAULT]\nstpurl = {REST}\n[Größe]\nwait = 5\n".encode("cp1252"))
    assert home.load().routes.choose("Größe").wait_s == 5


@pytest.mark.parametrize(
    "data", ["Shared Data;old", "A # B", "50%25 off", "Shared%20Data", "%(home)s", "a=b:c", "[x]"]
)
def test_what_other_readers_take_for_markup_is_data(home, data):
    stpurl = REST.replace("Shared Data", data.replace("#", "%23"))
    home.service(f"[DEFAULT]\nstpurl : {stpurl}\n")
    assert home.load().routes.choose("x").stpurl == stpurl


def test_section_names_are_stripped_and_match_exactly(home):
    home.service(f"[DEFAULT]\nstpurl = {REST}\n[ Download File ]\nwait = 5\n")
    assert list(home.load().routes.named) == ["Download File"]


@pytest.mark.parametrize(
    ("raw", "line", "reason"),
    [
        ("[DEFAULT]\nstpurl = {REST}\nthis is garbage\n", 3, "neither a section"),
        ("# a\nstpurl = {REST}\nwait = 5\n", 2, "above every section"),
        ("[DEFAULT]\nstpurl = {REST}\n\nwait = 5\nWait = 6\n", 5, "in line 4 and in line 5"),
        ("[DEFAULT]\nstpurl = {REST}\n[A]\n[B]\n[A]\n", 5, "section stands twice, in line 3"),
        ("[DEFAULT]\nstpurl = {REST}\n[DEFAULT]\nwait=5\n", 3, "in line 1 and in line 3"),
        ("[DEFAULT]\nstpurl = {REST}\n  wait = 5\n", 2, "that line is indented"),
        ("[DEFAULT]\nstpurl = {REST}\n[a/b]\n", 3, "cannot be the name"),
        ("[DEFAULT]\nstpurl = {REST}\n[adapter:sever]\n", 3, "no such section"),
        ("[DEFAULT]\nstpurl = {REST}\n[Adapter:Server]\n", 3, "no such section"),
        ("[DEFAULT]\nstpurl = {REST}\n[default]\n", 3, "not the section that others inherit"),
        ("[DEFAULT]\nstpurl = {REST}\n[ ]\n", 3, "cannot be the name"),
        ("[DEFAULT]\nstpurl = {REST}\n= 5\n", 3, "neither a section"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(home, raw, line, reason):
    home.service(raw.replace("{REST}", REST))
    problem = home.problem()
    assert problem.where.startswith(INI)
    assert problem.line == line
    assert reason in problem.reason


@pytest.mark.parametrize(
    ("raw", "line", "reason"),
    [
        ("[DEFAULT]".encode("utf-16"), None, "NUL bytes"),
        (b"[DEFAULT]\nstpurl = \x81\xff\n", 2, "neither UTF-8 nor cp1252"),
        (b"\xef\xbb\xbf[DEFAULT]\n\xf6 = 1\n", 2, "the mark of UTF-8, and this line is not UTF-8"),
    ],
)
def test_a_file_in_another_encoding(home, raw, line, reason):
    home.service(raw)
    problem = home.problem()
    assert (problem.where, problem.line) == (INI, line)
    assert reason in problem.reason


def test_a_folder_in_place_of_a_file(home):
    home.default()
    (home.folder / "conf" / "credentials.ini").mkdir()
    assert "cannot be read" in home.problem().reason


def test_a_missing_file_tells_the_remedy(home):
    problem = home.problem()
    assert problem.where == INI
    assert "sasbiws init DIR" in str(problem)


def test_a_value_may_begin_in_the_next_line_and_look_like_a_section(home):
    home.service(f"[DEFAULT]\nstpurl =\n   {REST}\n")
    assert home.load().routes.choose("x").stpurl == REST
    home.service(f"[DEFAULT]\nstpurl = {REST}\n")
    home.credentials("stpusername = u", "stppassword =", "  [secret]")
    assert home.load().routes.choose("x").credentials.password.reveal() == "[secret]"


LINES = st.one_of(
    st.sampled_from(
        ["[DEFAULT]", "[ A ]", "[B]", "  [C]", "", "  ", "# c", "; c", "a", "[x", "[]"]
    ),
    st.text("ab[]=:;# \t%" + string.digits, max_size=12),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["", " "]),
        st.sampled_from("abc"),
        st.sampled_from("=:"),
        st.text("ab[]=:;# %", max_size=8),
    ),
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=12))
def test_values_are_those_of_configparser(lines):
    text = "\n".join(lines)
    expected = RawConfigParser(interpolation=None, strict=False)
    findings = Findings()
    sections = _ini(INI, text, findings).sections
    try:
        expected.read_string(text)
    except Error:
        assert findings.problems
        return
    for raw_name in expected.sections():
        for key, entry in sections[raw_name.strip()].entries.items():
            if not findings.problems:
                assert entry.text == expected[raw_name][key].strip()
    if not findings.problems:
        own = (
            {key: entry.text for key, entry in sections["DEFAULT"].entries.items()}
            if ("DEFAULT" in sections)
            else {}
        )
        assert own == {key: value.strip() for key, value in expected.defaults().items()}
