"""`sasbiws auth`: who may call, and with which credentials."""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from adapter.cli import shell
from adapter.config import Settings
from adapter.config.caller_file import (
    AUTH_INI,
    NAME,
    NAME_EXPECTED,
    changing,
    read_callers,
    write_callers,
)
from adapter.core.access import Area, Caller, Method, schemes_of
from adapter.core.redact import Secret, shortened
from adapter.web import auth_proof

KEPT = (Method.BASIC, Method.BEARER, Method.API_KEY)
"""Methods whose callers stand in the file; JSON Web Tokens are made elsewhere."""

LEAST_PASSWORD = 12


@click.group("auth")
def command() -> None:
    """Add, list, remove and check callers; they are kept in conf/auth.ini.

    What is changed holds from the next request on; no adapter need be started again. Exit codes:
    0 good, 1 wrong or not there, 2 wrong usage or configuration.
    """


@command.command("add")
@click.argument("name")
@click.option(
    "--method",
    type=click.Choice([str(method) for method in KEPT]),
    default=str(Method.BEARER),
    show_default=True,
    help="How the caller proves who it is.",
)
@click.option(
    "--for",
    "areas",
    type=click.Choice([str(area) for area in Area]),
    multiple=True,
    default=[str(Area.WEBHOOK)],
    show_default=True,
    help="What it may reach; may be given twice.",
)
@click.option(
    "--password-stdin",
    is_flag=True,
    help="With --method basic: take the password from standard input instead of making one.",
)
@shell.home_option
@shell.json_option
@shell.ends_well
def add(  # noqa: PLR0913  one argument per option
    name: str,
    method: str,
    areas: Sequence[str],
    home: Path | None,
    *,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Add a caller, and print its password, token or key once.

    Only a hash is kept: what is lost is made anew with `remove` and `add`.
    """
    if not NAME.fullmatch(name):
        raise click.UsageError(
            f"{shortened(name)} is no name of a caller, expected {NAME_EXPECTED}"
        )
    chosen = Method(method)
    if password_stdin and chosen is not Method.BASIC:
        raise click.UsageError("--password-stdin is for --method basic: tokens and keys are made")
    settings = shell.settings_of(home)
    secret = _read_password() if password_stdin else auth_proof.new_token()
    _keep(settings.home, name, chosen, frozenset(map(Area, areas)), secret)
    header = _header(chosen, name, secret, settings)
    if as_json:
        told = {} if password_stdin else {"secret": secret.reveal(), "header": header.text}
        shell.print_json({"name": name, "method": method, "for": sorted(areas), **told})
        return
    shell.err.print(
        f"{name} is added to {AUTH_INI} for {' and '.join(sorted(areas))}", markup=False
    )
    if not password_stdin:
        shell.err.print("Type this into the connector; it is not shown again:")
        click.echo(header.text)


@command.command("list")
@shell.home_option
@shell.json_option
@shell.ends_well
def listing(home: Path | None, *, as_json: bool) -> None:
    """List the callers, and the ways into the webhook and the operator's verbs."""
    settings = shell.settings_of(home)
    callers = read_callers(settings.home)
    schemes = schemes_of(settings.access, callers)
    ways = {str(area): [str(scheme.method) for scheme in schemes.of(area)] for area in Area}
    if as_json:
        shell.print_json({"callers": [_told(each) for each in callers], "methods": ways})
        return
    for caller in callers:
        areas = ", ".join(sorted(caller.areas))
        shell.out.print(
            f"{escape(caller.name):24} {caller.method:8} {areas:18} {escape(caller.added)}"
        )
    open_to = "everybody" if schemes.anonymous else "this machine only, without authentication"
    shell.err.print(f"webhook: {', '.join(ways[Area.WEBHOOK]) or open_to}")
    shell.err.print(f"operator: {', '.join([*ways[Area.OPERATOR], 'var/operator.token'])}")


@command.command("remove")
@click.argument("name")
@shell.home_option
@shell.json_option
@shell.ends_well
def remove(name: str, home: Path | None, *, as_json: bool) -> None:
    """Remove a caller; its credentials are refused from the next request on."""
    folder = shell.settings_of(home).home
    with changing(folder):
        callers = read_callers(folder)
        left = [caller for caller in callers if caller.name != name]
        if len(left) == len(callers):
            _end_unknown(name, as_json=as_json)
        write_callers(folder, left)
    if as_json:
        shell.print_json({"removed": name})
    else:
        shell.err.print(f"{name} is removed", markup=False)


@command.command("check")
@click.argument("name")
@shell.home_option
@shell.json_option
@shell.ends_well
def check(name: str, home: Path | None, *, as_json: bool) -> None:
    """Tell whether standard input holds the password, token or key of a caller.

    Exit code 0 when it is right, 1 when it is wrong or there is no such caller.
    """
    callers = {caller.name: caller for caller in read_callers(shell.settings_of(home).home)}
    if name not in callers:
        _end_unknown(name, as_json=as_json)
    right = _is_right(callers[name], _read_secret("Password, token or key").reveal())
    if as_json:
        shell.print_json({"name": name, "right": right})
    else:
        shell.err.print("right" if right else "wrong")
    sys.exit(shell.GOOD if right else shell.BAD)


@dataclass(frozen=True, repr=False)
class _Header:
    """A line that an administrator types into the connector."""

    text: str


def _header(method: Method, name: str, secret: Secret, settings: Settings) -> _Header:
    match method:
        case Method.API_KEY:
            return _Header(f"{settings.access.api_key_header}: {secret.reveal()}")
        case Method.BASIC:
            pair = b64encode(f"{name}:{secret.reveal()}".encode()).decode()
            return _Header(
                f"User: {name}\nPassword: {secret.reveal()}\nAuthorization: Basic {pair}"
            )
        case _:
            return _Header(f"Authorization: Bearer {secret.reveal()}")


def _keep(home: Path, name: str, method: Method, areas: frozenset[Area], secret: Secret) -> None:
    prove = auth_proof.password_proof if method is Method.BASIC else auth_proof.token_proof
    added = datetime.now(UTC).date().isoformat()
    caller = Caller(name, method, areas, prove(secret.reveal()), added)
    with changing(home):
        callers = read_callers(home)
        if any(each.name == name for each in callers):
            raise click.UsageError(
                f"{name} is there already; sasbiws auth remove {name} comes first"
            )
        write_callers(home, [*callers, caller])


def _is_right(caller: Caller, secret: str) -> bool:
    if caller.method is Method.BASIC:
        return auth_proof.is_password(caller.proof, secret)
    return auth_proof.is_token(caller, secret)


def _read_password() -> Secret:
    password = _read_secret("Password")
    if len(password.reveal()) < LEAST_PASSWORD:
        raise click.UsageError(f"the password has fewer than {LEAST_PASSWORD} characters")
    return password


def _read_secret(prompt: str) -> Secret:
    """The first line of standard input; from a terminal without showing it."""
    if sys.stdin.isatty():
        return Secret(str(click.prompt(prompt, hide_input=True, err=True)))
    encoding = sys.stdin.encoding or "utf-8"
    try:
        return Secret(sys.stdin.buffer.readline().decode(encoding).rstrip("\r\n"))
    except UnicodeDecodeError:
        raise click.UsageError(f"standard input is no text, expected {encoding}") from None


def _told(caller: Caller) -> dict[str, Any]:
    return {
        "name": caller.name,
        "method": str(caller.method),
        "for": sorted(caller.areas),
        "added": caller.added,
    }


def _end_unknown(name: str, *, as_json: bool) -> None:
    """End with exit code 1: there is no caller of this name."""
    message = f"{AUTH_INI} has no caller {shortened(name)}; sasbiws auth list tells them"
    if as_json:
        shell.print_json({"error": {"code": "CALLER_UNKNOWN", "message": message}})
    else:
        shell.err.print(message, markup=False)
    sys.exit(shell.BAD)
