"""Command lines of deployment files, read by the product itself."""

from pathlib import Path

import click

from adapter.cli.main import main
from adapter.config.environment import HOME
from adapter.config.keys import BY_VARIABLE

DEPLOY = Path(__file__).parents[2] / "deploy"
STOP_GRACE_S = BY_VARIABLE["SASBIWS_STOP_GRACE"].default_value


def understood(*words: str) -> tuple[str, dict[str, object]]:
    """The command and its options; fails where the command line would be refused."""
    command: click.Command = main
    name, rest = "", list(words)
    while isinstance(command, click.Group):
        name, *rest = rest
        command = command.get_command(click.Context(command), name)
        assert command, name
    return name, command.make_context(name, rest).params


def unknown_settings(variables) -> list[str]:
    """The SASBIWS_ variables among these that are no setting."""
    ours = [name for name in variables if name.startswith("SASBIWS_")]
    return [name for name in ours if name not in BY_VARIABLE and name != HOME]


def refused_settings(variables: dict[str, str]) -> list[str]:
    """The settings among these whose value the adapter would refuse."""
    refused = []
    for name, text in variables.items():
        key = BY_VARIABLE.get(name)
        try:
            if key and text:
                key.kind.read(text)
        except Exception as error:  # noqa: BLE001  whatever it is, it is told
            refused.append(f"{name}: {error}")
    return refused
