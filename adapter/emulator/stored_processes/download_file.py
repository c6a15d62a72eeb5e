"""The stored process "Download File": fetches what CI 360 exported and keeps it as a data set.

The steps and the result table are those of ``sas/code/stpDownloadFile.sas``.
"""

import csv
import gzip
import io
import json
import re
import zlib
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from adapter.emulator.faults import SasFault, ended_with_error
from adapter.emulator.stored_processes.data_set import Variable, safe_name, write_data_set
from adapter.emulator.stored_processes.program import Column, Reads, Run, StoredProcess, Written

TIMEOUT_S = 10
_OK = 200
_GZIP = b"\x1f\x8b"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)? *", re.ASCII)
_MAX_NUMBER = 32
"""Characters that the informat BEST32. reads."""
_OPENER = build_opener(ProxyHandler({}))


def _run(run: Run) -> Written:
    occurrence_id = run.needed("occurrenceId")
    if len(run.rows) > 1:
        raise ended_with_error(f"instream has {len(run.rows)} rows; expected 1.")
    variables = _variables(_fetched("metadataFile", run))
    _check_names(variables)
    records = _records(_fetched("dataFile", run), len(variables))
    _check_numbers(variables, records)
    name = safe_name(run.column("taskCode") or occurrence_id)
    try:
        file = write_data_set(run.folder / "datasets", name, variables, records)
    except OSError as error:
        why = f"The data set {name} could not be written: {error.strerror}."
        raise ended_with_error(why) from None
    row = {
        "OCCURRENCEID": occurrence_id,
        "ROWS": str(len(records)),
        "STATUS": "done",
        "DATASET": file.name,
    }
    return Written(table=(row,))


def _fetched(column: str, run: Run) -> str:
    url = run.needed(column)
    try:
        return _unpacked(_downloaded(url)).decode("utf-8-sig")
    except HTTPError as error:
        with error:
            raise _unexpected(error.code, error.reason) from None
    except (OSError, HTTPException, ValueError, EOFError, zlib.error) as error:
        # The text of the error may hold the presigned link.
        why = error.reason if isinstance(error, URLError) else type(error).__name__
        raise ended_with_error(f"{column} could not be fetched: {why}.") from None


def _downloaded(url: str) -> bytes:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ended_with_error("Only http and https addresses can be fetched.")
    with _OPENER.open(url, timeout=TIMEOUT_S) as answer:
        if answer.status != _OK:
            raise _unexpected(answer.status, answer.reason)
        return bytes(answer.read())


def _unpacked(file: bytes) -> bytes:
    return gzip.decompress(file) if file.startswith(_GZIP) else file


def _unexpected(status: int, reason: str) -> SasFault:
    return ended_with_error(f"Expected 200, but received {status} {reason}.")


def _variables(text: str) -> tuple[Variable, ...]:
    # Source: wire contract 7.1: a JSON list in column order (seen in public code).
    try:
        return tuple(
            Variable(safe_name(str(each["columnName"])), str(each["dataType"]).upper() == "NUMERIC")
            for each in json.loads(text)
        )
    except (ValueError, TypeError, KeyError):
        why = "metadataFile is not a JSON list of columnName and dataType."
        raise ended_with_error(why) from None


def _check_names(variables: tuple[Variable, ...]) -> None:
    if not variables:
        raise ended_with_error("metadataFile lists no column.")
    if len({each.name.upper() for each in variables}) < len(variables):
        raise ended_with_error("two columns of metadataFile have the same SAS name.")


def _check_numbers(variables: tuple[Variable, ...], records: tuple[tuple[str, ...], ...]) -> None:
    numeric = [at for at, each in enumerate(variables) if each.numeric]
    for number, record in enumerate(records, 1):
        for at in numeric:
            if record[at] and (len(record[at]) > _MAX_NUMBER or not _NUMBER.fullmatch(record[at])):
                why = f"Record {number} of dataFile: column {at + 1} is not a number."
                raise ended_with_error(why)


def _records(text: str, columns: int) -> tuple[tuple[str, ...], ...]:
    try:
        records = tuple(tuple(record) for record in csv.reader(io.StringIO(text)) if record)
    except csv.Error as error:
        raise ended_with_error(f"dataFile is not CSV: {error}.") from None
    for number, record in enumerate(records, 1):
        if len(record) != columns:
            why = f"Record {number} of dataFile has {len(record)} columns"
            raise ended_with_error(f"{why}; metadataFile lists {columns}.")
    return records


# Source: wire contract 2.2, a schema attached to the data source (inferred); CI 360's own names.
_SCHEMA = (
    Column("occurrenceId", 36, required=True),
    Column("taskId", 36),
    Column("taskVersionId", 32),
    Column("outboundEventName", 256),
    Column("externalTenantId", 24),
    Column("tenantMoniker", 64),
    Column("responseTrackingCode", 36),
    Column("metadataFile", 4000, required=True),
    Column("dataFile", 4000, required=True),
    Column("taskCode", 32),
    Column("taskName", 256),
    Column("stpName", 128),
)

DOWNLOAD_FILE = StoredProcess("Download File", _run, reads=Reads.ALWAYS, schema=_SCHEMA)
