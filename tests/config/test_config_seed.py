"""Conf folders as they are: the published one, and the one of this repository."""

import re
import shutil
from pathlib import Path

import pytest

from adapter.config import KEYS, load
from adapter.core.route import TransportName

ROOT = Path(__file__).parents[2]
STPURL = (
    "http://sas-aap.demo.sas.com/SASBIWS/rest/storedProcesses/"
    "Shared Data/Customer Intelligence/CI360Jobs/Stored Processes/{{stpName}}"
)


@pytest.fixture
def seed(home, vectors):
    shutil.copytree(vectors / "seed-conf", home.folder / "conf", dirs_exist_ok=True)
    return home


def test_the_seeds_conf_folder_works_unchanged(seed):
    settings = seed.load()
    route = settings.routes.choose("Download File")
    assert (route.stpurl, route.transport) == (STPURL, TransportName.REST)
    assert route.address.endswith("/Stored%20Processes/Download%20File")
    assert route.credentials is None
    assert (settings.host, settings.port) == ("127.0.0.10", 8100)
    assert (settings.log.enabled, settings.log.level) == (True, "DEBUG")
    assert settings.log.folder == seed.folder.resolve() / "logs"


def test_the_seeds_password_is_told_to_be_unusable_once(seed):
    (note,) = seed.load().notes
    assert note.where == "conf/credentials.ini [DEFAULT] stppassword"
    assert note.line == 4
    assert "without credentials" in note.reason
    assert "stppassword_file" in note.expected
    assert "0000" not in str(note)


def test_the_seeds_files_as_windows_leaves_them(seed):
    for path in (seed.folder / "conf").iterdir():
        text = path.read_text("utf-8").replace("\n", "  \r\n")
        path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert seed.load().routes.choose("x").stpurl == STPURL


def test_the_folders_of_a_home(seed):
    settings, home = seed.load(), seed.folder.resolve()
    assert settings.home == home
    folders = (settings.conf, settings.schemas, settings.wsdl_cache, settings.var)
    assert folders == tuple(home / name for name in ("conf", "schemas", "wsdl_cache", "var"))


def test_only_serviceconfig_ini_is_needed(home):
    home.service(f"[DEFAULT]\nstpurl = {STPURL}\n")
    settings = home.load()
    assert (settings.host, settings.port, settings.notes) == ("127.0.0.10", 8100, ())
    assert (settings.log.enabled, settings.log.level) == (True, "INFO")
    assert (settings.threads, settings.workers, settings.keep_rejected) == (100, 6, 1000)


def test_the_repositorys_own_conf_loads_without_a_note():
    settings = load(ROOT, {})
    assert settings.routes.choose("Download File").stpurl == STPURL
    assert settings.routes.choose("Download File").credentials is None
    assert settings.notes == ()


def test_every_line_of_the_repositorys_conf_can_be_uncommented(home):
    text = (ROOT / "conf" / "serviceConfig.ini").read_text("utf-8")
    home.service(re.sub(r"^;(?=[a-z_\[])", "", text, flags=re.MULTILINE))
    settings = home.load()
    route = settings.routes.choose("Download File")
    assert (route.transport, route.schema) == (TransportName.SOAP, "DownloadFile.xsd")
    assert route.wait_s == 25


def test_the_repositorys_conf_shows_every_key_with_its_default():
    text = (ROOT / "conf" / "serviceConfig.ini").read_text("utf-8")
    shown = dict(re.findall(r"^;?([a-z_]+) =(.*)$", text.partition(";[Download")[0], re.MULTILINE))
    shown |= dict(re.findall(r"^;([a-z_]+) =(.*)$", text.partition(";[adapter")[2], re.MULTILINE))
    ini_keys = [key for key in KEYS if "serviceConfig.ini" in key.place]
    assert set(shown) == {key.name for key in ini_keys}
    for key in ini_keys:
        assert key.name == "stpurl" or shown[key.name].strip() == key.default
