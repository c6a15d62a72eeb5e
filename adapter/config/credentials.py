"""credentials.ini: the user and password that a stored process is called with."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from adapter.config import key_store
from adapter.config.entry import Entry, Findings, Level
from adapter.config.files import below, is_file, text_of
from adapter.config.ini import Ini
from adapter.config.key import CREDENTIALS_INI, DEFAULT
from adapter.config.kinds import LINE, Refused
from adapter.core.errors import ConfigurationInvalid, Problem
from adapter.core.redact import Secret
from adapter.core.route import Credentials

USER = "stpusername"
PASSWORD = "stppassword"  # noqa: S105 - the key's name
PASSWORD_FILE = "stppassword_file"  # noqa: S105 - the key's name

_ENCODED = re.compile(
    r"""['"]? (?:str\s*\()? \s* ['"]? \s* [{(] SAS (?:[0-9]{2}[0-9A-Z] | ENC) [)}]""",
    re.IGNORECASE | re.VERBOSE,
)
"""What PROC PWENCODE writes, bare or in the `str(...)` of the published sample."""

_IN_FILE = "a file, relative to the home or absolute, whose first line is the password"


@dataclass(frozen=True)
class _Password:
    entry: Entry
    text: str


def overlaid(level: Level, environment: Level) -> Level:
    """`[DEFAULT]` as the environment changes it: a password from there replaces either key."""
    replaced = PASSWORD in environment or PASSWORD_FILE in environment
    gone = (PASSWORD, PASSWORD_FILE) if replaced else ()
    kept = {name: entry for name, entry in level.items() if name not in gone}
    return {**kept, **environment}


def credentials_of(levels: tuple[Level, ...], home: Path, findings: Findings) -> Credentials | None:
    """User and password in force, or None where calls are made without.

    Args:
        levels: Nearest first.
        home: Where a relative path starts.
        findings: Takes what is wrong, and a note about a password that cannot be used.
    """
    user = next((level[USER] for level in levels if USER in level), None)
    try:
        password = _opened(_nearest_password(levels, home), user)
    except ConfigurationInvalid as error:
        findings.add(*error.problems)
        return None
    if password and _ENCODED.match(password.text):
        findings.notes.append(_not_used(password.entry))
        return None
    return _pair(user, password, findings)


def saved_at(ini: Ini, environment: Level, home: Path) -> float:
    """When user or password may last have changed, in seconds since 1970-01-01 UTC.

    That is when credentials.ini or a file with a password was saved; for ever now, where the
    environment or a key store gives them, for these do not tell when they were set.
    """
    if environment or any(_in_key_store(section.entries) for section in ini.sections.values()):
        return math.inf
    named = (section.entries.get(PASSWORD_FILE) for section in ini.sections.values())
    files = [home / CREDENTIALS_INI, *(below(home, entry.text) for entry in named if entry)]
    return max((file.stat().st_mtime for file in files if is_file(file)), default=0.0)


def _in_key_store(level: Level) -> bool:
    return PASSWORD in level and key_store.is_named(level[PASSWORD].text)


def _opened(password: _Password | None, user: Entry | None) -> _Password | None:
    """The password itself, where the key store has it; without a user there is nothing to ask."""
    if password is None or password.entry.name != PASSWORD or not user or not user.text:
        return password
    if not key_store.is_named(password.text):
        return password
    return _Password(password.entry, key_store.kept_password(password.entry, user.text))


def _pair(user: Entry | None, password: _Password | None, findings: Findings) -> Credentials | None:
    if user and user.text and password and password.text:
        return Credentials(user.text, Secret(password.text))
    if user and user.text:
        findings.add(_without_password(user, password))
    if password and password.text:
        findings.add(_without_user(user, password))
    return None


def _without_password(user: Entry, password: _Password | None) -> Problem:
    if password and password.entry.name == PASSWORD_FILE and password.entry.text:
        return password.entry.problem("the first line of that file is empty", _IN_FILE)
    if password and _is_nearer(password.entry, user):
        return password.entry.problem(
            f"this is empty, and {user.where} is inherited: a user without a password",
            f"a password, or an empty {USER} beside it for calls without credentials",
        )
    return user.problem("a user without a password", f"{PASSWORD} or {PASSWORD_FILE} beside it")


def _without_user(user: Entry | None, password: _Password) -> Problem:
    if user and _is_nearer(user, password.entry):
        return user.problem(
            f"this is empty, and {password.entry.where} is inherited: a password without a user",
            f"a user, or an empty {PASSWORD} beside it for calls without credentials",
        )
    return password.entry.problem("a password without a user", f"{USER} beside it")


def _is_nearer(one: Entry, other: Entry) -> bool:
    """Whether one stands in a stored process's section, which inherits the other."""
    section = one.where.rpartition(" ")[0]
    own = section not in ("", f"{CREDENTIALS_INI} [{DEFAULT}]")
    return own and section != other.where.rpartition(" ")[0]


def _nearest_password(levels: tuple[Level, ...], home: Path) -> _Password | None:
    for level in levels:
        password = _password(level.get(PASSWORD), level.get(PASSWORD_FILE), home)
        if password:
            return password
    return None


def _password(clear: Entry | None, named: Entry | None, home: Path) -> _Password | None:
    if named and named.text:
        if clear and clear.text:
            raise _invalid(named.problem(f"{PASSWORD} is given as well", "one of the two"))
        return _Password(named, _first_line(named, home))
    written = clear or named
    return _Password(written, written.text) if written else None


def _first_line(named: Entry, home: Path) -> str:
    """The first line of the file; the path is never shown, since it may be a password by mistake.

    Raises:
        ConfigurationInvalid: There is no such file, or its first line cannot be a password.
    """
    line = _text(named, home).partition("\n")[0]
    try:
        LINE.read(line)
    except Refused as refused:
        raise _invalid(named.problem(f"in that file: {refused.reason}", _IN_FILE)) from None
    return line


def _text(named: Entry, home: Path) -> str:
    try:
        text = text_of(below(home, named.text), named.where)
    except ConfigurationInvalid as error:
        raise _invalid(named.problem(error.problems[0].reason, _IN_FILE)) from None
    if text is None:
        raise _invalid(named.problem("there is no such file", _IN_FILE))
    return text


def _invalid(problem: Problem) -> ConfigurationInvalid:
    return ConfigurationInvalid(str(problem), (problem,))


def _not_used(entry: Entry) -> Problem:
    return entry.problem(
        "a SAS-encoded password cannot be used for a web service call, "
        "so SAS is called without credentials",
        f"the password in clear text, or {PASSWORD_FILE} naming a file whose first line it is; "
        "or no user and no password where SAS asks for none",
    )
