"""Route: how one stored process is called. Routes: which route a name takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from adapter.core import sasbiws
from adapter.core.breaker import BreakerPolicy
from adapter.core.errors import StpUnknown
from adapter.core.mapping import Mapping as PayloadMapping
from adapter.core.redact import Secret, shortened
from adapter.core.staging import StagePolicy


class TransportName(StrEnum):
    """How SASBIWS is spoken to."""

    SOAP = "soap"
    REST = "rest"


class Accept(StrEnum):
    """Which changes of a published WSDL replace the pinned one: none, or those no call notices."""

    NOTHING = "nothing"
    COMPATIBLE = "compatible"


class Order(StrEnum):
    """Which delivery of a stored process is next: any that is due, or strictly the oldest."""

    ANY = "any"
    ARRIVAL = "arrival"


@dataclass(frozen=True)
class Credentials:
    """A SAS user and password, sent as UsernameToken by SOAP and as Basic by REST."""

    user: str
    password: Secret


@dataclass(frozen=True)
class Policy:
    """When a delivery is tried again.

    Args:
        idempotent: True where running the stored process twice does no harm.
        max_attempts: Attempts in all before a delivery is parked.
        retry_first_s: Seconds before the first retry, doubled each time, with full jitter.
        retry_max_s: Seconds that a wait is never longer than.
        give_up_after_s: Seconds after which no further attempt begins.
    """

    idempotent: bool = False
    max_attempts: int = 50
    retry_first_s: float = 2.0
    retry_max_s: float = 300.0
    give_up_after_s: float = 259_200.0


@dataclass(frozen=True)
class ContractPolicy:
    """How the pinned WSDL of a route is kept.

    Args:
        refresh_s: Seconds between comparisons with the published one; 0 leaves it as pinned.
        accept: Which changes replace it.
        hosts: Further hosts that imported files may come from, each `host` or `host:port`.
    """

    refresh_s: float = 0.0
    accept: Accept = Accept.NOTHING
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Route:
    """Everything that is configured for one stored process.

    Args:
        stored_process: Its name, as CI 360 sends it.
        stpurl: Address as configured, perhaps with `{{stpName}}`.
        transport: SOAP or REST.
        transport_why: One sentence that tells why.
        schema: File name below schemas/.
        credentials: None calls without.
        policy: When a delivery is tried again.
        wait_s: Seconds a caller waits for the result by default, 0 to 55.
        timeout_s: Seconds for the whole answer.
        connect_timeout_s: Seconds for connect and TLS handshake, each.
        max_line: Bytes of a line that the stored process reads.
        concurrency: Calls at a time.
        server_concurrency: Calls at a time to this SAS server, over all stored processes.
        interval_s: Seconds between the starts of two calls; 0 sets no rate.
        order: Which delivery is next.
        breaker: When an address that is unwell is left alone.
        target: Data target asked for raw by REST; empty asks for the whole result.
        ca_file: Certificate authorities to trust instead of the built-in list.
        contract: How the pinned WSDL is kept, where SOAP is spoken.
        mapping: Which values of a payload go where.
        staging: Whether and how the files of a task are fetched before it is sent.
    """

    stored_process: str
    stpurl: str
    transport: TransportName
    transport_why: str
    schema: str = "instream.xsd"
    credentials: Credentials | None = None
    policy: Policy = field(default_factory=Policy)
    wait_s: float = 0.0
    timeout_s: float = 600.0
    connect_timeout_s: float = 10.0
    max_line: int = 3000
    concurrency: int = 3
    server_concurrency: int = 3
    interval_s: float = 0.0
    order: Order = Order.ANY
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    target: str = ""
    ca_file: str = ""
    contract: ContractPolicy = field(default_factory=ContractPolicy)
    mapping: PayloadMapping = field(default_factory=PayloadMapping)
    staging: StagePolicy = field(default_factory=StagePolicy)

    @cached_property
    def address(self) -> str:
        """The address to call, percent-encoded."""
        return sasbiws.address(self.stpurl, self.stored_process)

    @cached_property
    def server(self) -> str:
        """Scheme, host and port of the SAS server."""
        return sasbiws.server(self.stpurl)

    @cached_property
    def account(self) -> str:
        """SAS server and user together: what SAS locks, so what a hold covers."""
        user = self.credentials.user if self.credentials else "no user"
        return f"{user} at {self.server}"

    def by(self, transport: TransportName) -> Route:
        """The same route by the named transport."""
        if transport is self.transport:
            return self
        return replace(self, transport=transport, transport_why="asked for by the caller")


@dataclass(frozen=True)
class Routes:
    """Which route a stored process takes.

    Args:
        named: One route per section of serviceConfig.ini, by exact name.
        default: The route of `[DEFAULT]`, used for any name where no section names one.
    """

    named: Mapping[str, Route]
    default: Route | None = None

    def choose(self, stored_process: str) -> Route:
        """The route of this stored process.

        Raises:
            StpUnknown: There are sections, and none has exactly this name.
        """
        route = self.named.get(stored_process)
        if route is not None:
            return route
        if self.default is None or self.named:
            raise StpUnknown(
                f"no section of serviceConfig.ini is named [{shortened(stored_process)}]; "
                f"there are {_listed(self.named)}"
            )
        return replace(self.default, stored_process=stored_process)

    def all(self) -> tuple[Route, ...]:
        """Every route there is."""
        return (*self.named.values(), *([self.default] if self.default else []))

    def accounts(self) -> frozenset[str]:
        """Every account that these routes call by."""
        return frozenset(route.account for route in self.all())


def _listed(named: Mapping[str, Route]) -> str:
    return ", ".join(f"[{name}]" for name in sorted(named)) or "none"


def transport_of(stpurl: str) -> tuple[TransportName, str] | None:
    """The transport an address speaks and why, or None where the address does not tell."""
    path = sasbiws.path_of(stpurl).lower()
    if sasbiws.SOAP_PATH.lower() in path:
        return TransportName.SOAP, f"the address contains {sasbiws.SOAP_PATH}"
    if sasbiws.REST_PATH.lower() in path:
        return TransportName.REST, f"the address contains {sasbiws.REST_PATH}"
    return None
