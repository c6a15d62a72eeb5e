"""What the adapter tells of itself: one line per intake and per attempt, nothing secret."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from adapter.core.delivery import Delivery, Lease, Outcome
from adapter.core.errors import AdapterError, Problem, RouteHeld, StoreUnavailable
from adapter.core.failures import CredentialsRefused
from adapter.core.message import Message
from adapter.core.redact import shortened
from adapter.core.route import Route
from adapter.core.verdict import Delivered, Hold, Park, Retry, parked_remedy
from adapter.log_files import LogFiles

_FORMAT = "%(asctime)s %(levelname)s %(message)s"
_VALUE_LENGTH = 300

log = logging.getLogger("adapter")


def start_logging(level: str, folder: Path | None) -> None:
    """From now on the adapter writes to standard error, and to `folder` unless that is None.

    Other libraries stay at WARNING: at DEBUG they log bodies and passwords.
    """
    logging.getLogger().setLevel(logging.WARNING)
    log.setLevel(level)
    log.propagate = False
    _let_go_of_files()
    log.handlers.clear()
    _add(logging.StreamHandler())
    if folder is not None:
        files = LogFiles(folder)
        files.open()
        _add(logging.StreamHandler(files))


@contextmanager
def logging_beside(level: str, folder: Path | None) -> Iterator[None]:
    """In this block a command writes to the log of the adapter beside it, and nowhere else."""
    before = log.level, log.propagate, log.handlers[:]
    log.handlers.clear()
    log.setLevel(level)
    log.propagate = False
    _add(logging.StreamHandler(LogFiles(folder)) if folder is not None else logging.NullHandler())
    try:
        yield
    finally:
        _let_go_of_files()
        log.setLevel(before[0])
        log.propagate = before[1]
        log.handlers[:] = before[2]


def _let_go_of_files() -> None:
    for handler in log.handlers:
        if isinstance(handler, logging.StreamHandler) and isinstance(handler.stream, LogFiles):
            handler.stream.close()


def _add(handler: logging.Handler) -> None:
    handler.setFormatter(logging.Formatter(_FORMAT))
    log.addHandler(handler)


class Observer:
    """Writes events as `event key=value …`; a value with blanks stands in double quotes."""

    def event(self, name: str, level: int = logging.INFO, **facts: object) -> None:
        """One line; links are masked, values shortened, empty facts left out."""
        if log.isEnabledFor(level):
            shown = (f"{key}={_shown(value)}" for key, value in facts.items() if value != "")
            log.log(level, "%s", " ".join((name, *shown)))

    def prepared(self, message: Message, route: Route, columns: int) -> None:
        """A valid document, before it is on disk; at DEBUG."""
        self.event(
            "prepared",
            logging.DEBUG,
            request=message.request_id,
            delivery=message.delivery_id,
            key=f"{message.key.source}:{message.key.value}",
            schema=route.schema,
            columns=columns,
            bytes=len(message.table),
        )

    def sending(self, lease: Lease, route: Route) -> None:
        """An attempt that begins; at DEBUG."""
        self.event(
            "sending",
            logging.DEBUG,
            delivery=lease.delivery_id,
            attempt=lease.attempt,
            transport=route.transport,
            address=route.address,
            why=route.transport_why,
        )

    def auth_trouble(self, error: AdapterError) -> None:
        """The file of callers cannot be read; what it said before goes on to hold."""
        self.event("auth_file", logging.ERROR, message=error.message, remedy=error.remedy)

    def notes(self, delivery_id: str, notes: Iterable[Problem]) -> None:
        """What had to be changed to make the document: a warning each."""
        for note in notes:
            self.event("note", logging.WARNING, delivery=delivery_id, note=str(note))

    def attempt(self, lease: Lease, outcome: Outcome, *, lost: bool) -> None:
        """One finished attempt; `lost` when another process had taken the lease over."""
        failure = outcome.failure
        parked = isinstance(outcome.verdict, Park)
        self.event(
            "attempt",
            logging.INFO if failure is None else logging.ERROR if parked else logging.WARNING,
            request=lease.request_id,
            delivery=lease.delivery_id,
            stp=lease.stored_process,
            attempt=lease.attempt,
            transport=outcome.transport,
            outcome="lease_lost" if lost else _word(outcome),
            ms=round((outcome.ended_at - lease.started_at) * 1000),
            code=failure.code if failure else "",
            effect=failure.effect if failure else "",
            message=failure.message if failure else "",
            remedy=_remedy(lease, outcome),
        )

    def expiring(self, delivery: Delivery, now: float) -> None:
        """A delivery that still waits while its presigned links are about to expire."""
        self.event(
            "links_expire_soon",
            logging.WARNING,
            delivery=delivery.delivery_id,
            stp=delivery.stored_process,
            state=delivery.state,
            minutes_left=round(((delivery.links_expire_at or now) - now) / 60),
            code=delivery.code,
        )

    def store_lost(self, error: StoreUnavailable) -> None:
        """The database does not answer; what needs it is tried again until it does."""
        told = {"code": error.code, "message": error.message, "remedy": error.remedy}
        self.event("store", logging.ERROR, **told)

    def crash(self, where: str, error: Exception) -> None:
        """A defect of the adapter: the only place where a traceback is written, to the log."""
        trace = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in _frames(error)]
        kind = type(error).__name__
        self.event("crash", logging.ERROR, where=where, kind=kind, trace=" > ".join(trace))

    def held(self, account: str, message: str, *, by_hand: bool = False) -> None:
        """An account is held: nothing is sent for it until a person has done something."""
        remedy = RouteHeld.remedy if by_hand else CredentialsRefused.remedy
        self.event("hold", logging.ERROR, account=account, message=message, remedy=remedy)


def _frames(error: Exception) -> list[traceback.FrameSummary]:
    return list(traceback.extract_tb(error.__traceback__))


def _remedy(lease: Lease, outcome: Outcome) -> str:
    remedy = outcome.failure.remedy if outcome.failure else ""
    match outcome.verdict:
        case Park(why):
            return parked_remedy(remedy, why, lease.delivery_id)
        case _:
            return remedy


def _word(outcome: Outcome) -> str:
    match outcome.verdict:
        case Delivered():
            return "delivered"
        case Retry(after_s):
            return f"retry_in_{after_s:.1f}s"
        case Park(why):
            return f"parked:{why}"
        case Hold():
            return "held"


def _shown(value: object) -> str:
    text = shortened(str(value), _VALUE_LENGTH)
    plain = text.isascii() and not any(char in text for char in ' "=\\')
    return text if plain else json.dumps(text, ensure_ascii=False)
