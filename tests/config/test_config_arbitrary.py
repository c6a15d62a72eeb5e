"""Whatever the files say: settings, or a list of problems, and never a secret."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.config import KEYS, Settings, load
from adapter.core.errors import ConfigurationInvalid

SECRET = "hunter2"
ODD = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["[DEFAULT]", "[A]", "[adapter:server]", "=", ":", "#", ";", "\r", "\0", "\x85"]
    ),
)
PAIR = st.builds(
    "{}{}{}".format,
    st.sampled_from([key.name for key in KEYS] + ["", "  x"]),
    st.sampled_from(["=", " : ", " "]),
    st.one_of(
        ODD,
        st.sampled_from([key.default for key in KEYS]),
        st.just("http://sas/SASBIWS/rest/{{stpName}}"),
    ),
)
FILE = st.one_of(
    st.binary(max_size=60),
    st.lists(ODD | PAIR, max_size=8).map(lambda lines: "\n".join(lines).encode("utf-8", "replace")),
)
TOKENS = ["class A:", "\n", "\n ", "=", "host", "port", "1", "'x'", "(", ")", " ", ";"]
PYTHON = st.one_of(
    FILE, st.lists(st.sampled_from(TOKENS)).map(lambda parts: "".join(parts).encode())
)
ENVIRON = st.dictionaries(
    st.one_of(st.sampled_from([key.variable for key in KEYS]), st.text("ABC_", max_size=4)),
    st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=20),
    max_size=3,
)


def loaded(service: bytes, credentials: bytes, python: bytes, environ: dict) -> Settings | str:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "conf").mkdir()
        (home / "schemas").mkdir()
        (home / "schemas" / "instream.xsd").touch()
        (home / "conf" / "serviceConfig.ini").write_bytes(service)
        (home / "conf" / "credentials.ini").write_bytes(credentials)
        (home / "conf" / "serviceConfig.py").write_bytes(python)
        try:
            return load(home, environ)
        except ConfigurationInvalid as error:
            assert error.problems
            return " ".join([str(error), *(f"{one!r} {one}" for one in error.problems)])


@settings(max_examples=200, deadline=None)
@given(FILE, FILE, PYTHON, ENVIRON)
def test_any_files_give_settings_or_problems(service, credentials, python, environ):
    result = loaded(service, credentials, python, environ)
    assert isinstance(result, Settings) or (result.isprintable() and result)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["stpusername = u", "[A]", "[DEFAULT]", "x", "stppassword_file=y"])),
    st.sampled_from(
        [
            "stppassword = {}",
            "stppassword_file = {}",
            "pasword: {}",
            "{}",
            "{}=1",
            " {}",
            "stppassword = x\n  {}",
            "stpusername = http://u:{}@h\x07",
            "stppassword = {}\x07",
        ]
    ),
    st.lists(st.sampled_from(["stppassword = z", "[B]", "=", "stpusername ="])),
)
def test_a_password_in_credentials_ini_is_never_shown(before, line, after):
    text = "\n".join(["[DEFAULT]", *before, line.format(SECRET), *after]).encode()
    service = b"[DEFAULT]\nstpurl = http://sas/SASBIWS/rest/{{stpName}}\n[A]\n"
    assert SECRET not in repr(loaded(service, text, b"", {}))
