"""`sasbiws auth`: callers added, listed, checked and removed; and what `serve` says of exposure."""

import json
import os
import signal
import stat
from base64 import b64decode
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from adapter.config.caller_file import write_callers

PASSWORD = "Planted: a pass phrase"


def added(run, home, name, *options):
    ended = run("auth", "add", name, "--home", home, "--json", *options)
    assert ended.exit_code == 0
    return json.loads(ended.out)


def rows(run, home):
    ended = run("auth", "list", "--home", home, "--json")
    assert ended.exit_code == 0
    return json.loads(ended.out)


def test_a_token_is_shown_once_and_only_its_hash_is_kept(run, home):
    ended = run("auth", "add", "ci360", "--home", home)
    assert ended.exit_code == 0
    scheme, token = ended.out.strip().removeprefix("Authorization: ").split()
    assert scheme == "Bearer"
    assert len(token) >= 43
    file = home / "conf/auth.ini"
    assert token not in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run("auth", "check", "ci360", "--home", home, stdin=f"{token}\n".encode()).exit_code == 0
    assert run("auth", "check", "ci360", "--home", home, stdin=b"wrong\n").exit_code == 1
    assert token not in run("auth", "list", "--home", home).out


def test_every_method_tells_what_to_type_into_the_connector(run, home, configure):
    configure(
        "[DEFAULT]\nstpurl = {sas}/SASBIWS/rest/x/{{stpName}}\n[adapter:auth]\napi_key_header = X-Mine\n"
    )
    key = added(run, home, "key", "--method", "apikey")
    user = added(run, home, "user", "--method", "basic", "--for", "operator", "--for", "webhook")
    assert key["header"] == f"X-Mine: {key['secret']}"
    encoded = user["header"].rpartition("Basic ")[2]
    assert b64decode(encoded).decode() == f"user:{user['secret']}"
    assert user["for"] == ["operator", "webhook"]
    assert (
        run("auth", "check", "user", "--home", home, stdin=user["secret"].encode()).exit_code == 0
    )
    listed = rows(run, home)
    assert [(each["name"], each["method"]) for each in listed["callers"]] == [
        ("key", "apikey"),
        ("user", "basic"),
    ]
    assert listed["methods"] == {"webhook": ["basic", "apikey"], "operator": ["basic"]}


def test_a_password_of_ones_own_is_hashed_slowly_and_never_shown(run, home):
    ended = run(
        "auth", "add", "u", "--method", "basic", "--password-stdin", "--home", home,
        stdin=f"{PASSWORD}\n".encode(),
    )  # fmt: skip
    assert ended.exit_code == 0
    text = (home / "conf/auth.ini").read_text(encoding="utf-8")
    assert "$argon2id$" in text
    assert PASSWORD not in ended.out + ended.err + text
    assert run("auth", "check", "u", "--home", home, stdin=PASSWORD.encode()).exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("two words",), ("[x]",), ("DEFAULT",), ("a:b",), ("",), ("x" * 65,),
        ("ok", "--method", "jwt"), ("ok", "--for", "everything"), ("ok", "--password-stdin"),
        ("ok", "--method", "basic", "--password-stdin"), ("there",),
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_told_and_changes_nothing(run, home, arguments):
    added(run, home, "there")
    before = (home / "conf/auth.ini").read_bytes()
    ended = run("auth", "add", *arguments, "--home", home, stdin=b"short\n")
    assert ended.exit_code == 2
    assert (home / "conf/auth.ini").read_bytes() == before
    assert "short" not in ended.out


def test_a_password_that_is_no_text_is_refused_and_adds_nobody(run, home):
    ended = run(
        "auth", "add", "u", "--method", "basic", "--password-stdin", "--home", home,
        stdin=b"\xff\xfe pass phrase\n",
    )  # fmt: skip
    assert (ended.exit_code, "is no text" in ended.err) == (2, True)
    assert rows(run, home)["callers"] == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give")
def test_what_root_adds_belongs_to_the_account_of_the_home(run, home):
    os.chown(home / "conf", 65534, 65534)
    added(run, home, "a")
    for name in ("auth.ini", "auth.ini.lock"):
        told = (home / "conf" / name).stat()
        assert (told.st_uid, stat.S_IMODE(told.st_mode)) == (65534, 0o600)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give")
def test_what_a_link_in_the_place_of_the_lock_leads_to_is_not_given_away(home, tmp_path):
    os.chown(home / "conf", 65534, 65534)
    (tmp_path / "of_root").touch()
    (home / "conf/auth.ini.lock").symlink_to(tmp_path / "of_root")
    write_callers(home, [])
    assert (tmp_path / "of_root").stat().st_uid == 0
    assert (home / "conf/auth.ini.lock").lstat().st_uid == 65534


def test_a_removed_caller_is_gone_and_an_unknown_one_is_told(run, home):
    added(run, home, "a")
    added(run, home, "b")
    assert run("auth", "remove", "a", "--home", home).exit_code == 0
    assert [each["name"] for each in rows(run, home)["callers"]] == ["b"]
    for verb in ("remove", "check"):
        ended = run("auth", verb, "a", "--home", home)
        assert (ended.exit_code, "sasbiws auth list" in ended.err) == (1, True)
        assert "CALLER_UNKNOWN" in run("auth", verb, "a", "--home", home, "--json").out


def test_a_file_that_was_damaged_is_told_with_its_line(run, home):
    (home / "conf/auth.ini").write_text("\n[a]\nmethod = none\n", encoding="utf-8")
    ended = run("auth", "list", "--home", home)
    assert ended.exit_code == 2
    assert "conf/auth.ini [a]" in ended.err


def open_home(home):
    (home / "conf/serviceConfig.py").write_text("host = '0.0.0.0'\nport = 0\n", encoding="utf-8")


def test_serve_refuses_other_machines_without_authentication(run_process, home):
    open_home(home)
    ended = run_process("serve", "--home", home)
    assert (ended.exit_code, ended.out) == (2, "")
    assert ended.err.startswith("EXPOSURE_REFUSED: ")
    assert "sasbiws auth add" in ended.err
    assert "allow_anonymous = true" in ended.err


def test_serve_takes_what_auth_add_printed_and_shows_it_nowhere(run, start, home):
    open_home(home)
    with (home / "conf/serviceConfig.ini").open("a", encoding="utf-8") as file:
        file.write("[adapter:auth]\nhosts = ci.example.com\n")
    told = added(run, home, "agent")
    process = start("serve", "--home", home)
    line = process.stdout.readline()
    assert line.endswith("(for HOST write the address of this machine, or ci.example.com)\n")
    port = int(line.split("POST http://HOST:")[1].partition("/ExecuteSTP")[0])
    assert posted(port, {}) == 401
    assert posted(port, {"Authorization": f"Bearer {told['secret']}"}) == 202
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
    assert not [command for command in commands if told["secret"].encode() in command]
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert "other machines can reach" in err
    assert told["secret"] not in out + err
    files = [path for path in home.rglob("*") if path.is_file()]
    assert not [path for path in files if told["secret"].encode() in path.read_bytes()]


def posted(port, headers):
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("POST", "/ExecuteSTP/Echo", b'{"a": "1"}', headers)
        return connection.getresponse().status
