"""What keeps `sasbiws serve` from starting is told on standard error, with exit code 2."""

import os
import socket
import subprocess
import sys

import pytest
from adapter_process import LIMIT_S, SERVE


@pytest.fixture
def serve_and_end(tmp_path):
    """Starts `sasbiws serve` on a home; gives exit code and standard error when asked."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SASBIWS_")}
    started = []

    def start_one(home, **environ):
        process = subprocess.Popen(
            [sys.executable, *SERVE, str(home)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**clean, **environ}, cwd=tmp_path,
        )  # fmt: skip
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
        process.communicate(timeout=LIMIT_S)


def error_of(process):
    out, err = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, out) == (2, "")
    assert "Traceback" not in err
    return err


def test_an_address_that_is_taken_or_of_another_machine(serve_and_end, home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        there = serve_and_end(home, SASBIWS_PORT=port)
        elsewhere = serve_and_end(home, SASBIWS_HOST="192.0.2.1")
        told = error_of(there)
        assert told.startswith("ADDRESS_IN_USE: ")
        assert f"127.0.0.1:{port}" in told
        assert "conf/serviceConfig.py" in told
        assert "192.0.2.1" in error_of(elsewhere)


def test_a_database_or_a_log_folder_that_cannot_be_used(serve_and_end, home, tmp_path):
    (home / "var").write_bytes(b"")
    (tmp_path / "file").write_bytes(b"")
    database = serve_and_end(home)
    log = serve_and_end(home, SASBIWS_LOGFILEPATH=str(tmp_path / "file"))
    assert error_of(database).startswith("STORE_UNAVAILABLE: ")
    assert str(tmp_path / "file") in error_of(log)


def test_a_broken_conf_or_schema_with_every_problem(serve_and_end, home, tmp_path):
    (home / "schemas/instream.xsd").write_text("<broken", encoding="utf-8")
    schema = serve_and_end(home)
    conf = serve_and_end(home, SASBIWS_WIAT="1", SASBIWS_TIMEOUT="long")
    assert "instream.xsd" in error_of(schema)
    told = error_of(conf)
    assert "SASBIWS_WIAT" in told
    assert "SASBIWS_TIMEOUT" in told


def test_another_wsgi_server_is_told_every_problem_too(home, tmp_path):
    (home / "conf/serviceConfig.ini").write_text(
        "[DEFAULT]\nwiat = 1\nloud = 2\n", encoding="utf-8"
    )
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SASBIWS_")}
    done = subprocess.run(
        [sys.executable, "-c", "import adapter.wsgi"],
        capture_output=True, text=True, timeout=LIMIT_S, check=False,
        env={**clean, "SASBIWS_HOME": str(home)}, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode != 0
    for place in ("wiat (line 2)", "loud (line 3)"):
        assert place in done.stderr
