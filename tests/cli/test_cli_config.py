"""`sasbiws config`: every problem at once, every value with its origin, every setting explained."""

import json

import pytest

from adapter.config import KEYS

BROKEN = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/{{stpName}}
wiat = 5
[Echo]
wait = soon
schema = broken.xsd
"""


@pytest.fixture
def broken(home, configure):
    configure(BROKEN, "[DEFAULT]\nstpusername = sasdemo\nstppassword = hunter2\n[Ecoh]\n")
    (home / "schemas/broken.xsd").write_text("<no schema/>", encoding="ascii")
    return home


def test_check_lists_every_problem_of_every_file_at_once(run, broken):
    ended = run("config", "check", "--home", broken)
    assert ended.exit_code == 2
    for told in (
        "[DEFAULT] wiat (line 3)",
        "did you mean wait?",
        "[Echo] wait (line 5)",
        "found soon",
    ):
        assert told in ended.out
    assert "expected [Echo]" in ended.out
    assert "broken.xsd" in ended.out
    assert "hunter2" not in ended.out + ended.err


def test_check_tells_file_section_key_and_line_as_json(run, broken):
    told = json.loads(run("config", "check", "--home", broken, "--json").out)
    assert told["ok"] is False
    problem = next(one for one in told["problems"] if one["key"] == "wait")
    assert (problem["file"], problem["section"]) == ("conf/serviceConfig.ini", "Echo")
    assert (problem["line"], problem["found"]) == (5, "soon")
    assert problem["expected"].startswith("a number of seconds")


def test_check_is_content_with_a_good_home_and_tells_its_notes(run, home, configure):
    configure(BROKEN.replace("wiat", "wait").replace("soon", "6").replace("broken", "instream"))
    (home / "conf/credentials.ini").write_text(
        "[DEFAULT]\nstpusername = u\nstppassword = {SAS002}0000\n", encoding="ascii"
    )
    ended = run("config", "check", "--home", home)
    assert (ended.exit_code, ended.err) == (0, "")
    assert "note" in ended.out
    assert "a SAS-encoded password cannot be used" in ended.out
    assert "no problems" in ended.out
    told = json.loads(run("config", "check", "--home", home, "--json").out)
    assert (told["ok"], told["problems"], len(told["notes"])) == (True, [], 1)


def test_check_sees_callers_and_variables(run, home):
    (home / "conf/auth.ini").write_text("[x]\nmethod = none\n", encoding="ascii")
    ended = run("config", "check", "--home", home, env={"SASBIWS_WIAT": "5"})
    assert ended.exit_code == 2
    assert "conf/auth.ini" in ended.out
    assert "did you mean SASBIWS_WAIT?" in ended.out


def test_a_folder_without_conf_tells_how_to_name_a_home(run, tmp_path):
    for command in (("config", "check"), ("serve",)):
        ended = run(*command, "--home", tmp_path)
        assert ended.exit_code == 2
        for told in ("conf/serviceConfig.ini", str(tmp_path), "SASBIWS_HOME", "sasbiws init"):
            assert told in ended.out + ended.err


def test_the_remedy_names_every_file(run, broken):
    ended = run("serve", "--home", broken)
    assert ended.exit_code == 2
    assert "Mend conf/credentials.ini, conf/serviceConfig.ini and try again" in ended.err


def test_show_tells_value_origin_default_and_meaning(run, home):
    ended = run("config", "show", "Slow", "--home", home, env={"SASBIWS_WAIT": "7"})
    assert ended.exit_code == 0
    assert "conf/serviceConfig.ini [Slow] timeout" in ended.out
    assert "SASBIWS_WAIT" in ended.out
    told = json.loads(run("config", "show", "--home", home, "--json").out)
    assert [one["key"] for one in told["settings"]] == [key.name for key in KEYS]
    port = next(one for one in told["settings"] if one["key"] == "port")
    assert (port["default"], port["meaning"].split()[0]) == ("8100", "Port")


def test_show_masks_secrets_and_shows_a_broken_configuration_too(run, broken):
    for option in ((), ("--json",)):
        ended = run("config", "show", "Echo", "--home", broken, *option)
        assert ended.exit_code == 2
        assert "soon" in ended.out
        assert "sasdemo" in ended.out
        assert "hunter2" not in ended.out + ended.err


def test_show_of_an_unknown_stored_process_names_the_one_that_was_meant(run, home):
    ended = run("config", "show", "Ecoh", "--home", home)
    assert ended.exit_code == 2
    assert "did you mean [Echo]?" in ended.err


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_explain_tells_all_about_every_setting(run, key):
    ended = run("config", "explain", key.variable)
    assert ended.exit_code == 0
    for told in (key.name, key.meaning, key.kind.expected, key.default, key.example, key.variable):
        assert told in ended.out
    told = json.loads(run("config", "explain", key.name.upper(), "--json").out)
    assert (told["key"], told["unit"], told["place"]) == (key.name, key.unit, key.place)


def test_explain_of_an_unknown_setting_names_the_one_that_was_meant(run):
    ended = run("config", "explain", "tiemout")
    assert ended.exit_code == 2
    assert "did you mean timeout?" in ended.err


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("config", "explain", "tiemout", "--json"), "did you mean timeout?"),
        (("config", "explain", "--json"), "KEY"),
        (("config", "chekc", "--json"), "chekc"),
        (("deliveries", "list", "--json", "--nothing"), "--nothing"),
    ],
)
def test_wrong_usage_is_json_where_json_is_asked_for(run, command, told):
    ended = run(*command)
    assert (ended.exit_code, ended.err) == (2, "")
    error = json.loads(ended.out)["error"]
    assert error["code"] == "USAGE"
    assert told in error["message"]


def test_reload_without_a_process_says_so(run, home):
    ended = run("config", "reload", "--home", home)
    assert (ended.exit_code, ended.out) == (3, "")
    assert "no process of this home runs" in ended.err


def test_reload_of_a_folder_that_is_no_home_is_wrong_usage(run, tmp_path):
    for folder in (tmp_path, tmp_path / "nothing"):
        ended = run("config", "reload", "--home", folder)
        assert (ended.exit_code, ended.out) == (2, "")
        assert f"there is no such file in {folder}" in ended.err
        assert "sasbiws init DIR" in ended.err


def test_init_adopts_the_conf_of_the_script_unchanged(run, tmp_path, vectors):
    seed = vectors / "seed-conf"
    ended = run("init", tmp_path / "home", "--from", seed)
    assert ended.exit_code == 0
    for file in seed.glob("*.*"):
        assert (tmp_path / "home/conf" / file.name).read_bytes() == file.read_bytes()
    assert (tmp_path / "home/schemas/instream.xsd").exists()
    assert "found " in ended.out
    assert "a SAS-encoded password cannot be used" in ended.out
    assert run("config", "check", "--home", tmp_path / "home").exit_code == 0


def test_init_never_overwrites_what_it_adopts(run, tmp_path, home):
    ini = tmp_path / "mine/conf/serviceConfig.ini"
    ini.parent.mkdir(parents=True)
    ini.write_text("[DEFAULT]\nwiat = 1\n", encoding="ascii")
    ended = run("init", tmp_path / "mine", "--from", home)
    assert ended.exit_code == 0
    assert ini.read_text(encoding="ascii") == "[DEFAULT]\nwiat = 1\n"
    assert f"kept     {ini}" in ended.out
    assert "problem  conf/serviceConfig.ini [DEFAULT] wiat (line 2)" in ended.out


def test_init_refuses_a_folder_that_has_no_conf(run, tmp_path):
    (tmp_path / "empty").mkdir()
    ended = run("init", tmp_path / "home", "--from", tmp_path / "empty")
    assert ended.exit_code == 2
    assert "serviceConfig.ini" in ended.err
    assert not (tmp_path / "home").exists()
