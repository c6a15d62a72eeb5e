"""What a rule is, what it is applied to, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from adapter.core.redact import shortened
from adapter.wsdl.compiled import Judged
from adapter.wsdl.description import Description
from adapter.wsdl.elements import Elements
from adapter.wsdl.nodes import Place
from adapter.wsdl.operations import Offer, serving
from adapter.wsdl.source import Hindrance, Trouble


class Level(StrEnum):
    """How bad a finding is: a call fails, a call may fail, or it is good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Tolerance(StrEnum):
    """Who can still read a WSDL that breaks a rule: zeep, and the lenient reader."""

    BOTH = "zeep reads it without a word, and so does the lenient reader"
    READER = "zeep refuses the whole WSDL; the lenient reader reads what is left"
    ZEEP = "zeep reads it; the lenient reader does not"
    NEITHER = "neither zeep nor the lenient reader can read it"


@dataclass(frozen=True)
class Spot:
    """A place where a rule is broken, what stands there, and what would be right."""

    place: Place
    found: str
    expected: str = ""


@dataclass(frozen=True, eq=False)
class Case:
    """A description and what is known of its use.

    Args:
        description: What was read.
        elements: The elements that its schemas declare.
        offers: Its operations.
        judged: What xmlschema says of its schemas.
        asked: Address the WSDL was asked for; empty where it comes from a file.
        stored_process: Name of the stored process to be called; empty where none is known.
        own: Elements of the schema that the adapter holds documents against; None where none is.
        own_troubles: Why that schema cannot be read.
        mapped: Names of parameters that the adapter fills in.
    """

    description: Description
    elements: Elements
    offers: tuple[Offer, ...]
    judged: Judged
    asked: str = ""
    stored_process: str = ""
    own: Elements | None = None
    own_troubles: tuple[Spot, ...] = ()
    mapped: frozenset[str] = frozenset()

    @property
    def served(self) -> tuple[Offer, ...]:
        """The operation that serves the stored process; none or several where it is not clear."""
        return serving(self.offers, self.stored_process) if self.stored_process else ()

    @property
    def readable(self) -> bool:
        """Whether the main file is a WSDL at all; what is missing in another need not be told."""
        root = self.description.sources[self.description.main].root
        return root is not None and bool(self.description.definitions)

    @property
    def whole(self) -> bool:
        """Whether every file is there and could be read, so that what is missing is missing."""
        sources = self.description.sources.values()
        return self.readable and not self.description.absent and all(s.root for s in sources)

    @property
    def start(self) -> Place:
        """Where the WSDL itself begins."""
        root = self.description.sources[self.description.main].root
        return root.place if root is not None else Place(self.description.main, 1, 1)

    def troubles(self, *kinds: Hindrance) -> Iterator[Trouble]:
        """What kept files from being read, of these kinds."""
        for source in self.description.sources.values():
            yield from (each for each in source.troubles if each.kind in kinds)


Check = Callable[[Case], Iterable[Spot]]


@dataclass(frozen=True)
class Rule:
    """One named rule.

    Args:
        id: Stable; in words joined by hyphens.
        level: How bad it is to break it.
        title: What is wrong, in one line.
        expected: What would be right.
        why: What it means for a call of SASBIWS.
        remedy: What to do.
        source: The specification, and the WS-I assertion where there is one.
        tolerance: What zeep and the lenient reader make of it.
        check: Finds the places.
    """

    id: str
    level: Level
    title: str
    expected: str
    why: str
    remedy: str
    source: str
    tolerance: Tolerance
    check: Check = field(repr=False, compare=False)

    def to_json(self) -> dict[str, str]:
        """The rule as JSON members."""
        return {
            "id": self.id,
            "level": self.level.value,
            "title": self.title,
            "expected": self.expected,
            "why": self.why,
            "remedy": self.remedy,
            "source": self.source,
            "tolerance": self.tolerance.value,
        }


def rule(  # noqa: PLR0913  the columns of the table of rules
    name: str,
    level: Level,
    *,
    expected: str,
    why: str,
    remedy: str,
    source: str,
    tolerance: Tolerance = Tolerance.BOTH,
) -> Callable[[Check], Rule]:
    """Make a rule of the function that finds its places; its docstring is the title."""

    def made(check: Check) -> Rule:
        title = (check.__doc__ or "").strip().rstrip(".")
        return Rule(name, level, title, expected, why, remedy, source, tolerance, check)

    return made


@dataclass(frozen=True)
class Finding:
    """A rule broken at one place.

    Args:
        rule: Which one.
        file: Address of the file.
        line: From 1.
        column: From 1.
        found: What stands there, shortened and without secrets.
        expected: What would be right.
        text: The line of the file, shortened; empty where there is none.
    """

    rule: Rule
    file: str
    line: int
    column: int
    found: str
    expected: str
    text: str = ""

    @property
    def level(self) -> Level:
        """The level of its rule."""
        return self.rule.level

    def __str__(self) -> str:
        """One line: where, how bad, what is wrong, what was found."""
        place = f"{shortened(self.file, 200)}:{self.line}:{self.column}"
        return f"{place}: {self.level}: {self.rule.title}: {self.found} [{self.rule.id}]"

    def to_json(self) -> dict[str, str | int]:
        """The finding as JSON members, with what its rule says."""
        return {
            **self.rule.to_json(),
            "file": shortened(self.file, 500),
            "line": self.line,
            "column": self.column,
            "found": self.found,
            "expected": self.expected,
            "text": self.text,
        }
