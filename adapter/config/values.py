"""The values in force: what a section says, else what it inherits, else the table's default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from adapter.config.entry import Entry, Level
from adapter.config.key import Key
from adapter.config.keys import BY_NAME
from adapter.config.kinds import Refused, Value

Read = TypeVar("Read", bound=Value)


@dataclass(frozen=True)
class Values:
    """Entries in force.

    Args:
        levels: Nearest first; the first that has a key decides.
    """

    levels: tuple[Level, ...]

    def entry(self, *names: str) -> Entry | None:
        """What is written nearest for any of these keys; None where the defaults hold."""
        for level in self.levels:
            for name in names:
                if name in level:
                    return level[name]
        return None

    def value(self, key: Key) -> Value:
        """The value of a key; the default also where `check` has found its text unreadable."""
        entry = self.entry(key.name)
        try:
            return key.kind.read(entry.text) if entry else key.default_value
        except Refused:
            return key.default_value

    def get(self, name: str, of: type[Read]) -> Read:
        """The same as a value of this type."""
        value = self.value(BY_NAME[name])
        if not isinstance(value, of):
            raise TypeError(f"{name} is read as {type(value).__name__}, not as {of.__name__}")
        return value
