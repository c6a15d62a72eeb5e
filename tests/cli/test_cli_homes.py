"""Which home a command works in."""

import pytest

TASK = b'{"a": 1}'
VALIDATE = ("validate", "-", "--stp", "Echo")


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A current folder that is no home."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)


@pytest.mark.usefixtures("elsewhere")
def test_the_home_is_named_before_or_after_the_command_or_by_the_environment(run, home):
    assert run("--home", home, *VALIDATE, stdin=TASK).exit_code == 0
    assert run(*VALIDATE, "--home", home, stdin=TASK).exit_code == 0
    assert run(*VALIDATE, stdin=TASK, env={"SASBIWS_HOME": str(home)}).exit_code == 0


@pytest.mark.usefixtures("elsewhere")
def test_the_nearest_name_of_a_home_wins(run, home, tmp_path):
    outer, none = {"SASBIWS_HOME": str(tmp_path / "none")}, tmp_path / "none"
    assert run("--home", none, *VALIDATE, "--home", home, stdin=TASK).exit_code == 0
    assert run("--home", home, *VALIDATE, stdin=TASK, env=outer).exit_code == 0
    assert run("--home", home, *VALIDATE, "--home", none, stdin=TASK).exit_code == 2


def test_without_a_name_the_home_is_the_current_folder(run, home, monkeypatch):
    monkeypatch.chdir(home)
    assert run(*VALIDATE, stdin=TASK).exit_code == 0
    assert run(*VALIDATE, stdin=TASK, env={"SASBIWS_HOME": ""}).exit_code == 0


@pytest.mark.parametrize("command", [VALIDATE, ("call", "Echo", "-"), ("serve",)])
@pytest.mark.usefixtures("elsewhere")
def test_a_folder_without_conf_is_no_home_and_init_is_named(run, command):
    ended = run(*command, stdin=TASK)
    assert ended.exit_code == 2
    assert "conf/serviceConfig.ini" in ended.err
    assert "sasbiws init" in ended.err


@pytest.mark.parametrize("command", [VALIDATE, ("call", "Echo", "-"), ("serve",)])
def test_a_home_that_is_a_file_is_wrong_usage(run, command, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert run(*command, "--home", tmp_path / "file", stdin=TASK).exit_code == 2


def test_the_environment_changes_settings_of_the_home(run, home):
    bad = run(*VALIDATE, "--home", home, stdin=TASK, env={"SASBIWS_MAX_LIEN": "5"})
    assert bad.exit_code == 2
    assert "did you mean SASBIWS_MAX_LINE?" in bad.err
    long = b'{"a": "%s"}' % (b"x" * 200)
    short = run(*VALIDATE, "--home", home, stdin=long, env={"SASBIWS_MAX_LINE": "100"})
    assert short.exit_code == 1
