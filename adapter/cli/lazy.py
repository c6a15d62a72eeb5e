"""Groups of commands, each command imported only when it is asked for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

_AS_JSON = "sasbiws.as_json"


def _drop_unwritten() -> None:
    """Nothing is left of an output that failed: Python would try it again, and end with 120."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class LazyGroup(click.Group):
    """A group that imports a command only when it is asked for.

    Where it is told to print JSON, wrong usage is JSON too.

    Args:
        modules: Each command and where it stands: a module, whose `command` it is, or a module
            and a name in it, joined by a colon.
    """

    def __init__(self, *args: Any, modules: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order a newcomer meets them."""
        del ctx
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        del ctx
        if cmd_name not in self.modules:
            return None
        module, _, name = self.modules[cmd_name].partition(":")
        command: Any = getattr(import_module(module), name or "command")
        return command if isinstance(command, click.Command) else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments of the group, once it is known whether JSON is asked for."""
        ctx.meta.setdefault(_AS_JSON, "--json" in args)
        return super().parse_args(ctx, args)

    def main(self, *args: Any, **options: Any) -> Any:
        """Runs it; an output that cannot be written is told in one line."""
        try:
            return super().main(*args, **options)
        except OSError as error:
            click.echo(f"Error: cannot read or write: {error.strerror or error}", err=True)
            sys.exit(2)
        finally:
            _drop_unwritten()

    def invoke(self, ctx: click.Context) -> Any:
        """What the command gives; wrong usage is told as an object where JSON is asked for."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            if not ctx.meta[_AS_JSON]:
                raise
            where = error.ctx.command_path if error.ctx else "sasbiws"
            remedy = f"{where} --help tells what it takes."
            told = {"code": "USAGE", "message": error.format_message(), "details": []}
            click.echo(json.dumps({"error": {**told, "remedy": remedy}}, ensure_ascii=False))
            ctx.exit(2)
