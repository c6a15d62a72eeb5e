"""Data sets on the disk: a CSV file for people, a SAS transport file for SAS."""

import csv
import io
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adapter.emulator.stored_processes import transport_file

MAX_NAME = 32


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a data set."""

    name: str
    numeric: bool


def safe_name(name: str) -> str:
    """Return a name that SAS can hold: letters, digits, underscores, 32 characters at most."""
    return re.sub(r"\W|^(?=\d)", "_", name, flags=re.ASCII)[:MAX_NAME] or "_"


def write_data_set(
    folder: Path, name: str, variables: Sequence[Variable], records: Sequence[Sequence[str]]
) -> Path:
    """Return the CSV file just written; beside it, where it can be, a SAS transport file.

    A data set of that name is replaced, as SAS does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if transport_file.can_write():
        _write_transport(folder / f"{name}.xpt", variables, records)
    return _replace(folder / f"{name}.csv", _as_csv(variables, records))


def _as_csv(variables: Sequence[Variable], records: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(variable.name for variable in variables)
    writer.writerows(records)
    return text.getvalue().encode()


def _write_transport(
    file: Path, variables: Sequence[Variable], records: Sequence[Sequence[str]]
) -> None:
    columns = {
        variable.name: [_number(each[at]) if variable.numeric else each[at] for each in records]
        for at, variable in enumerate(variables)
    }
    draft = file.with_name(f".{uuid.uuid4().hex}")
    transport_file.write_transport_file(draft, file.stem[: transport_file.MAX_NAME], columns)
    draft.replace(file)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _replace(file: Path, content: bytes) -> Path:
    # Runs of one name may overlap; each reader sees one of the files whole.
    draft = file.with_name(f".{uuid.uuid4().hex}")
    draft.write_bytes(content)
    return draft.replace(file)
