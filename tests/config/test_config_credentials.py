"""credentials.ini: user and password, encoded passwords, files, and secrets that stay secret."""

import math
import os

import pytest

from adapter.core.redact import Secret
from adapter.core.route import Credentials

CREDENTIALS = "conf/credentials.ini"
SECRET = "hunter2#;%20 x"

ENCODED = [
    "{SAS002}1D57933958C580064BD3DCA81A33DFB2",
    "{sas001}bXlw",
    "{SAS003}2B",
    "{SAS004}B2",
    "{SAS005}B2",
    "{SASENC}B2",
    "(SAS005)00000000",
    "(sas004)00",
    "str((SAS005)00000000)",
    "STR((sas005)00)",
    "str({SAS005}00)",
    "str({sas002}00)",
    "str('{SAS002}00')",
    '"{SAS002}00"',
    "'str((SAS003)00)'",
]


@pytest.fixture
def set_up(home):
    home.default()
    return home


def test_user_and_password(set_up):
    set_up.credentials("stpusername = sasdemo  ", f"stppassword = {SECRET}   ")
    settings = set_up.load()
    assert settings.routes.choose("x").credentials == Credentials("sasdemo", Secret(SECRET))
    assert SECRET not in repr(settings)
    assert settings.notes == ()


def test_cp1252(set_up):
    set_up.write(
        "credentials.ini", "[DEFAULT]\r\nstpusername=Jörg\r\nstppassword=größe\r\n".encode("cp1252")
    )
    assert set_up.load().routes.choose("x").credentials == Credentials("Jörg", Secret("größe"))


@pytest.mark.parametrize(
    "lines", [[], ["stpusername =", "stppassword ="], ["stpusername ="], ["stppassword_file ="]]
)
def test_nothing_given_calls_without_credentials(set_up, lines):
    set_up.credentials(*lines)
    settings = set_up.load()
    assert settings.routes.choose("x").credentials is None
    assert settings.notes == ()


@pytest.mark.parametrize("password", ENCODED)
@pytest.mark.parametrize("user", ["sasdemo", ""])
def test_an_encoded_password_is_not_used_and_told_once(set_up, password, user):
    set_up.default("[A]", "[B]")
    set_up.credentials(f"stpusername = {user}", f"stppassword = {password}")
    settings = set_up.load()
    assert [route.credentials for route in settings.routes.named.values()] == [None, None]
    (note,) = settings.notes
    assert (note.where, note.line) == (f"{CREDENTIALS} [DEFAULT] stppassword", 3)
    assert password not in str(note)


@pytest.mark.parametrize("password", ["SAS002", "(SAS2024)x", "{SASS}x", "x{SAS002}", "str(x)"])
def test_other_passwords_are_used(set_up, password):
    set_up.credentials("stpusername = u", f"stppassword = {password}")
    assert set_up.load().routes.choose("x").credentials.password.reveal() == password


@pytest.mark.parametrize(
    ("lines", "key", "reason"),
    [
        (["stpusername = u"], "stpusername", "a user without a password"),
        (["stpusername = u", "stppassword ="], "stpusername", "a user without a password"),
        ([f"stppassword = {SECRET}"], "stppassword", "a password without a user"),
        (["stpusername = u", f"stppassword = {SECRET}\x07"], "stppassword", "not allowed"),
        (
            [
                "stpusername = u",
                f"stppassword = {SECRET}",
                "stppassword_file = schemas/instream.xsd",
            ],
            "stppassword_file",
            "stppassword is given as well",
        ),
        (["stpusername = u", f"stppassword_file = {SECRET}"], "stppassword_file", "no such file"),
        (["stpusername = u", "stppassword_file = schemas"], "stppassword_file", "cannot be read"),
    ],
)
def test_what_is_wrong_is_told_without_the_secret(set_up, lines, key, reason):
    set_up.credentials(*lines)
    problem = set_up.problem()
    assert problem.where == f"{CREDENTIALS} [DEFAULT] {key}"
    assert problem.line
    assert reason in problem.reason
    assert SECRET not in str(problem)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["stpusername = u", "stppassword =", f"   {SECRET}", f"   {SECRET}"], "indented"),
        ([SECRET], "neither a section"),
        ([f"{SECRET} = 5"], "no such setting"),
        ([f"{SECRET} = 5", f"{SECRET} = 6"], "stands twice"),
        ([f"password = {SECRET}"], "did you mean stppassword?"),
        (
            ["stpusername=u", f"stppassword={SECRET}", f"stppassword={SECRET}"],
            "line 3 and in line 4",
        ),
    ],
)
def test_a_password_in_the_wrong_place_is_not_shown(set_up, lines, reason):
    set_up.credentials(*lines)
    problems = " ".join(map(str, set_up.problems()))
    assert reason in problems
    assert "hunter2" not in problems


def test_a_stored_process_has_a_user_of_its_own(set_up):
    set_up.default("[A]", "[B]", "[C]")
    set_up.credentials(
        "stpusername = u",
        "stppassword = p",
        "[B]",
        "stppassword = q",
        "[C]",
        "stpusername =",
        "stppassword =",
    )
    routes = set_up.load().routes
    assert routes.choose("A").credentials == Credentials("u", Secret("p"))
    assert routes.choose("B").credentials == Credentials("u", Secret("q"))
    assert routes.choose("C").credentials is None


@pytest.mark.parametrize("key", ["stpusername", "stppassword"])
def test_half_of_an_inherited_pair_that_is_emptied_is_told_where_it_is_emptied(set_up, key):
    set_up.default("[A]", "[B]")
    set_up.credentials("stpusername = u", "stppassword = hunter2", "[B]", f"{key} =")
    problem = set_up.problem()
    assert (problem.where, problem.line) == (f"{CREDENTIALS} [B] {key}", 5)
    assert "calls without credentials" in problem.expected
    assert "hunter2" not in str(problem)


def test_a_user_with_a_colon_is_refused_where_rest_would_send_it(set_up):
    soap = "stpurl = http://sas.example.com/SASBIWS/services/A"
    set_up.default("[A]", soap, "[B]")
    set_up.credentials("stpusername = dom:u", "stppassword = p")
    problem = set_up.problem()
    assert (problem.where, problem.line) == (f"{CREDENTIALS} [DEFAULT] stpusername", 2)
    assert "colon" in problem.reason
    set_up.default("[A]", soap)
    assert set_up.load().routes.choose("A").credentials == Credentials("dom:u", Secret("p"))


def test_a_user_in_default_and_passwords_in_sections(set_up):
    set_up.default("[A]")
    set_up.credentials("stpusername = u", "[A]", "stppassword = p")
    assert set_up.load().routes.choose("A").credentials == Credentials("u", Secret("p"))


@pytest.mark.parametrize(
    ("section", "expected"), [("Download file", "[Download File]"), ("Other", "[DEFAULT], or")]
)
def test_credentials_that_would_never_be_used(set_up, section, expected):
    set_up.default("[Download File]")
    set_up.credentials(f"[{section}]", "stpusername = u", "stppassword = p")
    problem = set_up.problem()
    assert (problem.where, problem.line) == (f"{CREDENTIALS} [{section}]", 2)
    assert problem.expected.startswith(expected)


@pytest.mark.parametrize("raw", ["p w \nsecond\n", "p w ", "p w \r\n", "\ufeffp w \n"])
def test_the_first_line_of_a_file(set_up, raw):
    (set_up.folder / "secret.txt").write_bytes(raw.encode())
    set_up.credentials("stpusername = u", "stppassword =", "stppassword_file = .\\secret.txt")
    assert set_up.load().routes.choose("x").credentials == Credentials("u", Secret("p w "))


def test_an_absolute_file_outside_the_home(set_up, tmp_path):
    (tmp_path / "secret").write_text("p", encoding="ascii")
    set_up.credentials("stpusername = u", f"stppassword_file = {tmp_path / 'secret'}")
    assert set_up.load().routes.choose("x").credentials.password.reveal() == "p"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "the first line of that file is empty"),
        (b"\nx", "the first line of that file is empty"),
        (b"hunter2\x07\n", "in that file"),
        ("hunter2".encode("utf-16"), "NUL bytes"),
    ],
)
def test_a_file_without_a_usable_password(set_up, raw, reason):
    (set_up.folder / "secret.txt").write_bytes(raw)
    set_up.credentials("stpusername = u", "stppassword_file = secret.txt")
    problem = set_up.problem()
    assert (problem.where, problem.line) == (f"{CREDENTIALS} [DEFAULT] stppassword_file", 3)
    assert reason in problem.reason
    assert "hunter2" not in str(problem)


def test_an_encoded_password_in_a_file_is_told_too(set_up):
    (set_up.folder / "secret.txt").write_text("{SAS002}00\n", encoding="ascii")
    set_up.credentials("stpusername = u", "stppassword_file = secret.txt")
    (note,) = set_up.load().notes
    assert note.where == f"{CREDENTIALS} [DEFAULT] stppassword_file"


def test_saving_the_credentials_again_is_noticed(set_up):
    set_up.credentials("stpusername = u", "stppassword_file = secret.txt")
    (set_up.folder / "secret.txt").write_text("pw\n")
    os.utime(set_up.folder / CREDENTIALS, (100.0, 100.0))
    os.utime(set_up.folder / "secret.txt", (200.0, 200.0))
    assert set_up.load().credentials_saved_at == 200.0
    os.utime(set_up.folder / CREDENTIALS, (300.0, 300.0))
    assert set_up.load().credentials_saved_at == 300.0


def test_credentials_of_the_environment_may_always_have_changed(set_up):
    settings = set_up.load(SASBIWS_STPUSERNAME="u", SASBIWS_STPPASSWORD=SECRET)
    assert settings.credentials_saved_at == math.inf
