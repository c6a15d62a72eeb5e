"""From the lines of a section to its mapping, every expression compiled."""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapter.config.entry import Entry, Findings
from adapter.config.values import Values
from adapter.core.errors import Problem
from adapter.core.expressions import Expression, ExpressionRefused
from adapter.core.mapping import Mapped, Mapping
from adapter.core.redact import shortened
from adapter.core.request import INSTREAM

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}")
_MAX_FILEREF = 8
_WIDTH = 100
"""Characters of an expression that are shown around the place of an error."""

_NAME_EXPECTED = "a SAS name: letters, digits, underscores, at most 32, no digit first"
_LINE_EXPECTED = "name = expression, each on an indented line of its own"


def mapping_of(values: Values, findings: Findings) -> Mapping:
    """The mapping that a section asks for; what is wrong with it is found on the way."""
    columns = _mapped(values, "columns", findings)
    rest = values.get("columns_rest", str)
    mapping = Mapping(
        columns,
        not values.get("columns", str) if rest == "auto" else rest == "all",
        _rows(values, findings),
        _mapped(values, "parameters", findings),
        _mapped(values, "sources", findings),
    )
    entry = values.entry("rows", "columns_rest")
    if entry and not mapping.has_instream and not _may_miss(mapping):
        findings.add(
            entry.problem("no column is left to send", "columns, or columns_rest = all", show=True)
        )
    return mapping


def _may_miss(mapping: Mapping) -> bool:
    """Whether the stored process is sent something else than an instream."""
    return mapping.rows is None and bool(mapping.parameters or mapping.sources)


def _rows(values: Values, findings: Findings) -> Expression | None:
    entry = values.entry("rows")
    if entry is None or not entry.text:
        return None
    return _compiled(entry.text, entry.where, entry.line, findings)


def _mapped(values: Values, key: str, findings: Findings) -> tuple[Mapped, ...]:
    entry = values.entry(key)
    found: dict[str, Mapped] = {}
    for line, text in _lines(entry):
        assert entry is not None  # noqa: S101  there are lines of an entry only
        mapped = _one(entry, line, text, findings)
        if mapped is None:
            continue
        if mapped.name.casefold() in found:
            where = f"{entry.where} {mapped.name}"
            reason = "SAS knows this name already: it does not tell upper from lower case"
            findings.add(Problem(where, reason, "one of them only", line=line))
        found[mapped.name.casefold()] = mapped
    return tuple(found.values())


def _lines(entry: Entry | None) -> Iterator[tuple[int | None, str]]:
    if entry is None:
        return
    if entry.lines:
        yield from entry.lines
        return
    yield from ((None, line.strip()) for line in entry.text.split("\n") if line.strip())


def _one(entry: Entry, line: int | None, text: str, findings: Findings) -> Mapped | None:
    name, equals, expression = (part.strip() for part in text.partition("="))
    if not equals or not expression:
        reason = "this line names no expression"
        findings.add(Problem(entry.where, reason, _LINE_EXPECTED, shortened(text), line))
        return None
    where = f"{entry.where} {shortened(name)}"
    if not _NAME.fullmatch(name):
        findings.add(Problem(where, "this cannot be a name", _NAME_EXPECTED, line=line))
        return None
    if entry.name == "sources" and (len(name) > _MAX_FILEREF or name.lower() == INSTREAM):
        expected = f"at most {_MAX_FILEREF} characters, and not {INSTREAM}, which columns fill"
        findings.add(Problem(where, "this cannot be a further data source", expected, line=line))
        return None
    compiled = _compiled(expression, where, line, findings)
    return Mapped(name, compiled) if compiled else None


def _compiled(text: str, where: str, line: int | None, findings: Findings) -> Expression | None:
    try:
        return Expression.compile(text)
    except ExpressionRefused as refused:
        shown = _pointed(text, refused.position)
        findings.add(Problem(where, refused.reason, refused.expected, shown, line))
        return None


def _pointed(text: str, position: int) -> str:
    """The expression, and a caret below the place of the error."""
    start = max(0, min(position - _WIDTH // 2, len(text) - _WIDTH))
    piece = text[start : start + _WIDTH]
    shown = "".join(char if char.isprintable() else "?" for char in piece)
    return f"\n    {shown}\n    {' ' * (position - start)}^"
