"""What does it cost to map 1,000 rows by expressions?

`lxml` builds the same Table by hand from the same parsed payload: the least that can be paid.
`mapped` is the builder with ten expressions for each row, `plain` has ten paths without functions.
All rounds are taken in turns in one run: read the ratios. CPU time is told.

    python benchmarks/mapping.py [--json] [--rounds 5]
"""  # noqa: INP001  # scripts, not a package

import argparse
import json
import time
from collections.abc import Callable
from statistics import median

from lxml import etree
from rich.console import Console
from rich.table import Table

from adapter.core.document import build
from adapter.core.expressions import Expression
from adapter.core.mapping import Mapped, Mapping
from adapter.core.payload import Limits, Payload
from adapter.core.route import Route, TransportName

ROWS = 1000
NAMES = [f"field_{number}" for number in range(10)]
WITH_FUNCTIONS = {
    "field_0": "sas_datetime(field_0)",
    "field_1": "number(field_1)",
    "field_2": "truncate(field_2, `8`)",
    "field_3": "default(field_3, 'none')",
}


def payload() -> Payload:
    """A payload of 1,000 objects of ten fields."""
    row = {name: "1751625227523" if name == "field_0" else "12345" for name in NAMES}
    return Payload.parse(json.dumps({"items": [row] * ROWS}).encode(), Limits())


def route(expressions: dict[str, str]) -> Route:
    """A route that maps every object to a row."""
    columns = tuple(Mapped(name, Expression.compile(expressions.get(name, name))) for name in NAMES)
    mapping = Mapping(columns, rest=False, rows=Expression.compile("items"))
    address = "http://sas.example.test/SASBIWS/rest/x"
    return Route("x", address, TransportName.REST, "", mapping=mapping)


def by_hand(source: Payload) -> bytes:
    """The Table by lxml alone."""
    table = etree.Element("Table")
    items = source.root["items"]
    for item in items if isinstance(items, list) else ():
        row = etree.SubElement(table, "InData")
        for name in NAMES:
            element = etree.SubElement(row, name)
            element.text = str(item[name]) if isinstance(item, dict) else ""
            element.tail = "\n"
    return etree.tostring(table, encoding="utf-8")


def measured(rounds: int) -> dict[str, float]:
    """Milliseconds of CPU time of each way, the median of all rounds."""
    source, plain, functions = payload(), route({}), route(WITH_FUNCTIONS)
    ways: dict[str, Callable[[], object]] = {
        "lxml": lambda: by_hand(source),
        "plain": lambda: build(source, plain),
        "mapped": lambda: build(source, functions),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.process_time()
            way()
            taken[name].append(1000 * (time.process_time() - start))
    return {name: median(each) for name, each in taken.items()}


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    found = measured(options.rounds)
    if options.json:
        ratios = {f"{name}_to_lxml": each / found["lxml"] for name, each in found.items()}
        print(json.dumps({"rows": ROWS, "cpu_ms": found, "ratios": ratios}))  # noqa: T201
        return
    table = Table("way", "CPU ms", "to lxml", title=f"{ROWS} rows of {len(NAMES)} columns")
    for name, each in found.items():
        table.add_row(name, f"{each:.1f}", f"{each / found['lxml']:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
