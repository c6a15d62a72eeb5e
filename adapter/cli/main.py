"""The `sasbiws` command and its list of commands."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import click

from adapter.cli.lazy import LazyGroup

COMMANDS = {
    "init": "adapter.cli.init",
    "serve": "adapter.cli.serve",
    "work": "adapter.cli.work",
    "deliveries": "adapter.cli.deliveries",
    "store": "adapter.cli.store",
    "config": "adapter.cli.config",
    "auth": "adapter.cli.auth",
    "doctor": "adapter.cli.doctor",
    "call": "adapter.cli.call",
    "validate": "adapter.cli.validate",
    "map": "adapter.cli.map",
    "wsdl": "adapter.cli.wsdl",
    "schema": "adapter.cli.schema",
    "emulator": "adapter.cli.emulator",
    "demo": "adapter.cli.demo",
}
"""Each command and the module that holds it, imported when the command runs."""


@click.group(
    cls=LazyGroup, modules=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="sasbiws", prog_name="sasbiws")
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that holds conf, schemas, wsdl_cache and var. [default: SASBIWS_HOME, else .]",
)
def main(home: Path | None) -> None:
    """Call SAS stored processes for CI 360 custom tasks, by SOAP or by REST.

    Exit codes: 0 good, 1 the checked thing is bad, 2 wrong usage or configuration,
    3 SAS or network unreachable.
    """
    del home
    _write_utf8_to_files()


def _write_utf8_to_files() -> None:
    """Let output that is redirected be UTF-8: a code page of Windows lacks most characters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = None if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")
