"""Findings of schemas and maps as a compiler writes them, or as JSON; and the exit code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.text import Text

from adapter.cli import shell
from adapter.cli.reports.shown import shown
from adapter.cli.reports.text import counted, excerpt
from adapter.core.redact import shortened
from adapter.schema.finding import Finding, Level

_STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.NOTE: "cyan"}
_LENGTH = 300


@dataclass(frozen=True)
class Judged:
    """One file that was looked at.

    Args:
        file: As it is shown.
        findings: In it.
        sources: Bytes of the files that findings point to, by name.
        note: What was not looked at, and why.
    """

    file: str
    findings: tuple[Finding, ...]
    sources: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    note: str = ""


def conclude(judged: Sequence[Judged], seconds: float, *, strict: bool, as_json: bool) -> None:
    """Print all that was found, and end with the exit code that it deserves.

    Args:
        judged: The files.
        seconds: That it took.
        strict: Whether warnings count as errors do.
        as_json: JSON instead of text.
    """
    bad = _is_bad(judged, strict=strict)
    if as_json:
        shell.print_json(_json(judged, bad=bad))
    else:
        for one in judged:
            _print(one)
        shell.out.print(_summary(judged, seconds, bad=bad))
    if bad:
        raise SystemExit(shell.BAD)


def _is_bad(judged: Sequence[Judged], *, strict: bool) -> bool:
    counting = {Level.ERROR, Level.WARNING} if strict else {Level.ERROR}
    return any(finding.rule.level in counting for one in judged for finding in one.findings)


def _json(judged: Sequence[Judged], *, bad: bool) -> dict[str, Any]:
    files = [
        {
            "file": one.file,
            "note": one.note,
            "findings": [finding.to_json() for finding in one.findings],
        }
        for one in judged
    ]
    counts = {f"{level.value}s": _count(judged, level) for level in Level}
    return {"good": not bad, **counts, "files": files}


def _count(judged: Sequence[Judged], level: Level) -> int:
    return sum(finding.rule.level is level for one in judged for finding in one.findings)


def _print(one: Judged) -> None:
    told: set[str] = set()
    sources = {
        name: raw.decode("utf-8-sig", "replace").split("\n") for name, raw in one.sources.items()
    }
    for finding in one.findings:
        for line in _lines(finding, sources.get(finding.place.file, [])):
            shell.out.print(line)
        if finding.rule.id not in told:
            told.add(finding.rule.id)
            shell.out.print(_remark("why", finding.rule.why))
            shell.out.print(_remark("remedy", finding.rule.remedy))
        shell.out.print()
    if one.note:
        shell.err.print(Text(f"note: {one.file}: {one.note}", "yellow"))


def _lines(finding: Finding, source: list[str]) -> Iterator[Text]:
    place, rule, style = finding.place, finding.rule, _STYLES[finding.rule.level]
    where = f"{shown(place.file)}:{place.line}:{place.column}: "
    told = f": {rule.title}: found {shortened(finding.found, _LENGTH)}"
    if finding.expected:
        told += f"; expected {shortened(finding.expected, _LENGTH)}"
    yield Text.assemble((where, "bold"), (f"{rule.level}[{rule.id}]", style), told)
    written = source[place.line - 1] if place.line <= len(source) else ""
    if written.strip():
        line, caret = excerpt(written, place.column)
        yield Text(f"{place.line:>5} | {line}")
        yield Text.assemble("      | " + " " * caret, ("^", style))


def _remark(name: str, text: str) -> Text:
    return Text.assemble("      = ", (f"{name}: ", "bold"), text)


def _summary(judged: Sequence[Judged], seconds: float, *, bad: bool) -> Text:
    counts = [counted(_count(judged, each), each.value) for each in Level if _count(judged, each)]
    text = f"{', '.join(counts) or 'clean'}: {counted(len(judged), 'file')}, {seconds:.2f} s"
    return Text(text, "bold red" if bad else "bold green")
