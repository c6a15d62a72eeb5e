"""Stored processes that write back what they read, at once or after a while."""

import math

from adapter.emulator.faults import ended_with_error
from adapter.emulator.stored_processes.program import (
    Prompt,
    PromptType,
    Reads,
    Run,
    StoredProcess,
    Written,
)

MAX_SLEEP_S = 60.0


def _echo(run: Run) -> Written:
    return Written(table=tuple({name.upper(): row[name] for name in row} for row in run.rows))


def _slow(run: Run) -> Written:
    run.sleep(_seconds(run.given("seconds")))
    return _echo(run) if run.rows else Written()


def _seconds(text: str) -> float:
    try:
        seconds = float(text or 0)
    except ValueError:
        seconds = math.nan
    if not seconds >= 0:
        raise ended_with_error(f"seconds is {text!r}; expected a number from 0.")
    return min(seconds, MAX_SLEEP_S)


ECHO = StoredProcess("Echo", _echo, reads=Reads.ALWAYS)
SLOW = StoredProcess(
    "Slow", _slow, prompts=(Prompt("seconds", PromptType.FLOAT),), reads=Reads.MAYBE
)
