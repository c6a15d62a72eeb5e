"""`sasbiws work`: deliver what others have taken in, until told to stop."""

from __future__ import annotations

from pathlib import Path

import click

from adapter.cli import shell
from adapter.cli.reloading import Hangup
from adapter.cli.serving import Working, begin
from adapter.cli.stopping import stop_signal, wait_for
from adapter.observe import Observer


@click.command("work")
@shell.home_option
@shell.ends_well
def command(home: Path | None) -> None:
    """Deliver what `sasbiws serve` or a WSGI server takes in, until Ctrl-C or SIGTERM.

    Nothing is listened to. Several of these may work on one home, and on PostgreSQL several hosts.
    Ends with exit code 0 once the attempts under way have ended, or stop_grace is over.
    """
    settings = shell.settings_of(home)
    begin(settings)
    told = stop_signal()
    hangup = Hangup(told)
    with Working(settings) as working:
        hangup.reloads(working.reloading)
        Observer().event("start", home=settings.home, takes_in="no")
        click.echo(f"delivering the tasks of {settings.home}")
        wait_for(told)
        click.echo("stopping: attempts under way may still end")
