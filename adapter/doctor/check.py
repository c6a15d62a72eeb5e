"""A check: one thing that must be right, and what was found of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from adapter.core.errors import AdapterError, ConfigurationInvalid, StoreOutdated, StoreUnavailable
from adapter.core.failures import CredentialsRefused, NotSent, SasBusy
from adapter.doctor.case import Case
from adapter.store.postgresql_causes import is_out_of_reach
from adapter.web.refusals import ExposureRefused


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


class Ending(StrEnum):
    """The exit code that a check which fails ends the command with."""

    BAD = "1"
    CONFIGURATION = "2"
    UNREACHABLE = "3"


@dataclass(frozen=True)
class Result:
    """What was found.

    Args:
        outcome: How the check ended.
        found: What is there.
        expected: What should be; empty where that is what was found.
        next_step: What to do.
        details: Single facts, one line each.
        ending: Where it fails, instead of the check's own ending.
    """

    outcome: Outcome
    found: str
    expected: str = ""
    next_step: str = ""
    details: tuple[str, ...] = ()
    ending: Ending | None = None


def ok(found: str, details: Sequence[str] = ()) -> Result:
    """All is well."""
    return Result(Outcome.OK, found, details=tuple(details))


def warn(found: str, expected: str, next_step: str, details: Sequence[str] = ()) -> Result:
    """It works, and somebody should look at it."""
    return Result(Outcome.WARN, found, expected, next_step, tuple(details))


def fail(found: str, expected: str, next_step: str, details: Sequence[str] = ()) -> Result:
    """It does not work."""
    return Result(Outcome.FAIL, found, expected, next_step, tuple(details))


def skip(found: str, next_step: str = "") -> Result:
    """It cannot be known."""
    return Result(Outcome.SKIP, found, next_step=next_step)


def failed(error: AdapterError) -> Result:
    """It does not work, as an error of the adapter has it."""
    details = tuple(map(str, error.problems)) if len(error.problems) > 1 else ()
    return Result(Outcome.FAIL, error.message, "", error.remedy, details, ending_of(error))


def ending_of(error: AdapterError) -> Ending | None:
    """What this error means for the shell, whatever check meets it."""
    if isinstance(error, (NotSent, SasBusy)) or is_out_of_reach(error.message):
        return Ending.UNREACHABLE
    match error:
        case (
            ConfigurationInvalid()
            | CredentialsRefused()
            | StoreUnavailable()
            | StoreOutdated()
            | ExposureRefused()
        ):
            return Ending.CONFIGURATION
        case _:
            return None


def once(_: Case) -> tuple[str, ...]:
    """The home itself is the only subject."""
    return ("",)


Run = Callable[[Case, str], Result]
Mend = Callable[[Case, str], str]


@dataclass(frozen=True)
class Check:
    """One thing that must be right.

    Args:
        id: Its name, for `--only` and for programs.
        title: What is right where it ends well.
        how: How that is found out, for the documentation.
        run: Finds it out for one subject.
        needs: Ids of checks without which nothing can be known here.
        subjects: What is checked: stored processes, servers, or the home (an empty name).
        ending: What the shell is told where it fails.
        mend: Does what is safe, and says what it did; nothing where it can do nothing.
    """

    id: str
    title: str
    how: str
    run: Run
    needs: tuple[str, ...] = ()
    subjects: Callable[[Case], Sequence[str]] = field(default=once)
    ending: Ending = Ending.BAD
    mend: Mend | None = None
