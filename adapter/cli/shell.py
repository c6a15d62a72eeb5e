"""What every command shares: the home, the two outputs, errors and exit codes."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from adapter import config
from adapter.config import Settings
from adapter.core.errors import (
    AdapterError,
    AddressInUse,
    ConfigurationInvalid,
    DeliveryIdAmbiguous,
    PayloadTooLarge,
    Problem,
    RequestInvalid,
    RouteHeld,
    StoreOutdated,
    StoreUnavailable,
    StpUnknown,
    WsdlNotOffered,
)
from adapter.core.failures import CredentialsRefused, DeliveryError, NotSent, SasBusy
from adapter.core.moving import CopyRefused, StoreInUse
from adapter.core.redact import shortened
from adapter.store.postgresql_causes import is_out_of_reach
from adapter.web.refusals import ExposureRefused

GOOD, BAD, USAGE, UNREACHABLE = 0, 1, 2, 3
INTERRUPTED = 130
"""What a shell reports of a command that Ctrl-C ended: 128 and the number of SIGINT."""

_USAGE = (
    ConfigurationInvalid, AddressInUse, RouteHeld, StoreUnavailable, StpUnknown,
    CredentialsRefused, StoreOutdated, StoreInUse, CopyRefused,
    RequestInvalid, DeliveryIdAmbiguous, WsdlNotOffered, ExposureRefused,
)  # fmt: skip

out = Console(highlight=False, emoji=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def exit_code(error: AdapterError) -> int:
    """The exit code of an error of the tree."""
    if isinstance(error, (NotSent, SasBusy)) or is_out_of_reach(error.message):
        return UNREACHABLE
    return USAGE if isinstance(error, _USAGE) else BAD


def home_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--home DIR`, understood before and after the command's name."""
    return click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder that holds conf, schemas, wsdl_cache and var. [default: SASBIWS_HOME, else .]",
    )(command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")(
        command
    )


def settings_of(home: Path | None) -> Settings:
    """The settings of the home that the option, the environment or the current folder names."""
    return config.load(home_of(home), os.environ)


def home_of(home: Path | None) -> Path:
    """The home that the option, the environment or the current folder names."""
    return _named_home(home) or Path()


def is_named(home: Path | None) -> bool:
    """Whether the option or the environment names a home."""
    return _named_home(home) is not None


def _named_home(home: Path | None) -> Path | None:
    given = home or click.get_current_context().find_root().params.get("home")
    named = given or os.environ.get("SASBIWS_HOME")
    return Path(named) if named else None


def tell_notes(settings: Settings) -> None:
    """What works otherwise than it seems to be meant, such as a password that is not used."""
    for note in settings.notes:
        err.print(f"[yellow]note[/] {escape(str(note))}")


def print_json(value: Any) -> None:
    """The value as JSON on standard output, one object."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_error(error: AdapterError, *, as_json: bool) -> None:
    """The error with every problem and the remedy; JSON goes to standard output."""
    if as_json:
        print_json(error_json(error))
        return
    err.print(f"[bold red]{error.code}[/]: {escape(error.message)}")
    for problem in error.problems if len(error.problems) > 1 else ():
        err.print(f"  - {escape(str(problem))}")
    for detail in getattr(error, "details", ()):
        err.print(f"  | {escape(detail)}")
    if error.remedy:
        err.print(f"  [bold]Remedy:[/] {escape(error.remedy)}")


def error_json(error: AdapterError) -> dict[str, Any]:
    """The error as `{"error": {…}}`."""
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "details": [problem.to_json() for problem in _problems(error)],
            "remedy": error.remedy,
        }
    }


def _problems(error: AdapterError) -> tuple[Problem, ...]:
    """Every problem; what SAS said beyond its message is among them, as in an HTTP answer."""
    said = error.details if isinstance(error, DeliveryError) else ()
    return (*error.problems, *(Problem(error.code, text) for text in said))


def ends_well(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with errors of the tree, of files and Ctrl-C turned into exit codes."""

    @wraps(command)
    def guarded(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except AdapterError as error:
            print_error(error, as_json=bool(options.get("as_json")))
            sys.exit(exit_code(error))
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # whoever read the output has left: click ends without a word
            what = f"use {error.filename}" if error.filename else "read or write"
            raise click.UsageError(f"cannot {what}: {error.strerror or error}") from None
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)

    return guarded


def read_payload(source: str, max_bytes: int) -> bytes:
    """The bytes of a file, or of standard input for `-`; only as many as a payload may have.

    Raises:
        PayloadTooLarge: There are more.
    """
    if source == "-" and sys.stdin is None:
        raise click.UsageError("cannot read standard input: it is closed")
    try:
        with nullcontext(sys.stdin.buffer) if source == "-" else Path(source).open("rb") as file:
            body = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise click.UsageError(f"cannot read {source}: {reason}") from None
    if len(body) > max_bytes:
        raise PayloadTooLarge(f"{shortened(source)} has more than {max_bytes} bytes")
    return body
