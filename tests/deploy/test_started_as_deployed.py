"""What the files start is started here as they say, as far as this machine is like theirs."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from command_lines import DEPLOY
from lxml import etree

from adapter.cli.init import copy_home

LOOPBACK = {"SASBIWS_HOST": "127.0.0.1", "SASBIWS_PORT": "0"}
LIMIT_S = 30


@pytest.fixture
def start(tmp_path):
    """Starts the adapter with these words and variables, in a home of its own; gives its address."""
    copy_home(tmp_path / "home")
    started = []

    def run(words, variables):
        named = {"SASBIWS_HOME": str(tmp_path / "home")}
        process = subprocess.Popen(
            [sys.executable, "-m", "adapter", *words],
            env=dict(os.environ) | variables | named | LOOPBACK,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, re.search(r"http://[\d.:]+", process.stdout.readline())[0]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def status_of(url: str, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request(url, data=b'{"a": 1}', headers=named, method="POST")
    try:
        with urlopen(request, timeout=LIMIT_S) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def container() -> tuple[list[str], dict[str, str], str]:
    """Command, settings and health check of the image."""
    text = (DEPLOY / "container/Dockerfile").read_text("utf-8").replace("\\\n", " ")
    settings = re.search(r"(?m)^ENV (.+)$", text)[1]
    command = json.loads(re.search(r"(?m)^CMD (.+)$", text)[1])
    _, _, check = json.loads(re.search(r"(?m)^HEALTHCHECK .*?CMD (.+)$", text)[1])
    variables = dict(word.split("=", 1) for word in shlex.split(settings))
    ours = {name: value for name, value in variables.items() if name != "PATH"}
    return command, ours, check


def test_the_image_tells_its_health_and_logs_to_standard_error_alone(start, tmp_path):
    command, settings, check = container()
    process, url = start(command, settings)
    asked = [sys.executable, "-c", check.replace("http://127.0.0.1:8100", url)]
    assert subprocess.run(asked, timeout=LIMIT_S, capture_output=True, check=False).returncode == 0
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0
    assert " INFO start " in told
    assert not (tmp_path / "home/logs").exists()
    assert subprocess.run(asked, timeout=LIMIT_S, capture_output=True, check=False).returncode != 0


def test_a_call_through_iis_is_never_taken_for_one_of_this_machine(start):
    root = etree.parse(DEPLOY / "iis/web.config").getroot()
    given = {each.get("name"): each.get("value") for each in root.iter("environmentVariable")}
    _, url = start(["serve", "--no-work"], given)
    posted = f"{url}/ExecuteSTP/Echo"
    assert status_of(posted) in {401, 403}
    assert status_of(posted, X_Forwarded_For="192.0.2.7:5123") in {401, 403}
    assert status_of(posted, Host="other.example.com", X_Forwarded_For="192.0.2.7") >= 400
