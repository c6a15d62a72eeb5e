"""What does a call owe to its WSDL? Time to the first SOAP call and to further ones.

`zeep anew` makes a zeep client for each call, `zeep kept` one for all; neither builds our message.
`contract` is the adapter: pinned files, read once per process, an lxml envelope. Cold times are of
a process of its own that has imported the adapter but not zeep. All rounds are taken in turns in
one run: read the ratios.

    python benchmarks/contracts.py [--json] [--rounds 7]
"""  # noqa: INP001  # scripts, not a package

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from lxml import etree
from rich.console import Console
from rich.table import Table

from adapter.core.route import Route, TransportName
from adapter.emulator import Emulator
from adapter.ports import Call
from adapter.sas.published import main_address
from adapter.sas.session import HttpSession
from adapter.sas.soap import SoapTransport
from adapter.store.contracts import ContractFolder
from adapter.wiring import SystemClock

SERVICE = "/SASBIWS/services/Shared Data/CI360/Echo"
TABLE = b"<Table>\n<InData>\n<occurrenceId>1</occurrenceId>\n</InData>\n</Table>"
CALLS = 40
BASELINE = "zeep anew"
Figures = dict[str, float]


def transport_of(root: str) -> SoapTransport:
    """The adapter's transport on this folder of pinned contracts."""
    clock = SystemClock()
    return SoapTransport(HttpSession(), ContractFolder(Path(root), clock), clock)


def call_of(url: str) -> Call:
    """One call of the emulator's echo."""
    return Call(Route("Echo", url + SERVICE, TransportName.SOAP, ""), TABLE, "d-1")


def requests(kind: str, url: str, root: str) -> Callable[[], object]:
    """What builds the request of one call, in one of the three ways; nothing is sent by it."""
    if kind == "contract":
        transport, call = transport_of(root), call_of(url)
        return lambda: transport.request(call)
    zeep: Any = import_module("zeep")  # its import is part of the cold time

    location = main_address(url + SERVICE)

    def build(client: Any) -> object:
        source = {"instream": {"Value": {"_value_1": etree.fromstring(TABLE)}}}
        return client.create_message(client.service, "echo", streams=source)

    if kind == BASELINE:
        return lambda: build(zeep.Client(location))
    kept: list[Any] = []

    def shared() -> object:
        kept.extend([] if kept else [zeep.Client(location)])
        return build(kept[0])

    return shared


def cold(kind: str, url: str, root: str) -> None:
    """In a process of its own: print the milliseconds from its first line to a request."""
    begun = time.perf_counter()
    requests(kind, url, root)()
    sys.stdout.write(f"{(time.perf_counter() - begun) * 1000:.3f}")


def cold_ms(kind: str, url: str, root: str) -> float:
    """Milliseconds to the first request in a fresh process, the import of zeep included."""
    command = [sys.executable, __file__, "--cold", kind, "--url", url, "--root", root]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)  # noqa: S603
    return float(done.stdout)


def warm_ms(build: Callable[[], object]) -> float:
    """Milliseconds of one further request, as the mean of several."""
    begun = time.perf_counter()
    for _ in range(CALLS):
        build()
    return (time.perf_counter() - begun) * 1000 / CALLS


def first_ms(kind: str, url: str, root: str) -> float:
    """Milliseconds to the first request of a process that has imported everything already."""
    begun = time.perf_counter()
    requests(kind, url, root)()
    return (time.perf_counter() - begun) * 1000


def sent_ms(url: str, root: str, *, first: bool) -> float:
    """Milliseconds until the emulator has answered a call, the first or a further one."""
    transport, call = transport_of(root), call_of(url)
    if not first:
        transport.send(call)
    begun = time.perf_counter()
    transport.send(call)
    return (time.perf_counter() - begun) * 1000


def measure(rounds: int) -> dict[str, Figures]:
    """The median of each figure."""
    kinds = (BASELINE, "zeep kept", "contract")
    taken: dict[str, dict[str, list[float]]] = {kind: {} for kind in kinds}
    with Emulator() as emulator, tempfile.TemporaryDirectory() as root:
        transport_of(root).send(call_of(emulator.url))
        further = {kind: requests(kind, emulator.url, root) for kind in kinds}
        for _ in range(rounds):
            for kind in kinds:
                into = taken[kind]
                into.setdefault("cold ms", []).append(cold_ms(kind, emulator.url, root))
                into.setdefault("first ms", []).append(first_ms(kind, emulator.url, root))
                into.setdefault("further ms", []).append(warm_ms(further[kind]))
            into = taken["contract"]
            into.setdefault("first answer ms", []).append(sent_ms(emulator.url, root, first=True))
            into.setdefault("further answer ms", []).append(
                sent_ms(emulator.url, root, first=False)
            )
    return {kind: {name: median(times) for name, times in taken[kind].items()} for kind in kinds}


def show(figures: dict[str, Figures]) -> None:
    """The table, each figure with its ratio to the baseline."""
    names = list(figures["contract"])
    table = Table("", *names)
    for kind, row in figures.items():
        cells = []
        for name in names:
            base = figures[BASELINE].get(name)
            ratio = f" ({base / row[name]:.1f}x)" if base and kind != BASELINE else ""
            cells.append(f"{row[name]:.2f}{ratio}" if name in row else "-")
        table.add_row(kind, *cells)
    Console().print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cold")
    parser.add_argument("--url", default="")
    parser.add_argument("--root", default="")
    given = parser.parse_args()
    if given.cold:
        return cold(given.cold, given.url, given.root)
    figures = measure(given.rounds)
    return print(json.dumps(figures, indent=2)) if given.json else show(figures)  # noqa: T201


if __name__ == "__main__":
    main()
