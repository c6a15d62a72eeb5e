"""SAS transport files, version 5, which PROC COPY and the XPORT engine read on every system."""

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

MAX_NAME: Final = 8
"""Characters of a name in a transport file of version 5. Source: SAS, TS-140."""


def can_write() -> bool:
    """True where the extra ``demo`` is installed, which brings the writer."""
    return find_spec("pyreadstat") is not None and find_spec("pandas") is not None


def write_transport_file(
    file: Path, member: str, columns: Mapping[str, Sequence[str | float | None]]
) -> None:
    """Write one data set; the labels keep the names that are longer than 8 characters.

    Args:
        file: where to write.
        member: name of the data set, 8 characters at most.
        columns: values by name; numbers make a numeric variable, None a missing value.
    """
    import pandas as pd  # noqa: PLC0415  only the extra "demo" installs it
    import pyreadstat  # noqa: PLC0415  only the extra "demo" installs it

    frame = pd.DataFrame(
        {short: pd.Series(columns[name]) for name, short in _short_names(columns).items()}
    )
    pyreadstat.write_xport(
        frame, file, table_name=member, column_labels=list(columns), file_format_version=5
    )


def _short_names(names: Iterable[str]) -> dict[str, str]:
    taken: dict[str, str] = {}
    for name in names:
        taken[name] = _short_name(name, set(taken.values()))
    return taken


def _short_name(name: str, taken: set[str]) -> str:
    """The name in upper case, cut to 8 characters, numbered where that is taken."""
    safe = re.sub(r"\W|^(?=\d)", "_", name.upper(), flags=re.ASCII) or "_"
    numbered = (f"{safe[: MAX_NAME - len(str(n))]}{n}" for n in range(1, len(taken) + 2))
    candidates = (safe[:MAX_NAME], *numbered)
    return next(each for each in candidates if each not in taken)
