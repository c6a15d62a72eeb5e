"""`sasbiws wsdl fetch`, `list`, `refresh` and `export`: what is pinned, and what becomes of it."""

import json
import tomllib
import zipfile

import pytest

from adapter.emulator import Switches, WsdlImport

URL = "{sas}/SASBIWS/services/DownloadFile"


@pytest.fixture
def wsdl(run, home):
    def wsdl_one(command, *arguments):
        return run("wsdl", command, *arguments, "--home", home)

    return wsdl_one


@pytest.fixture
def folder(home):
    """The only pinned folder."""

    def folder_of():
        (record,) = (home / "wsdl_cache").glob("*/contract.toml")
        return record.parent

    return folder_of


# fetch and list


def test_fetch_pins_once_and_says_when_it_was_there(wsdl, emulator, folder):
    first = wsdl("fetch", "DownloadFile")
    assert first.exit_code == 0
    assert first.out.startswith("pinned\nhttp://127.0.0.1")
    assert (folder() / "service.wsdl").exists()
    seen = len(emulator.requests)
    second = wsdl("fetch", "DownloadFile")
    assert second.exit_code == 0
    assert second.out.startswith("pinned already\n")
    assert len(emulator.requests) == seen
    told = json.loads(wsdl("fetch", "DownloadFile", "--json").out)
    assert (told["pinnedBefore"], told["intact"]) == (True, True)


@pytest.mark.parametrize("end", ["", "?wsdl", "?WSDL"])
def test_a_url_and_its_route_share_one_pin(wsdl, emulator, end, folder):
    assert wsdl("fetch", URL.replace("{sas}", emulator.url) + end).exit_code == 0
    assert wsdl("fetch", "DownloadFile").out.startswith("pinned already\n")
    assert folder()


def test_fetch_of_what_is_away_or_unusable_pins_nothing(wsdl, emulator, home):
    assert wsdl("fetch", f"{emulator.url}/nothing").exit_code == 1
    assert wsdl("fetch", "no.wsdl").exit_code == 2
    assert wsdl("fetch", home).exit_code == 2
    emulator.switches = Switches(page="html200", disturb_wsdl=True)
    assert wsdl("fetch", "DownloadFile").exit_code == 1
    emulator.stop()
    ended = wsdl("fetch", "DownloadFile")
    assert (ended.exit_code, "Remedy: " in ended.err) == (3, True)
    assert not list((home / "wsdl_cache").glob("*/contract.toml"))


def test_list_tells_who_uses_what_and_whether_it_is_intact(wsdl, emulator, folder):
    assert wsdl("list").exit_code == 0
    assert json.loads(wsdl("list", "--json").out) == {"contracts": []}
    emulator.switches = Switches(wsdl_import=WsdlImport.LOCAL)
    wsdl("fetch", "DownloadFile")
    told = wsdl("list")
    assert told.exit_code == 0
    for text in (
        f"{emulator.url}/SASBIWS/services/DownloadFile\n",
        "  used by  [DownloadFile]\n",
        "  file     import-1.xsd  ",
        "  intact   every file has its hash\n",
    ):
        assert text in told.out
    (entry,) = json.loads(wsdl("list", "--json").out)["contracts"]
    assert entry["storedProcesses"] == ["DownloadFile"]
    assert [file["name"] for file in entry["files"]] == ["service.wsdl", "import-1.xsd"]
    assert entry["fetchedAt"].endswith("Z")
    (folder() / "service.wsdl").write_bytes(b"changed")
    broken = wsdl("list")
    assert broken.exit_code == 1
    assert "  broken   " in broken.out
    assert "was changed after it was pinned" in broken.out
    assert "  remedy   " in broken.out
    (entry,) = json.loads(wsdl("list", "--json").out)["contracts"]
    assert (entry["intact"], entry["files"]) == (False, [])
    assert entry["storedProcesses"] == ["DownloadFile"]


@pytest.mark.parametrize(
    "command", ["check", "show", "sample", "fetch", "refresh", "diff", "export"]
)
def test_a_broken_pin_is_refused_with_the_remedy(wsdl, folder, command, tmp_path):
    wsdl("fetch", "DownloadFile")
    (folder() / "service.wsdl").write_bytes(b"changed")
    more = {"diff": ("DownloadFile",), "export": (tmp_path / "to",)}.get(command, ())
    ended = wsdl(command, "DownloadFile", *more)
    assert ended.exit_code == 1
    told = ended.out + ended.err
    assert "was changed after it was pinned" in told
    assert "delete" in told
    assert wsdl("check", folder()).exit_code == 1


# refresh


@pytest.fixture
def changed(wsdl, emulator):
    """Pins what is published, then publishes something else."""

    def change(**switches):
        assert wsdl("fetch", "DownloadFile").exit_code == 0
        emulator.switches = Switches(**switches)

    return change


HARMLESS = {"value_kind": "anyType"}
BREAKING = {"operation_spelling": "pascal"}


def test_refresh_of_the_same_changes_nothing(wsdl, changed, emulator, folder):
    changed()
    before = (folder() / "contract.toml").read_bytes()
    ended = wsdl("refresh")
    assert ended.exit_code == 0
    assert ended.out == f"{emulator.url}/SASBIWS/services/DownloadFile [DownloadFile]: unchanged\n"
    assert (folder() / "contract.toml").read_bytes() == before
    assert "reload=true" in emulator.requests[-1].path


def test_refresh_prints_harmless_changes_and_replaces_only_where_it_may(wsdl, changed, folder):
    changed(**HARMLESS)
    before = (folder() / "service.wsdl").read_bytes()
    kept = wsdl("refresh", "DownloadFile")
    assert kept.exit_code == 0
    assert ": kept\nharmless: " in kept.out
    assert "--accept replaces the pinned one" in kept.out
    assert (folder() / "service.wsdl").read_bytes() == before
    replaced = wsdl("refresh", "DownloadFile", "--accept")
    assert replaced.exit_code == 0
    assert ": replaced\nharmless: " in replaced.out
    assert (folder() / "service.wsdl").read_bytes() != before
    assert ": unchanged" in wsdl("refresh").out


def test_refresh_replaces_harmless_changes_where_the_route_accepts_them(wsdl, changed, home):
    changed(**HARMLESS)
    file = home / "conf/serviceConfig.ini"
    file.write_text(
        f"{file.read_text('utf-8')}\n".replace(
            "[DownloadFile]\n", "[DownloadFile]\naccept = compatible\n"
        ),
        "utf-8",
    )
    assert ": replaced\n" in wsdl("refresh").out


def test_refresh_replaces_what_is_breaking_only_if_told_so(wsdl, changed, folder):
    changed(**BREAKING)
    before = (folder() / "service.wsdl").read_bytes()
    for options in ((), ("--accept",)):
        kept = wsdl("refresh", *options)
        assert kept.exit_code == 1
        assert ": kept\nbreaking: " in kept.out
        assert "--accept-breaking replaces" in kept.out
        assert (folder() / "service.wsdl").read_bytes() == before
    told = json.loads(wsdl("refresh", "--json").out)["contracts"][0]
    assert (told["outcome"], told["breaking"], told["storedProcesses"]) == (
        "kept",
        True,
        ["DownloadFile"],
    )
    assert wsdl("refresh", "--accept-breaking").exit_code == 0
    assert (folder() / "service.wsdl").read_bytes() != before


def test_refresh_tells_what_is_not_pinned_and_what_is_away(wsdl, changed, emulator):
    nothing = wsdl("refresh")
    assert (nothing.exit_code, "has a pinned WSDL" in nothing.err) == (0, True)
    missing = wsdl("refresh", "DownloadFile")
    assert missing.exit_code == 1
    assert ': not pinned\n  remedy: pin it: sasbiws wsdl fetch "DownloadFile"' in missing.out
    assert wsdl("refresh", "Nobody").exit_code == 2
    assert wsdl("refresh", "Echo").exit_code == 2
    changed()
    emulator.stop()
    away = wsdl("refresh")
    assert (away.exit_code, ": failed\n" in away.out) == (3, True)
    assert json.loads(wsdl("refresh", "--json").out)["contracts"][0]["error"]["remedy"]


# export


@pytest.fixture
def pinned(wsdl, emulator):
    emulator.switches = Switches(wsdl_import=WsdlImport.LOCAL)
    wsdl("fetch", "DownloadFile")


@pytest.mark.usefixtures("pinned")
def test_export_writes_the_bytes_as_received_with_their_record(wsdl, folder, tmp_path):
    to = tmp_path / "new/dir"
    ended = wsdl("export", "DownloadFile", to)
    assert ended.exit_code == 0
    names = {file.name for file in folder().iterdir()}
    assert (
        {file.name for file in to.iterdir()}
        == names
        == {"contract.toml", "service.wsdl", "import-1.xsd"}
    )
    for name in names:
        assert (to / name).read_bytes() == (folder() / name).read_bytes()
        assert f"written  {(to / name).as_posix()}\n" in ended.out
    assert tomllib.loads((to / "contract.toml").read_text("utf-8"))["address"]
    assert wsdl("check", to).exit_code == 0
    assert wsdl("diff", to, "DownloadFile").out.endswith("no change\n")


@pytest.mark.usefixtures("pinned")
def test_export_as_a_zip_holds_the_same_and_is_the_same_each_time(wsdl, folder, tmp_path):
    told = json.loads(wsdl("export", "DownloadFile", tmp_path / "a.zip", "--json").out)
    assert len(told["files"]) == 3
    wsdl("export", "DownloadFile", tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as zipped:
        for name in zipped.namelist():
            assert zipped.read(name) == (folder() / name).read_bytes()


def test_export_writes_over_nothing_and_only_what_is_pinned(wsdl, tmp_path):
    missing = wsdl("export", "DownloadFile", tmp_path / "x")
    assert (missing.exit_code, "sasbiws wsdl fetch" in missing.err) == (2, True)
    wsdl("fetch", "DownloadFile")
    (tmp_path / "x.zip").write_bytes(b"mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").write_bytes(b"mine")
    for to in ("x.zip", "full", "x.zip/below", "none/x.zip"):
        assert wsdl("export", "DownloadFile", tmp_path / to).exit_code == 2
    assert (tmp_path / "x.zip").read_bytes() == b"mine"
    assert len(list((tmp_path / "full").iterdir())) == 1
