"""Values to columns of the delivery tables, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnDefault, Table

from adapter.core.answer import Answer, Stream
from adapter.core.delivery import (
    AccountHold,
    Attempt,
    Delivery,
    Gate,
    Lease,
    Outcome,
    Rejection,
    State,
)
from adapter.core.errors import Problem
from adapter.core.failures import Effect
from adapter.core.message import IdempotencyKey, Message
from adapter.core.stage_failures import NotStaged
from adapter.core.staging import WAITS_FROM, Staging
from adapter.core.verdict import Delivered, Hold, Park, Retry
from adapter.store.tables import attempts, deliveries

Columns = dict[str, Any]
"""Values by the name of their column."""

Row = Mapping[Any, Any]
"""What was read, by the name of its column."""

_KEY_LENGTH = 255


def _defaults(table: Table) -> Columns:
    made = ((column.name, column.default) for column in table.c)
    return {name: default.arg for name, default in made if isinstance(default, ColumnDefault)}


_BLANK = _defaults(deliveries)
_QUEUED = {**_BLANK, "state": State.QUEUED.value}
_BLANK_ATTEMPT = _defaults(attempts)


def message_columns(message: Message, now: float) -> Columns:
    """A delivery that waits to be sent."""
    return {
        **_QUEUED,
        "id": message.delivery_id,
        "stored_process": message.stored_process,
        "key_value": key_value(message.key),
        "key_source": str(message.key.source),
        **sent_columns(message),
        "request_id": storable(message.request_id),
        "accepted_at": now,
        "queued_at": now,
        "updated_at": now,
        "due_at": now + WAITS_FROM if message.staging else now,
        "staging": staging_column(message.staging),
    }


def staging_column(staging: Staging | None) -> Columns | None:
    """How it stands with the files of a delivery."""
    return None if staging is None else staging.to_json()


def unstaged_columns(staging: Staging, now: float) -> Columns:
    """A delivery whose files are to be staged first, from the beginning."""
    return {"staging": staging.to_json(), "due_at": WAITS_FROM + now}


def unstaging_columns(staging: Staging, now: float) -> Columns:
    """A delivery that is sent with its links, whatever was staged of it."""
    return {"staging": None} if staging.done_at is not None else {"staging": None, "due_at": now}


def staging_of(row: Row) -> Staging | None:
    """How it stands with the files of a delivery, by its columns."""
    value = _from_json(row["staging"])
    return None if value is None else Staging.from_json(value)


def sent_columns(message: Message) -> Columns:
    """What of a delivery is sent, and until when that may be."""
    return {
        "digest": message.digest,
        "payload": message.payload,
        "document": message.table,
        "task_id": storable(message.task_id),
        "links_expire_at": message.links_expire_at,
    }


def queued_columns(now: float) -> Columns:
    """A delivery that a person, or a fresh task, puts back into the queue: it begins afresh."""
    return {
        "state": State.QUEUED.value,
        "why": "",
        "code": "",
        "message": "",
        "details": None,
        "forgiven": deliveries.c.attempts,
        "queued_at": now,
        "updated_at": now,
        "due_at": now,
    }


def rejection_columns(rejection: Rejection, now: float) -> Columns:
    """A rejected payload: no document, and no key but for when it is sent again."""
    key = rejection.own_key
    return {
        "id": rejection.delivery_id,
        "stored_process": storable(rejection.stored_process),
        "state": State.REJECTED.value,
        "digest": hashlib.sha256(rejection.payload).hexdigest(),
        "payload": rejection.payload,
        "request_id": storable(rejection.request_id),
        "task_id": storable(rejection.task_id),
        "freed_key": key_value(key) if key else None,
        "key_source": str(key.source) if key else None,
        "accepted_at": now,
        "queued_at": now,
        "updated_at": now,
        "due_at": now,
        **rejected_columns(rejection.code, rejection.message, rejection.problems),
    }


def rejected_columns(code: str, message: str, problems: tuple[Problem, ...]) -> Columns:
    """Why a payload is rejected."""
    return {
        "why": code.lower(),
        "code": code,
        "message": storable(message),
        "details": _details(problems),
    }


def outcome_columns(outcome: Outcome) -> Columns:
    """What an attempt's end changes of its delivery, but for the result."""
    return {
        **_verdict_columns(outcome),
        **_failure_columns(outcome),
        "details": _details(_problems(outcome)),
        "transport": outcome.transport,
        "owner": None,
        "token": None,
        "server": None,
        "address": None,
    }


def begun_columns(delivery_id: str, number: int, now: float) -> Columns:
    """An attempt that begins."""
    return {**_BLANK_ATTEMPT, "delivery_id": delivery_id, "number": number, "started_at": now}


def attempt_columns(outcome: Outcome) -> Columns:
    """An attempt's end."""
    failure = outcome.failure
    return {
        **_failure_columns(outcome),
        "transport": outcome.transport,
        "ended_at": outcome.ended_at,
        "effect": (failure.effect if failure else Effect.RAN).value,
        "http_status": failure.http_status if failure else None,
    }


def delivery_of(row: Row, history: Iterable[Iterable[Any]]) -> Delivery:
    """What is known of a delivery.

    Args:
        row: Its columns; JSON as text or as what it holds.
        history: What each `Attempt` is made of, in its order.
    """
    result = _from_json(row["result"])
    return Delivery(
        delivery_id=row["id"],
        stored_process=row["stored_process"],
        state=State(row["state"]),
        attempts=row["attempts"],
        accepted_at=row["accepted_at"],
        queued_at=row["queued_at"],
        updated_at=row["updated_at"],
        due_at=row["due_at"] % WAITS_FROM,
        transport=row["transport"],
        why=row["why"],
        code=row["code"],
        message=row["message"],
        details=tuple(Problem(**problem) for problem in _from_json(row["details"]) or ()),
        result=_answer_of(result) if result is not None else None,
        history=tuple(Attempt(*attempt) for attempt in history),
        task_id=row["task_id"],
        links_expire_at=row["links_expire_at"],
        staging=staging_of(row),
    )


def lease_of(row: Row, started_at: float, gate: Gate) -> Lease:
    """The lease of a running delivery."""
    return Lease(
        delivery_id=row["id"],
        stored_process=row["stored_process"],
        table=row["document"],
        request_id=row["request_id"],
        attempt=row["attempts"],
        token=row["token"],
        started_at=started_at,
        tried=row["attempts"] - row["forgiven"],
        queued_at=row["queued_at"],
        links_expire_at=row["links_expire_at"],
        gate=gate,
        staging=staging_of(row),
        may_have_run=row.get("may_have_run", False),
    )


def hold_of(account: str, since: float, message: str, by_hand: int) -> AccountHold:
    """The hold of an account, by its columns."""
    return AccountHold(account, since, message, bool(by_hand))


def key_value(key: IdempotencyKey) -> str:
    """The key as stored: one that is long or cannot be printed is told by its SHA-256."""
    value = key.value
    if len(value) <= _KEY_LENGTH and value.isprintable():
        return value
    return "sha256:" + hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def storable(text: str) -> str:
    """The text with lone surrogates and NUL written as escapes; no database takes them."""
    if text.isprintable():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


def _verdict_columns(outcome: Outcome) -> Columns:
    match outcome.verdict:
        case Delivered():
            return {"state": State.DELIVERED.value, "why": ""}
        case Retry(after_s):
            staged_first = WAITS_FROM if isinstance(outcome.failure, NotStaged) else 0.0
            return {
                "state": State.RETRYING.value,
                "why": "",
                "due_at": staged_first + outcome.ended_at + after_s,
            }
        case Park(why):
            return {"state": State.PARKED.value, "why": why}
        case Hold():
            return {"state": State.QUEUED.value, "why": "", "due_at": outcome.ended_at}


def _failure_columns(outcome: Outcome) -> Columns:
    failure = outcome.failure
    return {
        "code": failure.code if failure else "",
        "message": storable(failure.message) if failure else "",
    }


def _problems(outcome: Outcome) -> tuple[Problem, ...]:
    failure = outcome.failure
    if failure is None:
        return ()
    return tuple(Problem(where=failure.code, reason=text) for text in failure.details)


def _details(problems: tuple[Problem, ...]) -> list[dict[str, str | int | None]] | None:
    return [problem.to_json() for problem in problems] or None


def _answer_of(result: Mapping[str, Any]) -> Answer:
    return Answer(
        parameters=result["parameters"],
        streams={name: _stream_of(stream) for name, stream in result["streams"].items()},
    )


def _stream_of(stream: Mapping[str, str]) -> Stream:
    return Stream(stream["contentType"], stream["content"], stream.get("encoding", "text"))


def _from_json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
