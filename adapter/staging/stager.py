"""Staging of all that waits for it: claim > fetch > check > done; and what is tidied away."""

from __future__ import annotations

import logging
import secrets
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from adapter.bell import Bell
from adapter.core.deadline import deadline
from adapter.core.delivery import State
from adapter.core.errors import AdapterError, PayloadRefused, StoreUnavailable, StpUnknown
from adapter.core.failures import DeliveryError, LinksExpired, RouteUnknown
from adapter.core.payload import Limits, Payload
from adapter.core.route import Policy, Route
from adapter.core.stage_failures import StageCrashed, StageMismatch
from adapter.core.staging import DATA, METADATA, StageAs, StagedFile, Staging, links_of, rows_told
from adapter.core.verdict import Ended, Park, Retry, judge
from adapter.current import RouteTable
from adapter.observe import Observer
from adapter.ports import Clock
from adapter.staging.check import rows_of
from adapter.staging.fetch import Bounds, Fetch
from adapter.store.staged import SqlStaging, StageJob
from adapter.store.staged_folder import StagedFolder, writing

IDLE_S = 1.0
REST_S = 10.0
"""Seconds between looks while no stored process stages: one that no longer does left some."""

THREADS = 2
TIDIED_AT_ONCE = 200
_LIMITS = Limits(max_bytes=2**30)


class _Lost(Exception):
    """Nobody wants the files any more, or the process stops."""


@dataclass(frozen=True)
class Desk:
    """What staging needs.

    Args:
        base: Where short links begin, such as `http://adapter:8100`.
        keep_s: Seconds that files are kept after their delivery was delivered.
    """

    routes: RouteTable
    store: SqlStaging
    folder: StagedFolder
    clock: Clock
    bell: Bell
    observer: Observer
    base: str
    keep_s: float


@dataclass
class Stager:
    """A few threads that stage, each one delivery at a time; SAS is not called by them."""

    desk: Desk
    fetch: Fetch = field(default_factory=Fetch)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _busy: set[str] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def give_links_to(self, base: str) -> None:
        """From now on short links begin so."""
        self.desk = replace(self.desk, base=base)

    def start(self) -> None:
        """Begin."""
        for number in range(THREADS):
            thread = threading.Thread(target=self._run, name=f"stage-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End soon; what is on disk is gone on with by the next process."""
        self._stopping.set()
        self.desk.bell.ring()
        for thread in self._threads:
            thread.join(IDLE_S)

    def tidy(self) -> None:
        """Remove the files of deliveries that need them no more."""
        ids = list(self.desk.folder.ids())
        for at in range(0, len(ids), TIDIED_AT_ONCE):
            some = ids[at : at + TIDIED_AT_ONCE]
            kept = self.desk.store.kept(some)
            over = self.desk.clock.now() - self.desk.keep_s
            for each in some:
                row = kept.get(each)
                cancelled = row is not None and row.state is State.CANCELLED
                late = row and row.state is State.DELIVERED and row.updated_at <= over
                over_now = row is None or cancelled or late
                if over_now and self.desk.store.forget(each):
                    self.desk.folder.remove(each)

    def _run(self) -> None:
        look_at = float("-inf")
        while not self._stopping.is_set():
            due = self.desk.bell.due
            wanted = any(route.staging.on for route in self.desk.routes.all())
            if not wanted and self.desk.clock.monotonic() < look_at:
                self._stopping.wait(IDLE_S)
            elif not self._one_or_trouble():
                look_at = self.desk.clock.monotonic() + REST_S
                if wanted:
                    self.desk.bell.wait_due(due, IDLE_S)

    def _one_or_trouble(self) -> bool:
        try:
            return self.one()
        except StoreUnavailable as error:
            self.desk.observer.store_lost(error)
        except Exception as error:  # noqa: BLE001  whatever it was, staging goes on
            self.desk.observer.crash("stage", error)
        return False

    def one(self) -> bool:
        """Stage the next delivery that waits for it; False where none does."""
        with self._guard:
            job = self.desk.store.claim(self._busy)
            if job is None:
                return False
            self._busy.add(job.delivery_id)
        try:
            self._stage(job)
        finally:
            with self._guard:
                self._busy.discard(job.delivery_id)
        return True

    def _stage(self, job: StageJob) -> None:
        work = _Work(self, job)
        route: Route | None = None
        try:
            route = work.route()
            work.fetch_all(route)
            done = work.finished(route)
        except _Lost:
            return
        except StoreUnavailable:
            raise
        except DeliveryError as failure:
            self._failed(work, failure, route)
        except Exception as error:  # noqa: BLE001  a defect of ours is told like one
            self.desk.observer.crash("stage", error)
            crash = StageCrashed(f"the adapter failed at the files: {type(error).__name__}")
            self._failed(work, crash, route)
        else:
            if self.desk.store.done(job, done):
                size = sum(each.got for each in done.files)
                self._tell(job, logging.INFO, "staged", bytes=size, rows=done.rows)
                self.desk.bell.ring()

    def _failed(self, work: _Work, failure: DeliveryError, route: Route | None) -> None:
        job, policy = work.job, route.policy if route else Policy()
        now = self.desk.clock.now()
        staging = replace(work.staging, tried=work.staging.tried + 1)
        until = deadline(job.queued_at, policy.give_up_after_s, job.links_expire_at)
        verdict = judge(failure, staging.tried, policy, self.desk.clock.jitter(), Ended(now, until))
        match verdict:
            case Retry(after_s):
                self.desk.store.again(job, staging, failure, now + after_s)
                self._tell_failure(job, failure, f"retry_in_{after_s:.1f}s")
            case Park(why):
                self.desk.store.park(job, staging, failure, why)
                self.desk.bell.ring()
                self._tell_failure(job, failure, f"parked:{why}")

    def _tell_failure(self, job: StageJob, failure: AdapterError, outcome: str) -> None:
        level = logging.ERROR if outcome.startswith("parked") else logging.WARNING
        facts = {"code": failure.code, "message": failure.message, "remedy": failure.remedy}
        self._tell(job, level, outcome, **facts)

    def _tell(self, job: StageJob, level: int, outcome: str, **facts: object) -> None:
        names = {"delivery": job.delivery_id, "stp": job.stored_process, "outcome": outcome}
        self.desk.observer.event("stage", level, **names, **facts)

    @property
    def stopping(self) -> bool:
        """Whether it ends."""
        return self._stopping.is_set()


class _Work:
    """One job under way."""

    def __init__(self, stager: Stager, job: StageJob) -> None:
        self._stager, self._desk = stager, stager.desk
        self.job, self.staging = job, job.staging
        self._told: int | None = None

    def route(self) -> Route:
        try:
            return self._desk.routes.choose(self.job.stored_process)
        except StpUnknown as error:
            raise RouteUnknown(error.message) from None

    def fetch_all(self, route: Route) -> None:
        """Every file, the small one first."""
        try:
            payload = Payload.parse(self.job.payload, _LIMITS)
            links, self._told = links_of(payload), rows_told(payload)
        except PayloadRefused:
            links = {}
        with writing():
            folder = self._desk.folder.made(self.job.delivery_id)
        bounds = Bounds(route.staging.hosts, route.staging.max_bytes, route.ca_file)
        for file in self.staging.files:
            link = links.get(file.part)
            if link is None:
                raise LinksExpired("the payload holds its presigned links no more")
            self._tell(self._stager.fetch(link, file, folder, bounds, self._tell))

    def finished(self, route: Route) -> Staging:
        """The staging once the files are checked, with what the stored process is given."""
        rows = self._rows()
        now = self._desk.clock.now()
        files = tuple(self._located(each, route) for each in self.staging.files)
        ends = now + route.policy.give_up_after_s + self._desk.keep_s
        return replace(self.staging, files=files, done_at=now, rows=rows, expires_at=ends)

    def _rows(self) -> int | None:
        places = {each.part: self._place(each) for each in self.staging.files}
        if METADATA in places and DATA in places:
            return rows_of(places[METADATA], places[DATA], self._told)
        if DATA in places:
            raise StageMismatch("the payload has a link of dataFile and none of metadataFile")
        return None

    def _located(self, file: StagedFile, route: Route) -> StagedFile:
        policy = route.staging
        if policy.told_as is StageAs.PATH:
            location = str(self._place(file).resolve())
            if prefix := policy.path_prefix.rstrip("\\/"):
                mark = "\\" if "\\" in prefix else "/"
                location = mark.join((prefix, self.job.delivery_id, file.name))
        else:
            token = f"{self.job.delivery_id}-{secrets.token_urlsafe(32)}"
            location = f"{self._desk.base}/files/{token}/{file.name}"
        return replace(file, location=location)

    def _place(self, file: StagedFile) -> Path:
        return self._desk.folder.of(self.job.delivery_id) / file.name

    def _tell(self, file: StagedFile) -> None:
        if self._stager.stopping:
            raise _Lost
        self.staging = self.staging.with_file(file)
        if not self._desk.store.progress(self.job, self.staging):
            raise _Lost
