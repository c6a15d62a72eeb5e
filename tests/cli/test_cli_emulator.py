"""`sasbiws emulator` as a process."""

import re
import signal
import socket

import pytest
import requests


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_tells_its_address_answers_and_ends_when_it_is_told(start, tmp_path, number):
    process = start("emulator", "--port", "0", "--folder", "data sets")
    first = process.stdout.readline()
    url = re.search(r"http://127\.0\.0\.1:\d+", first).group()
    assert "data sets" in first
    body = "<x><streams><instream><Value><Table><InData><a>b</a></InData></Table></Value></instream></streams></x>"
    path = "/SASBIWS/rest/storedProcesses/Echo"
    assert requests.post(url + path, data=body, timeout=5).status_code == 200
    assert process.stdout.readline().startswith(f"POST {path} 200 ")
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "ended\n", "")


def test_it_goes_on_when_the_reader_of_its_log_leaves(start):
    process = start("emulator", "--port", "0")
    url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline()).group()
    process.stdout.close()
    for _ in range(3):
        assert requests.get(f"{url}/SASBIWS/services/Echo?wsdl", timeout=5).status_code == 200
    process.send_signal(signal.SIGINT)
    process.stdout = None
    _, err = process.communicate(timeout=10)
    assert "Traceback" not in err


def test_a_port_that_is_taken_or_none_is_wrong_usage(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("emulator", "--port", port)
    assert ended.exit_code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in ended.err
    assert run("emulator", "--port", 65536).exit_code == 2
    assert run("emulator", "--port", -1).exit_code == 2
    assert run("emulator", "--host", "nosuch.invalid").exit_code == 2
