"""serviceConfig.py: host, port and debug as plain values. The file is read, never run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path

from adapter.config.check import refusals
from adapter.config.entry import Entry, Findings, Level
from adapter.config.files import text_of
from adapter.config.key import SERVICE_PY, Place
from adapter.config.keys import closest, names
from adapter.core.errors import ConfigurationInvalid, Problem
from adapter.core.redact import shortened

_KNOWN = names(Place.LISTEN)
_LONGEST = 64
"""Bits of a number that is still a port number or a mistake worth showing."""


def read(home: Path, findings: Findings) -> Level:
    """The assignments of the file's classes and of its module level, by key in lower case."""
    try:
        text = text_of(home / SERVICE_PY, SERVICE_PY)
        tree = _parsed(text or "")
    except ConfigurationInvalid as error:
        findings.add(*error.problems)
        return {}
    entries: dict[str, Entry] = {}
    for name, value in _assigned(tree):
        if name.lower() in _KNOWN:
            _take(entries, name.lower(), value, findings)
        elif not name.startswith("_"):
            findings.notes.append(_unused(name, value.lineno))
    findings.add(*refusals(entries))
    return entries


def _parsed(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        reason, line = f"this is not Python: {error.msg}", error.lineno
    except (ValueError, RecursionError, MemoryError):
        reason, line = "this is too deep or too odd to be read as Python", None
    problem = Problem(SERVICE_PY, reason, "lines such as port = 8100", line=line)
    raise ConfigurationInvalid(str(problem), (problem,))


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for statement in tree.body:
        inner = statement.body if isinstance(statement, ast.ClassDef) else [statement]
        for one in inner:
            yield from _names_and_values(one)


def _names_and_values(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=value):
            yield from [(name, value)] if value else []
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return
        case _:
            yield from _assigned_otherwise(statement)


def _assigned_otherwise(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Names that a statement sets by running: the target stands for a value nobody can know."""
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node


def _take(entries: dict[str, Entry], name: str, value: ast.expr, findings: Findings) -> None:
    where = f"{SERVICE_PY} {name}"
    before = entries.get(name)
    if before:
        reason = f"{name} is set twice, in line {before.line} and in line {value.lineno}"
        findings.add(Problem(where, reason, "one of them only", line=value.lineno))
    text = _constant(value)
    if text is None:
        reason = "this is not a plain value, and the file is not run"
        expected = "a text in quotes, a whole number, True or False"
        findings.add(Problem(where, reason, expected, line=value.lineno))
        return
    entries[name] = Entry(name, text.strip(), where, value.lineno)


def _constant(value: ast.expr) -> str | None:
    match value:
        case ast.Constant(value=bool() | str() as constant):
            return str(constant)
        case ast.Constant(value=int() as number) if number.bit_length() <= _LONGEST:
            return str(number)
    return None


def _unused(name: str, line: int) -> Problem:
    meant = closest(name.lower(), _KNOWN)
    return Problem(
        f"{SERVICE_PY} {shortened(name)}",
        "this is not read" + (f"; did you mean {meant}?" if meant else ""),
        ", ".join(_KNOWN),
        line=line,
    )
