"""Which sections there are, whose they are, and whether their names can be meant."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from adapter.config.check import check
from adapter.config.entry import Findings
from adapter.config.ini import Ini, Section
from adapter.config.key import AUTH_SECTION, DEFAULT, SERVER_SECTION, SERVICE_INI, Place
from adapter.config.keys import closest
from adapter.core.errors import Problem, StpNameInvalid
from adapter.core.payload import checked_name

_OURS = "adapter:"
_SECTIONS = f"[{SERVER_SECTION}] or [{AUTH_SECTION}]"


def stored_processes(service: Ini, findings: Findings) -> Mapping[str, Section]:
    """The sections of serviceConfig.ini that are named after a stored process, all keys checked."""
    found = {}
    for name, section in service.sections.items():
        if name == DEFAULT:
            check(section, (Place.ROUTE, Place.LOG), findings)
        elif name == SERVER_SECTION:
            check(section, (Place.SERVER,), findings)
        elif name == AUTH_SECTION:
            check(section, (Place.AUTH,), findings)
        elif _is_name(name, section, findings):
            check(section, (Place.ROUTE,), findings)
            found[name] = section
    return found


def check_credentials(ini: Ini, named: Collection[str] | None, findings: Findings) -> None:
    """Find what is wrong with the sections and keys of credentials.ini.

    Args:
        ini: The file.
        named: The sections of serviceConfig.ini; None where nobody knows them.
        findings: Takes the problems.
    """
    for name, section in ini.sections.items():
        usable = name == DEFAULT or _is_name(name, section, findings)
        if usable and name != DEFAULT and named is not None and name not in named:
            findings.add(_never_used(name, section, named))
        check(section, (Place.CREDENTIALS,), findings)


def _is_name(name: str, section: Section, findings: Findings) -> bool:
    """True where this can be the name of a stored process; else with a problem."""
    if name.lower().startswith(_OURS):
        reason, expected = "there is no such section of the adapter", _SECTIONS
    elif name.upper() == DEFAULT:
        reason, expected = "this is not the section that others inherit", f"[{DEFAULT}]"
    else:
        try:
            checked_name(name)
        except StpNameInvalid as error:
            reason, expected = error.message, "the stored process's own name, without its folder"
        else:
            return True
    findings.add(Problem(section.where, reason, expected, line=section.line))
    return False


def _never_used(name: str, section: Section, named: Collection[str]) -> Problem:
    meant = closest(name, named)
    return Problem(
        section.where,
        f"{SERVICE_INI} has no section of this name, so these credentials are never used",
        f"[{meant}]" if meant else f"[{DEFAULT}], or the same section in {SERVICE_INI}",
        line=section.line,
    )
