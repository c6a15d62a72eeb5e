"""What an operator is told, as JSON: over HTTP, and by the command line with --json."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adapter.core.breaker import Breaker
from adapter.core.delivery import Attempt, Delivery, Kept, State
from adapter.core.errors import AdapterError
from adapter.core.redact import without_links
from adapter.operate import Exported, Result, Retried
from adapter.survey import Held, Overview, Survey
from adapter.web.answers import REMEDIES, Json, delivery_body, time_text

RUNS_TWICE = "the stored process may have run before and may now run a second time"


def counted(number: int) -> str:
    """The number with its noun."""
    return f"{number} {'delivery' if number == 1 else 'deliveries'}"


def meant(number: int, more: str = "") -> str:
    """How many deliveries something will be done to, in front of `more` words."""
    return f"{counted(number)} {'is' if number == 1 else 'are'} meant{more}"


def runs_twice(number: int, among: int) -> str:
    """The warning, for so many of so many deliveries."""
    return RUNS_TWICE if number == among == 1 else f"for {number} of {among}, {RUNS_TWICE}"


def list_json(survey: Survey, deliveries: Iterable[Delivery], matching: int) -> Json:
    """A part of the deliveries that are meant, below how it stands with all of them."""
    return {
        **overview_json(survey.overview()),
        "matching": matching,
        "deliveries": [summary_json(survey, delivery) for delivery in deliveries],
    }


def overview_json(overview: Overview) -> Json:
    """How it stands with all deliveries."""
    return {
        "counts": {
            str(state): overview.counts[state] for state in State if state in overview.counts
        },
        "holds": [hold_json(held) for held in overview.holds],
        "breakers": [breaker_json(at, breaker) for at, breaker in overview.breakers.items()],
        "linksExpireSoon": [each.delivery_id for each in overview.links_expire_soon],
    }


def summary_json(survey: Survey, delivery: Delivery) -> Json:
    """A delivery in a list: without result and history."""
    body = delivery_body(delivery, survey.hold_of(delivery))
    return {**_without(body, "history", "result"), **_more(delivery)}


def whole_json(survey: Survey, delivery: Delivery, kept: Kept | None = None) -> Json:
    """Everything that is known of a delivery, without its payload.

    Args:
        survey: Tells what keeps it from being sent.
        delivery: With result and history.
        kept: Tells request and key.
    """
    body = {**delivery_body(delivery, survey.hold_of(delivery)), **_more(delivery)}
    durations = {each.number: duration_ms(each) for each in delivery.history}
    for attempt in body["history"]:
        attempt["durationMs"] = durations[attempt["number"]]
    if kept is not None:
        body |= {"requestId": kept.request_id, "idempotencyKey": without_links(kept.key)}
    return body


def duration_ms(attempt: Attempt) -> int | None:
    """How long an attempt took; None while it runs."""
    if attempt.ended_at is None:
        return None
    return round((attempt.ended_at - attempt.started_at) * 1000)


def hold_json(held: Held) -> Json:
    """A hold with what it covers."""
    return {
        "account": held.hold.account,
        "since": time_text(held.hold.since),
        "message": held.hold.message,
        "byHand": held.hold.by_hand,
        "storedProcesses": list(held.stored_processes),
    }


def breaker_json(address: str, breaker: Breaker) -> Json:
    """A breaker that is open."""
    until = None if breaker.open_until is None else time_text(breaker.open_until)
    return {"address": address, "failures": breaker.failures, "openUntil": until}


def retried_json(survey: Survey, retried: Retried) -> Json:
    """A delivery that was sent again."""
    body = whole_json(survey, survey.get(retried.delivery_id))
    body["mayRunTwice"] = retried.may_run_twice
    if retried.may_run_twice:
        body["warning"] = RUNS_TWICE
    return body


def results_json(results: Sequence[Result]) -> Json:
    """What became of each of many deliveries."""
    refused = sum(result.refusal is not None for result in results)
    body: Json = {"meant": len(results), "done": len(results) - refused, "refused": refused}
    if twice := sum(result.may_run_twice for result in results):
        body |= {"mayRunTwice": twice, "warning": runs_twice(twice, len(results))}
    return {**body, "results": [_result_json(result) for result in results]}


def exported_json(survey: Survey, exported: Exported) -> Json:
    """A delivery with the payload and the document it was sent from, links masked."""
    table = exported.kept.table
    return {
        **whole_json(survey, exported.delivery, exported.kept),
        "payload": exported.kept.payload.decode("utf-8", "replace"),
        "document": None if table is None else table.decode("utf-8", "replace"),
    }


def _result_json(result: Result) -> Json:
    if result.refusal is None:
        return {"deliveryId": result.delivery_id, "done": True}
    return {"deliveryId": result.delivery_id, "done": False, "error": _error(result.refusal)}


def _error(error: AdapterError) -> Json:
    return {
        "code": error.code,
        "message": error.message,
        "details": [problem.to_json() for problem in error.problems],
        "remedy": error.remedy or REMEDIES.get(error.code, ""),
    }


def _more(delivery: Delivery) -> Json:
    more: Json = {"taskId": delivery.task_id} if delivery.task_id else {}
    if delivery.links_expire_at is not None:
        more["linksExpireAt"] = time_text(delivery.links_expire_at)
    return more


def _without(body: Json, *names: str) -> Json:
    return {name: value for name, value in body.items() if name not in names}
