"""What each endpoint is for: the table from which `/openapi.json` and docs/api.md are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from adapter.core import errors, failures
from adapter.core.errors import AdapterError
from adapter.core.verdict import TABLE
from adapter.web import bodies, refusals, shapes
from adapter.web.auth import Door
from adapter.web.files import FileCallerRefused, FileUnknown
from adapter.web.guard import OriginRefused
from adapter.web.shapes import Schema, ref
from adapter.web.token import OperatorTokenWrong
from adapter.web.waiting import MAX_WAIT_S

Errors = tuple[type[AdapterError], ...]

JSON = "application/json"

EVERYWHERE: Errors = (OriginRefused, refusals.HostRefused)
"""What any endpoint may answer: what a request meets before it is read."""

_CALLERS: Errors = (
    refusals.AddressRefused,
    refusals.CallerNotLocal,
    refusals.CallerNotAllowed,
    refusals.AuthenticationRequired,
    refusals.AuthenticationFailed,
    refusals.TooManyFailures,
    refusals.TooManyRequests,
)
AT_THE_DOOR: Mapping[Door, Errors] = {
    Door.OPEN: (),
    Door.WEBHOOK: _CALLERS,
    Door.RESULT: _CALLERS,
    Door.LOOK: _CALLERS,
    Door.VERB: (OperatorTokenWrong, *_CALLERS),
}
"""What a caller may be told who is not let in."""

WITH_BODY: Errors = (errors.PayloadTooLarge,)
"""What an endpoint that reads a body may answer besides."""

STORED: Errors = (errors.StoreUnavailable,)
_ASKED: Errors = (errors.RequestInvalid, *STORED)
_ONE: Errors = (errors.DeliveryUnknown, errors.DeliveryNotWaiting, *_ASKED)
_MANY: Errors = (errors.CountChanged, *_ASKED)
_TASK: Errors = (
    errors.StpNameMissing,
    errors.StpNameInvalid,
    errors.StpNameConflict,
    errors.StpUnknown,
    errors.DocumentInvalid,
)
_POSTED: Errors = (
    errors.PayloadNotJson,
    errors.PayloadTooDeep,
    errors.PayloadTooManyKeys,
    errors.IdempotencyKeyInvalid,
    errors.IdempotencyKeyReused,
    *_TASK,
    *STORED,
)
ENDED_BADLY: Errors = (*TABLE, errors.RouteHeld)
"""How a call to SAS may end, for a caller who waits for it."""


@dataclass(frozen=True)
class Parameter:
    """What a caller says beside the body."""

    name: str
    place: str
    tells: str
    schema: Schema
    example: str = ""


@dataclass(frozen=True)
class Told:
    """A good answer: its status, when it comes, and what stands in it.

    Args:
        media: Of the body; empty where there is none.
        headers: Names of headers that it has besides, each with its meaning.
    """

    status: int
    tells: str
    schema: Schema
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Endpoint:
    """One method of one address.

    Args:
        address: As OpenAPI writes it, `{name}` for what varies.
        body: Schema of what is sent; None where nothing is read.
        sample: A body as one may send it.
        body_needed: Whether an empty body is refused.
        errors: Beside those that any endpoint of its kind may answer.
        waits: Whether a caller may be told how the call to SAS ended.
        door: Who may come in.
    """

    method: str
    address: str
    summary: str
    tells: str
    answers: tuple[Told, ...]
    parameters: tuple[Parameter, ...] = ()
    body: Schema | None = None
    sample: object = None
    body_needed: bool = True
    errors: Errors = ()
    waits: bool = False
    door: Door = Door.OPEN


REQUEST_ID = tuple(
    Parameter(name, "header", tells, {"type": "string", "pattern": "^[A-Za-z0-9._:/+=-]{1,128}$"})
    for name, tells in (
        ("x-ci360-con-inv-trace-id", "The request id, as the general agent gives it."),
        ("X-Request-ID", "The request id; it stands in every log line, and in the answer."),
    )
)
_POST_HEADERS = (
    Parameter(
        "Prefer",
        "header",
        f"Wait so many seconds for the result (at most {MAX_WAIT_S:g}), instead of the route's "
        "`wait` (RFC 7240).",
        {"type": "string", "pattern": "^wait=[0-9]{1,3}$"},
        "wait=10",
    ),
    Parameter(
        "Idempotency-Key",
        "header",
        "Your own key: the same key gives the same delivery. Without it count `taskId`, "
        "`taskVersionId` and `occurrenceId` of a bulk task, or the `guid` of an event.",
        {"type": "string", "pattern": "^[ -~]{1,255}$"},
        "order-4711",
    ),
)
_NAME = Parameter(
    "stored_process",
    "path",
    "Name of the stored process; one that the payload names too must be the same.",
    {"type": "string", "minLength": 1, "maxLength": 128},
    "Download File",
)
_ID = Parameter("delivery_id", "path", "Id of the delivery.", shapes.ID)
_FILTERS = tuple(
    Parameter(name, "query", schema["description"], bodies.in_query(schema))
    for name, schema in bodies.FILTERS.items()
)
_PAGE = (
    Parameter("limit", "query", "Deliveries in the answer at most.", bodies.LIMIT),
    Parameter("offset", "query", "Deliveries left out, the newest first.", bodies.OFFSET),
)

_REPLAYED = {"Idempotent-Replayed": "`true` where the task had been accepted before."}
_TAKEN = (
    Told(200, "Delivered, for a caller who waits.", ref("Delivered"), headers=_REPLAYED),
    Told(
        202,
        "Accepted, on disk.",
        ref("Accepted"),
        headers={"Location": "Where the delivery tells how it stands.", **_REPLAYED},
    ),
)
_FILE = (
    Told(200, "The file as it was sent.", {}, "*/*"),
    Told(206, "The range of it.", {}, "*/*"),
    Told(304, "It is the one that the caller has.", {}, ""),
    Told(404, "No such link, or no longer.", ref("Error")),
    Told(412, "It is another one than the caller has.", ref("Error")),
    Told(416, "It has no such range.", ref("Error")),
)
_LINK = (
    Parameter("token", "path", "Of the link.", shapes.TEXT),
    Parameter("name", "path", "Of the file.", shapes.TEXT),
    Parameter("Range", "header", "Bytes of it (RFC 9110).", shapes.TEXT, "bytes=0-1023"),
)
_RUNS = Told(200, "It runs.", ref("Health"))
_DOCUMENT = Told(200, "The document.", {"type": "object"})
_SAMPLE_TASK = {"x": "ü", "sendParameters": {"stpName": "Echo"}}
_STANDS = (Told(200, "How it stands now.", ref("Delivery")),)
_RESULTS = (Told(200, "What became of each.", ref("Results")),)
_COUNTED = "Where others are meant by now than `expect` says, nothing is changed."
_MEANT = {"state": "rejected", "expect": 2}


def _verb(name: str, summary: str, answers: tuple[Told, ...], more: Errors = ()) -> Endpoint:
    """What an operator does to one delivery."""
    address = f"/deliveries/{{delivery_id}}/{name}"
    return Endpoint(
        "POST", address, summary, "", answers, (_ID,), bodies.NOTHING, {},
        body_needed=False, errors=(*_ONE, *more), door=Door.VERB,
    )  # fmt: skip


def _verb_for_many(name: str, summary: str, meant: str, body: Schema = bodies.MEANT) -> Endpoint:
    """What an operator does to all that are meant."""
    tells = f"Without `state` and `id`: {meant}. {_COUNTED}"
    answers = (Told(200, "How many.", ref("Purged")),) if name == "purge" else _RESULTS
    return Endpoint(
        "POST", f"/deliveries/{name}", summary, tells, answers, (), body, _MEANT,
        errors=_MANY, door=Door.VERB,
    )  # fmt: skip


_RETRY = _verb(
    "retry",
    "Send one delivery again.",
    (Told(200, "It is due now.", ref("Retried")),),
    (errors.AlreadyAccepted, failures.LinksExpired, *_TASK, errors.ConfigurationInvalid),
)

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "POST", "/ExecuteSTP", "Take a task in; the payload names the stored process.",
        "The task is on disk before it is answered.", _TAKEN, _POST_HEADERS, ref("Task"),
        _SAMPLE_TASK, errors=_POSTED, waits=True, door=Door.WEBHOOK,
    ),
    Endpoint(
        "POST", "/ExecuteSTP/{stored_process}", "Take a task in; the address names it.",
        "", _TAKEN, (_NAME, *_POST_HEADERS), ref("Task"), {"x": "ü"},
        errors=_POSTED, waits=True, door=Door.WEBHOOK,
    ),
    Endpoint(
        "GET", "/deliveries/{delivery_id}", "How one delivery stands, with its attempts.",
        "", _STANDS, (_ID,), errors=(errors.DeliveryUnknown, *STORED), door=Door.RESULT,
    ),
    Endpoint(
        "GET", "/deliveries", "Deliveries, newest first.",
        "Above them stand the counts, the holds and the open breakers.",
        (Told(200, "Those that are meant.", ref("Deliveries")),),
        (*_FILTERS, *_PAGE), errors=_ASKED, door=Door.LOOK,
    ),
    Endpoint(
        "GET", "/deliveries/export", "Deliveries with payload and document, links masked.",
        "A line of JSON for each; personal data stays in them.",
        (Told(200, "One object on each line.", ref("Exported"), "application/x-ndjson"),),
        _FILTERS, errors=_ASKED, door=Door.VERB,
    ),
    replace(
        _RETRY, body=bodies.RETRY_ONE, sample={"asSent": True},
        tells="Its document is built anew from the kept payload, unless `asSent` is true.",
    ),
    _verb("discard", "Never send a parked or rejected delivery again.", _STANDS),
    _verb("cancel", "Never send a queued or retrying delivery.", _STANDS),
    _verb_for_many(
        "retry", "Send again all that are meant.", "parked and rejected ones", bodies.RETRY_MEANT
    ),
    _verb_for_many("discard", "Discard all that are meant.", "parked and rejected ones"),
    _verb_for_many("cancel", "Cancel all that are meant.", "queued and retrying ones"),
    _verb_for_many("purge", "Delete all that are meant and ended.", "delivered and cancelled ones"),
    Endpoint(
        "GET", "/holds", "The holds in force, and the open breakers.", "",
        (Told(200, "All there are.", ref("Holds")),), errors=_ASKED, door=Door.LOOK,
    ),
    Endpoint(
        "POST", "/holds", "Hold the account of a stored process.",
        "Nothing is sent for it until the hold is released; tasks are still taken in.",
        (Told(200, "The hold.", ref("Held")),), (), bodies.HOLD_ONE,
        {"storedProcess": "Echo", "message": "SAS is being upgraded"},
        errors=(errors.StpUnknown, *_ASKED), door=Door.VERB,
    ),
    Endpoint(
        "POST", "/holds/release", "Lift the hold of a stored process, or of an account.", "",
        (Told(200, "The hold that was lifted.", ref("Released")),), (), bodies.RELEASE_ONE,
        {"storedProcess": "Echo"},
        errors=(errors.StpUnknown, errors.HoldUnknown, *_ASKED),
        door=Door.VERB,
    ),
    Endpoint(
        "GET", "/files/{token}/{name}", "A staged file, or the range of it that is asked for.",
        "The link stands in what SAS was sent, and ends with its delivery.", _FILE, _LINK,
        errors=(FileCallerRefused, FileUnknown, *STORED),
    ),
    Endpoint(
        "GET", "/healthz", "200 while the process runs.", "", (_RUNS,)
    ),
    Endpoint(
        "GET", "/readyz", "200 while tasks can be stored; SAS may be away.", "",
        (Told(200, "The delivery database answers.", ref("Health")),), errors=STORED,
    ),
    Endpoint(
        "GET", "/openapi.json", "This description, as OpenAPI 3.1.", "", (_DOCUMENT,)
    ),
)  # fmt: skip
"""Every endpoint, in the order in which it is told."""
