"""Which WSGI server should take the tasks in? docs/decisions/0004-wsgi-server.md reads the figures.

Every candidate serves the same small Flask application and is loaded in turns in the same run: read
the ratios. Then come threads held by waiting callers, callers that stall in mid-request, a stop.
"""  # noqa: INP001  # scripts, not a package

import argparse
import contextlib
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from importlib.metadata import version
from importlib.util import find_spec
from itertools import chain, product
from pathlib import Path
from statistics import median

from flask import Flask, request
from rich.console import Console
from rich.table import Table
from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel

BODY = b'{"taskId": "1", "parameters": "%s"}' % (b"x" * 4960)
FIGURES = (" per s", " p50 ms", " p99 ms", " failed")
HELD_S = 2.0
HERE = Path(__file__)
HOST = "127.0.0.1"
PATHS = ("/answer", "/store")
ROUNDS = 5
OWN_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
STOP = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)  # Windows has no SIGTERM to send
STOPPED = getattr(signal, "SIGBREAK", signal.SIGTERM)
Figures = dict[str, float]


def create_app(database: str) -> Flask:
    """The application under test: answer at once, store first, or hold the thread."""
    app, lock = Flask(__name__), threading.Lock()
    db = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE task (body)")

    @app.post("/<task>")
    def take(task: str) -> tuple[dict[str, str], HTTPStatus]:
        body = request.get_data()
        if task == "held":
            time.sleep(HELD_S)
        elif task == "store":
            with lock:
                db.execute("INSERT INTO task (body) VALUES (?)", (body,))
        return {"status": "queued"}, HTTPStatus.ACCEPTED

    return app


class QuietChannel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection the loop leaves alone while a thread writes to it, where waitress spins."""

    def writable(self) -> bool:
        """True if there is something to do that no thread is doing."""
        free = self.total_outbufs_len and self.outbuf_lock.acquire(blocking=False)
        if free:
            self.outbuf_lock.release()
        return bool(free or self.will_close or self.close_when_flushed)


def serve_waitress(port: int, threads: int, database: str, channel: type = HTTPChannel) -> None:
    """Serve until stopped, then let the requests in flight finish."""
    listener = socket.create_server((HOST, port), backlog=128)
    app = create_app(database)
    server = create_server(app, sockets=[listener], threads=threads, connection_limit=200)
    server.channel_class = channel

    def drain() -> None:
        server.trigger.pull_trigger(lambda: wasyncore.dispatcher.close(server))
        while any(caller.requests for caller in list(server.active_channels.values())):
            time.sleep(0.02)
        server.task_dispatcher.shutdown()
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))  # noqa: SLF001

    signal.signal(STOPPED, lambda *_: threading.Thread(target=drain).start())
    server.run()


def serve_cheroot(port: int, threads: int, database: str) -> None:
    """Serve until stopped."""
    from cheroot.wsgi import Server  # noqa: PLC0415  # a candidate need not be installed

    server = Server((HOST, port), create_app(database), threads, request_queue_size=128)
    vars(server).update(keep_alive_conn_limit=None, shutdown_timeout=20)  # by default it keeps 10
    server.prepare()
    signal.signal(STOPPED, lambda *_: threading.Thread(target=server.stop).start())
    server.serve()


def serve_granian(port: int, threads: int, database: str) -> None:
    """Serve until stopped, in a worker process that granian starts."""
    from granian import Granian  # noqa: PLC0415  # a candidate need not be installed
    from granian.constants import Interfaces  # noqa: PLC0415

    server = Granian("app", HOST, port, interface=Interfaces.WSGI, blocking_threads=threads)
    server.serve(target_loader=partial(create_app, database), wrap_loader=False)


SERVERS: dict[str, Callable[[int, int, str], None]] = {
    "waitress": serve_waitress,  # the baseline, as it comes
    "waitress-quiet": partial(serve_waitress, channel=QuietChannel),
    "cheroot": serve_cheroot,
    "granian": serve_granian,
}


def post(caller: HTTPConnection, path: str) -> bool:
    """True if the body was answered 202."""
    with contextlib.suppress(OSError, HTTPException):
        caller.request("POST", path, BODY)
        with caller.getresponse() as answer:
            return bool(answer.read()) and answer.status == HTTPStatus.ACCEPTED
    caller.close()
    return False


def load(case: str, port: int, path: str, clients: int, seconds: float) -> Figures:
    """What keep-alive clients see that post for so many seconds."""
    end = time.perf_counter() + seconds

    def client(_: int) -> list[tuple[bool, float]]:
        caller = HTTPConnection(HOST, port, timeout=HELD_S)
        seen = []
        while (begin := time.perf_counter()) < end:
            answered = post(caller, path)
            seen.append((answered, (time.perf_counter() - begin) * 1000))
        caller.close()
        return seen

    with ThreadPoolExecutor(clients) as pool:
        good, ms = zip(*chain.from_iterable(pool.map(client, range(clients))), strict=True)
    seen = sum(good) / seconds, median(ms), sorted(ms)[len(ms) * 99 // 100], good.count(False)
    return {f"{case}{key}": it for key, it in zip(FIGURES, seen, strict=True)}


def while_held(port: int, half: int) -> Figures:
    """What callers see while half of the server's threads are held."""
    with ThreadPoolExecutor(half) as pool:
        for _ in range(half):
            pool.submit(post, HTTPConnection(HOST, port), "/held")
        time.sleep(0.2)
        return load("half held", port, "/answer", half, HELD_S / 2)


def while_stalled(port: int, threads: int) -> Figures:
    """What callers see while as many others as there are threads have sent half a body."""
    head = f"POST /answer HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    with contextlib.ExitStack() as stalled:
        for _ in range(threads):
            caller = stalled.enter_context(socket.create_connection((HOST, port)))
            caller.sendall(head.encode() + BODY[: len(BODY) // 2])
        time.sleep(0.2)
        return load("stalled", port, "/answer", 2, HELD_S / 2)


def resident_mib(pid: int) -> float:
    """Resident memory of a process and its children; 0 where there is no /proc."""
    children = " ".join(file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children"))
    files = [Path(f"/proc/{each}/statm") for each in (pid, *children.split())]
    return sum(int(file.read_text().split()[1]) for file in files if file.exists()) / 256


def stop(process: subprocess.Popen[bytes], port: int) -> Figures:
    """How a server ended that was stopped 0.3 s into a request of HELD_S."""
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(post, HTTPConnection(HOST, port), "/held")
        time.sleep(0.3)
        begin = time.monotonic()
        process.send_signal(STOP)
        code, took_s = process.wait(30), time.monotonic() - begin
        return {"stop s": took_s, "stop answered": held.result(), "stop exit code": code}


@contextlib.contextmanager
def started(threads: int) -> Iterator[dict[str, tuple[subprocess.Popen[bytes], int]]]:
    """Every installed candidate, answering, with its port; none is left behind."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as cleanup:
        servers = {}
        for name in (name for name in SERVERS if find_spec(name.split("-")[0])):
            with socket.create_server((HOST, 0)) as probe:
                port = probe.getsockname()[1]
            call = f"me.SERVERS[{name!r}]{(port, threads, str(Path(folder, name)))}"
            code = f"import logging, {HERE.stem} as me; logging.disable(); {call}"
            command = [sys.executable, "-c", code]
            process = subprocess.Popen(command, cwd=HERE.parent, creationflags=OWN_GROUP)  # noqa: S603
            cleanup.callback(process.kill)
            servers[name] = process, port
            while not post(HTTPConnection(HOST, port, timeout=HELD_S), "/answer"):
                if process.poll() is not None:
                    raise SystemExit(f"{name} ended")
        yield servers


def measure(clients: int, threads: int, seconds: float) -> dict[str, Figures]:
    """The figures of every candidate: loaded in turns, then put through the other cases."""
    loads = defaultdict[tuple[str, str], list[Figures]](list)
    results = defaultdict[str, Figures](dict)
    with started(threads) as servers:
        for _, name, path in (turns := [*product(range(ROUNDS), servers, PATHS)]):
            seen = load(path, servers[name][1], path, clients, seconds / len(turns))
            loads[name, path].append(seen)
        for (name, path), rounds in loads.items():
            for key in rounds[0]:
                middle = max if key.endswith("failed") else median
                results[name][key] = middle([each[key] for each in rounds])
            key, pairs = f"{path} per s", zip(rounds, loads["waitress", path], strict=True)
            results[name][f"{path} ratio"] = median(one[key] / base[key] for one, base in pairs)
        for name, (process, port) in servers.items():
            results[name] |= while_held(port, threads // 2) | while_stalled(port, threads)
            results[name] |= {"resident MiB": resident_mib(process.pid)} | stop(process, port)
    return results


def main() -> None:
    """Compare the servers and print what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=45, help="time under load, all together")
    parser.add_argument("--clients", type=int, default=16, help="keep-alive clients")
    parser.add_argument("--threads", type=int, default=16, help="threads of each server")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    results = measure(options.clients, options.threads, options.seconds)
    if options.json:
        Console(soft_wrap=True).print_json(data=results)
        return
    table = Table("", *(f"{name} {version(name.split('-')[0])}" for name in results))
    for key in results["waitress"]:
        table.add_row(key, *(f"{figures[key]:.4g}" for figures in results.values()))
    Console().print(table, *(f"{name}: not installed" for name in SERVERS if name not in results))


if __name__ == "__main__":
    main()
