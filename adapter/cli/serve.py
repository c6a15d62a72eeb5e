"""`sasbiws serve`: take in tasks and deliver them, until told to stop."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import urlsplit

import click

from adapter.cli import shell
from adapter.cli.serving import Serving, begin
from adapter.cli.stopping import stop_signal, wait_for
from adapter.config import Settings
from adapter.observe import Observer
from adapter.web.app import WEBHOOK
from adapter.web.server import is_loopback


@click.command("serve")
@click.option("--no-work", is_flag=True, help="Take in only; `sasbiws work` delivers.")
@shell.home_option
@shell.ends_well
def command(home: Path | None, *, no_work: bool) -> None:
    """Serve the webhook and deliver what it takes in, until Ctrl-C or SIGTERM.

    Host and port come from conf/serviceConfig.py. Ends with exit code 0 once requests and
    attempts under way have ended.
    """
    settings = shell.settings_of(home)
    begin(settings)
    told = stop_signal()
    with Serving(settings, work=not no_work) as serving:
        _announce(settings, serving.url, work=not no_work)
        wait_for(told)
        click.echo("stopping: requests and attempts under way may still end")


def _announce(settings: Settings, url: str, *, work: bool) -> None:
    observer = Observer()
    if not is_loopback(urlsplit(url).hostname or ""):
        open_to = "callers are not authenticated, and other machines can reach this address"
        observer.event("note", logging.WARNING, note=open_to)
    delivers = "" if work else "no: sasbiws work does, in this home"
    observer.event("start", url=url, home=settings.home, delivers=delivers)
    click.echo(f"Endpoint for the CI 360 connector: POST {url}{WEBHOOK}")
