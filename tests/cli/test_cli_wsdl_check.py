"""`sasbiws wsdl check`: what is checked, what is told, and how it ends."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from adapter.cli.reports.text import WIDTH, excerpt
from adapter.emulator import Switches, WsdlImport
from adapter.wsdl.rules.table import BY_ID, RULES

VECTORS = Path(__file__).parents[1] / "vectors/wsdl"
GOOD = VECTORS / "DownloadFile.wsdl"
BAD = VECTORS / "binding-style.bad.wsdl"
WARNED = VECTORS / "target-namespace-missing.bad.wsdl"
NOTED = VECTORS / "byte-order-mark.bad.wsdl"


@pytest.fixture
def check(run):
    def check_one(*arguments, **more):
        return run("wsdl", "check", *arguments, **more)

    return check_one


# The exit code.


def test_a_clean_wsdl_ends_with_0(check):
    ended = check(GOOD)
    assert (ended.exit_code, ended.err) == (0, "")
    assert re.fullmatch(rf"clean: 1 WSDL \(1 file\), {len(RULES)} rules, \d+\.\d\d s\n", ended.out)


def test_an_error_ends_with_1_a_warning_with_0_and_strict_makes_it_count(check):
    assert check(BAD).exit_code == 1
    assert check(WARNED).exit_code == 0
    assert "1 warning: 1 WSDL" in check(WARNED).out
    assert check(WARNED, "--strict").exit_code == 1
    assert check(NOTED, "--strict").exit_code == 0


def test_an_import_that_cannot_be_had_is_an_error(check, tmp_path):
    text = (VECTORS / "import-unreachable.bad.wsdl").read_bytes()
    (tmp_path / "x.wsdl").write_bytes(text)
    ended = check(tmp_path / "x.wsdl")
    assert ended.exit_code == 1
    assert "error[import-unreachable]" in ended.out
    assert "a file of this machine imports from its own folder only" in ended.out


# The text.


def test_a_finding_looks_like_that_of_a_compiler(check, monkeypatch):
    monkeypatch.chdir(VECTORS)
    lines = check("binding-style.bad.wsdl").out.splitlines()
    place, source, caret, why, remedy = lines[:5]
    assert place.startswith("binding-style.bad.wsdl:60:19: error[binding-style]: ")
    assert ': found rpc; expected style="document"' in place
    assert source.startswith("   60 |     <soap:binding style=")
    assert source[caret.index("^") :].startswith("style=")
    assert why == f"      = why: {BY_ID['binding-style'].why}"
    assert remedy == f"      = remedy: {BY_ID['binding-style'].remedy}"


def test_who_else_can_read_it_is_told_where_not_everybody_does(check):
    told = check(VECTORS / "reference-prefix-undeclared.bad.wsdl").out
    assert "= read by: zeep refuses the whole WSDL; the lenient reader reads what is left" in told


def test_the_remedy_of_a_rule_is_told_once_for_a_wsdl(check, tmp_path):
    text = BAD.read_text(encoding="utf-8")
    operation = re.search(r" *<wsdl:port name=.*?</wsdl:port>\n", text, re.DOTALL).group()
    second = operation.replace('name="', 'name="Second', 1)
    (tmp_path / "two.wsdl").write_text(text.replace(operation, operation + second), "utf-8")
    told = check(tmp_path / "two.wsdl").out
    assert told.count("= remedy:") == len(set(re.findall(r"(?:error|warning|note)\[(.+?)\]", told)))


@pytest.mark.parametrize("column", [1, 5, 60, 150, 399])
def test_the_caret_stays_below_its_place_on_a_long_line(column):
    line = "".join(chr(ord("a") + number % 26) for number in range(400))
    shown, caret = excerpt(line, column)
    assert shown[caret] == line[column - 1]
    assert len(shown) <= WIDTH + 2


def test_a_line_of_a_megabyte_costs_no_time_and_shows_no_part_of_a_link():
    tag = '<import location="http://user:s3cret@h/x?sig=s3cret"/>'
    line = tag * 20_000
    began = time.monotonic()
    for number in range(100):
        shown, caret = excerpt(line, number * 151 * len(tag) + 1)
        assert shown[caret:].startswith("<import location=")
        assert "s3cret" not in shown
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("before", ["\t\t", "日本", 'href="http://h/x?token=secret" ', "\x1b[0m"])
def test_the_caret_stays_below_its_place_whatever_is_before_it(before):
    from rich.cells import cell_len, chop_cells

    shown, caret = excerpt(f"{before}<here/>", len(before) + 1)
    assert "secret" not in shown
    assert "\x1b" not in shown
    assert caret == cell_len(shown[: shown.index("<here/>")])
    assert chop_cells(shown, 200)


# Which rules.


def test_a_rule_is_explained(check):
    rule = BY_ID["binding-style"]
    told = check("--explain", rule.id).out
    for text in (
        rule.id,
        rule.level,
        rule.title,
        rule.expected,
        rule.why,
        rule.remedy,
        rule.source,
    ):
        assert text in told
    assert json.loads(check("--explain", rule.id, "--json").out) == rule.to_json()


@pytest.mark.parametrize("option", ["--explain", "--rule", "--ignore"])
def test_an_unknown_rule_is_wrong_usage_and_the_nearest_is_named(check, option):
    ended = check(GOOD, option, "binding-stile")
    assert ended.exit_code == 2
    assert "there is no rule binding-stile; did you mean binding-style?" in ended.err


def test_rules_are_chosen_and_left_out(check):
    assert check(BAD, "--ignore", "binding-style").exit_code == 0
    assert check(BAD, "--rule", "binding-style").exit_code == 1
    assert check(BAD, "--rule", "xml-dtd", "--rule", "root-wrong").exit_code == 0
    assert ", 2 rules, " in check(BAD, "--rule", "xml-dtd", "--rule", "root-wrong").out
    none = check(BAD, "--rule", "xml-dtd", "--ignore", "xml-dtd")
    assert (none.exit_code, "no rule" in none.err) == (2, True)


# What is checked.


def test_a_folder_is_looked_through_and_parts_of_others_are_not_checked_alone(check, tmp_path):
    (tmp_path / "a/imported").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden/x.wsdl").write_bytes(b"")
    for name, source in {
        "a/main.WSDL": "import-unreachable.good.wsdl",
        "a/imported/other.wsdl": "imported/other.wsdl",
        "a/imported/far.wsdl": "imported/far.wsdl",
        "b.wsdl": "DownloadFile.wsdl",
    }.items():
        (tmp_path / name).write_bytes((VECTORS / source).read_bytes())
    ended = check(tmp_path, "--json")
    assert ended.err == f"4 WSDLs in {tmp_path}\n"
    assert ended.exit_code == 0
    place = tmp_path.as_posix()
    assert [each["files"] for each in json.loads(ended.out)["checked"]] == [
        [f"{place}/b.wsdl"],
        [f"{place}/a/{name}" for name in ("main.WSDL", "imported/other.wsdl", "imported/far.wsdl")],
    ]


def test_two_that_import_each_other_are_checked_once(check, tmp_path):
    for name, other in (("a", "b"), ("b", "a")):
        text = GOOD.read_text(encoding="utf-8")
        link = f'<wsdl:import namespace="urn:x" location="{other}.wsdl"/><wsdl:types>'
        (tmp_path / f"{name}.wsdl").write_text(text.replace("<wsdl:types>", link, 1), "utf-8")
    told = json.loads(check(tmp_path, "--json").out)
    assert [each["main"] for each in told["checked"]] == [f"{tmp_path.as_posix()}/a.wsdl"]


def test_a_folder_without_a_wsdl_is_wrong_usage(check, tmp_path):
    ended = check(tmp_path)
    assert (ended.exit_code, "there is no *.wsdl in" in ended.err) == (2, True)


def test_imports_come_from_the_folder_only(check, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "outside.xsd").write_text("<secret/>", "utf-8")
    text = (VECTORS / "import-missing.good.wsdl").read_text(encoding="utf-8")
    links = (
        "../outside.xsd",
        "/etc/passwd",
        "file:///etc/passwd",
        "%00",
        "//host/share/x.xsd",
        "in",
    )
    for location in links:
        mended = re.sub(r'schemaLocation="[^"]*"', f'schemaLocation="{location}"', text)
        (tmp_path / "in/x.wsdl").write_text(mended, "utf-8")
        ended = check(tmp_path / "in/x.wsdl", "--json")
        assert ended.exit_code == 1
        told = json.loads(ended.out)["checked"][0]
        assert told["files"] == [f"{tmp_path.as_posix()}/in/x.wsdl"]
        assert {"import-unreachable", "import-missing"} & {f["id"] for f in told["findings"]}
    (tmp_path / "in/x.wsdl").write_text(
        re.sub(r'schemaLocation="[^"]*"', 'schemaLocation="../outside.xsd"', text), "utf-8"
    )
    told = json.loads(check(tmp_path, "--json").out)["checked"][0]
    assert f"{tmp_path.as_posix()}/outside.xsd" in told["files"]


def test_a_stored_process_is_checked_with_its_name_and_schema(check, home):
    ended = check("DownloadFile", "--home", home, "--json")
    assert ended.exit_code == 0
    (told,) = json.loads(ended.out)["checked"]
    assert told["origin"] == "published"
    assert "stored-process-operation" in {each["id"] for each in told["findings"]}
    assert not list((home / "wsdl_cache").glob("*/contract.toml"))


def test_a_file_is_held_against_a_stored_process_that_is_named(check, home):
    typed = VECTORS / "DownloadFileTyped.wsdl"
    ids = {
        each["id"]
        for each in findings(check(typed, "--stp", "DownloadFile", "--home", home, "--json"))
    }
    assert "stored-process-operation" in ids
    assert not findings(check(typed, "--json", "--rule", "stored-process-operation"))
    assert check(typed, "--stp", "Nobody", "--home", home).exit_code == 2


def test_a_bare_name_is_a_stored_process_before_it_is_a_file(check, home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("DownloadFile", "Nobody", "x.wsdl"):
        (tmp_path / name).write_bytes(GOOD.read_bytes())

    def origin(name):
        ended = check(name, "--home", home, "--json")
        return json.loads(ended.out)["checked"][0]["origin"]

    assert origin("DownloadFile") == "published"
    assert origin("./DownloadFile") == "file"
    assert origin("Nobody") == "file"
    assert origin("x.wsdl") == "file"


def test_pins_of_a_home_are_checked_as_their_stored_processes_need_them(check, run, home):
    assert run("wsdl", "fetch", "DownloadFile", "--home", home).exit_code == 0
    ended = check(home / "wsdl_cache", "--home", home, "--json")
    assert ended.err == f"1 WSDL in {home / 'wsdl_cache'}\n"
    assert "stored-process-operation" in {each["id"] for each in findings(ended)}


def findings(ended):
    return [each for one in json.loads(ended.out)["checked"] for each in one["findings"]]


SERVICES = ["DownloadFile", "DownloadFileTyped", "CI360Jobs", "AddFloats", "Echo", "Hello"]


@pytest.mark.parametrize("wsdl_import", ["", WsdlImport.LOCAL, WsdlImport.CYCLE])
def test_the_services_of_the_emulator_have_no_error(
    check, emulator, wsdl_import, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    emulator.switches = Switches(wsdl_import=WsdlImport(wsdl_import))
    ended = check(*(f"{emulator.url}/SASBIWS/services/{name}?wsdl" for name in SERVICES))
    assert ended.exit_code == 0, ended.out


def test_an_import_of_another_host_is_told_and_not_fetched(check, emulator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    emulator.switches = Switches(wsdl_import=WsdlImport.EXTERNAL)
    ended = check(f"{emulator.url}/SASBIWS/services/DownloadFile")
    assert ended.exit_code == 1
    assert "error[import-unreachable]" in ended.out
    assert "elsewhere.invalid" in ended.out


def test_a_login_page_is_told_by_the_rule_and_no_wsdl_at_all_by_3(
    check, emulator, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    url = f"{emulator.url}/SASBIWS/services/DownloadFile?wsdl"
    emulator.switches = Switches(page="login200", disturb_wsdl=True)
    page = check(url)
    assert (page.exit_code, "error[html-page]" in page.out) == (1, True)
    emulator.switches = Switches(status=404, disturb_wsdl=True)
    assert check(url).exit_code == 3
    emulator.switches = Switches(wsdl_needs_basic=True, users={"u": "p"})
    assert check(url).exit_code == 3
    emulator.stop()
    gone = check(url, GOOD)
    assert gone.exit_code == 3
    assert "SAS_CONTRACT_UNAVAILABLE: " in gone.out
    assert "remedy: " in gone.out
    assert "1 WSDL (1 file), 1 could not be had" in gone.out


# What never happens.

GARBAGE = {
    "empty": b"",
    "random": bytes(range(256)) * 40,
    "nul": b"\0" * 1000,
    "open": b"<a" * 50_000,
    "deep": b"<a>" * 5000,
    "bomb": b'<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY c "&b;&b;">]><a>&c;</a>',
    "utf-16": "<a/>".encode("utf-16"),
    "html": b"<html><body>Login <input type=password></body></html>",
    "large": b"<a>" + b"x" * (11 * 1024 * 1024) + b"</a>",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_an_error_with_a_line_and_no_traceback(check, tmp_path, name):
    (tmp_path / "x.wsdl").write_bytes(GARBAGE[name])
    began = time.monotonic()
    ended = check(tmp_path / "x.wsdl", "--json")
    assert ended.exit_code == 1
    assert time.monotonic() - began < 5
    errors = [each for each in findings(ended) if each["level"] == "error"]
    assert errors
    assert all(each["line"] >= 1 for each in errors)
    assert check(tmp_path / "x.wsdl").exit_code == 1
    for command in ("show", "sample"):
        assert check_other(check, command, tmp_path / "x.wsdl").exit_code == 1


def check_other(check, command, *arguments):
    run = check.__closure__[0].cell_contents
    return run("wsdl", command, *arguments)


def test_what_is_no_file_is_wrong_usage(check, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "pipe.wsdl")
    pipe = check(tmp_path / "pipe.wsdl")
    assert (pipe.exit_code, "a pipe or a device" in pipe.out) == (2, True)
    for name in ("nothing.wsdl", "no/such", "nobody", "x" * 5000, "./\0"):
        ended = check(name)
        assert ended.exit_code == 2
        assert "is neither a file, nor a folder, nor a stored process" in ended.err


HOSTILE = {
    "file:///etc/passwd": "only http and https are",
    "ftp://h/x.wsdl": "only http and https are",
    "gopher://h/x": "only http and https are",
    "http://user:hunter2@127.0.0.1/x?wsdl": "user and password may not stand in it",
    "http:///x": "needs a host",
    "http://[::1/x": "cannot be read as a URL",
    "http://h:99999/x": "cannot be read as a URL",
    "http://h/a b": "cannot be read as a URL",
    "http://h/\x1b[2J": "cannot be read as a URL",
}


@pytest.mark.parametrize("url", HOSTILE, ids=lambda url: repr(url)[1:20])
def test_a_url_that_is_not_fetched_is_wrong_usage_with_the_reason(check, url):
    ended = check(url)
    assert ended.exit_code == 2
    assert HOSTILE[url] in ended.err
    assert "hunter2" not in ended.out + ended.err
    assert "\x1b" not in ended.out + ended.err


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[fd00:ec2::254]", "2852039166", "[::ffff:a9fe:a9fe]"]
)
def test_where_clouds_keep_their_secrets_is_never_called(check, host, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    began = time.monotonic()
    ended = check(f"http://{host}/latest/meta-data?wsdl")
    assert ended.exit_code == 3
    assert "where clouds keep the credentials" in ended.out
    assert time.monotonic() - began < 5


def test_no_secret_of_a_link_is_shown(check, emulator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = GOOD.read_text(encoding="utf-8")
    link = '<wsdl:import namespace="urn:x" location="http://h.test/x?sig=hunter2"/><wsdl:types>'
    (tmp_path / "x.wsdl").write_text(text.replace("<wsdl:types>", link, 1), "utf-8")
    for form in ((), ("--json",), ("--sarif",), ("--junit",)):
        for target in ("x.wsdl", f"{emulator.url}/x?wsdl&sig=hunter2"):
            ended = check(target, *form)
            assert ended.exit_code in {1, 3}
            assert "hunter2" not in ended.out + ended.err


def test_credentials_go_to_hosts_that_a_route_names_only(check, configure, emulator):
    emulator.switches = Switches(wsdl_needs_basic=True, users={"u": "hunter2"})
    home = configure(
        "[DownloadFile]\nstpurl = {sas}/SASBIWS/services/DownloadFile\n",
        "[DEFAULT]\nstpusername = u\nstppassword = hunter2\n",
    )
    other = emulator.url.replace("127.0.0.1", "localhost")
    for url, exit_code in ((emulator.url, 0), (other, 3)):
        ended = check(f"{url}/SASBIWS/services/CI360Jobs?wsdl", "--home", home)
        assert ended.exit_code == exit_code, ended.out
        assert "hunter2" not in ended.out + ended.err
    assert check("DownloadFile", "--home", home).exit_code == 0


def test_wrong_usage_of_check(check):
    assert check().exit_code == 2
    assert check(GOOD, "--json", "--sarif").exit_code == 2
    assert check("http://h/x", "--home", "/nonexistent").exit_code == 2


def test_progress_is_shown_to_a_terminal_only(check, tmp_path, emulator):
    for number in range(30):
        (tmp_path / f"{number}.wsdl").write_bytes(GOOD.read_bytes())
    url = f"{emulator.url}/SASBIWS/services/DownloadFile?wsdl"
    assert check(tmp_path, url).err == f"30 WSDLs in {tmp_path}\n"
    shown = on_a_terminal("wsdl", "check", tmp_path, url)
    assert "checking" in shown
    assert "fetching" in shown


def on_a_terminal(*arguments):
    """What a command writes to standard error where that is a terminal."""
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "adapter", *map(str, arguments)]
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=theirs, env=environ
    ) as process:
        os.close(theirs)
        seen = b""
        while piece := read_of(ours):
            seen += piece
        process.wait(timeout=60)
    os.close(ours)
    return seen.decode()


def read_of(handle):
    try:
        return os.read(handle, 65536)
    except OSError:  # a terminal that nobody holds any more
        return b""
