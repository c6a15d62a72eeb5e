"""What an emulator was asked and has run, and the switches it obeys; safe between threads."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from adapter.emulator.http_messages import Request
from adapter.emulator.stored_processes.program import Prompts, Row
from adapter.emulator.switches import Switches

REQUESTS_KEPT = 10_000
EXECUTIONS_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a stored process, kept when it ended, whatever its caller heard of it.

    Args:
        transport: "soap" or "rest".
        delivery_id: value of the request header X-Request-ID, or "".
        rows: every InData row that the program could read, columns as they were sent.
        parameters: prompts by name, each with its values; a range has ``name.lowerBound``.
    """

    stored_process: str
    transport: str
    delivery_id: str
    rows: tuple[Row, ...]
    parameters: Prompts
    started_at: datetime
    finished_at: datetime

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the first row, empty if there is no row."""
        return dict(self.rows[0]) if self.rows else {}

    def as_json(self) -> dict[str, object]:
        """Return the execution in types that JSON has."""
        return {
            "stored_process": self.stored_process,
            "transport": self.transport,
            "delivery_id": self.delivery_id,
            "columns": self.columns,
            "rows": [dict(row) for row in self.rows],
            "parameters": {name: list(values) for name, values in self.parameters.items()},
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat(),
        }


class Journal:
    """The memory of an emulator; the newest 10,000 requests and 100,000 executions."""

    def __init__(self, switches: Switches) -> None:
        """Start with these switches and nothing remembered."""
        self._changed = threading.Condition()
        self._switches = switches
        self._requests: deque[Request] = deque(maxlen=REQUESTS_KEPT)
        self._executions: deque[Execution] = deque(maxlen=EXECUTIONS_KEPT)

    @property
    def switches(self) -> Switches:
        """The switches as they are now."""
        with self._changed:
            return self._switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        with self._changed:
            self._switches = switches
            self._changed.notify_all()

    @property
    def requests(self) -> tuple[Request, ...]:
        """The requests, oldest first."""
        with self._changed:
            return tuple(self._requests)

    @property
    def executions(self) -> tuple[Execution, ...]:
        """The executions in the order in which they ended."""
        with self._changed:
            return tuple(self._executions)

    def merge(self, named: Mapping[str, object]) -> Switches:
        """Change the named switches and return all.

        Raises:
            SwitchError: a name is unknown or a value cannot be; nothing is changed then.
        """
        with self._changed:
            self.switches = self._switches.merged(named)
            return self._switches

    def plan(self, stored_processes: Iterable[str]) -> Switches:
        """Return the switches for one answer; a disturbed one is counted."""
        with self._changed:
            now = self._switches
            if not now.disturbs:
                return now
            if not now.concerns(stored_processes):
                return now.calm()
            self.switches = now.after_one()
            return now

    def add_request(self, request: Request) -> None:
        """Remember a request."""
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()

    def add_execution(self, execution: Execution) -> None:
        """Remember an execution."""
        with self._changed:
            self._executions.append(execution)
            self._changed.notify_all()

    def forget_requests(self) -> None:
        """Forget every request."""
        with self._changed:
            self._requests.clear()
            self._changed.notify_all()

    def forget_executions(self) -> None:
        """Forget every execution."""
        with self._changed:
            self._executions.clear()
            self._changed.notify_all()

    def wait_for(self, predicate: Callable[[], bool], timeout_s: float) -> bool:
        """Return whether the predicate came true in time; it is asked after every change."""
        with self._changed:
            return self._changed.wait_for(predicate, timeout_s)
