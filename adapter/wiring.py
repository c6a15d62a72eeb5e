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
from adapter.config.caller_file import CallerBook
from adapter.contract_watch import ContractWatch
from adapter.core.errors import ConfigurationInvalid
from adapter.core.redact import Secret
from adapter.core.route import Routes, TransportName
from adapter.current import Current
from adapter.deliver import Deliver
from adapter.observe import Observer
from adapter.operate import Operate
from adapter.ports import Clock, Transport
from adapter.sas.refresh import Refresh
from adapter.sas.rest import RestTransport
from adapter.sas.session import HttpSession
from adapter.sas.soap import SoapTransport
from adapter.staging.opening import stager_of
from adapter.staging.stager import Stager
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
from adapter.web.auth import Reception
from adapter.web.files import Files
from adapter.web.operating import Operating
from adapter.web.peer import Hosts
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
    soap: SoapTransport


def calling(settings: Settings) -> Calling:
    """Schemas and both transports of a home."""
    clock = SystemClock()
    session = HttpSession()
    contracts = ContractFolder(settings.wsdl_cache, clock)
    soap = SoapTransport(session, contracts, clock)
    transports: dict[TransportName, Transport] = {
        TransportName.SOAP: soap,
        TransportName.REST: RestTransport(session),
    }
    return Calling(settings, clock, schemas_of(settings), session, contracts, transports, soap)


@dataclass(frozen=True)
class Adapter:
    """One running adapter: intake, delivery, and what they share."""

    settings: Settings
    calling: Calling
    current: Current
    deliveries: SqlDeliveries
    ledger: SqlLedger
    survey: Survey
    shared: Shared
    accept: Accept
    deliver: Deliver
    waiting: Waiting
    worker: Worker
    upkeep: Upkeep
    stager: Stager
    contract_watch: ContractWatch
    web: Web

    def start(self) -> None:
        """Begin to hear of the processes that share the database."""
        self.shared.start()

    def close(self) -> None:
        """Let go of the database and of what proves this process alive."""
        self.stager.desk.store.close()
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
    refuse_bad_schemas(settings.routes, parts.schemas)
    bell, observer, current = Bell(), Observer(), Current(settings.routes, parts.schemas)
    engine = open_store(settings.var, settings.store_url)
    shared = share(engine, settings.var, parts.clock, bell.ring, observer.store_lost)
    parts = replace(parts, clock=shared.clock)
    clock = shared.clock
    deliveries = SqlDeliveries(engine, clock, settings.keep_rejected)
    ledger = SqlLedger(engine, clock)
    accept = _accept(parts, current, deliveries, bell, observer)
    deliver = Deliver(current, parts.transports, deliveries, clock, bell, observer)
    survey = Survey(current, deliveries, ledger, clock)
    waiting = Waiting(survey, clock, bell, seats=settings.threads // 2)
    worker = _worker(parts, shared, deliver, bell, observer)
    stager = stager_of(settings, shared, current, bell, observer)
    upkeep = Upkeep(ledger, settings.retention, clock, observer, stager.tidy)
    contract_watch = _contract_watch(parts, current, observer)
    token = operator_token(settings.var)
    reception = _reception(parts, token, observer)
    operating = Operating(_operate(parts, survey, bell, observer), survey, Doorman(token))
    files = Files(stager.desk, deliveries)
    web = Web(accept, survey, waiting, operating, reception, deliveries, clock, observer, files)
    return Adapter(
        settings=settings,
        calling=parts,
        current=current,
        deliveries=deliveries,
        ledger=ledger,
        survey=survey,
        shared=shared,
        accept=accept,
        deliver=deliver,
        waiting=waiting,
        worker=worker,
        upkeep=upkeep,
        stager=stager,
        contract_watch=contract_watch,
        web=web,
    )


def _accept(
    parts: Calling, current: Current, deliveries: SqlDeliveries, bell: Bell, observer: Observer
) -> Accept:
    clock, limits = parts.clock, parts.settings.limits
    return Accept(
        current,
        current,
        deliveries,
        clock,
        limits,
        bell,
        observer,
        prompts=parts.soap.prompt_problems,
    )


def _reception(parts: Calling, token: Secret, observer: Observer) -> Reception:
    settings = parts.settings
    book = CallerBook(settings.home, observer.auth_trouble)
    hosts = Hosts(settings.host)
    return Reception(settings.access, book.now, token, hosts, parts.clock.monotonic)


def _contract_watch(parts: Calling, current: Current, observer: Observer) -> ContractWatch:
    return ContractWatch(
        current,
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
        survey.routes,
        lambda: schemas_of(settings),  # compiled anew: an operator has mended one
        survey.deliveries,
        survey.ledger,
        parts.clock,
        bell,
        observer,
        settings.limits,
    )


def schemas_of(settings: Settings) -> SchemaFolder:
    """The schemas of a home, none of them compiled yet."""
    return SchemaFolder(settings.schemas, shipped=TEMPLATE / "schemas")


def refuse_bad_schemas(routes: Routes, schemas: SchemaFolder) -> None:
    """Compile every schema now: a task must not be the first to meet one that is broken.

    Raises:
        ConfigurationInvalid: With every problem of every schema that a route names.
    """
    names = sorted({route.schema for route in routes.all()})
    problems = tuple(problem for name in names for problem in schemas.check(name))
    if problems:
        raise ConfigurationInvalid(f"a schema cannot be used: {problems[0]}", problems)
