"""A SASBIWS on a laptop: for newcomers, and for tests over real sockets.

It imports nothing of the adapter.
"""

from adapter.emulator.emulator import Emulator
from adapter.emulator.examples import EXAMPLES, example_bulk_task
from adapter.emulator.file_server import FileServer
from adapter.emulator.http_messages import Request
from adapter.emulator.journal import Execution
from adapter.emulator.switches import (
    ConnectionFault,
    LineBreaks,
    Output,
    Page,
    Spelling,
    SwitchError,
    Switches,
    SysccPlace,
    ValueKind,
    WsdlImport,
)

__all__ = [
    "EXAMPLES",
    "ConnectionFault",
    "Emulator",
    "Execution",
    "FileServer",
    "LineBreaks",
    "Output",
    "Page",
    "Request",
    "Spelling",
    "SwitchError",
    "Switches",
    "SysccPlace",
    "ValueKind",
    "WsdlImport",
    "example_bulk_task",
]
