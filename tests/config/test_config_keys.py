"""The table of settings: every bad value gives its problem, with file and line, all at once."""

import re
import shutil

import pytest

from adapter.config import KEYS
from adapter.config.keys import BY_NAME
from adapter.core.payload import Limits
from adapter.core.route import Policy, Route, TransportName

REST = "http://sas.example.com/SASBIWS/rest/storedProcesses/Shared Data/{{stpName}}"
INI = "conf/serviceConfig.ini"

BAD = [
    ("transport", "smtp"),
    ("schema", "../instream.xsd"),
    ("schema", "a\\instream.xsd"),
    ("schema", ".."),
    ("schema", "nosuch.xsd"),
    ("wait", "-1"),
    ("wait", "56"),
    ("wait", "5s"),
    ("wait", "1e1"),
    ("wait", "nan"),
    ("wait", "2,5"),
    ("wait", ""),
    ("wait", "٣"),
    ("timeout", "0"),
    ("timeout", "86401"),
    ("connect_timeout", "0"),
    ("connect_timeout", "301"),
    ("idempotent", "maybe"),
    ("idempotent", ""),
    ("max_attempts", "0"),
    ("max_attempts", "1001"),
    ("max_attempts", "2.5"),
    ("max_attempts", "9" * 5000),
    ("retry_first", "0"),
    ("retry_first", "301"),
    ("retry_max", "1"),
    ("max_line", "79"),
    ("max_line", "32768"),
    ("concurrency", "0"),
    ("concurrency", "101"),
    ("target", "a b"),
    ("target", "1st"),
    ("target", "a" * 33),
    ("ca_file", "conf/nosuch.pem"),
    ("ca_file", "schemas/instream.xsd"),
    ("proglog", "ja"),
    ("loglevel", "LOUD"),
    ("logfilepath", ""),
]

GOOD = [
    ("transport", "SOAP"),
    ("wait", "2.5"),
    ("wait", "055"),
    ("timeout", "86400"),
    ("connect_timeout", "0.1"),
    ("idempotent", "YES"),
    ("idempotent", "off"),
    ("max_attempts", "1000"),
    ("retry_first", "300"),
    ("max_line", "32767"),
    ("concurrency", "100"),
    ("target", "_out1"),
    ("ca_file", "conf\\ca.pem"),
    ("proglog", "0"),
    ("loglevel", "Warning"),
    ("logfilepath", "logs"),
]


@pytest.mark.parametrize(("key", "text"), BAD)
def test_a_bad_value_is_told_with_section_key_and_line(home, key, text):
    home.default("# a comment", f"{key} = {text}")
    problem = home.problem()
    assert (problem.where, problem.line) == (f"{INI} [DEFAULT] {key}", 4)
    assert problem.reason
    assert problem.expected
    assert len(str(problem)) < 600


@pytest.mark.parametrize(("key", "text"), GOOD)
def test_a_good_value_is_taken(home, key, text):
    home.default(f"{key} = {text}")
    assert home.load().notes == ()


def test_values_reach_the_route(home):
    home.default(
        "wait = 2.5",
        "timeout = 60",
        "connect_timeout = 3",
        "idempotent = on",
        "max_attempts = 4",
        "retry_first = 1",
        "retry_max = 9",
        "max_line = 400",
        "concurrency = 7",
        "target = out",
        "ca_file = .\\conf\\ca.pem",
        "schema = DownloadFile.xsd",
    )
    route = home.load().routes.choose("x")
    assert route.policy == Policy(
        idempotent=True, max_attempts=4, retry_first_s=1.0, retry_max_s=9.0
    )
    assert (route.wait_s, route.timeout_s, route.connect_timeout_s) == (2.5, 60.0, 3.0)
    assert (route.max_line, route.concurrency, route.target) == (400, 7, "out")
    assert route.ca_file == str(home.folder.resolve() / "conf" / "ca.pem")
    assert route.schema == "DownloadFile.xsd"


def test_the_adapters_own_section(home):
    home.default(
        "[adapter:server]", "threads = 4", "workers = 2", "keep_rejected = 0", "max_body = 2048"
    )
    settings = home.load()
    assert (settings.threads, settings.workers, settings.keep_rejected) == (4, 2, 0)
    assert settings.limits == Limits(max_bytes=2048)
    assert not settings.routes.named


@pytest.mark.parametrize("line", ["threads = 1", "workers = 0", "keep_rejected = -1", "max_body=1"])
def test_a_bad_value_of_the_adapters_own_section(home, line):
    home.default("[adapter:server]", line)
    problem = home.problem()
    assert problem.where.startswith(f"{INI} [adapter:server] ")
    assert problem.line == 4


def test_all_problems_of_all_files_come_at_once(home):
    home.service(
        "[DEFAULT]\nstpurl = ftp://x\nwait = 99\nwiat = 5\n[a/b]\n[Good]\nschema = no.xsd\n"
        "[adapter:server]\nthreads = many\n"
    )
    home.credentials("stpusername = u", "pasword = x")
    home.write("serviceConfig.py", "class svcConfig:\n    port = 70000\n    host = f()\n")
    problems = home.problems(SASBIWS_TIMEOUT="soon", SASBIWS_PROT="1")
    assert [(problem.where, problem.line) for problem in problems] == [
        ("SASBIWS_PROT", None),
        ("SASBIWS_TIMEOUT", None),
        ("conf/credentials.ini [DEFAULT] stpusername", 2),
        ("conf/credentials.ini [DEFAULT]", 3),
        (f"{INI} [DEFAULT] stpurl", 2),
        (f"{INI} [DEFAULT] wait", 3),
        (f"{INI} [DEFAULT] wiat", 4),
        (f"{INI} [a/b]", 5),
        (f"{INI} [Good] schema", 7),
        (f"{INI} [adapter:server] threads", 9),
        ("conf/serviceConfig.py port", 2),
        ("conf/serviceConfig.py host", 3),
    ]


def test_a_value_that_every_section_replaces_is_checked_too(home):
    home.default("wait = 99", "[A]", "wait = 5")
    assert home.problem().line == 3


@pytest.mark.parametrize(
    ("section", "key", "reason"),
    [
        ("DEFAULT", "wiat", "did you mean wait?"),
        ("DEFAULT", "stp_url", "did you mean stpurl?"),
        ("Download File", "idempotnet", "did you mean idempotent?"),
        ("adapter:server", "thread", "did you mean threads?"),
        ("DEFAULT", "stpuser", "did you mean stpurl?"),
        ("DEFAULT", "thread", "did you mean threads, in [adapter:server] of"),
        ("DEFAULT", "zzz", "there is no such setting"),
        ("DEFAULT", "threads", "may not stand here"),
        ("DEFAULT", "stppassword", "may not stand here"),
        ("Download File", "proglog", "may not stand here"),
        ("adapter:server", "wait", "may not stand here"),
    ],
)
def test_an_unknown_or_misplaced_key(home, section, key, reason):
    head = [] if section == "DEFAULT" else [f"[{section}]"]
    home.default(*head, f"{key} = 12")
    problem = home.problem()
    assert problem.where == f"{INI} [{section}] {key}"
    assert reason in problem.reason
    assert "12" not in str(problem)


def test_inherited_keys_are_no_unknown_keys(home):
    home.default("wait = 5", "[Download File]", "[adapter:server]")
    assert home.load().routes.choose("Download File").wait_s == 5


def test_the_defaults_of_the_table_are_those_of_the_route(home):
    home.default()
    route = home.load().routes.default
    assert route == Route("", REST, TransportName.REST, route.transport_why)
    assert home.load().limits == Limits()


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_row_of_the_table_is_complete(key):
    assert key.name == key.name.lower()
    assert key.variable == f"SASBIWS_{key.name.upper()}"
    assert re.fullmatch(r"[A-Z].*\.", key.meaning)
    assert key.example.startswith(f"{key.name} = ")
    assert key.kind.expected
    assert isinstance(key.unit, str)
    assert key.default == "" or key.kind.read(key.default) == key.default_value


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_example_of_the_table_can_be_read(key):
    text = key.example.partition(" = ")[2].strip("'")
    key.kind.read(text)


def test_names_are_unique():
    assert len(BY_NAME) == len(KEYS)


@pytest.mark.parametrize(
    ("written", "below_home"),
    [(".\\logs\\", "logs"), ("logs\\a/b", "logs/a/b"), ("./logs", "logs"), ("..\\x", "../x")],
)
def test_the_log_folder_starts_at_the_home(home, written, below_home):
    home.default(f"logfilepath = {written}")
    assert home.load().log.folder == home.folder.resolve() / below_home
    assert home.load().log.folder.is_absolute()


def test_a_windows_folder_is_refused_elsewhere(home, monkeypatch):
    home.default("logfilepath = C:\\logs")
    monkeypatch.setattr("adapter.config.loading.WINDOWS", False)
    assert "folder of Windows" in home.problem().reason
    monkeypatch.setattr("adapter.config.loading.WINDOWS", True)
    assert home.load()


def test_a_conf_folder_alone_is_enough_for_the_schemas_are_shipped(home):
    home.default("schema = DownloadFile.xsd")
    shutil.rmtree(home.folder / "schemas")
    assert home.load().routes.choose("x").schema == "DownloadFile.xsd"


def test_a_missing_schema_names_the_files_there(home):
    home.default("schema = Other.xsd")
    problem = home.problem()
    assert (problem.found, problem.expected) == ("Other.xsd", "DownloadFile.xsd, instream.xsd")
