"""load: from a home and the environment to Settings, or to the list of all that is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath

from adapter.config.access import access_of, server_limits_of
from adapter.config.credentials import USER, credentials_of, saved_at
from adapter.config.entry import Findings, in_order
from adapter.config.environment import at
from adapter.config.files import below, is_file
from adapter.config.key import DEFAULT, SERVICE_INI, Place
from adapter.config.keys import KEYS
from adapter.config.routes import Written, default_route, routes_by_name
from adapter.config.sections import check_credentials, stored_processes
from adapter.config.settings import LogSettings, Settings
from adapter.config.sources import Sources, missing_home, read
from adapter.config.staging import check_short_links
from adapter.config.values import Values
from adapter.core.delivery import Retention, State
from adapter.core.errors import ConfigurationInvalid, Problem
from adapter.core.payload import Limits
from adapter.core.redact import Secret
from adapter.core.route import Routes

DAY_S = 86_400.0
HOUR_S = 3600.0
NAME_A_HOME = "Name a home by --home DIR or SASBIWS_HOME, or make one: sasbiws init DIR."
WINDOWS = os.name == "nt"


def load(home: Path, environ: Mapping[str, str]) -> Settings:
    """The settings of a home.

    Args:
        home: The folder that holds conf and schemas.
        environ: Environment variables; those that begin with SASBIWS_ are settings.

    Raises:
        ConfigurationInvalid: With every problem of every file and variable.
    """
    settings, problems = examine(home, environ)
    if problems:
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        first = f"the configuration of {settings.home} has {count}, the first: {problems[0]}"
        error = ConfigurationInvalid(first, problems)
        if not is_file(settings.home / SERVICE_INI):
            error.remedy = NAME_A_HOME
        raise error
    return settings


def refuse_no_home(folder: Path) -> None:
    """Nothing, where the folder is a home.

    Raises:
        ConfigurationInvalid: It has no serviceConfig.ini.
    """
    problem = missing_home(folder.resolve())
    if problem:
        error = ConfigurationInvalid(str(problem), (problem,))
        error.remedy = NAME_A_HOME
        raise error


def examine(home: Path, environ: Mapping[str, str]) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings of a home, and all that is wrong with them: with a problem, only to look at."""
    findings = Findings()
    settings = _settings(read(home.resolve(), environ, findings), findings)
    return settings, in_order(findings.problems)


def _settings(sources: Sources, findings: Findings) -> Settings:
    server, listen = sources.values(Place.SERVER), sources.values(Place.LISTEN)
    routes = _routes(sources, findings)
    check_short_links(routes.all(), server, listen, findings)
    return Settings(
        home=sources.home,
        routes=routes,
        host=listen.get("host", str),
        port=listen.get("port", int),
        log=_log(
            sources.values(Place.LOG),
            sources.home,
            debug=listen.get("debug", bool),
            findings=findings,
        ),
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
        access=access_of(sources.values(Place.AUTH), sources.home, findings),
        server_limits=server_limits_of(server),
        files_url=server.get("files_url", str),
        keep_staged_s=server.get("keep_staged", int) * HOUR_S,
        fixed=_fixed(sources),
        notes=in_order(findings.notes),
    )


def _retention(server: Values) -> Retention:
    """Days per state as seconds; 0 keeps for ever."""
    states = (State.DELIVERED, State.PARKED, State.CANCELLED)
    days = {state: server.get(f"keep_{state}", int) for state in states}
    return Retention({state: kept * DAY_S for state, kept in days.items() if kept})


def _log(values: Values, home: Path, *, debug: bool, findings: Findings) -> LogSettings:
    written, entry = values.get("logfilepath", str), values.entry("logfilepath")
    if entry and not WINDOWS and PureWindowsPath(written).drive:
        expected = "a folder of this system, relative to the home or absolute"
        findings.add(entry.problem("this is a folder of Windows", expected, show=True))
    level = "DEBUG" if debug else values.get("loglevel", str)
    return LogSettings(values.get("proglog", bool), level, below(home, written))


def _fixed(sources: Sources) -> Mapping[str, Secret]:
    """The values of all keys that a running adapter does not change."""
    values = {place: sources.values(place) for place in Place}
    return {
        key.name: Secret(str(values[key.place].value(key))) for key in KEYS if key.needs_restart
    }


def _routes(sources: Sources, findings: Findings) -> Routes:
    named = stored_processes(sources.service, findings)
    check_credentials(sources.credentials, named if sources.readable else None, findings)
    if named:
        written = {name: _written(name, sources, findings) for name in named}
        return Routes(routes_by_name(written, sources.home, findings))
    default = _written(DEFAULT, sources, findings)
    if not sources.readable:
        return Routes({})
    return Routes({}, default_route(default, sources.home, findings))


def _written(name: str, sources: Sources, findings: Findings) -> Written:
    section = sources.section(name)
    credentials = credentials_of(sources.credential_levels(name), sources.home, findings)
    user = sources.values(Place.CREDENTIALS, name).entry(USER)
    values = sources.values(Place.ROUTE, name)
    return Written(section.where, section.line, values, credentials, user)
