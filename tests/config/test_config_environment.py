"""Every setting from the environment, with the variable as the place of what is wrong."""

import pytest

from adapter.config import KEYS
from adapter.core.redact import Secret
from adapter.core.route import Credentials, TransportName

REST = "http://sas.example.com/SASBIWS/rest/storedProcesses/Shared Data/{{stpName}}"
SOAP = "http://sas.example.com:80/SASBIWS/services/DownloadFile"
SECRET = "hunter2"


@pytest.fixture
def set_up(home):
    home.default("wait = 5", "[A]", "[B]", "wait = 7", "[adapter:server]", "threads = 4")
    return home


def test_it_replaces_default_and_a_sections_own_value_stays(set_up):
    routes = set_up.load(SASBIWS_WAIT="9", SASBIWS_STPURL=SOAP).routes
    assert (routes.choose("A").wait_s, routes.choose("B").wait_s) == (9, 7)
    assert routes.choose("A").transport is TransportName.SOAP


def test_the_other_places(set_up):
    set_up.write("serviceConfig.py", "port = 9000\n")
    settings = set_up.load(
        SASBIWS_HOST="0.0.0.0",  # noqa: S104
        SASBIWS_PORT="0",
        SASBIWS_DEBUG="True",
        SASBIWS_THREADS="8",
        SASBIWS_LOGFILEPATH=".\\elsewhere\\",
        SASBIWS_PROGLOG="no",
    )
    assert (settings.host, settings.port, settings.threads) == ("0.0.0.0", 0, 8)  # noqa: S104
    assert (settings.log.level, settings.log.enabled) == ("DEBUG", False)
    assert settings.log.folder == set_up.folder.resolve() / "elsewhere"


def test_the_address_may_come_from_there_alone(home):
    home.service("[DEFAULT]\n")
    assert home.load(SASBIWS_STPURL=f" {REST} ").routes.choose("x").stpurl == REST


def test_an_empty_variable_and_those_of_others_are_nothing(set_up):
    others = {"PATH": "/bin", "SASBIWS": "x", "SASBIWSX": "y", "sasbiws_wait": "z"}
    settings = set_up.load(SASBIWS_WAIT="", SASBIWS_HOME="/elsewhere", **others)
    assert settings.routes.choose("A").wait_s == 5
    assert settings.home == set_up.folder.resolve()


@pytest.mark.parametrize(
    ("variable", "text", "reason"),
    [
        ("SASBIWS_WAIT", "99", "out of range"),
        ("SASBIWS_PORT", "high", "not a whole number"),
        ("SASBIWS_LOGLEVEL", "LOUD", "not one of"),
        ("SASBIWS_WORKERS", "0", "out of range"),
        ("SASBIWS_SCHEMA", "no.xsd", "no such schema"),
        ("SASBIWS_STPURL", "http://u:hunter2@sas/SASBIWS/rest/x", "user and password"),
        ("SASBIWS_STPPASSWORD", "hunter2\udc80", "not allowed"),
        ("SASBIWS_STPPASSWORD_FILE", SECRET, "no such file"),
        ("SASBIWS_STPPASSWORD", SECRET, "a password without a user"),
        ("SASBIWS_WIAT", SECRET, "did you mean SASBIWS_WAIT?"),
        ("SASBIWS_", SECRET, "no such setting"),
        ("SASBIWS_QQQQ\udc80", SECRET, "no such setting"),
    ],
)
def test_what_is_wrong_names_the_variable(set_up, variable, text, reason):
    problem = set_up.problems(**{variable: text})[0]
    assert problem.where == variable.replace("\udc80", "\\udc80")
    assert problem.line is None
    assert any(reason in one.reason for one in set_up.problems(**{variable: text}))
    assert SECRET not in " ".join(map(str, set_up.problems(**{variable: text})))


def test_a_wrong_value_in_a_file_is_told_although_it_is_replaced(set_up):
    set_up.default("wait = 99")
    assert set_up.problem(SASBIWS_WAIT="5").line == 3


def test_credentials(set_up, tmp_path):
    set_up.credentials("stpusername = u", "stppassword = p", "[B]", "stppassword = q")
    (tmp_path / "file").write_text("f\n", encoding="ascii")
    by_text = set_up.load(SASBIWS_STPUSERNAME="v", SASBIWS_STPPASSWORD=SECRET)
    by_file = set_up.load(SASBIWS_STPPASSWORD_FILE=str(tmp_path / "file")).routes
    assert by_text.routes.choose("A").credentials == Credentials("v", Secret(SECRET))
    assert by_text.routes.choose("B").credentials == Credentials("v", Secret("q"))
    assert by_file.choose("A").credentials == Credentials("u", Secret("f"))
    assert SECRET not in repr(by_text)


def test_a_password_and_a_file_together(set_up):
    file = "schemas/instream.xsd"
    problem = set_up.problem(
        SASBIWS_STPUSERNAME="u", SASBIWS_STPPASSWORD=SECRET, SASBIWS_STPPASSWORD_FILE=file
    )
    assert problem.where == "SASBIWS_STPPASSWORD_FILE"


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_setting_has_its_variable(home, key):
    home.default()
    home.write("company-ca.pem", "-----BEGIN CERTIFICATE-----\n")
    (home.folder / "pw").write_text("p", encoding="ascii")
    key_file = home.folder / "conf" / "jwt.pem"
    key_file.write_text("-----BEGIN PUBLIC KEY-----\n", encoding="ascii")
    text = "pw" if key.name == "stppassword_file" else key.example.partition(" = ")[2].strip("'")
    user = {} if key.name == "stpusername" else {"SASBIWS_STPUSERNAME": "u"}
    password = {} if key.name.startswith("stpp") else {"SASBIWS_STPPASSWORD": "p"}
    if key.name == "jwt_key_file":
        user |= {"SASBIWS_JWT_ISSUER": "i", "SASBIWS_JWT_AUDIENCE": "a"}
    assert home.load(**user, **password, **{key.variable: text})
