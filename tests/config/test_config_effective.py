"""The value of each setting, where it comes from, and what is never shown of it."""

import pytest

from adapter.config import KEYS
from adapter.config.effective import MASK, effective, key_of, meant
from adapter.core.errors import StpUnknown

SERVICE = "conf/serviceConfig.ini"
STPURL = "http://sas.example.com/SASBIWS/rest/storedProcesses/{{stpName}}"


@pytest.fixture
def set_up(home):
    home.service(f"[DEFAULT]\nstpurl = {STPURL}\nwait = 5\ntimeout = 7\n[Load]\nwait = 9\n[Next]\n")
    home.credentials("stpusername = sasdemo", "stppassword = hunter2")
    return home


def found(home, name="", **environ):
    return {one.key.name: one for one in effective(home.folder, environ, name)}


def test_a_section_wins_over_variables_and_these_over_the_default_section(set_up):
    of_load = found(set_up, "Load", SASBIWS_WAIT="1", SASBIWS_TIMEOUT="2")
    assert (of_load["wait"].value, of_load["wait"].origin) == (
        "9",
        f"{SERVICE} [Load] wait (line 6)",
    )
    assert (of_load["timeout"].value, of_load["timeout"].origin) == ("2", "SASBIWS_TIMEOUT")
    assert (of_load["max_line"].value, of_load["max_line"].origin) == ("3000", "default")
    assert found(set_up, "Next")["wait"].origin == f"{SERVICE} [DEFAULT] wait (line 3)"


def test_secrets_are_masked_whatever_they_are_and_wherever_they_stand(set_up):
    set_up.service(
        "[DEFAULT]\nstpurl = http://u:hunter2@h/x\n[adapter:server]\nstore_url = hunter2\n"
    )
    of_all = found(set_up)
    for name in ("stpurl", "stppassword", "store_url"):
        assert of_all[name].value == MASK
    assert of_all["stppassword"].origin.endswith("(line 3)")
    assert "hunter2" not in str([one.to_json() for one in of_all.values()])


def test_every_setting_is_told_once_and_those_of_a_stored_process_only_for_one(set_up):
    assert [*found(set_up)] == [key.name for key in KEYS]
    assert "port" not in found(set_up, "Load")


def test_a_section_that_is_not_there_is_told_with_the_one_that_was_meant(set_up):
    with pytest.raises(StpUnknown, match=r"did you mean \[Load\]\?"):
        found(set_up, "Loda")


def test_without_sections_every_name_has_the_default(home):
    home.default("wait = 5")
    assert found(home, "Anything")["wait"].value == "5"


def test_a_key_is_found_by_its_name_and_its_variable():
    assert key_of("WAIT") is key_of("sasbiws_wait") is not None
    assert key_of("wiat") is None
    assert meant("wiat") == meant("SASBIWS_WIAT") == "wait"


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_a_change_that_takes_a_restart_is_known(home, key):
    home.default()
    settings = home.load()
    assert (key.name in settings.fixed) == key.needs_restart
    assert settings.restart_for(settings) == ()
    assert "Secret(***)" in repr(settings.fixed)


def test_a_value_that_is_only_written_otherwise_is_no_change(home):
    home.default("proglog = yes", "[adapter:server]", "threads = 017")
    before = home.load()
    home.default("proglog = on", "[adapter:server]", "threads = 17")
    assert before.restart_for(home.load()) == ()
    home.default("proglog = off", "[adapter:server]", "threads = 18")
    assert set(before.restart_for(home.load())) == {"proglog", "threads"}


def test_what_stands_behind_the_question_mark_of_an_address_is_masked(home):
    home.service("[DEFAULT]\nstpurl = https://sas.example.com/x?token=hunter2\n")
    assert found(home)["stpurl"].value == f"https://sas.example.com/x?{MASK}"
