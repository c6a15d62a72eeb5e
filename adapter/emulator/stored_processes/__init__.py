"""The stored processes of the emulator, in Python."""

from collections.abc import Mapping

from adapter.emulator.stored_processes.download_file import DOWNLOAD_FILE
from adapter.emulator.stored_processes.echo import ECHO, SLOW
from adapter.emulator.stored_processes.program import StoredProcess
from adapter.emulator.stored_processes.small import ADD_FLOATS, COUNT_SEGMENT, FAULT, HELLO
from adapter.emulator.stored_processes.sources import READ_SOURCES

__all__ = ["ADD_FLOATS", "COUNT_SEGMENT", "DOWNLOAD_FILE", "STORED_PROCESSES", "StoredProcess"]

STORED_PROCESSES: Mapping[str, StoredProcess] = {
    each.name: each
    for each in (
        DOWNLOAD_FILE,
        COUNT_SEGMENT,
        ADD_FLOATS,
        ECHO,
        SLOW,
        FAULT,
        HELLO,
        READ_SOURCES,
    )
}
