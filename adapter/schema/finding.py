"""What a rule for schemas and maps is, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adapter.core.redact import shortened
from adapter.schema.place import Place

FOUND_LENGTH = 200


class Level(StrEnum):
    """How bad a finding is: values are lost or refused, may be, or it is good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Rule:
    """One named rule.

    Args:
        id: Stable; in words joined by hyphens.
        level: How bad it is to break it.
        title: What is wrong, in one line.
        why: What it means for a task.
        remedy: What to do.
    """

    id: str
    level: Level
    title: str
    why: str
    remedy: str


@dataclass(frozen=True)
class Finding:
    """A rule broken at one place.

    Args:
        rule: Which one.
        place: File, line and column.
        found: What stands there.
        expected: What would be right.
    """

    rule: Rule
    place: Place
    found: str
    expected: str = ""

    def to_json(self) -> dict[str, str | int]:
        """The finding as JSON members, with what its rule says."""
        return {
            "rule": self.rule.id,
            "level": self.rule.level.value,
            "file": shortened(self.place.file, FOUND_LENGTH),
            "line": self.place.line,
            "column": self.place.column,
            "title": self.rule.title,
            "found": shortened(self.found, FOUND_LENGTH),
            "expected": shortened(self.expected, FOUND_LENGTH),
            "why": self.rule.why,
            "remedy": self.rule.remedy,
        }


def sorted_by_place(findings: list[Finding]) -> tuple[Finding, ...]:
    """The findings as they are met when the file is read from its start."""
    return tuple(sorted(findings, key=lambda f: (f.place.line, f.place.column, f.rule.id, f.found)))
