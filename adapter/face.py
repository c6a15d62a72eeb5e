"""The public face for Python: a home, opened, with which stored processes are called."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from adapter.accept import Post, Prepared, checked_document, judged_document
from adapter.config import Settings
from adapter.core.answer import Answer
from adapter.core.delivery import Delivery
from adapter.core.document import Document, Facts
from adapter.core.errors import ConfigurationInvalid, PayloadNotJson, Problem, RouteHeld
from adapter.core.payload import Payload, checked_name
from adapter.core.redact import shortened
from adapter.core.route import Route, TransportName, transport_of
from adapter.core.sasbiws import REST_PATH, SOAP_PATH
from adapter.ports import Call, HttpRequest
from adapter.store.sharing import DATABASE
from adapter.wiring import Adapter, adapter, calling

Body = bytes | str | Mapping[str, Any]
"""A payload: the bytes or text of one JSON object, or the object itself."""


@dataclass(frozen=True)
class Mapped:
    """What a payload becomes, and all that is wrong with it."""

    stored_process: str
    document: Document
    problems: tuple[Problem, ...]


class Home:
    """A folder with conf, schemas, wsdl_cache and var, opened.

    Use it as a context manager, or call `close()`.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._calling = calling(settings)
        self._adapter: Adapter | None = None
        self._opening = threading.Lock()

    def validate(self, payload: Body, stored_process: str = "") -> Document:
        """The instream document that the payload becomes; nothing is sent or stored.

        Args:
            payload: One JSON object.
            stored_process: Wins over the name in the payload; empty takes that one.

        Raises:
            PayloadRefused: Not a payload.
            Rejected: No stored process, no route, or no valid document, with every problem.
        """
        return self._prepared(payload, stored_process).document

    def mapped(self, payload: Body, stored_process: str = "") -> Mapped:
        """What the payload becomes, valid or not; nothing is sent or stored.

        Raises:
            PayloadRefused: Not a payload.
            Rejected: No stored process, or no route.
        """
        parsed, route = self._routed(payload, stored_process)
        document, problems = judged_document(
            parsed,
            route,
            self._calling.schemas,
            self._facts(),
            prompts=self._calling.soap.prompt_problems,
        )
        return Mapped(route.stored_process, document, problems)

    def request(
        self, stored_process: str, payload: Body, transport: TransportName | None = None
    ) -> HttpRequest:
        """The exact HTTP request that `call` would send; at most a WSDL is fetched."""
        prepared = self._prepared(payload, stored_process, transport)
        return self._calling.transports[prepared.route.transport].request(self._call_of(prepared))

    def call(
        self, stored_process: str, payload: Body, transport: TransportName | None = None
    ) -> Answer:
        """The stored process's answer to one call; nothing is stored and nothing tried again.

        Args:
            stored_process: Name of the stored process, as its section is called.
            payload: One JSON object.
            transport: SOAP or REST instead of the route's own.

        Raises:
            PayloadRefused, Rejected: As for `validate`.
            ConfigurationInvalid: The address is not one of the transport asked for.
            RouteHeld: SAS refused this route's credentials before.
            DeliveryError: The leaf says what SAS may have done.
        """
        prepared = self._prepared(payload, stored_process, transport)
        self._refuse_held(prepared)
        return self._calling.transports[prepared.route.transport].send(self._call_of(prepared))

    def submit(self, payload: Body, stored_process: str = "", key: str = "") -> str:
        """The id of the delivery that a serving adapter of this home will make.

        Args:
            payload: One JSON object.
            stored_process: Where the payload names none.
            key: Idempotency key; the same key gives the same delivery.

        Raises:
            PayloadRefused: Not a payload; nothing is kept.
            Rejected: Kept as rejected.
            StoreUnavailable: Nothing was accepted.
        """
        post = Post(_raw(payload), stored_process, key, request_id="python")
        return self._opened().accept(post).delivery_id

    def delivery(self, delivery_id: str) -> Delivery:
        """How a delivery stands.

        Raises:
            DeliveryUnknown: There is none of this id.
        """
        return self._opened().survey.get(delivery_id)

    def close(self) -> None:
        """Let go of connections and of the database."""
        with self._opening:
            if self._adapter is not None:
                self._adapter.close()
            self._adapter = None
        self._calling.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self) -> Adapter:
        with self._opening:
            if self._adapter is None:
                self._adapter = adapter(self._calling)
            return self._adapter

    def _prepared(
        self, payload: Body, stored_process: str, transport: TransportName | None = None
    ) -> Prepared:
        parsed, route = self._routed(payload, stored_process)
        route = _by(route, transport) if transport else route
        facts = self._facts()
        document = checked_document(
            parsed, route, self._calling.schemas, facts, prompts=self._calling.soap.prompt_problems
        )
        return Prepared(parsed, route, document, facts.delivery_id)

    def _routed(self, payload: Body, stored_process: str) -> tuple[Payload, Route]:
        parsed = Payload.parse(_raw(payload), self.settings.limits)
        name = checked_name(stored_process) if stored_process else parsed.stored_process()
        return parsed, self.settings.routes.choose(name)

    def _facts(self) -> Facts:
        return Facts(self._calling.clock.new_id(), self._calling.clock.now())

    def _call_of(self, prepared: Prepared) -> Call:
        return Call(prepared.route, prepared.document.xml, prepared.delivery_id)

    def _refuse_held(self, prepared: Prepared) -> None:
        if not (self.settings.store_url or (self.settings.var / DATABASE).exists()):
            return
        hold = self._opened().deliveries.holds().get(prepared.route.account)
        if hold is None:
            return
        if hold.by_hand:
            raise RouteHeld(f"an operator holds {hold.account}: {hold.message}")
        if hold.since >= self.settings.credentials_saved_at:
            raise RouteHeld(f"SAS refused {hold.account} before: {hold.message}")


def _raw(payload: Body) -> bytes:
    if isinstance(payload, bytes):
        return payload
    text = payload if isinstance(payload, str) else _written(payload)
    return text.encode("utf-8", "surrogatepass")


def _written(payload: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(payload), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise PayloadNotJson(f"this cannot be written as JSON: {shortened(str(error))}") from None


def _by(route: Route, transport: TransportName) -> Route:
    """The route by this transport; SAS answers each at addresses of its own."""
    told = transport_of(route.stpurl)
    if told and told[0] is not transport:
        path = SOAP_PATH if transport is TransportName.SOAP else REST_PATH
        raise ConfigurationInvalid(
            f"[{route.stored_process}] cannot be called by {transport.upper()}, which SAS answers "
            f"at an address with {path}; stpurl is {shortened(route.stpurl)}"
        )
    return route.by(transport)
