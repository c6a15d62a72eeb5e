"""The value of each setting as it holds now, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapter.config import sources
from adapter.config.entry import Entry, Findings
from adapter.config.key import DEFAULT, Key, Place
from adapter.config.keys import BY_NAME, BY_VARIABLE, KEYS, closest
from adapter.config.sections import stored_processes
from adapter.core.errors import StpUnknown
from adapter.core.redact import shortened

BY_DEFAULT = "default"
MASK = "********"
_WEB = ("http://", "https://")

OF_STORED_PROCESS = (Place.ROUTE, Place.CREDENTIALS)
"""Places that have one value per stored process."""


@dataclass(frozen=True)
class Effective:
    """One setting as it holds.

    Args:
        key: Which.
        value: As written, fit to be read by anyone: a secret is masked.
        origin: File, section and line, or the variable, or `default`.
    """

    key: Key
    value: str
    origin: str

    def to_json(self) -> dict[str, Any]:
        """The setting as JSON members."""
        return {
            "key": self.key.name,
            "value": self.value,
            "origin": self.origin,
            "default": self.key.default,
            "unit": self.key.unit,
            "meaning": self.key.meaning,
            "secret": self.key.secret,
        }


def effective(home: Path, environ: Mapping[str, str], name: str = "") -> tuple[Effective, ...]:
    """Every setting in the order of the table, also where the configuration is wrong.

    Args:
        home: The folder that holds conf.
        environ: Environment variables.
        name: A stored process: then only what it is called by. Empty: those of all others.

    Raises:
        StpUnknown: There are sections, and none has this name.
    """
    findings = Findings()
    written = sources.read(home.resolve(), environ, findings)
    if name:
        _check_section(name, [*stored_processes(written.service, findings)])
    values = {place: written.values(place, name or DEFAULT) for place in Place}
    keys = (key for key in KEYS if not name or key.place in OF_STORED_PROCESS)
    return tuple(_one(key, values[key.place].entry(key.name)) for key in keys)


def key_of(name: str) -> Key | None:
    """The key of this name, or of this variable, in any case; None where there is none."""
    return BY_NAME.get(name.lower()) or BY_VARIABLE.get(name.upper())


def meant(name: str) -> str:
    """The key that was probably meant; empty where none is near."""
    return closest(name.lower().removeprefix("sasbiws_"), BY_NAME)


def _check_section(name: str, named: list[str]) -> None:
    if named and name not in named:
        near = closest(name, named)
        hint = f"did you mean [{near}]?" if near else f"there are {', '.join(sorted(named))}"
        raise StpUnknown(f"no section of serviceConfig.ini is named [{shortened(name)}]; {hint}")


def _one(key: Key, entry: Entry | None) -> Effective:
    if entry is None:
        return Effective(key, key.default, BY_DEFAULT)
    line = f" (line {entry.line})" if entry.line else ""
    return Effective(key, _shown(key, entry.text), entry.where + line)


def _shown(key: Key, text: str) -> str:
    """The text; nothing of it where it may hold a password, even by mistake."""
    in_address = "@" in text and "://" in text
    if text and (key.secret or in_address):
        return MASK
    before, query, _ = text.partition("?")
    return f"{before}?{MASK}" if query and before.startswith(_WEB) else text
