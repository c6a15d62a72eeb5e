"""Rewrite the parts of the documentation that the code itself knows.

    python docs/generate.py

A part stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->`. The tests compare the parts
with the code, so they never tell of a setting, command or error that is not there.
"""  # noqa: INP001  docs is a folder, not a package

from __future__ import annotations

import html
import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from functools import partial
from pathlib import Path

import click

from adapter.cli import auth, schema, wsdl
from adapter.cli.lazy import LazyGroup
from adapter.cli.main import COMMANDS, main
from adapter.cli.shell import exit_code
from adapter.config import KEYS, Key, Place
from adapter.core import errors, moving
from adapter.core.errors import AdapterError
from adapter.core.failures import DeliveryError, Effect
from adapter.core.verdict import TABLE, Rule
from adapter.doctor.table import CHECKS
from adapter.emulator import Switches
from adapter.schema.finding import Rule as SchemaRule
from adapter.schema.judging import SCHEMA_RULES
from adapter.schema.map_judging import MAP_RULES
from adapter.web import answers
from adapter.web.auth import Door
from adapter.web.endpoints import ENDPOINTS, Endpoint
from adapter.web.guard import OriginRefused
from adapter.web.openapi import errors_of
from adapter.web.refusals import ExposureRefused, Refusal
from adapter.web.token import OperatorTokenWrong
from adapter.wsdl import finding
from adapter.wsdl.rules.table import RULES as WSDL_RULES

DOCS = Path(__file__).parent
COMMAND = "python docs/generate.py"

NOT_BY_HTTP = (
    errors.AddressInUse,
    errors.DeliveryIdAmbiguous,
    errors.StoreOutdated,
    moving.StoreInUse,
    moving.CopyRefused,
    moving.CopyDiffers,
    errors.WsdlNotOffered,
    ExposureRefused,
)
"""Errors that the command line and Python meet, and a caller over HTTP never."""

NOT_AT_THE_SHELL = (
    errors.CountChanged,
    errors.IdempotencyKeyInvalid,
    errors.IdempotencyKeyReused,
    OperatorTokenWrong,
    OriginRefused,
    Refusal,
)
"""Errors that no command of the shell ends with."""

EFFECTS: Mapping[Effect, str] = {
    Effect.NOT_SENT: "nothing: nothing was sent",
    Effect.NOT_RUN: "nothing: SAS answered without running the stored process",
    Effect.RAN: "the stored process ran",
    Effect.UNKNOWN: "unknown: the stored process may have run",
}

WHO: Mapping[Door, str] = {
    Door.OPEN: "Told to everybody.",
    Door.WEBHOOK: "For callers of the webhook.",
    Door.RESULT: "For callers of the webhook, and operators.",
    Door.LOOK: "For operators, and this machine where no callers are configured.",
    Door.VERB: "For operators: needs the operator token, or the credentials of one.",
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
    """What `sasbiws NAME --help` prints, NAME being none, one or several words."""
    context = main.make_context("sasbiws", [], resilient_parsing=True, terminal_width=80)
    command: click.Command = main
    for word in name.split():
        assert isinstance(command, click.Group)  # noqa: S101  a name of the table of commands
        command = command.get_command(context, word) or command
        context = command.make_context(word, [], parent=context, resilient_parsing=True)
    return f"```text\n{_command_help(command, context)}\n```"


def command_names() -> list[str]:
    """Every command below `sasbiws`, those of its groups with both words."""
    below = {
        "auth": auth.command.commands,
        "wsdl": wsdl.COMMANDS,
        "schema": schema.COMMANDS,
    }
    return [
        each for name in COMMANDS for each in (name, *(f"{name} {b}" for b in below.get(name, ())))
    ]


def wsdl_rules() -> str:
    """Every rule of `sasbiws wsdl check`: a table of all, then each with what it says."""
    rows = [(f"[{r.id}](#{r.id})", r.level.value, _plain(r.title)) for r in WSDL_RULES]
    table = _table(("Rule", "Level", "What is wrong"), rows)
    return "\n\n".join([table, *map(_rule_told, WSDL_RULES)])


def schema_rules() -> str:
    """Every rule of `sasbiws schema check` and `xmlmap check`, each with what it says."""
    rules = (*SCHEMA_RULES, *MAP_RULES)
    rows = [(f"[{r.id}](#{r.id})", r.level.value, _plain(r.title)) for r in rules]
    table = _table(("Rule", "Level", "What is wrong"), rows)
    return "\n\n".join([table, *map(_schema_rule_told, rules)])


def doctor_checks() -> str:
    """Every check of `sasbiws doctor`, in the order in which they run."""
    rows = [
        (
            f"`{check.id}`",
            check.title,
            check.how,
            ", ".join(f"`{need}`" for need in check.needs),
            str(check.ending),
            "yes" if check.mend else "",
        )
        for check in CHECKS
    ]
    header = ("Check", "What is right", "How it is found out", "Needs", "Exit code", "`--fix`")
    return _table(header, rows)


def _schema_rule_told(rule: SchemaRule) -> str:
    facts = {"Level": rule.level.value, "Why it matters": rule.why, "Remedy": rule.remedy}
    listed = "\n".join(f"- **{name}:** {_plain(text)}." for name, text in facts.items())
    return f"### {rule.id}\n\n{_plain(rule.title)}.\n\n{listed}"


def _rule_told(rule: finding.Rule) -> str:
    facts = {
        "Level": rule.level.value,
        "Expected": rule.expected,
        "Why it matters": rule.why,
        "Remedy": rule.remedy,
        "Who can still read it": rule.tolerance.value,
        "Source": rule.source,
    }
    listed = "\n".join(f"- **{name}:** {_plain(text)}." for name, text in facts.items())
    return f"### {rule.id}\n\n{_plain(rule.title)}.\n\n{listed}"


def _plain(text: str) -> str:
    """The text as Markdown shows it, not as it might read it."""
    return html.escape(text, quote=False).replace("|", "\\|").replace("*", "\\*")


def _command_help(command: click.Command, context: click.Context) -> str:
    """Its help, and that of the commands below, where they are not pages of their own."""
    texts = [command.get_help(context)]
    if isinstance(command, click.Group) and not isinstance(command, LazyGroup):
        for name, each in command.commands.items():
            below = each.make_context(name, [], parent=context, resilient_parsing=True)
            texts.append(_command_help(each, below))
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


def told_endpoints() -> str:
    """A table of all endpoints, then each with what it takes and what it answers."""
    rows = [
        (f"[`{e.method} {e.address}`](#{_anchor(e)})", e.summary.removesuffix("."))
        for e in ENDPOINTS
    ]
    return "\n\n".join([_table(("Request", "For"), rows), *map(_endpoint, ENDPOINTS)])


def _anchor(endpoint: Endpoint) -> str:
    heading = f"{endpoint.method} {endpoint.address}".lower()
    return re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")


def _endpoint(endpoint: Endpoint) -> str:
    door = WHO[endpoint.door]
    said = " ".join(filter(None, (endpoint.summary, endpoint.tells, door)))
    parts = [f"### {endpoint.method} {endpoint.address}", said]
    if taken := _taken(endpoint):
        parts.append(_table(("Takes", "Where", "Meaning"), taken))
    if endpoint.sample:
        parts.append(f"```json\n{json.dumps(endpoint.sample, ensure_ascii=False)}\n```")
    return "\n\n".join([*parts, _table(("Status", "When"), _answers(endpoint))])


def _taken(endpoint: Endpoint) -> list[tuple[str, ...]]:
    of_body = (endpoint.body or {}).get("properties", {})
    return [
        *((f"`{each.name}`", each.place, each.tells) for each in endpoint.parameters),
        *((f"`{name}`", "body", schema["description"]) for name, schema in of_body.items()),
    ]


def _answers(endpoint: Endpoint) -> list[tuple[str, ...]]:
    good = [(str(each.status), each.tells) for each in endpoint.answers]
    codes = {
        status: ", ".join(f"[{kind.code}](errors.md#{kind.code.lower()})" for kind in kinds)
        for status, kinds in errors_of(endpoint).items()
    }
    return [*good, *((str(status), listed) for status, listed in codes.items())]


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
        f"help-{name.replace(' ', '-')}": (DOCS / "commands.md", partial(help_of, name))
        for name in command_names()
    }
    return {
        "keys": (DOCS / "configuration.md", keys),
        "help": (DOCS / "commands.md", partial(help_of, "")),
        **helps,
        "verdicts": (DOCS / "errors.md", verdicts),
        "errors": (DOCS / "errors.md", all_errors),
        "endpoints": (DOCS / "api.md", told_endpoints),
        "switches": (DOCS / "emulator.md", switches),
        "wsdl-rules": (DOCS / "wsdl.md", wsdl_rules),
        "schema-rules": (DOCS / "schemas.md", schema_rules),
        "doctor-checks": (DOCS / "doctor.md", doctor_checks),
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
