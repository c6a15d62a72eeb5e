"""Several threads' changes in one commit: it waits for the disk, and one wait serves them all."""

from __future__ import annotations

import copy
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection

Result = TypeVar("Result")

MOST = 64
"""Changes in one commit: few enough that no other process waits long for its turn."""


def _locked() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(eq=False)
class _Member:
    """One thread's change, and what became of it.

    Attributes:
        asleep: Held until the change is written, or its thread is to lead.
    """

    work: Callable[[Connection], Any]
    asleep: threading.Lock = field(default_factory=_locked)
    leads: bool = False
    result: Any = None
    error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        self.result = self.work(connection)

    def outcome(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.result


class Group:
    """The changes that wait to be written.

    The thread that comes first leads: it writes its own change and those of all who have come
    meanwhile in one transaction, then wakes them; the first of those who came later leads next.
    No more join once running them has taken longer than the last commit did: to let those who are
    in it go on saves more time then than to spare the others a commit of their own.

    Args:
        write: One transaction: on disk when it ends, undone when it raises.
        late: The error of a thread that waits for its turn for longer than `wait_s`.
        wait_s: Seconds.
    """

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        late: Callable[[], Exception],
        wait_s: Callable[[], float],
    ) -> None:
        self._write = write
        self._late = late
        self._wait_s = wait_s
        self._guard = threading.Lock()
        self._waiting: deque[_Member] = deque()
        self._led = False
        self._commit_s = 0.0

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` gives, once its changes are on disk.

        An error is raised to the thread whose work it is of. To find it out, work may be undone
        and run again.
        """
        member = _Member(work)
        with self._guard:
            self._waiting.append(member)
            member.leads, self._led = not self._led, True
        if not member.leads:
            self._wait(member)
        if member.leads:
            self._lead()
        result: Result = member.outcome()
        return result

    def _wait(self, member: _Member) -> None:
        """Return once the member is written or leads."""
        if member.asleep.acquire(timeout=self._wait_s()):
            return
        with self._guard:
            if member in self._waiting and not member.leads:
                self._waiting.remove(member)
                raise self._late()
        # Taken: it ends with the transaction it is part of, whose own waits have limits.
        member.asleep.acquire()

    def _lead(self) -> None:
        members: list[_Member] = []
        try:
            self._write_all(members)
        finally:
            with self._guard:
                self._led = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].leads = True
                    self._waiting[0].asleep.release()
            for member in members:
                if not member.leads:
                    member.asleep.release()

    def _write_all(self, members: list[_Member]) -> None:
        complete = False
        try:
            with self._write() as connection:
                self._run_waiting(members, connection)
                complete = True
                ran_at = time.perf_counter()
            self._commit_s = time.perf_counter() - ran_at
        except BaseException as error:  # noqa: BLE001  raised to each whose it is
            if complete or len(members) < 2:  # noqa: PLR2004  one alone knows whose it is
                self._fail(members, error)
            else:
                self._write_each(members)

    def _run_waiting(self, members: list[_Member], connection: Connection) -> None:
        """Run those who wait, also those who come while others are run."""
        until = time.perf_counter() + self._commit_s
        while len(members) < MOST and (member := self._next()):
            members.append(member)
            member.run(connection)
            if time.perf_counter() > until:
                return

    def _next(self) -> _Member | None:
        with self._guard:  # one that has waited for too long may just be leaving
            return self._waiting.popleft() if self._waiting else None

    def _write_each(self, members: list[_Member]) -> None:
        for member in members:
            try:
                with self._write() as connection:
                    member.run(connection)
            except BaseException as error:  # noqa: BLE001  raised to the one whose it is
                member.error = error

    def _fail(self, members: list[_Member], error: BaseException) -> None:
        """The error is everybody's: what cannot be written now, cannot for those who wait."""
        if not members:
            with self._guard:
                members.extend(self._waiting)
                self._waiting.clear()
        for member in members:
            member.error = error if len(members) == 1 else copy.copy(error)
