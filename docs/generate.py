"""Rewrite the parts of the documentation that the code itself knows.

    python docs/generate.py

A part stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->`. The tests compare the parts
with the code, so they never tell of a setting, command or error that is not there.
"""  # noqa: INP001  docs is a folder, not a package

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from functools import partial
from pathlib import Path

import click

from adapter.cli.main import COMMANDS, main
from adapter.cli.shell import exit_code
from adapter.config import KEYS, Key, Place
from adapter.core import errors
from adapter.core.errors import AdapterError
from adapter.core.failures import DeliveryError, Effect
from adapter.core.verdict import TABLE, Rule
from adapter.emulator import Switches
from adapter.web import answers
from adapter.web.guard import OriginRefused
from adapter.web.token import OperatorTokenWrong

DOCS = Path(__file__).parent
COMMAND = "python docs/generate.py"

NOT_BY_HTTP = (
    errors.AddressInUse,
    errors.DeliveryIdAmbiguous,
    errors.StoreOutdated,
    errors.StoreInUse,
    errors.CopyRefused,
    errors.CopyDiffers,
)
"""Errors that the command line and Python meet, and a caller over HTTP never."""

NOT_AT_THE_SHELL = (
    errors.CountChanged,
    errors.IdempotencyKeyInvalid,
    errors.IdempotencyKeyReused,
    OperatorTokenWrong,
    OriginRefused,
)
"""Errors that no command of the shell ends with."""

EFFECTS: Mapping[Effect, str] = {
    Effect.NOT_SENT: "nothing: nothing was sent",
    Effect.NOT_RUN: "nothing: SAS answered without running the stored process",
    Effect.RAN: "the stored process ran",
    Effect.UNKNOWN: "unknown: the stored process may have run",
}

RULES: Mapping[Rule, str] = {
    Rule.RETRY: "retry",
    Rule.PARK: "park",
    Rule.HOLD: "hold the account",
}


def leaves(kind: type[AdapterError] = AdapterError) -> list[type[AdapterError]]:
    """The errors that are raised: those at the ends of the tree, in the order of their modules."""
    below = kind.__subclasses__()
    return [leaf for child in below for leaf in leaves(child)] if below else [kind]


def keys() -> str:
    """One table of settings for each place where they may stand."""
    return "\n\n".join(f"### {_heading(place)}\n\n{_key_table(place)}" for place in Place)


def _heading(place: Place) -> str:
    return f"In {place}"


def _key_table(place: Place) -> str:
    rows = [_key_row(key) for key in KEYS if key.place is place]
    return _table(("Key, variable", "Meaning", "Values", "Default", "Example"), rows)


def _key_row(key: Key) -> tuple[str, ...]:
    meaning = f"{key.meaning} Never shown." if key.secret else key.meaning
    default = f"`{key.default}`" if key.default else "(none)"
    name = f"`{key.name}`<br>`{key.variable}`"
    return name, meaning, key.kind.expected, default, f"`{key.example}`"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def help_of(name: str) -> str:
    """What `sasbiws NAME --help` prints; of `sasbiws` itself for an empty name."""
    group = main.make_context("sasbiws", [], resilient_parsing=True, terminal_width=80)
    with group:
        command = main.get_command(group, name) if name else None
        text = _command_help(command, name, group) if command else main.get_help(group)
    return f"```text\n{text}\n```"


def _command_help(command: click.Command, name: str, group: click.Context) -> str:
    with command.make_context(name, [], parent=group, resilient_parsing=True) as context:
        texts = [command.get_help(context)]
        if isinstance(command, click.Group):
            below = command.commands.items()
            texts += [_command_help(each, called, context) for called, each in below]
    return "\n\n\n".join(texts)


def verdicts() -> str:
    """What becomes of a delivery after each failure."""
    rows = [
        (
            f"[{kind.code}](#{kind.code.lower()})",
            EFFECTS[kind.effect],
            RULES[plain],
            RULES[idempotent],
            f"`{why}`",
        )
        for kind, (plain, idempotent, why) in TABLE.items()
    ]
    header = ("Code", "What SAS may have done", "Plain route", "`idempotent = true`", "`why`")
    return _table(header, rows)


def all_errors() -> str:
    """Every error: first those before a call to SAS, then those of a call."""
    ours = [kind for kind in leaves() if not issubclass(kind, DeliveryError)]
    calls = list(TABLE)
    return "\n\n".join(
        [
            "### Before a call to SAS",
            *(_told(kind) for kind in ours),
            "### Of a call to SAS",
            *(_told(kind) for kind in calls),
        ]
    )


def _told(kind: type[AdapterError]) -> str:
    facts = [_by_http(kind), _at_the_shell(kind)]
    if issubclass(kind, DeliveryError):
        facts = [f"What SAS may have done: {EFFECTS[kind.effect]}", *facts, _verdict(kind)]
    listed = "\n".join(f"- {fact}." for fact in facts)
    remedy = kind.remedy.replace("<", "&lt;").replace(">", "&gt;")
    return f"#### {kind.code}\n\n{_meaning(kind)}\n\n**Remedy:** {remedy}\n\n{listed}"


def _meaning(kind: type[AdapterError]) -> str:
    return " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())


def _by_http(kind: type[AdapterError]) -> str:
    if issubclass(kind, DeliveryError):
        return f"HTTP status, for a caller who waits: {answers.sas_status(kind.code)}"
    if issubclass(kind, NOT_BY_HTTP):
        return "Never an answer over HTTP"
    return f"HTTP status: {answers.status_of(_made(kind))}"


def _at_the_shell(kind: type[AdapterError]) -> str:
    if issubclass(kind, NOT_AT_THE_SHELL):
        return "Never at the command line"
    return f"Exit code of a command: {exit_code(_made(kind))}"


def _made(kind: type[AdapterError]) -> AdapterError:
    return kind("")


def _verdict(kind: type[DeliveryError]) -> str:
    plain, idempotent, why = TABLE[kind]
    return (
        f"Plain route: {RULES[plain]}; with `idempotent = true`: {RULES[idempotent]}; "
        f"`why` when parked: `{why}`"
    )


def switches() -> str:
    """Every switch of the emulator with its default, its values and its meaning."""
    meanings = dict(_described(inspect.getdoc(Switches) or ""))
    defaults = Switches().as_json()
    rows = [
        (
            f"`{each.name}`",
            meanings[each.name],
            f"`{_shown(defaults[each.name])}`",
            _choices(each.name),
        )
        for each in fields(Switches)
    ]
    return _table(("Switch", "Meaning", "Default", "Choices"), rows)


def _described(docstring: str) -> Iterator[tuple[str, str]]:
    """The entries of a docstring's `Args:`, each on one line."""
    listed = docstring.partition("Args:")[2]
    for entry in re.split(r"\n {4}(?=\w+: )", listed):
        name, _, meaning = entry.strip().partition(": ")
        if meaning:
            text = " ".join(meaning.replace("``", "`").split())
            yield name, text[:1].upper() + text[1:]


def _choices(name: str) -> str:
    default = next(each.default for each in fields(Switches) if each.name == name)
    if default is MISSING or not isinstance(default, StrEnum):
        return ""
    return ", ".join(f"`{_shown(str(choice))}`" for choice in type(default))


def _shown(value: object) -> str:
    words: Mapping[object, str] = {None: "null", True: "true", False: "false", "": '""'}
    if isinstance(value, bool) or value is None or value == "":
        return words[value]
    return str(value)


def parts() -> dict[str, tuple[Path, Callable[[], str]]]:
    """Every generated part: the file it stands in, and what makes it."""
    helps: dict[str, tuple[Path, Callable[[], str]]] = {
        f"help-{name}": (DOCS / "commands.md", partial(help_of, name)) for name in COMMANDS
    }
    return {
        "keys": (DOCS / "configuration.md", keys),
        "help": (DOCS / "commands.md", partial(help_of, "")),
        **helps,
        "verdicts": (DOCS / "errors.md", verdicts),
        "errors": (DOCS / "errors.md", all_errors),
        "switches": (DOCS / "emulator.md", switches),
    }


def written(text: str, name: str, part: str) -> str:
    """The text of a file with one part put in.

    Raises:
        LookupError: The file has no place for it.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise LookupError(f"there is no {begin} with {end} behind it")
    return f"{before}{begin}\n\n{part}\n\n{end}{after}"


def stale() -> Iterator[tuple[Path, str]]:
    """Files that are not as the code has it, each with the text it must have.

    Raises:
        LookupError: A file has no place for a part.
    """
    texts: dict[Path, str] = {}
    for name, (file, make) in parts().items():
        texts.setdefault(file, file.read_text(encoding="utf-8"))
        try:
            texts[file] = written(texts[file], name, make())
        except LookupError as error:
            raise LookupError(f"{file.name}: {error}") from None
    for file, text in texts.items():
        if text != file.read_text(encoding="utf-8"):
            yield file, text


if __name__ == "__main__":
    for stale_file, fresh in list(stale()):
        stale_file.write_text(fresh, encoding="utf-8", newline="\n")
        click.echo(f"written  {stale_file}")
