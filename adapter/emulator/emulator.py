"""A SAS BI Web Services server on this machine."""

import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from adapter.emulator.http_messages import Request
from adapter.emulator.journal import Execution, Journal
from adapter.emulator.listener import Listener
from adapter.emulator.middle_tier import MiddleTier
from adapter.emulator.switches import Switches


class Emulator:
    """A SASBIWS on a real socket, with stored processes in Python and faults on demand.

    ``with Emulator() as emulator:`` starts it and stops it; so do ``start`` and ``stop``. Started
    again, it has the port, the switches and the memory it had.
    """

    def __init__(
        self,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        switches: Switches | None = None,
        folder: Path | None = None,
        log: Callable[[str], None] | None = None,
    ) -> None:
        """Prepare the server without opening its port.

        Args:
            port: TCP port, 0 for a free one.
            host: address to listen at.
            switches: how it answers at first, default ``Switches()``.
            folder: where ``datasets`` are written, default a temporary folder.
            log: gets one line for each request, default none.
        """
        self.folder = folder or self._temporary_folder()
        self._journal = Journal(switches or Switches())
        stopping = threading.Event()
        middle_tier = MiddleTier(self._journal, self.folder, stopping, lambda: self.url)
        self._listener = Listener(middle_tier.answer, host, port, log, stopping)

    def start(self) -> Self:
        """Open the port and return the emulator."""
        self._listener.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection; programs that sleep are woken and not recorded."""
        self._listener.stop()

    def __enter__(self) -> Self:
        """Start it."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    @property
    def url(self) -> str:
        """The address of the server, without a slash at its end."""
        return self._listener.url

    @property
    def switches(self) -> Switches:
        """The switches as they are now; assign others at any time."""
        return self._journal.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self._journal.switches = switches

    @property
    def requests(self) -> tuple[Request, ...]:
        """What SASBIWS was asked, WSDLs included, oldest first."""
        return self._journal.requests

    @property
    def executions(self) -> tuple[Execution, ...]:
        """The runs of stored processes in the order in which they ended."""
        return self._journal.executions

    def forget(self) -> None:
        """Forget every request and execution."""
        self._journal.forget_requests()
        self._journal.forget_executions()

    def wait_for(self, predicate: Callable[[Self], object], timeout_s: float = 5.0) -> Self:
        """Return the emulator as soon as the predicate is true of it.

        The predicate is asked after every change, and must not itself call the server.

        Raises:
            TimeoutError: it is not true after ``timeout_s`` seconds.
        """
        if not self._journal.wait_for(lambda: bool(predicate(self)), timeout_s):
            seen = f"{len(self.requests)} requests and {len(self.executions)} executions"
            raise TimeoutError(f"Not true after {timeout_s} s, with {seen} seen.")
        return self

    def _temporary_folder(self) -> Path:
        folder = tempfile.mkdtemp(prefix="sasbiws-emulator-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)
