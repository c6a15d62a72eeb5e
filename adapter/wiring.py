"""The object graph, from the settings of a home to the use cases: read it top to bottom."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from adapter.accept import Accept
from adapter.bell import Bell
from adapter.config import TEMPLATE, Settings
from adapter.core.errors import ConfigurationInvalid
from adapter.core.route import TransportName
from adapter.deliver import Deliver
from adapter.observe import Observer
from adapter.ports import Transport
from adapter.sas.rest import RestTransport
from adapter.sas.session import HttpSession
from adapter.sas.soap import SoapTransport
from adapter.store.contracts import ContractFolder
from adapter.store.deliveries import SqlDeliveries, open_sqlite
from adapter.store.ledger import SqlLedger
from adapter.store.schemas import SchemaFolder
from adapter.store.slots import ProcessSlot
from adapter.upkeep import Upkeep
from adapter.web.app import Web
from adapter.web.waiting import Waiting
from adapter.worker import Worker

DATABASE = "deliveries.sqlite"
"""The delivery database below a home's var folder."""


class SystemClock:
    """The machine's clock and chance."""

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    def jitter(self) -> float:
        """A random number of at least 0 and less than 1."""
        return random.random()  # noqa: S311  spreads retries, guards nothing

    def new_id(self) -> str:
        """A random UUID in 32 hexadecimal digits."""
        return uuid.uuid4().hex


@dataclass(frozen=True)
class Calling:
    """What calls SAS and needs no database."""

    settings: Settings
    clock: SystemClock
    schemas: SchemaFolder
    session: HttpSession
    transports: Mapping[TransportName, Transport]


def calling(settings: Settings) -> Calling:
    """Schemas and both transports of a home."""
    clock = SystemClock()
    session = HttpSession()
    contracts = ContractFolder(settings.wsdl_cache, clock)
    transports: dict[TransportName, Transport] = {
        TransportName.SOAP: SoapTransport(session, contracts, clock),
        TransportName.REST: RestTransport(session),
    }
    schemas = SchemaFolder(settings.schemas, shipped=TEMPLATE / "schemas")
    return Calling(settings, clock, schemas, session, transports)


@dataclass(frozen=True)
class Adapter:
    """One running adapter: intake, delivery, and what they share."""

    settings: Settings
    calling: Calling
    deliveries: SqlDeliveries
    ledger: SqlLedger
    slot: ProcessSlot
    accept: Accept
    deliver: Deliver
    waiting: Waiting
    worker: Worker
    upkeep: Upkeep
    web: Web

    def close(self) -> None:
        """Let go of the database and of the lock that proves this process alive."""
        self.deliveries.close()
        self.slot.release()
        self.calling.session.close()


def adapter(parts: Calling) -> Adapter:
    """Everything, wired; no thread runs yet.

    Raises:
        ConfigurationInvalid: A schema that a route names cannot be used.
        StoreUnavailable: The delivery database cannot be opened.
    """
    settings = parts.settings
    _refuse_bad_schemas(parts)
    clock, bell, observer, routes = parts.clock, Bell(), Observer(), settings.routes
    engine = open_sqlite(settings.var / DATABASE)
    deliveries = SqlDeliveries(engine, clock, settings.keep_rejected)
    ledger = SqlLedger(engine, clock)
    slot = ProcessSlot(settings.var / "processes")
    accept = Accept(routes, parts.schemas, deliveries, clock, settings.limits, bell, observer)
    deliver = Deliver(routes, parts.transports, deliveries, clock, bell, observer)
    waiting = Waiting(routes, deliveries, clock, bell, seats=settings.threads // 2)
    worker = Worker(
        deliver, deliveries, clock, bell, observer, slot.owner, slot.dead, settings.workers
    )
    upkeep = Upkeep(ledger, settings.retention, clock, observer)
    web = Web(accept, waiting, deliveries, clock, observer)
    return Adapter(
        settings, parts, deliveries, ledger, slot, accept, deliver, waiting, worker, upkeep, web
    )


def _refuse_bad_schemas(parts: Calling) -> None:
    """Compile every schema now: a task must not be the first to meet one that is broken."""
    names = sorted({route.schema for route in parts.settings.routes.all()})
    problems = tuple(problem for name in names for problem in parts.schemas.check(name))
    if problems:
        raise ConfigurationInvalid(f"a schema cannot be used: {problems[0]}", problems)


def release_changed_accounts(parts: Adapter) -> None:
    """Lift the holds whose credentials were saved again since, so that they are tried once more."""
    settings = parts.settings
    for account, hold in parts.deliveries.holds().items():
        if settings.credentials_saved_at > hold.since or account not in settings.routes.accounts():
            parts.deliveries.release(account)
