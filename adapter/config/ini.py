"""INI files by the rules of configparser, with the line of every section and key.

configparser merges what stands twice and forgets where it stood. So every name is given to it with
its line number in front, and taken apart again here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from configparser import ParsingError, RawConfigParser
from dataclasses import dataclass, field
from pathlib import Path

from adapter.config.entry import Entry, Findings, Level
from adapter.config.files import text_of
from adapter.config.key import CREDENTIALS_INI, DEFAULT
from adapter.config.keys import BY_NAME, SEVERAL_LINES
from adapter.core.errors import ConfigurationInvalid, Problem
from adapter.core.redact import shortened

MARK = "\0"
"""Between line number and name; no text that `text_of` gives contains it."""

_HEADER = re.compile(r"^(\s*)\[(.+)\]")
_MARKED = re.compile(rf"\[[0-9]+{MARK}")
_NOBODY = "\n"
"""The default section of configparser: a name no header can have, since inheritance is ours."""


@dataclass(frozen=True)
class Section:
    """One section: its own keys only, nothing inherited.

    Args:
        where: File and section, as a problem names it.
        line: Line of its header; 0 where it has none.
        entries: Its keys; of a key that stands twice, the last.
    """

    where: str
    line: int = 0
    entries: Level = field(default_factory=dict)


@dataclass(frozen=True)
class Ini:
    """One INI file."""

    file: str
    sections: Mapping[str, Section] = field(default_factory=dict)

    def section(self, name: str) -> Section:
        """The section of exactly this name; an empty one where there is none."""
        return self.sections.get(name) or Section(_place(self.file, name))


@dataclass(frozen=True)
class _Option:
    line: int
    name: str
    value: str
    lines: tuple[tuple[int, str], ...]


class _Numbered(RawConfigParser):
    """configparser with a line number in front of every name.

    Attributes:
        garbage: Lines that are neither section, key nor comment.
    """

    def __init__(self, text: str) -> None:
        super().__init__(interpolation=None, strict=False, default_section=_NOBODY)
        self.garbage: list[int] = []
        self._line = 0
        self._written = text.split("\n")
        try:
            self.read_file(self._numbered(text))
        except ParsingError as error:
            self.garbage = [line - 1 for line, _ in error.errors]

    def optionxform(self, optionstr: str) -> str:
        """The option's name, lower case, behind its line number."""
        return f"{self._line}{MARK}{optionstr.lower()}"

    def _numbered(self, text: str) -> Iterator[str]:
        yield f"[0{MARK}{DEFAULT}]"
        for self._line, line in enumerate(text.split("\n"), 1):
            yield _HEADER.sub(rf"\1[{self._line}{MARK}\2]", line, count=1)

    def found(self) -> Iterator[tuple[int, str, list[_Option]]]:
        """Every header in order: its line, its name and the options below it.

        The first has line 0 and the options above any header.
        """
        for header in self.sections():
            line, _, name = header.partition(MARK)
            options = [self._option(*item) for item in self.items(header)]
            yield int(line), name.strip(), [option for option in options if option.name]

    def _option(self, numbered: str, value: str) -> _Option:
        line, _, name = numbered.partition(MARK)
        pieces = _MARKED.sub("[", value).split("\n")
        lines = tuple(self._places(int(line), pieces)) if name in SEVERAL_LINES else ()
        return _Option(int(line), name, "\n".join(pieces).strip(), lines)

    def _places(self, line: int, pieces: list[str]) -> Iterator[tuple[int, str]]:
        """Every piece of a value that is not empty, with the line it was written in."""
        if pieces[0]:
            yield line, pieces[0]
        for piece in filter(None, pieces[1:]):
            line = next(
                (
                    n
                    for n in range(line + 1, len(self._written) + 1)
                    if self._written[n - 1].strip() == piece
                ),
                line,
            )
            yield line, piece


def read(home: Path, file: str, findings: Findings) -> Ini | None:
    """The file's sections; None where there is no such file, or it cannot be read."""
    try:
        text = text_of(home / file, file)
    except ConfigurationInvalid as error:
        findings.add(*error.problems)
        return None
    return None if text is None else _ini(file, text, findings)


def _ini(file: str, text: str, findings: Findings) -> Ini:
    parser = _Numbered(text)
    findings.add(*(_garbage(file, line) for line in parser.garbage))
    sections: dict[str, Section] = {}
    for line, name, options in parser.found():
        where = _place(file, name)
        known = sections.get(name, Section(where))
        if known.line:
            findings.add(_twice(where, "section", known.line, line))
        if line == 0 and options:
            findings.add(_headless(file, options[0].line))
        if line or options:
            sections[name] = Section(where, line, _entries(where, known.entries, options, findings))
    return Ini(file, sections)


def _entries(where: str, known: Level, options: list[_Option], findings: Findings) -> Level:
    entries = dict(known)
    for option in options:
        entry = _entry(where, option)
        before = entries.get(option.name)
        if before:
            findings.add(_twice(entry.where, "key", before.line or 0, option.line))
        if "\n" in option.value and not entry.lines:
            findings.add(_indented(entry))
        entries[option.name] = entry
    return entries


def _entry(where: str, option: _Option) -> Entry:
    """The option with its place; an unknown name in the file of passwords may itself be secret."""
    hidden = where.startswith(CREDENTIALS_INI) and option.name not in BY_NAME
    full = where if hidden else f"{where} {shortened(option.name)}"
    if option.name in SEVERAL_LINES:
        return Entry(option.name, option.value, full, option.line, option.lines)
    return Entry(option.name, option.value.partition("\n")[0], full, option.line)


def _place(file: str, section: str) -> str:
    return f"{file} [{shortened(section)}]"


def _garbage(file: str, line: int) -> Problem:
    return Problem(
        file,
        "this line is neither a section, nor a key, nor a comment",
        "[SECTION], or key = value, or # in front of a comment",
        line=line,
    )


def _headless(file: str, line: int) -> Problem:
    reason = "this key stands above every section"
    return Problem(file, reason, f"[{DEFAULT}] in a line above it", line=line)


def _twice(where: str, what: str, first: int, second: int) -> Problem:
    reason = f"this {what} stands twice, in line {first} and in line {second}"
    return Problem(where, reason, "one of them only", line=second)


def _indented(entry: Entry) -> Problem:
    return entry.problem(
        "the value goes on in a further line, because that line is indented",
        "every key at the start of its line",
    )
