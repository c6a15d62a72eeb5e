"""Passwords in the key store of the system: found, missing, and a store that cannot be opened."""

import math
import sys

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked

from adapter.core.redact import Secret
from adapter.core.route import Credentials

WHERE = "conf/credentials.ini [DEFAULT] stppassword"


class FileStore(KeyringBackend):
    """A key store in a folder: one file for each service and user."""

    priority = 1

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def get_password(self, service, username):
        path = self.folder / f"{service}-{username}"
        return path.read_text(encoding="utf-8") if path.exists() else None

    def set_password(self, service, username, password):
        (self.folder / f"{service}-{username}").write_text(password, encoding="utf-8")


class LockedStore(null.Keyring):
    """A key store that only a person can open."""

    def get_password(self, service, username):
        raise KeyringLocked(f"{service} {username} hunter2")


@pytest.fixture
def use():
    """Makes a key store the one that is asked, until the test ends."""
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


@pytest.fixture
def set_up(home, use, tmp_path):
    use(FileStore(tmp_path))
    home.default()
    home.credentials("stpusername = sasdemo", "stppassword = keyring:sas server")
    return home


def test_the_password_of_the_user_is_read(set_up):
    keyring.set_password("sas server", "sasdemo", "hunter2")
    settings = set_up.load()
    assert settings.routes.choose("x").credentials == Credentials("sasdemo", Secret("hunter2"))
    assert settings.credentials_saved_at == math.inf
    assert settings.notes == ()


def test_a_section_has_its_own_user_and_service(set_up):
    set_up.service(
        "[DEFAULT]\nstpurl = http://a/SASBIWS/rest/storedProcesses/{{stpName}}\n[One]\n[Two]\n"
    )
    set_up.write(
        "credentials.ini",
        "[DEFAULT]\nstpusername = u\nstppassword = p\n[Two]\nstpusername = v\nstppassword = Keyring: s\n",
    )
    keyring.set_password("s", "v", "hunter2")
    routes = set_up.load().routes
    assert routes.choose("One").credentials == Credentials("u", Secret("p"))
    assert routes.choose("Two").credentials == Credentials("v", Secret("hunter2"))


def test_what_is_missing_is_told_with_the_command_that_sets_it(set_up):
    problem = set_up.problem()
    assert (problem.where, problem.line) == (WHERE, 3)
    assert "keyring set sas server sasdemo" in problem.expected


@pytest.mark.parametrize("store", [LockedStore(), fail.Keyring()])
def test_a_store_that_cannot_be_opened_is_told_without_its_words(set_up, use, store):
    use(store)
    problem = set_up.problem()
    assert problem.reason.startswith("the key store cannot be read: ")
    assert "hunter2" not in str(problem)


def test_a_service_must_be_named(set_up):
    set_up.credentials("stpusername = sasdemo", "stppassword = keyring:")
    assert set_up.problem().reason == "no service is named"


def test_a_user_must_be_named(set_up):
    set_up.credentials("stppassword = keyring:x")
    assert set_up.problem().reason == "a password without a user"


def test_a_password_with_control_characters_is_refused(set_up):
    keyring.set_password("sas server", "sasdemo", "a\x07")
    assert set_up.problem().reason.startswith("in the key store: ")


def test_without_the_library_the_extra_is_named(set_up, monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "sasbiws[keyring]" in set_up.problem().expected


def test_a_file_may_hold_a_password_that_begins_like_a_service(set_up):
    (set_up.folder / "pw").write_text("keyring:x\n", encoding="ascii")
    set_up.credentials("stpusername = u", "stppassword_file = pw")
    assert set_up.load().routes.choose("x").credentials == Credentials("u", Secret("keyring:x"))
