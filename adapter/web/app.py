"""The WSGI application: the webhook, the deliveries, the health of the process."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.routing import PathConverter

from adapter.accept import Accept, Accepted, Post
from adapter.core.delivery import AccountHold, Delivery, State
from adapter.core.errors import AdapterError, PayloadTooLarge, Rejected, StoreUnavailable
from adapter.observe import Observer
from adapter.ports import Clock, DeliveryStore
from adapter.survey import Survey
from adapter.web import answers, guard, openapi
from adapter.web.answers import SAFE_HEADERS, json_response
from adapter.web.auth import Reception
from adapter.web.files import Files
from adapter.web.operating import Operating
from adapter.web.refusals import Refusal
from adapter.web.waiting import Waiting, preferred_wait_s

WEBHOOK = "/ExecuteSTP"
UNKNOWN_ADDRESS = f"Check the address: tasks are posted to {WEBHOOK}."


@dataclass(frozen=True)
class Web:
    """What the endpoints need."""

    accept: Accept
    survey: Survey
    waiting: Waiting
    operating: Operating
    reception: Reception
    deliveries: DeliveryStore
    clock: Clock
    observer: Observer
    files: Files

    def app(self) -> Flask:
        """The application, ready for any WSGI server."""
        app = Flask("adapter", static_folder=None)
        app.config["MAX_CONTENT_LENGTH"] = self.accept.limits.max_bytes
        app.url_map.merge_slashes = False
        app.url_map.converters["rest"] = _Rest
        app.before_request(self.begin)
        app.after_request(_sign)
        app.register_error_handler(AdapterError, self.refused)
        app.register_error_handler(RequestEntityTooLarge, self.too_large)
        app.register_error_handler(HTTPException, self.http_error)
        app.register_error_handler(Exception, self.crashed)
        post: dict[str, Any] = {"methods": ["POST"], "view_func": self.execute}
        app.add_url_rule(WEBHOOK, "execute", **post)
        app.add_url_rule(f"{WEBHOOK}/<rest:stored_process>", "execute", **post)
        app.add_url_rule("/deliveries/<delivery_id>", "delivery", self.delivery)
        self.operating.add_to(app)
        self.files.add_to(app)
        app.add_url_rule("/healthz", "healthz", _healthy)
        app.add_url_rule("/readyz", "readyz", self.ready)
        openapi.add_to(app)
        return app

    def begin(self) -> None:
        """What every request goes through first."""
        g.started = self.clock.monotonic()
        g.request_id = guard.request_id(request)
        g.caller = guard.admit(request, self.reception)

    def execute(self, stored_process: str = "") -> Response:
        """Take in one task; answer at once, or with the result if the caller waits."""
        post = Post(
            body=request.get_data(cache=False),
            path_name=stored_process,
            header_key=request.headers.get("Idempotency-Key", ""),
            request_id=g.request_id,
        )
        accepted = self.accept(post)
        seen = self._look(accepted.delivery_id)
        self._observe(accepted, *seen)
        try:
            response = self._answer(accepted, *seen)
        except StoreUnavailable:
            # The task is on disk: told otherwise, its sender would send it once more.
            response = _accepted(accepted.delivery_id, State.QUEUED)
        if accepted.replayed:
            response.headers["Idempotent-Replayed"] = "true"
        return response

    def _observe(
        self, accepted: Accepted, delivery: Delivery | None, hold: AccountHold | None
    ) -> None:
        """One line for an intake; a warning where it does not go on by itself."""
        remedy = answers.next_of(delivery, hold) if delivery else ""
        self.observer.event(
            "intake",
            logging.WARNING if remedy else logging.INFO,
            request=g.request_id,
            delivery=accepted.delivery_id,
            stp=accepted.route.stored_process,
            outcome="held" if hold else "replayed" if accepted.replayed else "accepted",
            ms=self._ms(),
            state=delivery.state if delivery and accepted.replayed else "",
            remedy=remedy,
            caller=g.caller.name,
        )

    def _look(self, delivery_id: str) -> tuple[Delivery | None, AccountHold | None]:
        """The delivery and what holds it up, if the store tells."""
        try:
            delivery = self.survey.get(delivery_id)
            return delivery, self.survey.hold_of(delivery)
        except StoreUnavailable:
            return None, None

    def _ms(self) -> int:
        """Milliseconds since the request began."""
        started: float = g.started
        return round((self.clock.monotonic() - started) * 1000)

    def _answer(
        self, accepted: Accepted, delivery: Delivery | None, hold: AccountHold | None
    ) -> Response:
        wait_s = preferred_wait_s(request.headers.get("Prefer", ""), accepted.route.wait_s)
        if wait_s > 0 or delivery is None:
            delivery = self.waiting.until_ended(accepted.delivery_id, wait_s)
            hold = self.survey.hold_of(delivery)
        outcome = self._outcome(delivery, hold) if wait_s > 0 else None
        after = answers.next_of(delivery, hold)
        return outcome or _accepted(delivery.delivery_id, delivery.state, after)

    def _outcome(self, delivery: Delivery, hold: AccountHold | None) -> Response | None:
        """What a caller who waits is told; None while it may still end well."""
        if delivery.state is State.DELIVERED:
            return json_response(answers.delivered_body(delivery), 200)
        if delivery.state is State.PARKED:
            return self._ended_badly(delivery, delivery.code, delivery.message)
        if hold is not None:
            held = answers.held_json(hold)
            refused = delivery.code == held["code"]
            return self._ended_badly(
                delivery, held["code"], delivery.message if refused else held["message"]
            )
        return None

    def _ended_badly(self, delivery: Delivery, code: str, message: str) -> Response:
        body = answers.error_body(
            code,
            message,
            g.request_id,
            self.clock.now(),
            details=[problem.to_json() for problem in delivery.details],
            remedy=answers.remedy_of(delivery, code),
            deliveryId=delivery.delivery_id,
            status=str(delivery.state),
            why=delivery.why,
        )
        return json_response(body, answers.sas_status(code))

    def delivery(self, delivery_id: str) -> Response:
        """How one delivery stands."""
        delivery = self.survey.get(delivery_id)
        return json_response(answers.delivery_body(delivery, self.survey.hold_of(delivery)))

    def ready(self) -> Response:
        """200 while tasks can be accepted: the store answers. SAS may be away."""
        self.deliveries.ping()
        return json_response({"status": "ready"}, 200)

    def refused(self, error: AdapterError) -> Response:
        """Any error of the tree."""
        status = answers.status_of(error)
        kept = error if isinstance(error, Rejected) and error.delivery_id else None
        self.observer.event(
            "intake" if request.endpoint == "execute" else "refused",
            logging.WARNING,
            request=g.request_id,
            delivery=kept.delivery_id if kept else "",
            stp=kept.stored_process if kept else "",
            outcome="rejected" if kept else "refused",
            ms=self._ms(),
            status=status,
            code=error.code,
            message=error.message,
            remedy=error.remedy,
            peer=request.remote_addr if isinstance(error, Refusal) else "",
        )
        body = answers.adapter_error_body(error, g.request_id, self.clock.now())
        response = json_response(body, status)
        response.headers.update(answers.headers_of(error))
        for challenge in answers.challenges_of(error):
            response.headers.add("WWW-Authenticate", challenge)
        return response

    def too_large(self, _: RequestEntityTooLarge) -> Response:
        """A body that was not even read."""
        limit = self.accept.limits.max_bytes
        return self.refused(PayloadTooLarge(f"the body has more than {limit} bytes"))

    def http_error(self, error: HTTPException) -> Response:
        """An address or method that does not exist here."""
        code = (error.name or "error").upper().replace(" ", "_")
        message = f"{request.method} is not answered at this address"
        methods = error.valid_methods if isinstance(error, MethodNotAllowed) else None
        allowed = ", ".join(sorted(methods or ()))
        remedy = f"Use {allowed} at this address." if allowed else UNKNOWN_ADDRESS
        now = self.clock.now()
        body = answers.error_body(code, message, g.request_id, now, remedy=remedy)
        response = json_response(body, error.code or 500)
        if allowed:
            response.headers["Allow"] = allowed
        return response

    def crashed(self, error: Exception) -> Response:
        """A defect of the adapter: the log has the trace, the caller an id to ask for."""
        self.observer.crash(f"web {g.request_id}", error)
        message = "the adapter failed; its log tells more under this requestId"
        body = answers.error_body("ADAPTER_CRASHED", message, g.request_id, self.clock.now())
        return json_response(body, 500)


class _Rest(PathConverter):
    """All that follows in an address, so that what cannot be a name is refused as a name."""

    part_isolating = False
    regex = r"[\s\S]*"


def _accepted(delivery_id: str, state: State, after: str = "") -> Response:
    response = json_response(answers.accepted_body(delivery_id, state, after), 202)
    response.headers["Location"] = answers.location(delivery_id)
    return response


def _sign(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    for name, value in SAFE_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _healthy() -> Response:
    """200 while the process runs."""
    return json_response({"status": "ok"}, 200)
