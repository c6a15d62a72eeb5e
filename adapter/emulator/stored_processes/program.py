"""What a stored process is: its inputs and outputs as registered, and its program."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from adapter.emulator.faults import ended_with_error

Row = Mapping[str, str]
Prompts = Mapping[str, tuple[str, ...]]
Read = tuple[Row, ...] | bytes
"""What a program reads from a data source: its rows, or the bytes of a generic stream."""


class Stopped(Exception):
    """Raised in a program whose emulator stops."""


class PromptType(StrEnum):
    """The schema type of a prompt.

    Source: SAS 9.3 BI Web Services: Developer's Guide, prompts (documented).
    """

    TEXT = "xs:string"
    INTEGER = "xs:int"
    FLOAT = "xs:double"
    TIMESTAMP = "xs:dateTime"


class Reads(StrEnum):
    """Whether a stored process has the data source ``instream``."""

    NEVER = "never"
    MAYBE = "maybe"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One input or output parameter."""

    name: str
    type: PromptType
    required: bool = False
    at_most: int = 1
    is_range: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a schema that is attached to a data source; lengths in characters."""

    name: str
    max_length: int
    required: bool = False


@dataclass(frozen=True, slots=True)
class DataSource:
    """A data source beside ``instream``: rows in line, else generic: bytes as Base64."""

    name: str
    generic: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What a program wrote: a table for its data target, output parameters, both or nothing."""

    table: tuple[Row, ...] | None = None
    parameters: Row = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """What a program gets: its inputs, where data sets go, and when to give up."""

    rows: tuple[Row, ...]
    prompts: Prompts
    folder: Path
    stopping: threading.Event
    sources: Mapping[str, Read] = field(default_factory=dict)

    def column(self, name: str) -> str | None:
        """Return a column of the first row, found in any case, None if it is not there."""
        first = self.rows[0] if self.rows else {}
        return next((text for each, text in first.items() if each.lower() == name.lower()), None)

    def needed(self, name: str) -> str:
        """Return a column of the first row.

        Raises:
            SasFault: 3000, there is no row, or the column is missing or empty.
        """
        if not self.rows:
            raise ended_with_error("The data source instream has no row at /Table/InData.")
        text = self.column(name)
        if not text:
            raise ended_with_error(f"The column {name} is missing in InData.")
        return text

    def given(self, name: str) -> str:
        """Return a prompt, else the column of that name, else ""."""
        return next(iter(self.prompts.get(name, ())), None) or self.column(name) or ""

    def sleep(self, seconds: float) -> None:
        """Return after the seconds.

        Raises:
            Stopped: the emulator stops before.
        """
        if self.stopping.wait(seconds):
            raise Stopped


@dataclass(frozen=True, slots=True)
class StoredProcess:
    """One stored process as it is registered.

    Args:
        reads: whether it has the data source ``instream``.
        sources: further data sources; none has to be sent.
        writes: whether it has a data target.
        outputs: its output parameters.
        schema: columns of the schema attached to ``instream``, none if there is no schema.
    """

    name: str
    program: Callable[[Run], Written]
    prompts: tuple[Prompt, ...] = ()
    reads: Reads = Reads.NEVER
    sources: tuple[DataSource, ...] = ()
    writes: bool = True
    outputs: tuple[Prompt, ...] = ()
    schema: tuple[Column, ...] = ()
