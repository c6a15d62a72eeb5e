"""A stored process that tells what it got in each of its data sources."""

from hashlib import sha256

from adapter.emulator.stored_processes.program import (
    DataSource,
    Read,
    Reads,
    Row,
    Run,
    StoredProcess,
    Written,
)


def _read_sources(run: Run) -> Written:
    sources: dict[str, Read] = {"instream": run.rows, **run.sources}
    return Written(table=tuple(_told(name, read) for name, read in sources.items() if read))


def _told(name: str, read: Read) -> Row:
    if isinstance(read, bytes):
        return {"SOURCE": name, "BYTES": str(len(read)), "SHA256": sha256(read).hexdigest()}
    columns = " ".join(dict.fromkeys(column for row in read for column in row))
    return {"SOURCE": name, "ROWS": str(len(read)), "COLUMNS": columns}


READ_SOURCES = StoredProcess(
    "Read Sources",
    _read_sources,
    reads=Reads.MAYBE,
    sources=(DataSource("items"), DataSource("letter", generic=True)),
)
