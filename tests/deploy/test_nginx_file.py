"""nginx stands in front of the adapter that there is, and sends no task twice."""

import re

import pytest
from command_lines import DEPLOY

from adapter.config.keys import BY_NAME
from adapter.web.app import WEBHOOK
from adapter.web.waiting import MAX_WAIT_S

SIZES = {"k": 1024, "m": 1024**2}
TOKEN = re.compile(r"\"[^\"]*\"|[{};]|[^\s{};]+")


@pytest.fixture(scope="module")
def directives():
    """Each directive with its words, wherever it stands; fails where braces do not match."""
    text = (DEPLOY / "nginx/sasbiws.conf").read_text("utf-8")
    found, words, depth = [], [], 0
    for token in TOKEN.findall(re.sub(r"(?m)#.*$", "", text)):
        if token in "{;}":
            depth += {"{": 1, ";": 0, "}": -1}[token]
            assert depth >= 0
            assert bool(words) is (token != "}")
            found += [words] if words else []
            words = []
        else:
            words.append(token.strip('"'))
    assert (depth, words) == (0, [])
    return found


def value(directives, name) -> str:
    (words,) = [words for words in directives if words[0] == name]
    return words[-1]


def test_it_passes_on_to_where_the_adapter_listens(directives):
    address = f"{BY_NAME['host'].default}:{BY_NAME['port'].default}"
    assert ["server", address] in directives
    passed = {words[1] for words in directives if words[0] == "proxy_pass"}
    assert passed == {"http://" + value(directives, "upstream")}


def test_the_webhook_is_open_and_the_rest_is_not(directives):
    locations = [words[1:] for words in directives if words[0] == "location"]
    assert ["=", WEBHOOK] in locations
    assert ["^~", f"{WEBHOOK}/"] in locations
    at = directives.index(["location", "/"])
    assert ["deny", "all"] in directives[at:]


def test_its_limits_are_those_of_the_adapter(directives):
    size = value(directives, "client_max_body_size")
    assert int(size[:-1]) * SIZES[size[-1]] == int(BY_NAME["max_body"].default)
    assert int(value(directives, "proxy_read_timeout")[:-1]) > MAX_WAIT_S + 10
    for name in ("client_header_timeout", "client_body_timeout"):
        assert value(directives, name) == f"{BY_NAME['request_timeout'].default}s"


def test_no_task_is_sent_twice_and_no_claim_of_a_caller_is_passed_on(directives):
    assert value(directives, "proxy_next_upstream") == "off"
    headers = {words[1]: words[2] for words in directives if words[0] == "proxy_set_header"}
    assert headers["X-Forwarded-For"] == "$remote_addr"
    assert headers["Forwarded"] == ""
    assert headers["Host"] == "$host"
    assert not [words for words in directives if words[0] == "limit_req"]


def test_the_settings_that_it_asks_for_exist():
    text = (DEPLOY / "nginx/sasbiws.conf").read_text("utf-8")
    named = re.findall(r"(?m)^#   (\w+) = ", text)
    assert named == ["hosts", "trusted_proxies"]
    assert not [name for name in named if name not in BY_NAME]
