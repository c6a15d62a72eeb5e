"""load: from a home and the environment to Settings, or to the list of all that is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from adapter.config import environment, ini, python_file
from adapter.config.credentials import credentials_of, overlaid, saved_at
from adapter.config.entry import Findings, Level, in_order
from adapter.config.environment import at
from adapter.config.files import below, is_file
from adapter.config.ini import Ini
from adapter.config.key import CREDENTIALS_INI, DEFAULT, SERVER_SECTION, SERVICE_INI, Place
from adapter.config.routes import INIT, Written, default_route, routes_by_name
from adapter.config.sections import check_credentials, stored_processes
from adapter.config.settings import LogSettings, Settings
from adapter.config.values import Values
from adapter.core.delivery import Retention, State
from adapter.core.errors import ConfigurationInvalid, Problem
from adapter.core.payload import Limits
from adapter.core.redact import Secret
from adapter.core.route import Credentials, Routes

DAY_S = 86_400.0
WINDOWS = os.name == "nt"


@dataclass(frozen=True)
class _Sources:
    """What is written, before anything is inherited; `service` is None where it cannot be read."""

    home: Path
    service: Ini | None
    credentials: Ini
    listen: Level
    environment: Level


def load(home: Path, environ: Mapping[str, str]) -> Settings:
    """The settings of a home.

    Args:
        home: The folder that holds conf and schemas.
        environ: Environment variables; those that begin with SASBIWS_ are settings.

    Raises:
        ConfigurationInvalid: With every problem of every file and variable.
    """
    home = home.resolve()
    findings = Findings()
    settings = _settings(_read(home, environ, findings), findings)
    problems = in_order(findings.problems)
    if problems:
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        first = f"the configuration of {home} has {count}, the first: {problems[0]}"
        raise ConfigurationInvalid(first, problems)
    return settings


def _read(home: Path, environ: Mapping[str, str], findings: Findings) -> _Sources:
    if not is_file(home / SERVICE_INI):
        findings.add(Problem(SERVICE_INI, f"there is no such file in {home}", INIT))
    return _Sources(
        home,
        ini.read(home, SERVICE_INI, findings),
        ini.read(home, CREDENTIALS_INI, findings) or Ini(CREDENTIALS_INI),
        python_file.read(home, findings),
        environment.read(environ, findings),
    )


def _settings(sources: _Sources, findings: Findings) -> Settings:
    service = sources.service or Ini(SERVICE_INI)
    server = _values(sources, service.section(SERVER_SECTION).entries, Place.SERVER)
    listen = _values(sources, sources.listen, Place.LISTEN)
    log = _values(sources, service.section(DEFAULT).entries, Place.LOG)
    return Settings(
        home=sources.home,
        routes=_routes(sources, findings),
        host=listen.get("host", str),
        port=listen.get("port", int),
        log=_log(log, sources.home, debug=listen.get("debug", bool), findings=findings),
        limits=Limits(max_bytes=server.get("max_body", int)),
        threads=server.get("threads", int),
        workers=server.get("workers", int),
        keep_rejected=server.get("keep_rejected", int),
        retention=_retention(server),
        stop_grace_s=server.get("stop_grace", float),
        store_url=Secret(server.get("store_url", str)),
        credentials_saved_at=saved_at(
            sources.credentials, at(sources.environment, Place.CREDENTIALS), sources.home
        ),
        notes=in_order(findings.notes),
    )


def _retention(server: Values) -> Retention:
    """Days per state as seconds; 0 keeps for ever."""
    states = (State.DELIVERED, State.PARKED, State.CANCELLED)
    days = {state: server.get(f"keep_{state}", int) for state in states}
    return Retention({state: kept * DAY_S for state, kept in days.items() if kept})


def _values(sources: _Sources, written: Level, place: Place) -> Values:
    return Values((at(sources.environment, place), written))


def _log(values: Values, home: Path, *, debug: bool, findings: Findings) -> LogSettings:
    written, entry = values.get("logfilepath", str), values.entry("logfilepath")
    if entry and not WINDOWS and PureWindowsPath(written).drive:
        expected = "a folder of this system, relative to the home or absolute"
        findings.add(entry.problem("this is a folder of Windows", expected, show=True))
    level = "DEBUG" if debug else values.get("loglevel", str)
    return LogSettings(values.get("proglog", bool), level, below(home, written))


def _routes(sources: _Sources, findings: Findings) -> Routes:
    service = sources.service or Ini(SERVICE_INI)
    named = stored_processes(service, findings)
    check_credentials(sources.credentials, named if sources.service else None, findings)
    if named:
        written = {name: _written(name, sources, service, findings) for name in named}
        return Routes(routes_by_name(written, sources.home, findings))
    default = _written(DEFAULT, sources, service, findings)
    if sources.service is None:
        return Routes({})
    return Routes({}, default_route(default, sources.home, findings))


def _written(name: str, sources: _Sources, service: Ini, findings: Findings) -> Written:
    section = service.section(name)
    inherited = service.section(DEFAULT).entries
    replacing = at(sources.environment, Place.ROUTE)
    own = section.entries if name != DEFAULT else {}
    return Written(
        section.where,
        section.line,
        Values((own, replacing, inherited)),
        _credentials(name, sources, findings),
    )


def _credentials(name: str, sources: _Sources, findings: Findings) -> Credentials | None:
    ini, replacing = sources.credentials, at(sources.environment, Place.CREDENTIALS)
    inherited = overlaid(ini.section(DEFAULT).entries, replacing)
    own = ini.section(name).entries if name != DEFAULT else {}
    return credentials_of((own, inherited), sources.home, findings)
