"""From `[adapter:auth]` to the rules of who may call."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

from adapter.config.access_keys import parts_of
from adapter.config.entry import Entry, Findings
from adapter.config.files import below, text_of
from adapter.config.values import Values
from adapter.core.access import Access, Area, JwtRules, Network, ServerLimits
from adapter.core.errors import ConfigurationInvalid
from adapter.core.redact import Secret

LEAST_SECRET_BYTES = 32
"""A shorter secret of HS256 can be guessed from one token (RFC 7518, section 3.2)."""

_PEM = "-----BEGIN "
_PUBLIC = "PUBLIC KEY-----"


def access_of(values: Values, home: Path, findings: Findings) -> Access:
    """The rules in force; what is wrong with them goes to the findings."""
    return Access(
        allow_anonymous=values.get("allow_anonymous", bool),
        hosts=tuple(_host(part) for part in parts_of(values.get("hosts", str))),
        trusted_proxies=_networks(values, "trusted_proxies"),
        webhook_from=_networks(values, "allow_from"),
        operator_from=_networks(values, "operator_from"),
        api_key_header=values.get("api_key_header", str),
        jwt=_jwt(values, home, findings),
        operator_rate=values.get("operator_rate", int),
        webhook_rate=values.get("webhook_rate", int),
    )


def server_limits_of(server: Values) -> ServerLimits:
    """What one caller may cost the HTTP server."""
    return ServerLimits(
        server.get("request_timeout", float), server.get("connections_per_address", int)
    )


def _host(written: str) -> str:
    """The name alone: the port of a caller's address may be that of a proxy."""
    return written.partition(":")[0].lower()


def _networks(values: Values, name: str) -> tuple[Network, ...]:
    return tuple(ip_network(part) for part in parts_of(values.get(name, str)))


def _jwt(values: Values, home: Path, findings: Findings) -> JwtRules | None:
    named = values.entry("jwt_key_file")
    if named is None or not named.text:
        return None
    for name in ("jwt_issuer", "jwt_audience"):
        if not values.get(name, str):
            findings.add(named.problem(f"{name} is missing", f"{name} = … beside it"))
    algorithm, chosen = values.get("jwt_algorithm", str), values.get("jwt_for", str)
    areas = frozenset(Area) if chosen == "both" else frozenset((Area(chosen),))
    return JwtRules(
        algorithm,
        Secret(_key(named, home, algorithm, findings)),
        values.get("jwt_issuer", str),
        values.get("jwt_audience", str),
        areas,
    )


def _key(named: Entry, home: Path, algorithm: str, findings: Findings) -> str:
    """The text of the key; the path is never shown, since it may be a secret by mistake."""
    try:
        text = text_of(below(home, named.text), named.where)
    except ConfigurationInvalid as error:
        findings.add(named.problem(error.problems[0].reason, "a readable file"))
        return ""
    if text is None:
        findings.add(named.problem("there is no such file", "a file, relative to the home"))
        return ""
    return _rsa(named, text, findings) if algorithm == "RS256" else _shared(named, text, findings)


def _rsa(named: Entry, text: str, findings: Findings) -> str:
    first = text.strip().partition("\n")[0]
    if not (first.startswith(_PEM) and first.rstrip().endswith(_PUBLIC)):
        findings.add(
            named.problem("that file has no public key", "-----BEGIN PUBLIC KEY----- in its line 1")
        )
    return text


def _shared(named: Entry, text: str, findings: Findings) -> str:
    secret = text.partition("\n")[0].strip()
    if len(secret.encode()) < LEAST_SECRET_BYTES or secret.startswith(_PEM):
        findings.add(
            named.problem(
                "its first line cannot be a shared secret",
                f"a line of {LEAST_SECRET_BYTES} bytes or more that nobody can guess",
            )
        )
    return secret
