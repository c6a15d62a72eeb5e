"""The files for Windows are well-formed, and name commands, settings and files that exist."""

import re
import shlex
from pathlib import PureWindowsPath

import pytest
from command_lines import DEPLOY, STOP_GRACE_S, refused_settings, understood, unknown_settings
from lxml import etree

from adapter.config.keys import BY_NAME

WINDOWS = DEPLOY / "windows"
SCRIPT = (WINDOWS / "install-service.ps1").read_text("utf-8")
PROGRAM = r"C:\sasbiws\.venv\Scripts\sasbiws.exe"
SERVICES = {"sasbiws": "serve", "sasbiws-work": "work"}
ELEMENTS = {
    "id", "name", "description", "executable", "arguments", "workingdirectory", "env", "startmode",
    "delayedAutoStart", "stoptimeout", "stopparentprocessfirst", "onfailure", "resetfailure",
    "logpath", "log",
}  # fmt: skip
"""Of the elements that WinSW 2 knows, those that are used; it passes over others without a word."""


def words_of(arguments: str) -> list[str]:
    """A Windows command line in words: a backslash is no escape there."""
    return [word.strip('"') for word in shlex.split(arguments, posix=False)]


@pytest.fixture(params=SERVICES)
def service(request):
    return request.param, etree.parse(WINDOWS / f"{request.param}.xml").getroot()


def test_the_service_starts_what_there_is(service):
    name, root = service
    assert root.findtext("id") == name
    assert root.findtext("executable") == PROGRAM
    command, options = understood(*words_of(root.findtext("arguments")))
    assert command == SERVICES[name]
    assert str(options["home"]) == root.findtext("workingdirectory") == r"C:\sasbiws\home"


def test_only_elements_that_the_wrapper_knows_are_used(service):
    _, root = service
    assert {child.tag for child in root if isinstance(child.tag, str)} <= ELEMENTS


def test_a_service_is_stopped_by_ctrl_c_within_its_grace_and_started_again(service):
    _, root = service
    assert int(root.findtext("stoptimeout").removesuffix(" sec")) > STOP_GRACE_S + 10
    assert {each.get("action") for each in root.findall("onfailure")} == {"restart"}


def test_the_services_differ_in_name_and_command_alone():
    one, other = (etree.parse(WINDOWS / f"{name}.xml").getroot() for name in SERVICES)
    pairs = zip(one.iterchildren("*"), other.iterchildren("*"), strict=True)
    differing = [a.tag for a, b in pairs if etree.tostring(a) != etree.tostring(b)]
    assert differing == ["id", "name", "description", "arguments"]


def test_the_script_names_files_and_services_that_exist():
    named = re.search(r"ValidateSet\(([^)]+)\)", SCRIPT)[1]
    assert re.findall(r"'([\w-]+)'", named) == list(SERVICES)
    assert r".venv\Scripts\sasbiws.exe" in SCRIPT
    listening = BY_NAME["host"].default, BY_NAME["port"].default
    assert "http://{}:{}/readyz".format(*listening) in SCRIPT


def test_the_script_is_balanced():
    code = re.sub(r"<#.*?#>|#[^\n]*|'[^']*'", "", SCRIPT, flags=re.DOTALL)
    for opening, closing in ("()", "{}", "[]"):
        assert code.count(opening) == code.count(closing)
    called = set(re.findall(r"^ *([A-Z][a-z]+-[A-Z][a-zA-Z]+)", code, re.MULTILINE))
    defined = set(re.findall(r"^function ([\w-]+)", code, re.MULTILINE))
    assert {"Stop-Adapter", "Copy-Files", "Grant-Rights", "Wait-Ready"} <= called & defined


def test_iis_starts_what_there_is():
    root = etree.parse(DEPLOY / "iis/web.config").getroot()
    (platform,) = root.iter("httpPlatform")
    assert platform.get("processPath") == PROGRAM
    command, options = understood(*words_of(platform.get("arguments")))
    assert (command, options["no_work"]) == ("serve", True)
    assert PureWindowsPath(str(options["home"])) == PureWindowsPath(r"C:\sasbiws\home")


def test_iis_hands_settings_over_that_exist():
    root = etree.parse(DEPLOY / "iis/web.config").getroot()
    given = {each.get("name"): each.get("value") for each in root.iter("environmentVariable")}
    assert not unknown_settings(given)
    assert not refused_settings(given | {"SASBIWS_PORT": "12345"})
    assert given["SASBIWS_PORT"] == "%HTTP_PLATFORM_PORT%"
    assert given["SASBIWS_TRUSTED_PROXIES"] == given["SASBIWS_HOST"]  # nobody is taken for local


def test_iis_lets_a_task_pass_that_the_adapter_takes_and_waits_as_long():
    root = etree.parse(DEPLOY / "iis/web.config").getroot()
    (limits,) = root.iter("requestLimits")
    assert int(limits.get("maxAllowedContentLength")) > int(BY_NAME["max_body"].default)
    (platform,) = root.iter("httpPlatform")
    hours, minutes, seconds = map(int, platform.get("requestTimeout").split(":"))
    assert hours * 3600 + minutes * 60 + seconds > 60
