"""`sasbiws wsdl`: the WSDLs of web services, pinned, shown, checked and compared."""

from __future__ import annotations

import click

from adapter.cli.lazy import LazyGroup

COMMANDS = {
    "fetch": "adapter.cli.wsdl_pin:fetch",
    "list": "adapter.cli.wsdl_pin:listing",
    "show": "adapter.cli.wsdl_show:show",
    "check": "adapter.cli.wsdl_check:command",
    "diff": "adapter.cli.wsdl_diff:command",
    "refresh": "adapter.cli.wsdl_refresh:command",
    "sample": "adapter.cli.wsdl_show:sample",
    "export": "adapter.cli.wsdl_export:command",
}
"""Each command and where it stands, imported when it runs."""


@click.group("wsdl", cls=LazyGroup, modules=COMMANDS)
def command() -> None:
    """Pin, show, check and compare the WSDLs of SAS web services.

    STP is a stored process of the home, URL the address of a web service or of its WSDL, FILE and
    FOLDER are on this machine.
    """
