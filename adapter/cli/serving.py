"""One running process: the HTTP server, the delivery threads, or both, and how they end."""

from __future__ import annotations

import logging
import time
from types import TracebackType
from typing import Self

from adapter import wiring
from adapter.cli.reloading import Reloading
from adapter.config import Settings
from adapter.config.caller_file import others_can_read, read_callers
from adapter.core.access import schemes_of
from adapter.core.errors import AdapterError
from adapter.observe import Observer, start_logging
from adapter.reload import release_changed_accounts
from adapter.web import exposure
from adapter.web.server import HttpServer, listen

_ANSWER_S = 3.0
_READABLE = "conf/auth.ini can be read by others; chmod 600 conf/auth.ini"


def begin(settings: Settings) -> None:
    """From now on this process logs as configured, first what works otherwise than it seems."""
    start_logging(settings.log.level, settings.log.folder if settings.log.enabled else None)
    for note in settings.notes:
        Observer().event("note", logging.WARNING, note=str(note))
    if others_can_read(settings.home):
        Observer().event("note", logging.WARNING, note=_READABLE)


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
        self.reloading = Reloading(self.parts, delivers=True, check=lambda _: None)

    def __enter__(self) -> Self:
        self.parts.start()
        _deliver(self.parts)
        self.reloading.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.reloading.stop()
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
        ExposureRefused: Other machines could reach it without authentication.
        ConfigurationInvalid: A schema that a route names cannot be used.
        StoreUnavailable: The delivery database cannot be opened.
    """

    def __init__(self, settings: Settings, *, work: bool = True) -> None:
        listener = listen(settings.host, settings.port)
        try:
            host = listener.getsockname()[0]
            _check_exposure(settings, host)
            self.parts = wiring.adapter(wiring.calling(settings))
        except AdapterError:
            listener.close()
            raise
        self.reloading = Reloading(
            self.parts, delivers=work, check=lambda newer: _check_exposure(newer, host)
        )
        self._work = work
        self._http = HttpServer(
            self.parts.web.app(),
            listener,
            threads=settings.threads,
            max_body_bytes=settings.limits.max_bytes,
            limits=settings.server_limits,
            trusted=settings.access.trusted_proxies,
        )
        if not settings.files_url:
            self.parts.stager.give_links_to(self._http.url)

    @property
    def url(self) -> str:
        """Where this process answers."""
        return self._http.url

    def __enter__(self) -> Self:
        self.parts.start()
        if self._work:
            _deliver(self.parts)
        self._http.start()
        self.reloading.start()
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
        self.reloading.stop()
        self._http.stop_listening()
        attempts_ended = not self._work or _deliver_no_more(self.parts, grace_s)
        self.parts.waiting.end()
        answered = self._http.drain(max(deadline - time.monotonic(), _ANSWER_S))
        self.parts.close()
        level = logging.INFO if attempts_ended and answered else logging.WARNING
        Observer().event("stop", level, attempts_ended=attempts_ended, answered=answered)


def _check_exposure(settings: Settings, host: str) -> None:
    exposure.check(host, schemes_of(settings.access, read_callers(settings.home)))


def _deliver(parts: wiring.Adapter) -> None:
    release_changed_accounts(parts, parts.settings)
    for hold in parts.deliveries.holds().values():
        Observer().held(hold.account, hold.message, by_hand=hold.by_hand)
    parts.worker.start()
    parts.upkeep.start()
    parts.stager.start()
    parts.contract_watch.start()


def _deliver_no_more(parts: wiring.Adapter, grace_s: float) -> bool:
    """True when every attempt under way ended within `grace_s` seconds."""
    parts.contract_watch.stop()
    parts.upkeep.stop()
    parts.stager.stop()
    return parts.worker.stop(grace_s)
