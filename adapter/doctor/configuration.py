"""Checks of what is configured: conf, schemas, pinned contracts, and who may call."""

from __future__ import annotations

from adapter.config.caller_file import read_callers
from adapter.contract_watch import ContractWatch
from adapter.core.access import schemes_of
from adapter.core.errors import ConfigurationInvalid
from adapter.doctor.case import Case
from adapter.doctor.check import Check, Ending, Result, fail, ok, warn
from adapter.observe import Observer
from adapter.ports import BrokenContract
from adapter.sas.refresh import Refresh
from adapter.store import contract_checks
from adapter.store.contract_checks import ContractChecks
from adapter.web import exposure


def _conf(case: Case, _: str) -> Result:
    try:
        settings = case.settings
    except ConfigurationInvalid as error:
        told = [str(problem) for problem in error.problems]
        return fail(error.message.partition(", the first")[0], "none", error.remedy, told)
    routes = case.routes
    found = f"stored processes with a route: {len(routes)}"
    if not routes:
        found = "one route serves all names; sasbiws doctor STP also looks at one of them"
    notes = [str(note) for note in settings.notes]
    if notes:
        step = "read the notes; nothing of this stops the adapter"
        return warn(f"{found}; {len(notes)} notes", "no notes", step, notes)
    return ok(found)


def _schemas(case: Case, _: str) -> Result:
    routes = case.routes or case.settings.routes.all()
    names = sorted({route.schema for route in routes})
    wrong = [str(problem) for name in names for problem in case.parts.schemas.check(name)]
    if wrong:
        step = "mend the schema; sasbiws schema check tells more"
        return fail(f"{len(wrong)} problems in schemas", "schemas that compile", step, wrong)
    return ok(f"compiled: {', '.join(names)}")


def _pins(case: Case, _: str) -> Result:
    contracts = case.parts.contracts.all()
    broken = [each for each in contracts if isinstance(each, BrokenContract)]
    if broken:
        told = [each.error.message for each in broken]
        return fail(
            f"{len(broken)} of {len(contracts)} are broken",
            "intact files",
            broken[0].error.remedy,
            told,
        )
    return ok(f"{len(contracts)} pinned WSDLs are intact" if contracts else "no WSDL is pinned")


def _alerts(case: Case, _: str) -> Result:
    parts = case.parts
    watch = ContractWatch(
        case.settings.routes,
        parts.contracts,
        ContractChecks(case.settings.var / contract_checks.FILE),
        Refresh(parts.session, parts.clock).published,
        parts.clock,
        Observer(),
    )
    alerts = watch.alerts()
    if not alerts:
        return ok("no drift was met")
    told = [f"{alert.address}: {change}" for alert in alerts for change in alert.changes]
    breaking = sum(alert.breaking for alert in alerts)
    found = (
        f"{len(alerts)} web services publish another WSDL than the pinned one, {breaking} breaking"
    )
    return warn(found, "no difference", alerts[0].remedy, told)


def _access(case: Case, _: str) -> Result:
    schemes = schemes_of(case.settings.access, read_callers(case.settings.home))
    exposure.check(case.settings.host, schemes)
    notes = list(exposure.notes(case.settings.host, schemes))
    ways = ", ".join(str(scheme.method) for scheme in schemes.webhook)
    host = case.settings.host
    found = f"callers of {host} prove themselves by {ways}"
    if not ways:
        found = f"{host} takes calls without credentials"
    if notes:
        return warn(found, "no such note", "docs/security.md tells what to do", notes)
    return ok(found)


CONFIGURATION_CHECKS = (
    Check(
        "conf",
        "The configuration is valid",
        "Reads all files of conf and the environment, as every command does.",
        _conf,
        needs=("home",),
        ending=Ending.CONFIGURATION,
    ),
    Check(
        "access",
        "Who may call is settled",
        "Whether callers must prove themselves where other machines can reach the address.",
        _access,
        needs=("conf",),
        ending=Ending.CONFIGURATION,
    ),
    Check(
        "schemas",
        "The schemas compile",
        "Compiles every schema that a stored process uses.",
        _schemas,
        needs=("conf",),
        ending=Ending.CONFIGURATION,
    ),
    Check(
        "pins",
        "Pinned WSDLs are intact",
        "The hash of every file below wsdl_cache.",
        _pins,
        needs=("conf",),
    ),
    Check(
        "drift",
        "No WSDL has drifted",
        "What the comparisons of a running adapter (`refresh`) have found and is still so.",
        _alerts,
        needs=("conf",),
    ),
)
