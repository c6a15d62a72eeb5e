"""What a run of the rules found, before it is written in one form or another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapter.cli import shell
from adapter.cli.reports.shown import shown
from adapter.wsdl.finding import Finding, Level, Rule


@dataclass(frozen=True)
class Checked:
    """One WSDL that the rules were applied to.

    Args:
        target: As it was named, or found in a folder.
        origin: Where its files came from, in words.
        main: Address of the WSDL itself.
        files: Bytes by address.
        own: Bytes of the adapter's own schema, by its name, where the WSDL was held against it.
        paths: Path of each file that lies on this machine, by address.
        findings: What was found.
        seconds: That the rules took.
    """

    target: str
    origin: str
    main: str
    files: Mapping[str, bytes] = field(repr=False)
    own: Mapping[str, bytes] = field(repr=False)
    paths: Mapping[str, str]
    findings: tuple[Finding, ...]
    seconds: float

    def source(self, address: str) -> bytes:
        """The bytes of the file that a finding is in."""
        return self.files.get(address) or self.own.get(address, b"")

    def place(self, address: str) -> str:
        """How an address is shown: the path of a file, or a URL without secrets."""
        return shown(self.paths.get(address, address))

    def to_json(self) -> dict[str, Any]:
        """The outcome as JSON members."""
        return {
            "target": shown(self.target),
            "origin": self.origin,
            "main": self.place(self.main),
            "files": [self.place(address) for address in self.files],
            "seconds": round(self.seconds, 4),
            "findings": [
                {**each.to_json(), "file": self.place(each.file)} for each in self.findings
            ],
        }


@dataclass(frozen=True)
class Missed:
    """A WSDL that the rules could not be applied to, because it could not be had.

    Args:
        target: As it was named, or found in a folder.
        code: Of the error.
        message: What went wrong, in one sentence.
        remedy: What to do.
        exit_code: Of a command that ends with it.
    """

    target: str
    code: str
    message: str
    remedy: str
    exit_code: int

    def to_json(self) -> dict[str, Any]:
        """The failure as JSON members."""
        return {
            "target": shown(self.target),
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
        }


@dataclass(frozen=True)
class Report:
    """One run of the rules over one WSDL or many.

    Args:
        checked: In the order in which they were named or found.
        missed: Those that could not be had.
        rules: The rules that were applied.
        strict: Whether a warning counts as an error does.
        seconds: The whole run, fetching included.
    """

    checked: tuple[Checked, ...]
    missed: tuple[Missed, ...]
    rules: tuple[Rule, ...]
    strict: bool
    seconds: float

    def count(self, level: Level) -> int:
        """How many findings of a level there are."""
        return sum(each.level is level for one in self.checked for each in one.findings)

    def counts(self, finding: Finding) -> bool:
        """Whether a finding makes the command end with 1."""
        return finding.level is Level.ERROR or (self.strict and finding.level is Level.WARNING)

    @property
    def exit_code(self) -> int:
        """3 where a WSDL could not be fetched, 2 where a file could not be read, 1, else 0."""
        bad = any(self.counts(each) for one in self.checked for each in one.findings)
        return max([shell.BAD if bad else shell.GOOD, *(each.exit_code for each in self.missed)])

    def to_json(self) -> dict[str, Any]:
        """The report as JSON members."""
        return {
            "checked": [each.to_json() for each in self.checked],
            "missed": [each.to_json() for each in self.missed],
            "summary": {
                "wsdls": len(self.checked),
                "files": sum(len(each.files) for each in self.checked),
                "rules": len(self.rules),
                **{f"{level}s": self.count(level) for level in Level},
                "seconds": round(self.seconds, 3),
                "exitCode": self.exit_code,
            },
        }
