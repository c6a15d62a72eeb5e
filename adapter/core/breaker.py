"""A circuit breaker: when a server that is unwell is left alone, and when it is tried again."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.core.failures import (
    ConfigurationFault,
    CredentialsRefused,
    DeliveryError,
    NotRun,
    NotSent,
    ProgramFailed,
    SasBusy,
)

UNWELL = (NotSent, SasBusy, ConfigurationFault)
"""Failures that say the server cannot run anything now, whatever is sent."""

_WELL = (NotRun, ProgramFailed)


@dataclass(frozen=True)
class BreakerPolicy:
    """When a breaker opens: after `failures` in a row, for `pause_s` seconds."""

    failures: int = 5
    pause_s: float = 30.0


@dataclass(frozen=True)
class Breaker:
    """How one address has answered of late.

    Args:
        failures: Failures in a row that say the server is unwell.
        open_until: No call before this time, in seconds since 1970-01-01 UTC; None is closed.
            From then on one trial at a time is made until one tells how the server is.
    """

    failures: int = 0
    open_until: float | None = None

    def permits(self, now: float, running: int) -> bool:
        """True where a call may begin while `running` calls to this address are under way."""
        if self.open_until is None:
            return True
        return now >= self.open_until and running == 0

    def after(self, failure: DeliveryError | None, now: float, policy: BreakerPolicy) -> Breaker:
        """The breaker after an attempt; no failure means that SAS answered.

        What says nothing of the server's health, such as a time-out, leaves it as it is.
        """
        if isinstance(failure, UNWELL):
            failures = self.failures + 1
            opens = failures >= policy.failures
            return Breaker(failures, now + policy.pause_s if opens else None)
        if failure is None or (
            isinstance(failure, _WELL) and not isinstance(failure, CredentialsRefused)
        ):
            return Breaker()
        return self
