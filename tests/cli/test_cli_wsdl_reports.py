"""What `sasbiws wsdl check` found, in the forms that other programs read."""

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from adapter.cli.reports.sarif import help_uri
from adapter.core import xml
from adapter.wsdl.rules.table import BY_ID, RULES

VECTORS = Path(__file__).parents[1] / "vectors/wsdl"
BAD = "binding-style.bad.wsdl"
GOOD = "DownloadFile.wsdl"
WARNED = "target-namespace-missing.bad.wsdl"


@pytest.fixture
def report(run, monkeypatch):
    """Checks vectors by their names and gives exit code and standard output."""
    monkeypatch.chdir(VECTORS)

    def report_of(*arguments):
        ended = run("wsdl", "check", *arguments)
        return ended.exit_code, ended.out

    return report_of


def test_json_tells_all_that_text_tells(report):
    exit_code, out = report(BAD, GOOD, "--json")
    told = json.loads(out)
    assert exit_code == told["summary"]["exitCode"] == 1
    assert [each["target"] for each in told["checked"]] == [BAD, GOOD]
    (finding,) = told["checked"][0]["findings"]
    rule = BY_ID["binding-style"].to_json()
    assert {key: finding[key] for key in rule} == rule
    assert (finding["file"], finding["line"], finding["column"]) == (BAD, 60, 19)
    assert finding["found"] == "rpc"
    summary = told["summary"]
    assert (summary["errors"], summary["warnings"], summary["wsdls"]) == (1, 0, 2)
    assert (summary["rules"], told["missed"]) == (len(RULES), [])


def sarif_of(out):
    told = json.loads(out)
    assert told["version"] == "2.1.0"
    assert told["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = told["runs"]
    return run


def test_sarif_has_its_required_structure(report):
    exit_code, out = report(BAD, WARNED, "--sarif")
    run = sarif_of(out)
    driver = run["tool"]["driver"]
    assert driver["name"]
    assert [rule["id"] for rule in driver["rules"]] == [rule.id for rule in RULES]
    for rule in driver["rules"]:
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}
        assert rule["shortDescription"]["text"].endswith(".")
        assert rule["help"]["text"]
        assert urlsplit(rule.get("helpUri", "https://x")).scheme in {"http", "https"}
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert (VECTORS / unquote(place["artifactLocation"]["uri"])).exists()
        assert place["region"]["startLine"] >= 1
        assert place["region"]["startColumn"] >= 1
    assert {result["ruleId"] for result in run["results"]} >= {"binding-style"}
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (True, exit_code)


def test_where_a_rule_can_be_read_is_a_url(report):
    assert help_uri("WSDL 1.1, section 3.4; WS-I BP 1.1 R2705").endswith("#R2705")
    assert help_uri("the bounds of this reader") == ""
    without = [rule.id for rule in RULES if not help_uri(rule.source)]
    assert len(without) <= 6


def test_junit_has_a_suite_for_each_wsdl_and_a_case_for_each_rule(report):
    exit_code, out = report(BAD, WARNED, "--junit")
    assert exit_code == 1
    root = xml.parse(out.encode())
    assert root.tag == "testsuites"
    assert [suite.get("name") for suite in root] == [BAD, WARNED]
    for suite in root:
        assert [case.get("name") for case in suite] == [rule.id for rule in RULES]
        assert suite.get("tests") == str(len(RULES))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
    failed = root[0].find("testcase[@name='binding-style']/failure")
    assert failed.text.startswith(f"{BAD}:60:19: error: found rpc")
    assert BY_ID["binding-style"].remedy in failed.text
    warned = root[1].find("testcase[@name='target-namespace-missing']")
    assert [child.tag for child in warned] == ["system-out"]
    assert root.get("failures") == "1"


def test_strict_makes_a_warning_a_failure_in_junit(report):
    exit_code, out = report(WARNED, "--junit", "--strict", "--rule", "target-namespace-missing")
    assert exit_code == 1
    assert xml.parse(out.encode()).find("testsuite/testcase/failure") is not None


def test_what_could_not_be_had_stands_in_every_form(run, emulator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    url = f"{emulator.url}/SASBIWS/services/DownloadFile?wsdl"
    emulator.stop()
    told = json.loads(run("wsdl", "check", url, "--json").out)
    (missed,) = told["missed"]
    assert missed["code"] == "SAS_CONTRACT_UNAVAILABLE"
    assert missed["remedy"]
    assert told["summary"]["exitCode"] == 3
    invocation = sarif_of(run("wsdl", "check", url, "--sarif").out)["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert "remedy" in invocation["toolExecutionNotifications"][0]["message"]["text"].lower()
    root = xml.parse(run("wsdl", "check", url, "--junit").out.encode())
    assert root.get("errors") == "1"
    assert root.find("testsuite/testcase/error").get("type") == "SAS_CONTRACT_UNAVAILABLE"


@pytest.mark.parametrize("form", ["--json", "--sarif", "--junit"])
def test_names_that_no_xml_or_json_can_hold_are_shown_as_they_can_be(run, tmp_path, form):
    file = tmp_path / "a b\x01\udcff.wsdl"
    file.write_bytes((VECTORS / BAD).read_bytes())
    ended = run("wsdl", "check", file, form)
    assert ended.exit_code == 1
    out = ended.out.encode()
    assert (xml.parse(out) if form == "--junit" else json.loads(out)) is not None
