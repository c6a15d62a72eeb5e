"""`sasbiws emulator`: a SASBIWS on this machine, to try and to test against."""

from __future__ import annotations

from pathlib import Path

import click

from adapter.cli import shell
from adapter.cli.stopping import stop_signal, wait_for
from adapter.emulator import Emulator


@click.command("emulator")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8200,
    show_default=True,
    help="Port; 0 takes any free one.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("emulator-data"),
    show_default=True,
    help="Where stored processes write their data sets.",
)
@shell.ends_well
def command(port: int, host: str, folder: Path) -> None:
    """Run a stand-in for SAS BI Web Services until Ctrl-C or SIGTERM.

    It offers the stored processes Download File, Add Floats, Echo, Slow, Fault, Hello,
    Count_Segment and Read Sources by SOAP and REST, writes real data sets, and fails on demand.
    """
    told = stop_signal()
    emulator = Emulator(port=port, host=host, folder=folder, log=click.echo)
    try:
        emulator.start()
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.UsageError(f"cannot listen on {host}:{port}: {reason}") from None
    try:
        click.echo(f"SASBIWS emulator at {emulator.url} (data sets in {folder}); Ctrl-C ends it")
        wait_for(told)
    finally:
        emulator.stop()
    click.echo("ended")
