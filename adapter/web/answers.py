"""Deliveries and errors as JSON, and the HTTP status of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Response

from adapter.core import errors, failures
from adapter.core.answer import Answer
from adapter.core.delivery import AccountHold, Attempt, Delivery, State
from adapter.core.errors import AdapterError, CountChanged, Rejected, RouteHeld, StoreUnavailable
from adapter.core.failures import CredentialsRefused
from adapter.core.redact import shortened
from adapter.core.verdict import parked_remedy
from adapter.web.guard import OriginRefused
from adapter.web.refusals import Refusal
from adapter.web.token import CHALLENGE, OperatorTokenWrong

Json = dict[str, Any]

STATUS: dict[type[AdapterError], int] = {
    errors.PayloadRefused: 400,
    errors.PayloadTooLarge: 413,
    errors.IdempotencyKeyReused: 409,
    errors.Rejected: 400,
    errors.StpUnknown: 404,
    errors.DocumentInvalid: 422,
    errors.DeliveryUnknown: 404,
    errors.DeliveryNotWaiting: 409,
    errors.AlreadyAccepted: 409,
    failures.LinksExpired: 409,
    errors.RequestInvalid: 400,
    errors.CountChanged: 409,
    errors.HoldUnknown: 404,
    errors.StoreUnavailable: 503,
    errors.RouteHeld: 502,
    OriginRefused: 403,
    OperatorTokenWrong: 401,
}
"""Status of an error, by the nearest class of its ancestry."""

HELD = "SAS refused the credentials before; the delivery is held"
HELD_BY_HAND = "an operator holds the account"

TIMED_OUT = frozenset(
    error.code
    for error in (failures.ConnectTimedOut, failures.AnswerTimedOut, failures.ProgramTimedOut)
)
"""Codes that a waiting caller is told with 504; every other failure of SAS is 502."""

SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What a browser is told with each answer; a page may say otherwise of itself."""

STORE_RETRY_AFTER_S = 5

_HOLD_LENGTH = 200

STORE_MESSAGE = "the delivery database cannot be used now; the log of the adapter tells why"
"""What a caller is told: the error's own sentence names files of this machine."""


def json_response(body: Json, status: int = 200) -> Response:
    """The body as an answer."""
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")


def status_of(error: AdapterError) -> int:
    """The HTTP status of an error of the tree."""
    if isinstance(error, Refusal):
        return error.status
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def headers_of(error: AdapterError) -> dict[str, str]:
    """What the answer to an error carries beside its body."""
    match error:
        case StoreUnavailable():
            return {"Retry-After": str(STORE_RETRY_AFTER_S)}
        case OperatorTokenWrong():
            return {"WWW-Authenticate": CHALLENGE}
        case Refusal() if error.retry_after_s:
            return {"Retry-After": str(error.retry_after_s)}
        case _:
            return {}


def challenges_of(error: AdapterError) -> tuple[str, ...]:
    """What a 401 says of the ways to authenticate, a header for each."""
    return error.challenges if isinstance(error, Refusal) else ()


def sas_status(code: str) -> int:
    """The HTTP status of a delivery that ended badly while its caller waited."""
    return 504 if code in TIMED_OUT else 502


def time_text(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def error_body(code: str, message: str, request_id: str, now: float, **more: Any) -> Json:
    """`{"error": {…}}` as CI 360's connector guideline has it."""
    body = {
        "code": code,
        "message": message,
        "details": [],
        "requestId": request_id,
        "timestamp": time_text(now),
    }
    return {"error": {**body, **{key: value for key, value in more.items() if value}}}


def adapter_error_body(error: AdapterError, request_id: str, now: float) -> Json:
    """The body of an error of the tree, with every problem and the remedy."""
    return error_body(
        error.code,
        STORE_MESSAGE if isinstance(error, StoreUnavailable) else error.message,
        request_id,
        now,
        details=[problem.to_json() for problem in error.problems],
        remedy=error.remedy,
        deliveryId=error.delivery_id if isinstance(error, Rejected) else "",
        count=str(error.count) if isinstance(error, CountChanged) else "",
    )


def accepted_body(delivery_id: str, state: State, after: str = "") -> Json:
    """The body of a 202; `after` is what a person must do before it goes on."""
    body = {"deliveryId": delivery_id, "status": str(state), "location": location(delivery_id)}
    return {**body, "next": after} if after else body


def next_of(delivery: Delivery, hold: AccountHold | None) -> str:
    """What a person must do before this delivery goes on; empty where it does by itself."""
    if delivery.state is State.PARKED:
        return remedy_of(delivery, delivery.code)
    return str(held_json(hold)["remedy"]) if hold else ""


def location(delivery_id: str) -> str:
    """Where a delivery tells how it stands."""
    return f"/deliveries/{delivery_id}"


def delivered_body(delivery: Delivery) -> Json:
    """The body of a 200: the stored process's answer."""
    return {
        "deliveryId": delivery.delivery_id,
        "status": str(delivery.state),
        "storedProcess": delivery.stored_process,
        "transport": delivery.transport,
        "attempts": delivery.attempts,
        "result": (delivery.result or Answer()).to_json(),
    }


def delivery_body(delivery: Delivery, hold: AccountHold | None) -> Json:
    """Everything that is known of a delivery, without its payload.

    Args:
        delivery: Which one.
        hold: What keeps it from being sent.
    """
    body: Json = {
        "deliveryId": delivery.delivery_id,
        "status": str(delivery.state),
        "storedProcess": delivery.stored_process,
        "transport": delivery.transport,
        "attempts": delivery.attempts,
        "acceptedAt": time_text(delivery.accepted_at),
        "updatedAt": time_text(delivery.updated_at),
        "held": hold is not None,
        "history": [_attempt_json(attempt) for attempt in delivery.history],
    }
    if not delivery.state.ended:
        body["dueAt"] = time_text(delivery.due_at)
    if delivery.staging is not None:
        body["staging"] = delivery.staging.told()
    if delivery.state is State.DELIVERED:
        body["result"] = (delivery.result or Answer()).to_json()
    if delivery.code:
        body["error"] = failure_json(delivery)
    elif hold:
        body["error"] = held_json(hold)
    return body


def failure_json(delivery: Delivery) -> Json:
    """Why a delivery is not delivered: the last error with its details and remedy."""
    return {
        "code": delivery.code,
        "why": delivery.why,
        "message": delivery.message,
        "details": [problem.to_json() for problem in delivery.details],
        "remedy": remedy_of(delivery, delivery.code),
    }


def remedy_of(delivery: Delivery, code: str) -> str:
    """What to do about this error of this delivery."""
    remedy = REMEDIES.get(code, "")
    if delivery.state is State.PARKED:
        return parked_remedy(remedy, delivery.why, delivery.delivery_id)
    return remedy


def held_json(hold: AccountHold) -> Json:
    """Why a delivery waits that SAS has never refused itself."""
    if hold.by_hand:
        message = f"{HELD_BY_HAND}: {shortened(hold.message, _HOLD_LENGTH)}"
        return {"code": RouteHeld.code, "message": message, "remedy": RouteHeld.remedy}
    return {
        "code": CredentialsRefused.code,
        "message": HELD,
        "remedy": CredentialsRefused.remedy,
    }


def _attempt_json(attempt: Attempt) -> Json:
    facts: Mapping[str, Any] = {
        "number": attempt.number,
        "transport": attempt.transport,
        "startedAt": time_text(attempt.started_at),
        "endedAt": None if attempt.ended_at is None else time_text(attempt.ended_at),
        "effect": attempt.effect,
        "code": attempt.code,
        "message": attempt.message,
        "httpStatus": attempt.http_status,
    }
    return {key: value for key, value in facts.items() if value not in ("", None)}


def _all(kind: type[AdapterError]) -> list[type[AdapterError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in _all(child))]


REMEDIES = {kind.code: kind.remedy for kind in _all(AdapterError)}
"""The remedy of each stable code, for errors that were written down earlier."""
