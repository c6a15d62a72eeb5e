"""What does it cost to check 100 WSDLs?

The files are those that the tests check: in the styles of generators, and those that break a rule.
`parse` is lxml alone on the same bytes, `read` the tolerant reader, `check` every rule, with the
schemas compiled. All rounds are taken in turns in one run: read the ratios. CPU time is told.

    python benchmarks/wsdl_check.py [--json] [--rounds 5]
"""  # noqa: INP001  # scripts, not a package

import argparse
import json
import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from statistics import median

from lxml import etree
from rich.console import Console
from rich.table import Table

from adapter.wsdl.checking import check
from adapter.wsdl.reading import read

VECTORS = Path(__file__).parents[1] / "tests/vectors/wsdl"
COUNT = 100
LARGE = 100_000
"""Bytes; the vectors of bounds are larger, and none is like a WSDL of a web service."""

Files = Mapping[str, bytes]


def files_in(folder: Path) -> dict[str, bytes]:
    """Every small WSDL and schema below a folder, by its path there."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.suffix in {".wsdl", ".xsd"} and file.stat().st_size < LARGE
    }


def hundred() -> list[tuple[Files, str]]:
    """The files to be checked, each with those around it: the styles, then the vectors."""
    styles, vectors = files_in(VECTORS / "styles"), files_in(VECTORS)
    chosen = [(styles, name) for name in styles if name.endswith(".wsdl") and "/" not in name]
    chosen += [(vectors, name) for name in vectors if name.endswith(".wsdl") and "/" not in name]
    return list(islice(chosen, COUNT))


def parse(files: Files, name: str) -> None:
    """What lxml alone does; broken files are parsed up to where they break."""
    etree.fromstring(files[name], etree.XMLParser(recover=True, resolve_entities=False))


WAYS: Mapping[str, Callable[[Files, str], object]] = {"parse": parse, "read": read, "check": check}


def seconds(way: Callable[[Files, str], object], chosen: list[tuple[Files, str]]) -> float:
    """CPU time of one way over all files."""
    start = time.process_time()
    for files, name in chosen:
        way(files, name)
    return time.process_time() - start


def measured(rounds: int) -> dict[str, float]:
    """Median CPU seconds for all files, by way."""
    chosen = hundred()
    taken = [{name: seconds(way, chosen) for name, way in WAYS.items()} for _ in range(rounds)]
    return {name: median(each[name] for each in taken) for name in WAYS}


def table_of(figures: Mapping[str, float]) -> Table:
    """The figures for people."""
    table = Table("way", "100 files, ms", "one file, ms", "to parse", title="Checking WSDLs")
    for name, taken in figures.items():
        ratio = taken / figures["parse"]
        table.add_row(name, f"{1000 * taken:.0f}", f"{1000 * taken / COUNT:.2f}", f"{ratio:.1f}")
    return table


def main() -> None:
    """Measure, and print a table or JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    figures = measured(given.rounds)
    if given.json:
        ratios = {name: round(taken / figures["parse"], 1) for name, taken in figures.items()}
        print(json.dumps({"files": COUNT, "cpu_seconds": figures, "ratio_to_parse": ratios}))  # noqa: T201
    else:
        Console().print(table_of(figures))


if __name__ == "__main__":
    main()
