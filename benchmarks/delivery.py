"""How fast tasks are taken in and delivered, and what a kill -9 costs, measured on this machine.

The store alone is measured in turns with plain sqlite3, in the same run: read the ratios. All else
is real processes: `sasbiws serve` and `sasbiws work`, an emulator that answers in 5 ms, 8 clients.
"""  # noqa: INP001  # scripts, not a package

import argparse
import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from adapter import wiring
from adapter.cli.init import copy_home
from adapter.core.message import IdempotencyKey, KeySource, Message
from adapter.core.redact import Secret
from adapter.store.deliveries import SqlDeliveries, open_sqlite
from adapter.store.sharing import open_store
from adapter.store.tables import METADATA, attempts, deliveries

CLIENTS = 8
CONCURRENCY = 4
ANSWER_S = 0.005
IDLE_S = 10.0
LIMIT_S = 300.0
ROUNDS = 5
SINGLE = 60
SIGNED = f"X-Amz-Date=20990101T000000Z&X-Amz-Expires=3600&X-Amz-Signature={'a' * 1600}"
LINK = f"https://files.example.test/f.csv?{SIGNED}"
TASK = {"taskName": "benchmark", "dataFile": LINK, **{f"column{n}": "v" * 100 for n in range(28)}}
BODY = json.dumps(TASK).encode()
DOCUMENT = b"<Table>\n<InData>\n%s\n</InData>\n</Table>" % LINK.replace("&", "&amp;").encode()
CONF = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/{{{{stpName}}}}
concurrency = {concurrency}
server_concurrency = {concurrency}
[Echo]
"""
Figures = dict[str, float]


# The store alone.


def plain(group: int, count: int) -> float:
    """Inserts per second of sqlite3 alone, so many in each commit."""
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder, "plain.sqlite"), isolation_level=None)
        db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE task (id TEXT PRIMARY KEY, body, document)")
        begin = time.perf_counter()
        for first in range(0, count, group):
            db.execute("BEGIN IMMEDIATE")
            for number in range(first, first + group):
                db.execute("INSERT INTO task VALUES (?, ?, ?)", (str(number), BODY, DOCUMENT))
            db.execute("COMMIT")
        taken_s = time.perf_counter() - begin
        db.close()
        return count / taken_s


def accepted(store: SqlDeliveries, clock: wiring.SystemClock, count: int) -> float:
    """Deliveries per second that 8 threads add, each durable before the next."""

    def add(_: int) -> None:
        for _ in range(count // CLIENTS):
            name = clock.new_id()
            key = IdempotencyKey(name, KeySource.RANDOM)
            store.add(Message(name, "Echo", key, BODY, DOCUMENT, name))

    with ThreadPoolExecutor(CLIENTS) as pool:
        begin = time.perf_counter()
        list(pool.map(add, range(CLIENTS)))
        return count / (time.perf_counter() - begin)


def store_alone(opened: Callable[[Path], sa.Engine], count: int) -> Figures:
    """Accepted deliveries per second, and how that stands to plain sqlite3 on the same disk."""
    rounds = defaultdict[str, list[float]](list)
    clock = wiring.SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        store = SqlDeliveries(opened(Path(folder, "deliveries.sqlite")), clock)
        accepted(store, clock, CLIENTS)
        for _ in range(ROUNDS):
            one, grouped = plain(1, count // 4), plain(CLIENTS, count)
            mine = accepted(store, clock, count)
            rounds["store: accepted/s"].append(mine)
            rounds["store: plain sqlite3, a commit each, /s"].append(one)
            rounds["store: plain sqlite3, grouped, /s"].append(grouped)
            rounds["store: ratio to a commit each"].append(mine / one)
            rounds["store: ratio to grouped"].append(mine / grouped)
        store.close()
    return {name: median(found) for name, found in rounds.items()}


# Processes.


def call(url: str, method: str, path: str, body: bytes = b"") -> bytes:
    """The body of an answer that is a success."""
    caller = HTTPConnection(urlsplit(url).netloc, timeout=LIMIT_S)
    caller.request(method, path, body)
    with contextlib.closing(caller), caller.getresponse() as answer:
        content = answer.read()
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise SystemExit(f"{method} {path} was answered {answer.status}: {content!r}")
        return content


def eventually(true: Callable[[], bool]) -> None:
    """Return once it is true; end the program where that takes too long."""
    until = time.monotonic() + LIMIT_S
    while not true():
        if time.monotonic() > until:
            raise SystemExit(f"not within {LIMIT_S:g} s")
        time.sleep(0.05)


@dataclass
class Site:
    """A home, an emulator, and the processes that are started on them."""

    folder: Path
    environ: dict[str, str]
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    sas: str = ""

    def open(self) -> None:
        """Write the home, and start the emulator."""
        copy_home(self.folder / "home")
        data = ("--folder", str(self.folder / "sas"))
        _, self.sas = self.start(r"at (http://\S+)", "emulator", "--port", "0", *data)
        call(self.sas, "PUT", "/emulator/switches", json.dumps({"delay_s": ANSWER_S}).encode())
        conf = self.folder / "home/conf"
        text = CONF.format(sas=self.sas, concurrency=CONCURRENCY)
        (conf / "serviceConfig.ini").write_text(text, encoding="utf-8")
        (conf / "serviceConfig.py").write_text("host = '127.0.0.1'\nport = 0\n", encoding="utf-8")

    @cached_property
    def engine(self) -> sa.Engine:
        """The database of the home."""
        url = Secret(self.environ.get("SASBIWS_STORE_URL", ""))
        return open_store(self.folder / "home/var", url)

    def start(self, told: str, *command: str) -> tuple[subprocess.Popen[str], str]:
        """A command of sasbiws, once it has said what is waited for; and what it said."""
        log = (self.folder / "log").open("a")
        out = self.folder / f"out-{len(self.processes)}"
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-u", "-m", "adapter", *command],
            stdout=out.open("w"),
            stderr=log,
            env=self.environ,
            text=True,
            cwd=self.folder,
        )
        self.processes.append(process)
        said = re.compile(told)
        eventually(lambda: process.poll() is not None or bool(said.search(out.read_text())))
        found = said.search(out.read_text())
        if found is None:
            raise SystemExit((self.folder / "log").read_text())
        return process, found[1]

    def serve(self, *options: str) -> tuple[subprocess.Popen[str], str]:
        """`sasbiws serve` and its address."""
        home = ("--home", str(self.folder / "home"))
        return self.start(r"POST (http://\S+)/ExecuteSTP", "serve", *home, *options)

    def work(self) -> subprocess.Popen[str]:
        """`sasbiws work`."""
        return self.start("(delivering)", "work", "--home", str(self.folder / "home"))[0]

    def ask(self, query: sa.Select[Any]) -> float:
        """One number from the database; 0 for none."""
        with self.engine.connect() as connection:
            return float(connection.execute(query).scalar() or 0)

    def in_state(self, *states: str) -> int:
        """How many deliveries are in one of these states."""
        found = sa.select(sa.func.count()).where(deliveries.c.state.in_(states))
        return int(self.ask(found))

    def ended_beyond(self, count: int) -> bool:
        """True once more than so many have ended."""
        return self.in_state("delivered", "parked") > count

    def executions(self) -> list[dict[str, str]]:
        """What the emulator ran."""
        found: list[dict[str, str]] = json.loads(call(self.sas, "GET", "/emulator/executions"))
        return found

    def forget(self) -> None:
        """Empty database and emulator."""
        with self.engine.begin() as connection:
            for table in reversed(METADATA.sorted_tables):
                connection.execute(sa.delete(table))
        call(self.sas, "DELETE", "/emulator/executions")

    def close(self) -> None:
        """End what was started."""
        for process in self.processes:
            process.kill()
            process.wait()
        if "engine" in vars(self):
            self.engine.dispose()


def stopped(process: subprocess.Popen[str]) -> None:
    """Return once the process has ended by itself after a signal."""
    process.send_signal(signal.SIGTERM)
    process.wait(LIMIT_S)


def post(url: str, count: int) -> list[float]:
    """Post by 8 clients, each on one connection; seconds to each answer."""

    def client(_: int) -> list[float]:
        caller = HTTPConnection(urlsplit(url).netloc, timeout=LIMIT_S)
        seen = []
        for _ in range(count // CLIENTS):
            begin = time.perf_counter()
            caller.request("POST", "/ExecuteSTP/Echo", BODY)
            with caller.getresponse() as answer:
                answer.read()
                if answer.status != HTTPStatus.ACCEPTED:
                    raise SystemExit(f"a post was answered {answer.status}")
            seen.append(time.perf_counter() - begin)
        caller.close()
        return seen

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [one for seen in pool.map(client, range(CLIENTS)) for one in seen]


def intake_then_delivery(site: Site, count: int) -> Figures:
    """Take in first, deliver then: each without the other's load."""
    server, url = site.serve("--no-work")
    begin = time.perf_counter()
    seen = post(url, count)
    taken_s = time.perf_counter() - begin
    stopped(server)
    worker = site.work()
    eventually(lambda: site.in_state("delivered") == count)
    stopped(worker)
    first, last = sa.func.min(attempts.c.started_at), sa.func.max(attempts.c.ended_at)
    per_s = count / (site.ask(sa.select(last)) - site.ask(sa.select(first)))
    return {
        "intake over HTTP: accepted/s": count / taken_s,
        "intake over HTTP: p50 ms": median(seen) * 1000,
        "intake over HTTP: p99 ms": quantiles(seen, n=100)[-1] * 1000,
        "delivery of what waits: /s": per_s,
        "delivery of what waits: overhead ms": (CONCURRENCY / per_s - ANSWER_S) * 1000,
    }


def at_once(site: Site, count: int) -> Figures:
    """Intake and delivery in one process, at full load from the first post to the last outcome."""
    server, url = site.serve()
    begin = time.time()
    seen = post(url, count)
    eventually(lambda: site.in_state("delivered") == count)
    stopped(server)
    taken_s = site.ask(sa.select(sa.func.max(deliveries.c.updated_at))) - begin
    return {
        "both at once: delivered/s": count / taken_s,
        "both at once: intake p50 ms": median(seen) * 1000,
        "both at once: intake p99 ms": quantiles(seen, n=100)[-1] * 1000,
    }


def idle(site: Site) -> Figures:
    """A process that waits: how soon one task is sent, and what the waiting costs."""
    server, url = site.serve()
    for _ in range(SINGLE):
        call(url, "POST", "/ExecuteSTP/Echo", BODY)
        time.sleep(0.05)
    eventually(lambda: site.in_state("delivered") == SINGLE)
    with site.engine.connect() as connection:
        query = sa.select(deliveries.c.id, deliveries.c.accepted_at)
        accepted_at = {name: at for name, at in connection.execute(query)}  # noqa: C416  dict() is typed otherwise
    sent = [
        datetime.fromisoformat(each["started_at"]).timestamp() - accepted_at[each["delivery_id"]]
        for each in site.executions()
    ]
    time.sleep(2.0)
    before = cpu_s(server.pid)
    time.sleep(IDLE_S)
    figures = {
        "idle: accept to send, p50 ms": median(sent) * 1000,
        "idle: CPU %": (cpu_s(server.pid) - before) / IDLE_S * 100,
        "idle: resident MiB": resident_mib(server.pid),
    }
    stopped(server)
    return figures


def cpu_s(pid: int) -> float:
    """Seconds of processor time so far; 0 where there is no /proc."""
    file = Path(f"/proc/{pid}/stat")
    if not file.exists():
        return 0.0
    user, system = file.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """Resident memory; 0 where there is no /proc."""
    file = Path(f"/proc/{pid}/statm")
    return int(file.read_text().split()[1]) / 256 if file.exists() else 0.0


def killed(site: Site, count: int) -> Figures:
    """The process that delivers is killed while another waits: what became of all."""
    server, url = site.serve("--no-work")
    post(url, count)
    working = site.work()
    kills = []
    for part in range(1, 4):
        successor = site.work()
        enough = count * part // 4
        eventually(partial(site.ended_beyond, enough))
        working.kill()
        kills.append(time.time())
        working.wait()
        working = successor
    eventually(lambda: site.in_state("delivered", "parked") == count)
    with site.engine.connect() as connection:
        died = sa.select(attempts.c.ended_at).where(attempts.c.code == "WORKER_DIED")
        judged = sorted(connection.execute(died).scalars())
    after = [min(at - kill for kill in kills if kill <= at) for at in judged]
    runs = Counter(each["delivery_id"] for each in site.executions())
    stopped(server)
    return {
        "kill -9: attempts under way": len(judged),
        "kill -9: until picked up, s": max(after, default=0.0),
        "kill -9: lost": count - site.in_state("delivered", "parked"),
        "kill -9: unallowed repeats": sum(number - 1 for number in runs.values()),
    }


@contextlib.contextmanager
def site_of(store_url: str) -> Iterator[Site]:
    """A new home on this store; nothing of it is left behind."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith("SASBIWS_")}
    if store_url:
        environ["SASBIWS_STORE_URL"] = store_url
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), environ)
        try:
            site.open()
            if site.in_state("delivered", "parked", "queued"):
                raise SystemExit("the database must be empty: it is emptied between the parts")
            yield site
            site.forget()
        finally:
            site.close()


def measure(store_url: str, count: int) -> Figures:
    """All figures of one engine."""
    figures: Figures = {}
    with site_of(store_url) as site:
        opened = (lambda _: site.engine) if store_url else open_sqlite
        figures |= store_alone(opened, count)
        for part in (intake_then_delivery, at_once, killed):
            site.forget()
            figures |= part(site, count)
        site.forget()
        return figures | idle(site)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--deliveries", type=int, default=2000, help="of each part")
    parser.add_argument("--store-url", default="", help="an empty PostgreSQL database, besides")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    count = max(options.deliveries // CLIENTS, 2) * CLIENTS
    urls = {"sqlite": ""} | ({"postgresql": options.store_url} if options.store_url else {})
    results = {engine: measure(url, count) for engine, url in urls.items()}
    if options.json:
        Console(soft_wrap=True).print_json(data=results)
        return
    table = Table("", *results)
    for name in results["sqlite"]:
        table.add_row(name, *(f"{figures[name]:.4g}" for figures in results.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
