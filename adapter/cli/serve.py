"""`sasbiws serve`: take in tasks and deliver them, until told to stop."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import urlsplit

import click

from adapter.cli import shell
from adapter.cli.serving import Serving
from adapter.cli.stopping import stop_signal, wait_for
from adapter.config import Settings
from adapter.observe import Observer, start_logging
from adapter.web.app import WEBHOOK
from adapter.web.server import is_loopback


@click.command("serve")
@shell.home_option
@shell.ends_well
def command(home: Path | None) -> None:
    """Serve the webhook and deliver what it takes in, until Ctrl-C or SIGTERM.

    Host and port come from conf/serviceConfig.py. Ends with exit code 0 once requests and
    attempts under way have ended.
    """
    settings = shell.settings_of(home)
    start_logging(settings.log.level, settings.log.folder if settings.log.enabled else None)
    told = stop_signal()
    with Serving(settings) as serving:
        _announce(settings, serving)
        wait_for(told)
        click.echo("stopping: requests and attempts under way may still end")


def _announce(settings: Settings, serving: Serving) -> None:
    observer = Observer()
    for note in settings.notes:
        observer.event("note", logging.WARNING, note=str(note))
    if not is_loopback(urlsplit(serving.url).hostname or ""):
        open_to = "callers are not authenticated, and other machines can reach this address"
        observer.event("note", logging.WARNING, note=open_to)
    for hold in serving.parts.deliveries.holds().values():
        observer.held(hold.account, hold.message)
    observer.event("start", url=serving.url, home=settings.home)
    click.echo(f"Endpoint for the CI 360 connector: POST {serving.url}{WEBHOOK}")
