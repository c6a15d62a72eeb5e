"""Checks of single keys: is there such a setting, may it stand here, can its text be read."""

from __future__ import annotations

from adapter.config.entry import Entry, Findings, Level
from adapter.config.ini import Section
from adapter.config.key import Place
from adapter.config.keys import BY_NAME, closest, names
from adapter.config.kinds import Refused
from adapter.core.errors import Problem


def check(section: Section, places: tuple[Place, ...], findings: Findings) -> None:
    """Find every key of this section that is unknown, stands in the wrong place or is unreadable.

    Only the section's own keys: what it inherits is checked where it is written.
    """
    known = {}
    for name, entry in section.entries.items():
        key = BY_NAME.get(name)
        if key is None:
            findings.add(_unknown(entry, places))
        elif key.place not in places:
            findings.add(entry.problem("this key may not stand here", f"it in {key.place}"))
        else:
            known[name] = entry
    findings.add(*refusals(known))


def refusals(level: Level) -> list[Problem]:
    """A problem for every entry whose text its setting does not take."""
    found = []
    for name, entry in level.items():
        key = BY_NAME[name]
        try:
            key.kind.read(entry.text)
        except Refused as refused:
            found.append(entry.problem(refused.reason, refused.expected, show=not key.secret))
    return found


def _unknown(entry: Entry, places: tuple[Place, ...]) -> Problem:
    allowed = names(*places)
    meant = closest(entry.name, allowed) or closest(entry.name, BY_NAME)
    if not meant:
        return entry.problem("there is no such setting", f"one of {', '.join(allowed)}")
    place = "" if meant in allowed else f", in {BY_NAME[meant].place}"
    return entry.problem(f"there is no such setting; did you mean {meant}{place}?")
