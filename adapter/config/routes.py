"""From sections to routes, with the checks that need more than one key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adapter.config.entry import Entry, Findings
from adapter.config.files import below, is_file, names_in
from adapter.config.key import DEFAULT
from adapter.config.mapping import mapping_of
from adapter.config.staging import stage_policy_of
from adapter.config.template import TEMPLATE
from adapter.config.values import Values
from adapter.core.breaker import BreakerPolicy
from adapter.core.errors import Problem
from adapter.core.redact import shortened
from adapter.core.route import (
    Accept,
    ContractPolicy,
    Credentials,
    Order,
    Policy,
    Route,
    TransportName,
    transport_of,
)
from adapter.core.sasbiws import STP_NAME

_CERTIFICATE = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----")

INIT = "a home as `sasbiws init DIR` writes it"


@dataclass(frozen=True)
class Written:
    """What is configured for one stored process.

    Args:
        where: File and section that a missing key is missing from.
        line: Line of the section; 0 where there is none.
        values: Its route keys.
        credentials: Its user and password, or None.
        user: Where the user is written; None where it is not.
    """

    where: str
    line: int
    values: Values
    credentials: Credentials | None
    user: Entry | None = None


def routes_by_name(
    written: Mapping[str, Written], home: Path, findings: Findings
) -> Mapping[str, Route]:
    """The route of every section that can have one."""
    routes = {name: _route(name, one, home, findings) for name, one in written.items()}
    return {name: route for name, route in routes.items() if route}


def default_route(written: Written, home: Path, findings: Findings) -> Route | None:
    """The route of `[DEFAULT]`, for any name where no section names a stored process."""
    route, stpurl = _route("", written, home, findings), written.values.entry("stpurl")
    rest = route is not None and route.transport is TransportName.REST
    if rest and stpurl and stpurl.text and STP_NAME not in stpurl.text:
        findings.add(
            stpurl.problem(
                "every task would run the same stored process, whatever it names",
                f"{STP_NAME} in its place in the address, or a section per stored process",
                show=True,
            )
        )
    return route


def _route(name: str, written: Written, home: Path, findings: Findings) -> Route | None:
    values = written.values
    schema, ca_file = _schema(values, home, findings), _ca_file(values, home, findings)
    policy = _policy(values, findings)
    transport = _transport(written, findings)
    if transport is None:
        return None
    _check_user(transport[0], written, findings)
    return Route(
        stored_process=name,
        stpurl=values.get("stpurl", str),
        transport=transport[0],
        transport_why=transport[1],
        schema=schema,
        credentials=written.credentials,
        policy=policy,
        wait_s=values.get("wait", float),
        timeout_s=values.get("timeout", float),
        connect_timeout_s=values.get("connect_timeout", float),
        max_line=values.get("max_line", int),
        concurrency=values.get("concurrency", int),
        server_concurrency=values.get("server_concurrency", int),
        interval_s=values.get("rate", float),
        order=Order(values.get("order", str)),
        breaker=BreakerPolicy(
            values.get("breaker_failures", int), values.get("breaker_pause", float)
        ),
        target=_target(name, transport[0], values, findings),
        ca_file=ca_file,
        contract=_contract(values),
        staging=stage_policy_of(values),
        mapping=mapping_of(values, findings),
    )


def _transport(written: Written, findings: Findings) -> tuple[TransportName, str] | None:
    """The transport and why; None with a problem where address and settings do not tell."""
    stpurl, choice = written.values.entry("stpurl"), written.values.entry("transport")
    if stpurl is None:
        findings.add(_missing(written))
        return None
    asked = written.values.get("transport", str)
    if choice and asked != "auto":
        return TransportName(asked), f"{choice.where} says {asked}"
    address = written.values.get("stpurl", str)
    told = transport_of(address)
    if address and told is None:
        findings.add(_untold(stpurl))
    return told


def _missing(written: Written) -> Problem:
    return Problem(
        f"{written.where} stpurl",
        "the address of the stored process is missing",
        f"stpurl = http://... here or in [{DEFAULT}]; {INIT} has an example",
        line=written.line or None,
    )


def _untold(stpurl: Entry) -> Problem:
    return stpurl.problem(
        "the address does not tell whether it speaks SOAP or REST",
        "/SASBIWS/services/ or /SASBIWS/rest/ in it, or a key transport = soap or rest",
        show=True,
    )


def _schema(values: Values, home: Path, findings: Findings) -> str:
    schema, entry = values.get("schema", str), values.entry("schema")
    if not any(is_file(folder / "schemas" / schema) for folder in (home, TEMPLATE)):
        findings.add(
            Problem(
                entry.where if entry else f"schemas/{schema}",
                "there is no such schema in schemas/",
                names_in(home / "schemas", "*.xsd") or INIT,
                shortened(schema),
                entry.line if entry else None,
            )
        )
    return schema


def _ca_file(values: Values, home: Path, findings: Findings) -> str:
    ca_file, entry = values.get("ca_file", str), values.entry("ca_file")
    if not ca_file:
        return ""
    path = below(home, ca_file)
    reason = _not_pem(path)
    if entry and reason:
        expected = "a PEM file, relative to the home or absolute"
        findings.add(entry.problem(reason, expected, show=True))
    return str(path)


def _not_pem(path: Path) -> str:
    """Why no certificate can be read there; empty where there is one."""
    if not is_file(path):
        return "there is no such file"
    try:
        found = _CERTIFICATE.search(path.read_bytes())
    except OSError as error:
        return f"the file cannot be read: {error.strerror}"
    return "" if found else "this file has no -----BEGIN CERTIFICATE-----"


def _policy(values: Values, findings: Findings) -> Policy:
    policy = Policy(
        idempotent=values.get("idempotent", bool),
        max_attempts=values.get("max_attempts", int),
        retry_first_s=values.get("retry_first", float),
        retry_max_s=values.get("retry_max", float),
        give_up_after_s=values.get("give_up_after", float),
    )
    entry = values.entry("retry_max", "retry_first")
    if entry and policy.retry_max_s < policy.retry_first_s:
        findings.add(
            entry.problem(
                f"retry_max is {policy.retry_max_s:g} s and retry_first {policy.retry_first_s:g} s",
                "retry_max not less than retry_first",
            )
        )
    return policy


def _contract(values: Values) -> ContractPolicy:
    hosts = (host.strip().lower() for host in values.get("wsdl_hosts", str).split(","))
    return ContractPolicy(
        refresh_s=values.get("refresh", float),
        accept=Accept(values.get("accept", str)),
        hosts=tuple(filter(None, hosts)),
    )


def _check_user(transport: TransportName, written: Written, findings: Findings) -> None:
    """Source: RFC 7617, section 2: what follows the first colon is the password."""
    user = written.user
    if user and transport is TransportName.REST and written.credentials and ":" in user.text:
        reason = "HTTP Basic, which REST uses, cannot carry a user with a colon"
        findings.add(user.problem(reason, "a user without one, or the stored process by SOAP"))


def _target(name: str, transport: TransportName, values: Values, findings: Findings) -> str:
    target, entry = values.get("target", str), values.entry("target")
    if target and entry and transport is TransportName.SOAP:
        section = f"[{shortened(name)}]" if name else f"[{DEFAULT}]"
        findings.add(
            entry.problem(
                f"{section} is called by SOAP, which cannot ask for one data target",
                f"an empty `target =` in {section}, or transport = rest",
                show=True,
            )
        )
    return target
