"""`sasbiws call`: one call outside the queue, its answer printed, its failures told apart."""

import json
import os
import socket
import time

import pytest

from adapter import config, wiring
from adapter.core.delivery import AccountHold
from adapter.emulator import ConnectionFault, Output, Page, Switches, example_bulk_task

TASK = b'{"a": "1 < 2", "taskId": "t", "taskVersionId": "v", "occurrenceId": "o"}'


@pytest.fixture
def call(run, home):
    def call_one(*arguments, stdin=TASK):
        return run("call", *arguments, "--home", home, stdin=stdin)

    return call_one


@pytest.mark.parametrize(
    ("stp", "transport"), [("Download File", "rest"), ("DownloadFile", "soap")]
)
def test_the_answer_is_printed(call, emulator, files, stp, transport):
    task = example_bulk_task(files, "someone else")
    ended = call(stp, "-", stdin=task)
    assert ended.exit_code == 0
    assert "<ROWS>8</ROWS>" in ended.out
    (execution,) = emulator.executions
    assert execution.transport == transport
    assert (emulator.folder / "datasets/TSK_101.csv").exists()


def test_the_content_of_a_stream_stands_alone_on_standard_output(call):
    ended = call("Echo", "-")
    assert ended.out.startswith("<TABLE>")
    assert ended.err == "_WEBOUT (text/xml;charset=windows-1252)\n"


def test_an_answer_without_a_result_is_told(call, emulator):
    emulator.switches = Switches(output=Output.NONE)
    ended = call("Echo", "-")
    assert (ended.exit_code, ended.out) == (0, "")
    assert ended.err == "SAS answered without a result\n"


def test_json_has_parameters_and_streams(call):
    told = json.loads(call("Echo", "-", "--json").out)
    assert told["parameters"] == {}
    stream = told["streams"]["_WEBOUT"]
    assert stream["contentType"].startswith("text/xml")
    assert "<A>1 &lt; 2</A>" in stream["content"]


def test_every_call_is_a_run_and_nothing_is_stored(call, home, emulator):
    for _ in range(2):
        assert call("Echo", "-").exit_code == 0
    assert len(emulator.executions) == 2
    assert not (home / "var").exists()


def test_the_answer_keeps_characters_that_a_code_page_lacks(call):
    ended = call("EchoService", "-", stdin='{"a": "Größe 😀 €"}'.encode())
    assert ended.exit_code == 0
    assert "Größe" in ended.out


FAILURES = [
    (Switches(fault=1000), 2, "SAS_CREDENTIALS_REFUSED"),
    (Switches(fault=2000), 1, "SAS_CLIENT_FAULT"),
    (Switches(fault=3000), 1, "SAS_PROGRAM_FAILED"),
    (Switches(fault=4000), 1, "SAS_CONFIGURATION_FAULT"),
    (Switches(fault=5000), 1, "SAS_PROGRAM_TIMED_OUT"),
    (Switches(status=503), 3, "SAS_BUSY"),
    (Switches(status=404), 1, "SAS_REQUEST_REFUSED"),
    (Switches(status=500), 1, "SAS_SERVER_FAILED"),
    (Switches(page=Page.LOGIN_200), 2, "SAS_CREDENTIALS_REFUSED"),
    (Switches(page=Page.HTML_401), 2, "SAS_CREDENTIALS_REFUSED"),
    (Switches(page=Page.HTML_200), 1, "SAS_ANSWER_IS_HTML"),
    (Switches(page=Page.TRUNCATED), 1, "SAS_ANSWER_NOT_XML"),
    (Switches(connection=ConnectionFault.RESET_BEFORE), 1, "SAS_CONNECTION_LOST"),
]
"""Three says that nothing was run and the way to SAS is the trouble: safe to call again."""


@pytest.mark.parametrize(
    ("switches", "exit_code", "code"), FAILURES, ids=lambda value: str(value)[-40:]
)
def test_a_failure_has_its_exit_code_and_remedy(call, emulator, switches, exit_code, code):
    emulator.switches = switches
    ended = call("Echo", "-")
    assert (ended.exit_code, ended.out) == (exit_code, "")
    assert ended.err.startswith(f"{code}: ")
    assert "Remedy: " in ended.err


@pytest.mark.parametrize("stp", ["Echo", "EchoService"])
def test_all_that_sas_said_is_in_text_and_json(call, emulator, stp):
    emulator.switches = Switches(fault=3000)
    ended = call(stp, "-")
    said = [line[4:] for line in ended.err.splitlines() if line.startswith("  | ")]
    assert said
    error = json.loads(call(stp, "-", "--json").out)["error"]
    assert error["code"] == "SAS_PROGRAM_FAILED"
    assert [problem["reason"] for problem in error["details"]] == said


def test_a_stored_process_that_takes_too_long_may_have_run_so_it_is_not_called_unreachable(
    call, emulator
):
    emulator.switches = Switches(delay_s=3)
    ended = call("Slow", "-")
    assert ended.exit_code == 1
    assert ended.err.startswith("SAS_ANSWER_TIMED_OUT: ")
    assert "1 s" in ended.err


@pytest.mark.parametrize("stp", ["Echo", "EchoService"])
def test_sas_that_is_down_is_unreachable(call, emulator, stp):
    emulator.stop()
    ended = call(stp, "-")
    assert (ended.exit_code, ended.out) == (3, "")
    assert ended.err.startswith(("SAS_CONNECTION_REFUSED: ", "SAS_CONTRACT_UNAVAILABLE: "))
    assert json.loads(call(stp, "-", "--json").out)["error"]["code"].startswith("SAS_CON")


def test_a_host_that_is_unknown_and_a_port_that_is_silent_are_unreachable(run, configure):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        port = silent.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            text = (
                "[DEFAULT]\nconnect_timeout = 0.2\n"
                f"[Full]\nstpurl = http://127.0.0.1:{port}/SASBIWS/rest/x\n"
                "[Unknown]\nstpurl = http://sas.invalid/SASBIWS/rest/x\n"
            )
            home = configure(text)
            for stp in ("Full", "Unknown"):
                assert run("call", stp, "-", "--home", home, stdin=TASK).exit_code == 3


def test_a_bad_payload_or_document_is_not_sent(call, emulator):
    assert call("Echo", "-", stdin=b"not json").exit_code == 1
    assert call("Download File", "-", stdin=b'{"a": 1}').exit_code == 1
    assert call("../x", "-").exit_code == 1
    assert emulator.requests == ()


def test_wrong_usage_is_not_sent(call, emulator, tmp_path):
    assert call("Nobody", "-").exit_code == 2
    assert call("Echo", tmp_path / "missing.json").exit_code == 2
    assert call("Echo", "-", "--transport", "ftp").exit_code == 2
    assert call("Echo").exit_code == 2
    assert emulator.requests == ()


def test_a_held_account_is_not_called(call, home, emulator):
    parts = wiring.adapter(wiring.calling(config.load(home, {})))
    account = parts.settings.routes.choose("Echo").account
    assert account == f"no user at {emulator.url}"
    parts.deliveries.hold(AccountHold(account, time.time(), "SAS answered 401"))
    parts.close()
    for stp in ("Echo", "EchoService"):
        ended = call(stp, "-")
        assert ended.exit_code == 2
        assert ended.err.startswith("ROUTE_HELD: ")
        assert "SAS answered 401" in ended.err
    assert emulator.requests == ()
    os.utime(home / "conf/credentials.ini", (time.time() + 9, time.time() + 9))
    assert call("Echo", "-").exit_code == 0


def test_an_encoded_password_that_is_not_sent_is_told(call, home):
    (home / "conf/credentials.ini").write_text(
        "[DEFAULT]\nstpusername = u\nstppassword = {SAS002}1D57\n", encoding="utf-8"
    )
    assert "SAS-encoded password cannot be used" in call("Echo", "-", "--dry-run").err


OTHERWISE = [
    ("Echo", "soap", "/SASBIWS/services/"),
    ("EchoService", "rest", "/SASBIWS/rest/"),
]


@pytest.mark.parametrize(("stp", "transport", "path"), OTHERWISE)
@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_an_address_of_the_other_transport_is_told_before_anything_is_sent(
    call, emulator, stp, transport, path, more
):
    ended = call(stp, "-", "--transport", transport, *more)
    assert ended.exit_code == 2
    assert transport.upper() in ended.err
    assert path in ended.err
    assert emulator.url in ended.err
    assert emulator.requests == ()


@pytest.mark.parametrize(("stp", "transport"), [("Echo", "rest"), ("EchoService", "soap")])
def test_the_transport_that_the_address_tells_may_be_named(call, emulator, stp, transport):
    assert call(stp, "-", "--transport", transport).exit_code == 0
    assert emulator.executions[-1].transport == transport


def test_the_transport_is_free_where_the_address_does_not_tell(run, configure):
    text = "[Plain]\nstpurl = http://127.0.0.1:9/gateway/x\ntransport = soap\n"
    home = configure(text)
    ended = run(
        "call", "Plain", "-", "--transport", "rest", "--dry-run", "--home", home, stdin=TASK
    )
    assert ended.exit_code == 0
    assert ended.out.startswith(
        "POST http://127.0.0.1:9/gateway/x\nContent-Type: application/xml\n"
    )
