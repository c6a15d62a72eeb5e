"""The settings that map a payload: each with its kind, default, meaning and an example."""

from __future__ import annotations

from typing import ClassVar

from adapter.config.key import Key, Place
from adapter.config.kinds import Choice


class Lines:
    """One `name = expression` per line, each line indented; the names keep their case."""

    unit: ClassVar[str] = ""
    expected: ClassVar[str] = "one `name = expression` per indented line"

    def read(self, text: str) -> str:
        """The text as written; each line is read where its place is known."""
        return text


class OneExpression:
    """A JMESPath expression, in one line."""

    unit: ClassVar[str] = ""
    expected: ClassVar[str] = "a JMESPath expression"

    def read(self, text: str) -> str:
        """The text as written; it is compiled where its place is known."""
        return text


MAPPING_KEYS: tuple[Key, ...] = (
    Key(
        "columns",
        Place.ROUTE,
        Lines(),
        "",
        "Columns of a row, one `name = expression` per indented line: see "
        "[mapping.md](mapping.md).",
        "columns = subject = properties.subject_id",
    ),
    Key(
        "columns_rest",
        Place.ROUTE,
        Choice(("auto", "all", "none")),
        "auto",
        "Whether the columns of the default mapping follow; with auto they do where there is no "
        "columns, and do not where there is.",
        "columns_rest = all",
    ),
    Key(
        "rows",
        Place.ROUTE,
        OneExpression(),
        "",
        "Expression of the list of objects that become the rows; without it the payload is one.",
        "rows = items",
    ),
    Key(
        "parameters",
        Place.ROUTE,
        Lines(),
        "",
        "Prompts of the stored process, one `name = expression` per indented line.",
        "parameters = as_of = iso_datetime($received)",
    ),
    Key(
        "sources",
        Place.ROUTE,
        Lines(),
        "",
        "Data sources beside instream, one `name = expression` per indented line: objects become "
        "rows, a text becomes a generic stream.",
        "sources = letter = impression.creativeContent",
    ),
)
