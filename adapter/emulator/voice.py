"""What SOAP and REST have in common, so that the middle tier need not know which one speaks."""

from typing import Protocol

from adapter.emulator.addresses import Address
from adapter.emulator.calls import Call
from adapter.emulator.faults import SasFault
from adapter.emulator.http_messages import Answer, Request
from adapter.emulator.security import Credentials
from adapter.emulator.stored_processes.program import Written


class Rejected(Exception):
    """Raised for a request that gets an answer without a numbered fault, and no run."""

    def __init__(self, answer: Answer) -> None:
        """Keep the answer."""
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


class Voice(Protocol):
    """One request, heard and answered in the way of its transport."""

    @property
    def request(self) -> Request:
        """The request as it came in."""

    @property
    def address(self) -> Address:
        """What its address leads to."""

    def credentials(self) -> Credentials | None:
        """Return what the caller calls itself, None if it does not say."""

    def call(self) -> Call:
        """Return the call.

        Raises:
            SasFault: 2000, the request is not valid.
            Rejected: it leads to no stored process.
        """

    def result(self, call: Call, written: Written) -> Answer:
        """Return the answer of a run."""

    def fault(self, fault: SasFault) -> Answer:
        """Return the answer for a numbered fault."""

    def strangers(self, credentials: Credentials | None) -> Answer:
        """Return the answer for a caller who is not known."""
