"""A configuration that changes while the adapter runs: taken up as a whole, or refused."""

import json
import signal
import sys

import pytest
from adapter_process import LIMIT_S, eventually
from click.testing import CliRunner

from adapter.cli import main
from adapter.emulator import Emulator, Switches

WORK = ("-m", "adapter", "work", "--home")
DELIVERING = r"delivering the tasks of (\S+)()"
SERVICE = "conf/serviceConfig.ini"


@pytest.fixture
def reload(home):
    """Runs `sasbiws config reload --json` here: its exit code, and what each process said."""

    def run():
        ended = CliRunner().invoke(main, ["config", "reload", "--json", "--home", str(home)])
        return ended.exit_code, json.loads(ended.stdout)["processes"]

    return run


def change(home, before, after, name=SERVICE):
    text = (home / name).read_text(encoding="utf-8")
    assert before in text
    (home / name).write_text(text.replace(before, after), encoding="utf-8")


def test_address_and_sections_are_taken_up_and_what_needs_a_restart_is_said(
    dying, home, sas, reload, runs, tmp_path
):
    adapter = dying()
    assert adapter.post("Added").status_code == 404
    with Emulator(folder=tmp_path / "other") as other:
        change(home, sas.url, other.url)
        change(
            home, "[Slow]\n", "[Added]\nstpurl = " + other.url + "/SASBIWS/rest/x/Echo\n[Slow]\n"
        )
        change(home, "threads = 16", "threads = 17")
        assert reload() == (
            0,
            [{"pid": adapter.process.pid, "outcome": "reloaded", "restart_for": ["threads"]}],
        )
        delivery_id = adapter.post("Echo").json()["deliveryId"]
        assert adapter.ended(delivery_id)["status"] == "delivered"
        assert adapter.post("Added").status_code == 202
        assert (runs(delivery_id), other.executions[0].delivery_id) == (0, delivery_id)


WRONG = [
    (SERVICE, "retry_max", "retry_mxa", "did you mean retry_max?"),
    (SERVICE, "[Echo]", "[Echo]\nschema = none.xsd", "there is no such schema"),
    ("schemas/instream.xsd", "</xs:schema>", "", "instream.xsd"),
    ("conf/auth.ini", "", "[x]\nmethod = none\n", "conf/auth.ini"),
]


def test_what_is_wrong_is_refused_and_the_former_configuration_holds(serve, home, reload):
    adapter = serve()
    change(home, "[Slow]", "[Added]\n[Slow]")
    for name, before, after, told in WRONG:
        good = (home / name).read_bytes() if (home / name).exists() else b""
        (home / name).write_bytes(good)
        change(home, before, after, name)
        exit_code, [said] = reload()
        assert (exit_code, said["outcome"], said["code"]) == (2, "refused", "CONFIG_INVALID")
        assert told in json.dumps(said["problems"])
        assert said["remedy"].startswith("Mend ")
        (home / name).write_bytes(good)
    assert adapter.post("Added").status_code == 404
    assert adapter.ended(adapter.post("Echo").json()["deliveryId"])["status"] == "delivered"
    assert adapter.said().count("reload_refused code=CONFIG_INVALID") == len(WRONG)
    assert "problem problem=" in adapter.said()
    assert reload()[0] == 0
    assert adapter.post("Added").status_code == 202


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
def test_sighup_and_a_touched_file_reload(serve, home):
    adapter = serve()
    change(home, "[Slow]", "[Added]\n[Slow]")
    adapter.process.send_signal(signal.SIGHUP)
    eventually(lambda: adapter.post("Added").status_code == 202)
    change(home, "[Slow]", "[Further]\n[Slow]")
    (home / "var/reload").touch()
    eventually(lambda: adapter.post("Further").status_code == 202)
    assert adapter.stop() == 0


def test_every_process_of_the_home_answers_and_without_any_the_exit_code_is_three(
    start, serve, home, reload
):
    assert reload() == (3, [])
    processes = [serve(), start(*WORK, home, address=DELIVERING)]
    exit_code, said = reload()
    assert exit_code == 0
    assert {one["pid"] for one in said} == {each.process.pid for each in processes}
    processes[0].kill()
    assert [one["pid"] for one in reload()[1]] == [processes[1].process.pid]
    assert processes[1].stop() == 0
    assert reload() == (3, [])


def test_an_attempt_under_way_ends_as_it_began(dying, home, sas, reload, runs):
    sas.switches = Switches(delay_s=2, only="Slow")
    adapter = dying()
    delivery_id = adapter.post("Slow").json()["deliveryId"]
    sas.wait_for(lambda it: it.executions, timeout_s=LIMIT_S)
    change(home, "[Slow]\n", "")
    assert reload()[0] == 0
    assert adapter.post("Slow").status_code == 404
    assert adapter.ended(delivery_id)["status"] == "delivered"
    assert runs(delivery_id) == 1


def test_mended_credentials_lift_the_hold_of_their_account(serve, home, sas, reload, runs):
    sas.switches = Switches(users={"sasdemo": "Right-hand1"})
    wrong = "[DEFAULT]\nstpusername = sasdemo\nstppassword = Left-hand1\n"
    (home / "conf/credentials.ini").write_text(wrong, encoding="ascii")
    adapter = serve()
    delivery_id = adapter.post("Echo").json()["deliveryId"]
    eventually(lambda: adapter.find("hold account="))
    change(home, "Left-hand1", "Right-hand1", "conf/credentials.ini")
    assert reload()[0] == 0
    assert adapter.ended(delivery_id)["status"] == "delivered"
    assert runs(delivery_id) == 1
    assert "Left-hand1" not in adapter.said()
    assert "Right-hand1" not in adapter.said()
