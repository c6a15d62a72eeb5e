"""Settings from environment variables: each replaces what a file says for everything."""

from __future__ import annotations

from collections.abc import Mapping

from adapter.config.check import refusals
from adapter.config.entry import Entry, Findings, Level
from adapter.config.key import PREFIX, Place
from adapter.config.keys import BY_NAME, BY_VARIABLE, closest
from adapter.core.errors import Problem
from adapter.core.redact import shortened

HOME = "SASBIWS_HOME"
"""Names the home; read by the command line."""


def read(environ: Mapping[str, str], findings: Findings) -> Level:
    """The settings that variables make, by key; an empty variable makes none."""
    entries: dict[str, Entry] = {}
    for variable in sorted(environ):
        text = environ[variable].strip()
        key = BY_VARIABLE.get(variable)
        if key and text:
            entries[key.name] = Entry(key.name, text, variable)
        elif key is None and variable.startswith(PREFIX) and variable != HOME:
            findings.add(_unknown(variable))
    findings.add(*refusals(entries))
    return entries


def _unknown(variable: str) -> Problem:
    meant = closest(variable, BY_VARIABLE)
    if meant:
        return Problem(shortened(variable), f"there is no such setting; did you mean {meant}?")
    expected = f"{PREFIX} with the name of a setting in upper case behind it"
    return Problem(shortened(variable), "there is no such setting", expected)


def at(level: Level, *places: Place) -> Level:
    """The settings among these that have one of these places."""
    return {name: entry for name, entry in level.items() if BY_NAME[name].place in places}
