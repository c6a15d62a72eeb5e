"""`sasbiws schema`: schemas of the instream, and the XMLMaps that belong to them."""

from __future__ import annotations

import click

from adapter.cli.lazy import LazyGroup

COMMANDS = {
    "infer": "adapter.cli.schema_infer:command",
    "check": "adapter.cli.schema_check:command",
    "sample": "adapter.cli.schema_sample:command",
    "diff": "adapter.cli.schema_diff:command",
    "xmlmap": "adapter.cli.schema_xmlmap:command",
}
"""Each command and where it stands, imported when it runs."""


@click.group("schema", cls=LazyGroup, modules=COMMANDS)
def command() -> None:
    """Make, check and compare schemas of the instream, and their XMLMaps.

    PAYLOAD, XSD and MAP are files on this machine.
    """
