"""Sources: what is written in the files and variables of a home, and what wins where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adapter.config import environment, ini, python_file
from adapter.config.credentials import overlaid
from adapter.config.entry import Findings, Level
from adapter.config.environment import at
from adapter.config.files import is_file
from adapter.config.ini import Ini, Section
from adapter.config.key import (
    AUTH_SECTION,
    CREDENTIALS_INI,
    DEFAULT,
    SERVER_SECTION,
    SERVICE_INI,
    Place,
)
from adapter.config.values import Values
from adapter.core.errors import Problem

NO_HOME = "a home: name one by --home DIR or SASBIWS_HOME, or make one by `sasbiws init DIR`"

_SECTIONS = {Place.LOG: DEFAULT, Place.SERVER: SERVER_SECTION, Place.AUTH: AUTH_SECTION}


@dataclass(frozen=True)
class Sources:
    """What is written, before anything is inherited.

    Args:
        home: The folder that holds conf; resolved.
        service: serviceConfig.ini; an empty one where it cannot be read.
        readable: Whether it can be read.
        credentials: credentials.ini; an empty one where there is none.
        listen: The values of serviceConfig.py.
        environment: The settings that variables make.
    """

    home: Path
    service: Ini
    readable: bool
    credentials: Ini
    listen: Level
    environment: Level

    def values(self, place: Place, section: str = DEFAULT) -> Values:
        """What holds at this place, for this section where the place has one per stored process."""
        match place:
            case Place.ROUTE:
                return Values(self._route_levels(section))
            case Place.CREDENTIALS:
                return Values(self.credential_levels(section))
            case Place.LISTEN:
                return Values((at(self.environment, place), self.listen))
            case _:
                written = self.service.section(_SECTIONS[place]).entries
                return Values((at(self.environment, place), written))

    def section(self, name: str) -> Section:
        """The section of serviceConfig.ini of exactly this name; an empty one for none."""
        return self.service.section(name)

    def _route_levels(self, section: str) -> tuple[Level, ...]:
        own = self.service.section(section).entries if section != DEFAULT else {}
        inherited = self.service.section(DEFAULT).entries
        return own, at(self.environment, Place.ROUTE), inherited

    def credential_levels(self, section: str) -> tuple[Level, ...]:
        """What gives user and password for this section, nearest first."""
        replacing = at(self.environment, Place.CREDENTIALS)
        inherited = overlaid(self.credentials.section(DEFAULT).entries, replacing)
        own = self.credentials.section(section).entries if section != DEFAULT else {}
        return own, inherited


def missing_home(home: Path) -> Problem | None:
    """The problem of a folder that is no home, for it has no serviceConfig.ini."""
    if is_file(home / SERVICE_INI):
        return None
    return Problem(SERVICE_INI, f"there is no such file in {home}", NO_HOME)


def read(home: Path, environ: Mapping[str, str], findings: Findings) -> Sources:
    """What is written for a home; what cannot be read goes to the findings."""
    if problem := missing_home(home):
        findings.add(problem)
    service = ini.read(home, SERVICE_INI, findings)
    return Sources(
        home,
        service or Ini(SERVICE_INI),
        service is not None,
        ini.read(home, CREDENTIALS_INI, findings) or Ini(CREDENTIALS_INI),
        python_file.read(home, findings),
        environment.read(environ, findings),
    )
