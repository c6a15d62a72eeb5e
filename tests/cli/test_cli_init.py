"""`sasbiws init`: a new home, and an old one that is left as it is."""

import json
import os
import shutil

FILES = [
    "conf/credentials.ini",
    "conf/serviceConfig.ini",
    "conf/serviceConfig.py",
    "sas/README.md",
    "sas/code/stpDownloadFile.sas",
    "sas/conf/DownloadFile.map",
    "sas/conf/config.sas",
    "schemas/DownloadFile.xsd",
    "schemas/instream.xsd",
    "wsdl_cache/README.md",
]


def files_of(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_a_new_home_is_written_and_the_next_step_is_told(run, tmp_path):
    ended = run("init", tmp_path / "a/new home")
    assert ended.exit_code == 0
    assert files_of(tmp_path / "a/new home") == FILES
    assert all(name in ended.out for name in FILES)
    assert f'sasbiws serve --home "{tmp_path / "a/new home"}"' in ended.out


def test_conf_and_schemas_of_a_new_home_are_commented(run, tmp_path):
    run("init", tmp_path)
    for name in FILES[:3]:
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert sum(line.startswith("#") for line in text.splitlines()) >= 5
    assert "<!--" in (tmp_path / "schemas/instream.xsd").read_text(encoding="utf-8")


def test_a_new_home_validates_a_bulk_task_as_it_is(run, tmp_path, vectors):
    run("init", tmp_path)
    ended = run("validate", vectors / "payloads/bulk-task-1.json", "--home", tmp_path)
    assert ended.exit_code == 0
    assert ended.out.startswith("<Table>\n<InData>\n")


def test_a_second_run_keeps_every_file_and_writes_what_is_missing(run, tmp_path):
    run("init", tmp_path)
    (tmp_path / "conf/credentials.ini").write_text("mine", encoding="utf-8")
    (tmp_path / "schemas/instream.xsd").unlink()
    ended = run("init", tmp_path)
    assert ended.exit_code == 0
    assert (tmp_path / "conf/credentials.ini").read_text(encoding="utf-8") == "mine"
    assert f"written  {tmp_path / 'schemas/instream.xsd'}" in ended.out
    assert ended.out.count("kept  ") == len(FILES) - 1


def test_json_tells_what_was_written_and_what_was_kept(run, tmp_path):
    first = json.loads(run("init", tmp_path, "--json").out)
    second = json.loads(run("init", tmp_path, "--json").out)
    names = [str(tmp_path / name) for name in FILES]
    assert first == {"home": str(tmp_path), "written": names, "kept": []}
    assert second == {"home": str(tmp_path), "written": [], "kept": names}


def test_a_folder_that_cannot_be_written_is_told(run, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "conf").write_text("", encoding="utf-8")
    for folder in (tmp_path / "file", tmp_path / "file/below", tmp_path):
        ended = run("init", folder)
        assert ended.exit_code == 2
        assert "file" in ended.err.lower()


def test_what_is_pinned_in_the_cache_of_a_checkout_is_not_copied(run, tmp_path):
    run("init", tmp_path)
    assert [path.name for path in (tmp_path / "wsdl_cache").iterdir()] == ["README.md"]


def test_only_its_owner_may_read_the_credentials(run, tmp_path):
    run("init", tmp_path / "home")
    mode = (tmp_path / "home/conf/credentials.ini").stat().st_mode
    assert os.name == "nt" or mode & 0o077 == 0


def test_the_conf_of_the_script_is_adopted_byte_for_byte_and_what_is_wrong_is_told(
    run, tmp_path, vectors
):
    former, home = tmp_path / "former", tmp_path / "home"
    shutil.copytree(vectors / "seed-conf", former / "conf")
    (former / "conf/serviceConfig.py").write_text("port = f()\n", encoding="utf-8")
    ended = run("init", home, "--from", former)
    assert ended.exit_code == 0
    for file in (former / "conf").iterdir():
        assert (home / "conf" / file.name).read_bytes() == file.read_bytes()
    findings, _, step = ended.out.partition("\nNext: ")
    assert "SAS-encoded password" in findings
    assert "problem  conf/serviceConfig.py port" in findings
    assert f"sasbiws config check --home {home}" in step
    told = json.loads(run("init", home, "--from", former, "--json").out)
    assert [problem["line"] for problem in told["problems"]] == [1]
    assert len(told["notes"]) == 1
