"""Who may call: the methods, the callers that are known, and the rules of the configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from adapter.core.redact import Secret

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

REALM = "sasbiws"


class Method(StrEnum):
    """How a caller proves who it is."""

    BASIC = "basic"
    BEARER = "bearer"
    API_KEY = "apikey"
    JWT = "jwt"


class Area(StrEnum):
    """What a caller may reach."""

    WEBHOOK = "webhook"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Caller:
    """One caller of conf/auth.ini.

    Args:
        name: Unique in the file; the user name of Basic.
        method: How it proves who it is.
        areas: What it may reach.
        proof: Of Basic an argon2 hash of the password, else the SHA-256 of the token or key.
        added: The day it was added, ISO 8601.
    """

    name: str
    method: Method
    areas: frozenset[Area]
    proof: str = field(repr=False)
    added: str = ""


@dataclass(frozen=True)
class JwtRules:
    """What a JSON Web Token must satisfy.

    Args:
        algorithm: HS256 or RS256; no other is taken, whatever a token says of itself.
        key: The shared secret, or the public key in PEM.
        issuer: What `iss` must be.
        audience: What `aud` must be or contain.
        areas: What its bearer may reach.
    """

    algorithm: str
    key: Secret
    issuer: str
    audience: str
    areas: frozenset[Area] = frozenset((Area.WEBHOOK,))


@dataclass(frozen=True)
class Access:
    """The rules of `[adapter:auth]`.

    Args:
        allow_anonymous: Whether the webhook takes tasks of callers that prove nothing.
        hosts: Names under which callers may ask for the adapter, lower case.
        trusted_proxies: Peers whose word about the caller's address counts.
        webhook_from: Where tasks may come from; empty for everywhere.
        operator_from: Where operators may call from; empty for everywhere.
        api_key_header: The header that carries an API key.
        jwt: What a JSON Web Token must satisfy; None where none is taken.
        operator_rate: Requests a second that each operator may make; 0 for any number.
        webhook_rate: Tasks a second that each caller may post; 0 for any number.
    """

    allow_anonymous: bool = False
    hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    webhook_from: tuple[Network, ...] = ()
    operator_from: tuple[Network, ...] = ()
    api_key_header: str = "X-API-Key"
    jwt: JwtRules | None = None
    operator_rate: int = 0
    webhook_rate: int = 0

    def sources(self, area: Area) -> tuple[Network, ...]:
        """Where calls to this area may come from; empty for everywhere."""
        return self.webhook_from if area is Area.WEBHOOK else self.operator_from


@dataclass(frozen=True)
class ServerLimits:
    """What one caller may cost the HTTP server.

    Args:
        request_timeout_s: Seconds within which a request must have come in, head and body.
        connections_per_address: Open connections of one address; 0 for any number.
    """

    request_timeout_s: float = 30.0
    connections_per_address: int = 150


@dataclass(frozen=True)
class Scheme:
    """One way to prove who one is, as a challenge, a check or a description of the API needs it.

    Args:
        method: Which.
        header: The request header that carries the proof.
        challenge: What a 401 says of it in WWW-Authenticate.
    """

    method: Method
    header: str
    challenge: str


@dataclass(frozen=True)
class Schemes:
    """Every way that is configured, by area.

    Args:
        webhook: For `POST /ExecuteSTP`; empty where no caller can prove anything.
        operator: For the operator's verbs, beside the operator token, which always works.
        anonymous: Whether the webhook also takes calls that prove nothing, from everywhere.
    """

    webhook: tuple[Scheme, ...]
    operator: tuple[Scheme, ...]
    anonymous: bool = False

    def of(self, area: Area) -> tuple[Scheme, ...]:
        """The ways into this area."""
        return self.webhook if area is Area.WEBHOOK else self.operator


def schemes_of(access: Access, callers: Iterable[Caller]) -> Schemes:
    """Every way that callers and rules make, each once."""
    known = tuple(callers)
    of = {area: tuple(_schemes(access, known, area)) for area in Area}
    return Schemes(of[Area.WEBHOOK], of[Area.OPERATOR], access.allow_anonymous)


def _schemes(access: Access, callers: Iterable[Caller], area: Area) -> Iterable[Scheme]:
    methods = {caller.method for caller in callers if area in caller.areas}
    if access.jwt is not None and area in access.jwt.areas:
        methods.add(Method.JWT)
    return (_scheme(method, access) for method in Method if method in methods)


def _scheme(method: Method, access: Access) -> Scheme:
    match method:
        case Method.BASIC:
            return Scheme(method, "Authorization", f'Basic realm="{REALM}", charset="UTF-8"')
        case Method.BEARER | Method.JWT:
            return Scheme(method, "Authorization", f'Bearer realm="{REALM}"')
        case Method.API_KEY:
            header = access.api_key_header
            return Scheme(method, header, f'ApiKey realm="{REALM}", header="{header}"')


def address_of(text: str) -> Address | None:
    """The address, an IPv4 one mapped into IPv6 as itself; None where this is none."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def within(address: Address | None, networks: Iterable[Network]) -> bool:
    """Whether the address lies in one of the networks."""
    return address is not None and any(address in network for network in networks)
