"""Taking in a task: from a request body to a delivery on disk.

POST > Payload.parse > routes.choose > document.build > validate > Message.seal > deliveries.add
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adapter.bell import Bell
from adapter.core.delivery import Rejection
from adapter.core.document import NO_FACTS, Document, Facts, build
from adapter.core.errors import DocumentInvalid, Problem, Rejected
from adapter.core.message import Message, own_key
from adapter.core.payload import MAX_NAME, Limits, Payload
from adapter.core.redact import shortened, without_links
from adapter.core.request import Request
from adapter.core.route import Route
from adapter.core.xml import XmlRefused
from adapter.current import RouteTable
from adapter.observe import Observer
from adapter.ports import Clock, DeliveryStore, Schemas

PromptJudge = Callable[[Route, bytes], tuple[Problem, ...]]
"""What a route's pinned WSDL says against the prompts of a sealed request."""


def no_judge(_route: Route, _sealed: bytes) -> tuple[Problem, ...]:
    """Nothing: the prompts are judged when they are sent."""
    return ()


@dataclass(frozen=True)
class Post:
    """What came with one request.

    Args:
        body: The body as received.
        path_name: The stored process in the address; empty for none.
        header_key: The Idempotency-Key header; empty for none.
        request_id: The id the caller gave, or one of our own.
    """

    body: bytes
    path_name: str = ""
    header_key: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class Prepared:
    """A payload with the route it takes and the valid document it becomes."""

    payload: Payload
    route: Route
    document: Document
    delivery_id: str = ""


@dataclass(frozen=True)
class Accepted:
    """A task that is on disk.

    Args:
        delivery_id: Its id.
        replayed: True where an earlier post of the same task had made the delivery.
        route: How it will be called.
    """

    delivery_id: str
    replayed: bool
    route: Route


def prepare(  # noqa: PLR0913  what a document is made of, and who judges it
    payload: Payload,
    path_name: str,
    routes: RouteTable,
    schemas: Schemas,
    facts: Facts = NO_FACTS,
    *,
    prompts: PromptJudge = no_judge,
) -> Prepared:
    """The payload with its route and its valid document; nothing is stored or sent.

    Raises:
        Rejected: No stored process, no route, or no valid document: the leaf says which.
    """
    route = routes.choose(payload.stored_process(path_name))
    document = checked_document(payload, route, schemas, facts, prompts=prompts)
    return Prepared(payload, route, document, facts.delivery_id)


def checked_document(
    payload: Payload,
    route: Route,
    schemas: Schemas,
    facts: Facts = NO_FACTS,
    *,
    prompts: PromptJudge = no_judge,
) -> Document:
    """The document that the payload becomes on this route, valid by its schema.

    Raises:
        DocumentInvalid: With every problem that the builder or the schema finds.
    """
    document, problems = judged_document(payload, route, schemas, facts, prompts=prompts)
    if problems:
        raise DocumentInvalid(
            f"the document for [{route.stored_process}] has {len(problems)} problem(s), "
            f"the first: {problems[0]}",
            problems,
        )
    return document


def judged_document(
    payload: Payload,
    route: Route,
    schemas: Schemas,
    facts: Facts = NO_FACTS,
    *,
    prompts: PromptJudge = no_judge,
) -> tuple[Document, tuple[Problem, ...]]:
    """The document that the payload becomes, with all that is found wrong with it.

    Builder and schema judge it, and the prompts' types where a pinned WSDL declares them.
    """
    document = build(payload, route, facts)
    try:
        judged = schemas.problems(document.table, route.schema) if document.table else ()
        if document.xml != document.table:
            Request.opened(document.xml)  # what a transport could not open is never accepted
        unfit = prompts(route, document.xml) if route.mapping.parameters else ()
    except XmlRefused as error:
        reason = "the document is too large to be read"
        problem = Problem("/Table", reason, found=shortened(str(error)))
        return document, (*document.problems, problem)
    return document, (*document.problems, *judged, *unfit)


def kept_name(name: str) -> str:
    """The name that a rejected payload is kept under, however unfit for one."""
    return without_links(name)[:MAX_NAME]


@dataclass(frozen=True)
class Accept:
    """The use case: a task is stored before it is answered."""

    routes: RouteTable
    schemas: Schemas
    deliveries: DeliveryStore
    clock: Clock
    limits: Limits
    bell: Bell
    observer: Observer
    prompts: PromptJudge = no_judge

    def __call__(self, post: Post) -> Accepted:
        """The accepted task, on disk.

        Raises:
            PayloadRefused: Not a payload; nothing is kept.
            Rejected: Kept as rejected; `delivery_id` tells under which id.
            StoreUnavailable: Nothing was accepted.
        """
        payload = Payload.parse(post.body, self.limits)
        facts = Facts(self.clock.new_id(), self.clock.now())
        try:
            prepared = prepare(
                payload, post.path_name, self.routes, self.schemas, facts, prompts=self.prompts
            )
        except Rejected as error:
            self._keep(error, post, payload, facts.delivery_id)
            raise
        message = Message.seal(
            prepared.document,
            payload,
            stored_process=prepared.route.stored_process,
            delivery_id=facts.delivery_id,
            header_key=post.header_key,
            request_id=post.request_id,
            stage=prepared.route.staging.on,
        )
        self.observer.prepared(message, prepared.route, len(prepared.document.columns))
        added = self.deliveries.add(message)
        self.bell.ring()
        self.observer.notes(added.delivery_id, prepared.document.notes)
        return Accepted(added.delivery_id, added.replayed, prepared.route)

    def _keep(self, error: Rejected, post: Post, payload: Payload, delivery_id: str) -> None:
        """Keep what CI 360 will not send again, so that it can be replayed once mended."""
        error.delivery_id = delivery_id
        error.stored_process = kept_name(post.path_name or payload.stp_name)
        rejection = Rejection(
            error.delivery_id,
            error.stored_process,
            payload.raw,
            post.request_id,
            error.code,
            error.message,
            error.problems,
            payload.task_id,
            own_key(post.header_key),
        )
        self.deliveries.reject(rejection)
