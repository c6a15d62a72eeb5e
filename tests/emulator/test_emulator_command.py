"""``python -m adapter.emulator`` as a process."""

import re
import signal
import subprocess
import sys

import pytest
import requests


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_runs_until_it_is_asked_to_end(tmp_path, rest_body, number):
    command = [sys.executable, "-m", "adapter.emulator", "--port", "0", "--verbose"]
    with subprocess.Popen(
        [*command, "--folder", str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        first = process.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:\d+", first).group()
        assert str(tmp_path) in first
        body = rest_body({"a": "b"})
        path = "/SASBIWS/rest/storedProcesses/Echo"
        assert requests.post(url + path, data=body, timeout=5).status_code == 200
        assert process.stdout.readline().startswith(f"POST {path} 200 ")
        process.send_signal(number)
        assert process.wait(5) == 0


def test_port_that_is_taken_is_told_in_one_line(emulator):
    port = emulator.url.rsplit(":", 1)[1]
    done = subprocess.run(
        [sys.executable, "-m", "adapter.emulator", "--port", port],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1
    assert port in done.stderr
