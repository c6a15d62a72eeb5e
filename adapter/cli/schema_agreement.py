"""A schema against the one in the pinned WSDL: where the two rooms meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapter.config import Settings
from adapter.core.route import Route, TransportName
from adapter.schema.finding import Finding, Level, Rule
from adapter.schema.place import Place
from adapter.store.contracts import ContractFolder
from adapter.wiring import SystemClock
from adapter.wsdl import checking, finding
from adapter.wsdl.rules.table import BY_ID

COLUMN_RULES = tuple(rule for name, rule in BY_ID.items() if name.startswith("column-"))
"""The rules of `sasbiws wsdl check` that hold both schemas against each other."""


@dataclass(frozen=True)
class Agreement:
    """What the pinned WSDL says of a schema.

    Args:
        findings: Where they do not agree.
        sources: The files that findings point to, by name.
        note: Why nothing was compared; empty where it was.
    """

    findings: tuple[Finding, ...] = ()
    sources: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    note: str = ""


def agreement(settings: Settings, route: Route, name: str, own: Mapping[str, bytes]) -> Agreement:
    """Where a schema and the WSDL that is pinned for a route do not agree.

    Args:
        settings: Of the home that has the pin.
        route: Of the stored process.
        name: How the file of the schema is called.
        own: Its bytes, and those of the files that it includes, by name.

    Raises:
        ContractUnusable: The pin is broken.
    """
    if route.transport is not TransportName.SOAP:
        return Agreement(note=f"[{route.stored_process}] is called by REST: there is no WSDL")
    contract = ContractFolder(settings.wsdl_cache, SystemClock()).get(route.address)
    if contract is None:
        return Agreement(note=f'no WSDL is pinned; sasbiws wsdl fetch "{route.stored_process}"')
    use = checking.Use(route.address, route.stored_process, own[name], name, included=own)
    found = checking.check(contract.files, contract.main, use=use, rules=COLUMN_RULES)
    return Agreement(tuple(map(_translated, found)), contract.files)


def _translated(found: finding.Finding) -> Finding:
    """The finding of the other room in the words of this one."""
    rule = found.rule
    own = Rule(rule.id, Level(rule.level.value), rule.title, rule.why, rule.remedy)
    return Finding(own, Place(found.file, found.line, found.column), found.found, found.expected)
