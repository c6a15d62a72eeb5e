"""The object graph, from the settings of a home to the use cases: read it top to bottom."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from adapter.accept import Accept
from adapter.bell import Bell
from adapter.config import TEMPLATE, Settings
from adapter.contract_watch import ContractWatch
from adapter.core.errors import ConfigurationInvalid
from adapter.core.route import TransportName
from adapter.deliver import Deliver
from adapter.observe import Observer
from adapter.operate import Operate
from adapter.ports import Clock, Transport
from adapter.sas.refresh import Refresh
from adapter.sas.rest import RestTransport
from adapter.sas.session import HttpSession
from adapter.sas.soap import SoapTransport
from adapter.store import contract_checks
from adapter.store.contract_checks import ContractChecks
from adapter.store.contracts import ContractFolder
from adapter.store.deliveries import SqlDeliveries
from adapter.store.ledger import SqlLedger
from adapter.store.operator_token import operator_token
from adapter.store.schemas import SchemaFolder
from adapter.store.sharing import Shared, clock_of, open_store, share
from adapter.survey import Survey
from adapter.upkeep import Upkeep
from adapter.web.app import Web
from adapter.web.operating import Operating
from adapter.web.token import Doorman
from adapter.web.waiting import Waiting
from adapter.worker import Worker


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
    clock: Clock
    schemas: SchemaFolder
    session: HttpSession
    contracts: ContractFolder
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
    return Calling(settings, clock, _schemas(settings), session, contracts, transports)


@dataclass(frozen=True)
class Adapter:
    """One running adapter: intake, delivery, and what they share."""

    settings: Settings
    calling: Calling
    deliveries: SqlDeliveries
    ledger: SqlLedger
    survey: Survey
    shared: Shared
    accept: Accept
    deliver: Deliver
    waiting: Waiting
    worker: Worker
    upkeep: Upkeep
    contract_watch: ContractWatch
    web: Web

    def start(self) -> None:
        """Begin to hear of the processes that share the database."""
        self.shared.start()

    def close(self) -> None:
        """Let go of the database and of what proves this process alive."""
        self.ledger.close()
        self.deliveries.close()
        self.shared.close()
        self.calling.session.close()


def adapter(parts: Calling) -> Adapter:
    """Everything, wired; no thread runs yet.

    Raises:
        ConfigurationInvalid: A schema that a route names cannot be used.
        StoreUnavailable: The delivery database cannot be opened.
    """
    settings = parts.settings
    _refuse_bad_schemas(parts)
    bell, observer, routes = Bell(), Observer(), settings.routes
    engine = open_store(settings.var, settings.store_url)
    shared = share(engine, settings.var, parts.clock, bell.ring, observer.store_lost)
    parts = replace(parts, clock=shared.clock)
    clock = shared.clock
    deliveries = SqlDeliveries(engine, clock, settings.keep_rejected)
    ledger = SqlLedger(engine, clock)
    accept = Accept(routes, parts.schemas, deliveries, clock, settings.limits, bell, observer)
    deliver = Deliver(routes, parts.transports, deliveries, clock, bell, observer)
    survey = Survey(routes, deliveries, ledger, clock)
    waiting = Waiting(survey, clock, bell, seats=settings.threads // 2)
    worker = _worker(parts, shared, deliver, bell, observer)
    upkeep = Upkeep(ledger, settings.retention, clock, observer)
    contract_watch = _contract_watch(parts, observer)
    doorman = Doorman(operator_token(settings.var))
    operating = Operating(_operate(parts, survey, bell, observer), survey, doorman)
    web = Web(accept, survey, waiting, operating, deliveries, clock, observer)
    return Adapter(
        settings=settings,
        calling=parts,
        deliveries=deliveries,
        ledger=ledger,
        survey=survey,
        shared=shared,
        accept=accept,
        deliver=deliver,
        waiting=waiting,
        worker=worker,
        upkeep=upkeep,
        contract_watch=contract_watch,
        web=web,
    )


def _contract_watch(parts: Calling, observer: Observer) -> ContractWatch:
    return ContractWatch(
        parts.settings.routes,
        parts.contracts,
        ContractChecks(parts.settings.var / contract_checks.FILE),
        Refresh(parts.session, parts.clock).published,
        parts.clock,
        observer,
    )


def _worker(
    parts: Calling, shared: Shared, deliver: Deliver, bell: Bell, observer: Observer
) -> Worker:
    presence = shared.presence
    return Worker(
        deliver,
        deliver.deliveries,
        parts.clock,
        bell,
        observer,
        owner=presence.owner,
        dead=presence.dead,
        threads=parts.settings.workers,
        unbroken=presence.unbroken,
    )


@dataclass(frozen=True)
class Office:
    """What an operator at the shell needs: the deliveries, beside any process that delivers."""

    survey: Survey
    operate: Operate
    deliveries: SqlDeliveries
    ledger: SqlLedger

    def close(self) -> None:
        """Let go of the database, once all that changed is told to the processes that deliver."""
        self.ledger.close()
        self.deliveries.close()


def office(parts: Calling) -> Office:
    """The operator's verbs on the deliveries of a home; no adapter need run.

    Raises:
        StoreUnavailable: The delivery database cannot be opened.
    """
    settings = parts.settings
    engine = open_store(settings.var, settings.store_url)
    clock = clock_of(engine, parts.clock)
    parts = replace(parts, clock=clock)
    deliveries = SqlDeliveries(engine, clock, settings.keep_rejected)
    ledger = SqlLedger(engine, clock)
    survey = Survey(settings.routes, deliveries, ledger, clock)
    operate = _operate(parts, survey, Bell(), Observer())
    return Office(survey, replace(operate, by="cli"), deliveries, ledger)


def _operate(parts: Calling, survey: Survey, bell: Bell, observer: Observer) -> Operate:
    settings = parts.settings
    return Operate(
        survey,
        settings.routes,
        lambda: _schemas(settings),  # compiled anew: an operator has mended one
        survey.deliveries,
        survey.ledger,
        parts.clock,
        bell,
        observer,
        settings.limits,
    )


def _schemas(settings: Settings) -> SchemaFolder:
    return SchemaFolder(settings.schemas, shipped=TEMPLATE / "schemas")


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
        if hold.by_hand:
            continue
        if settings.credentials_saved_at > hold.since or account not in settings.routes.accounts():
            parts.deliveries.release(account)
