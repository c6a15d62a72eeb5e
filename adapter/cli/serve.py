"""`sasbiws serve`: take in tasks and deliver them, until told to stop."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click

from adapter.cli import shell
from adapter.cli.reloading import Hangup
from adapter.cli.serving import Serving, begin
from adapter.cli.stopping import stop_signal, wait_for
from adapter.config import Settings
from adapter.core.access import address_of
from adapter.observe import Observer
from adapter.web import exposure
from adapter.web.app import WEBHOOK


@click.command("serve")
@click.option("--no-work", is_flag=True, help="Take in only; `sasbiws work` delivers.")
@shell.home_option
@shell.ends_well
def command(home: Path | None, *, no_work: bool) -> None:
    """Serve the webhook and deliver what it takes in, until Ctrl-C or SIGTERM.

    Host and port come from conf/serviceConfig.py. SIGHUP and `sasbiws config reload` take up what
    is changed in conf and schemas. Ends with exit code 0 once requests and
    attempts under way have ended.
    """
    settings = shell.settings_of(home)
    begin(settings)
    told = stop_signal()
    hangup = Hangup(told)
    with Serving(settings, work=not no_work) as serving:
        hangup.reloads(serving.reloading)
        announce(settings, serving, work=not no_work)
        wait_for(told)
        click.echo("stopping: requests and attempts under way may still end")


def announce(settings: Settings, serving: Serving, *, work: bool) -> None:
    """Tell where it answers, and what everybody who starts it must know."""
    observer, url = Observer(), serving.url
    host = urlsplit(url).hostname or ""
    for note in exposure.notes(host, serving.parts.web.reception.schemes):
        observer.event("note", logging.WARNING, note=note)
    delivers = "" if work else "no: sasbiws work does, in this home"
    observer.event("start", url=url, home=settings.home, delivers=delivers)
    click.echo(f"Endpoint for the CI 360 connector: {_endpoint(url, settings.access.hosts)}")


def _endpoint(url: str, hosts: Sequence[str]) -> str:
    """What is typed into the connector; no caller can connect to an address that means all."""
    parts = urlsplit(url)
    address = address_of(parts.hostname or "")
    if address is None or not address.is_unspecified:
        return f"POST {url}{WEBHOOK}"
    named = " or ".join(hosts) or "a name that stands in hosts too"
    told = f"for HOST write the address of this machine, or {named}"
    return f"POST http://HOST:{parts.port}{WEBHOOK} ({told})"
