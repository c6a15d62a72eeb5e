"""The report as a compiler writes it: place, what was found, the line with a caret, the remedy."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

from adapter.cli.reports.report import Checked, Missed, Report
from adapter.core.redact import without_links
from adapter.wsdl.decoding import decode
from adapter.wsdl.finding import Finding, Level, Rule, Tolerance

STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.NOTE: "cyan"}
WIDTH = 100
"""Characters of a source line that are shown; WSDLs written on one line are a window of it."""

_GUTTER = 5


def lines(report: Report) -> Iterator[Text]:
    """The report, line by line."""
    for one in report.checked:
        yield from _checked(one)
    for each in report.missed:
        yield from _missed(each)
    yield _summary(report)


def explained(rule: Rule) -> Iterator[Text]:
    """All that is known of one rule, line by line."""
    yield Text.assemble(_level(rule.level, rule.id), (f": {rule.title}", "bold"))
    yield from _remarks(rule)
    yield _remark("expected", rule.expected)
    yield _remark("source", rule.source)


def excerpt(written: str, column: int) -> tuple[str, int]:
    """A source line as it may be shown, and the cells before the caret below it.

    Args:
        written: The line as it stands in the file.
        column: Of the finding, from 1.
    """
    first, last = _around(written, column - 1)
    line, before = _printable(written[first:last]), _printable(written[first : max(column - 1, 0)])
    long = len(line) > WIDTH
    start = max(0, min(len(before) - WIDTH // 3, len(line) - WIDTH)) if long else 0
    head = "…" if first or start else ""
    tail = "…" if last < len(written) or start + WIDTH < len(line) else ""
    caret = cell_len(head) + cell_len(line[start : max(start, len(before))])
    return f"{head}{line[start : start + WIDTH]}{tail}", caret


def _around(written: str, offset: int) -> tuple[int, int]:
    """The part of a line that is looked at: whole tags, for a link that is cut is not masked."""
    first = written.rfind("<", 0, max(offset - WIDTH, 0))
    last = written.find(">", offset + WIDTH)
    return max(first, 0), last + 1 if last >= 0 else len(written)


def _printable(written: str) -> str:
    """One cell for what has none, so that the caret stays below its place; links masked."""
    return "".join(
        char if char.isprintable() else " " if char == "\t" else "?"
        for char in without_links(written)
    )


def _checked(one: Checked) -> Iterator[Text]:
    told: set[str] = set()
    sources: dict[str, list[str]] = {}
    for finding in one.findings:
        if finding.file not in sources:
            sources[finding.file] = _source(one, finding.file)
        yield from _finding(one, finding, sources[finding.file])
        if finding.rule.id not in told:
            told.add(finding.rule.id)
            yield from _remarks(finding.rule)
        yield Text()


def _source(one: Checked, address: str) -> list[str]:
    return decode(one.source(address)).text.split("\n")


def _finding(one: Checked, finding: Finding, source: list[str]) -> Iterator[Text]:
    place = f"{one.place(finding.file)}:{finding.line}:{finding.column}: "
    told = f": {finding.rule.title}: found {finding.found}; expected {finding.expected}"
    yield Text.assemble((place, "bold"), _level(finding.level, finding.rule.id), told)
    written = source[finding.line - 1] if finding.line <= len(source) else ""
    if written.strip():
        line, caret = excerpt(written, finding.column)
        yield Text(f"{finding.line:>{_GUTTER}} | {line}")
        yield Text.assemble(" " * _GUTTER + " | " + " " * caret, ("^", STYLES[finding.level]))


def _level(level: Level, name: str) -> tuple[str, str]:
    return f"{level}[{name}]", STYLES[level]


def _remarks(rule: Rule) -> Iterator[Text]:
    """Why it matters and what to do; who still reads such a WSDL, where not everybody does."""
    yield _remark("why", rule.why)
    yield _remark("remedy", rule.remedy)
    if rule.tolerance is not Tolerance.BOTH:
        yield _remark("read by", rule.tolerance.value)


def _remark(name: str, text: str) -> Text:
    return Text.assemble(" " * _GUTTER + " = ", (f"{name}: ", "bold"), text)


def _missed(each: Missed) -> Iterator[Text]:
    yield Text.assemble((f"{each.code}", "bold red"), f": {each.message}")
    yield _remark("remedy", each.remedy)
    yield Text()


def _summary(report: Report) -> Text:
    counts = [counted(report.count(level), level.value) for level in Level if report.count(level)]
    found = ", ".join(counts) or ("clean" if report.checked else "nothing was checked")
    files = sum(len(each.files) for each in report.checked)
    looked = f"{counted(len(report.checked), 'WSDL')} ({counted(files, 'file')})"
    missed = f", {len(report.missed)} could not be had" if report.missed else ""
    rules = counted(len(report.rules), "rule")
    text = f"{found}: {looked}{missed}, {rules}, {report.seconds:.2f} s"
    return Text(text, "bold red" if report.exit_code else "bold green")


def counted(number: int, name: str) -> str:
    """A number of things, in words."""
    return f"{number} {name}{'' if number == 1 else 's'}"
