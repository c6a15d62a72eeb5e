"""One running process: the HTTP server, the delivery threads, or both, and how they end."""

from __future__ import annotations

import logging
import time
from types import TracebackType
from typing import Self

from adapter import wiring
from adapter.config import Settings
from adapter.core.errors import AdapterError
from adapter.observe import Observer, start_logging
from adapter.web.server import HttpServer, listen

_ANSWER_S = 3.0


def begin(settings: Settings) -> None:
    """From now on this process logs as configured, first what works otherwise than it seems."""
    start_logging(settings.log.level, settings.log.folder if settings.log.enabled else None)
    for note in settings.notes:
        Observer().event("note", logging.WARNING, note=str(note))


class Working:
    """An adapter that delivers from `__enter__` to `__exit__`.

    Args:
        settings: Of the home.

    Raises:
        ConfigurationInvalid: A schema that a route names cannot be used.
        StoreUnavailable: The delivery database cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        self.parts = wiring.adapter(wiring.calling(settings))

    def __enter__(self) -> Self:
        self.parts.start()
        _deliver(self.parts)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        attempts_ended = _deliver_no_more(self.parts, self.parts.settings.stop_grace_s)
        self.parts.close()
        level = logging.INFO if attempts_ended else logging.WARNING
        Observer().event("stop", level, attempts_ended=attempts_ended)


class Serving:
    """An adapter that serves from `__enter__` to `__exit__`.

    Args:
        settings: Of the home.
        work: Whether this process also delivers.

    Raises:
        AddressInUse: The address cannot be bound.
        ConfigurationInvalid: A schema that a route names cannot be used.
        StoreUnavailable: The delivery database cannot be opened.
    """

    def __init__(self, settings: Settings, *, work: bool = True) -> None:
        listener = listen(settings.host, settings.port)
        try:
            self.parts = wiring.adapter(wiring.calling(settings))
        except AdapterError:
            listener.close()
            raise
        self._work = work
        self._http = HttpServer(
            self.parts.web.app(),
            listener,
            threads=settings.threads,
            max_body_bytes=settings.limits.max_bytes,
        )

    @property
    def url(self) -> str:
        """Where this process answers."""
        return self._http.url

    def __enter__(self) -> Self:
        self.parts.start()
        if self._work:
            _deliver(self.parts)
        self._http.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop(self.parts.settings.stop_grace_s)

    def stop(self, grace_s: float) -> None:
        """Stop listening, let attempts and requests end within `grace_s` seconds, let go.

        Callers that wait get the result of an attempt that ends in time; the others are told 202,
        since their task is on disk.
        """
        deadline = time.monotonic() + grace_s
        self._http.stop_listening()
        attempts_ended = not self._work or _deliver_no_more(self.parts, grace_s)
        self.parts.waiting.end()
        answered = self._http.drain(max(deadline - time.monotonic(), _ANSWER_S))
        self.parts.close()
        level = logging.INFO if attempts_ended and answered else logging.WARNING
        Observer().event("stop", level, attempts_ended=attempts_ended, answered=answered)


def _deliver(parts: wiring.Adapter) -> None:
    wiring.release_changed_accounts(parts)
    for hold in parts.deliveries.holds().values():
        Observer().held(hold.account, hold.message, by_hand=hold.by_hand)
    parts.worker.start()
    parts.upkeep.start()
    parts.contract_watch.start()


def _deliver_no_more(parts: wiring.Adapter, grace_s: float) -> bool:
    """True when every attempt under way ended within `grace_s` seconds."""
    parts.contract_watch.stop()
    parts.upkeep.stop()
    return parts.worker.stop(grace_s)
