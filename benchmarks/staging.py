"""Throughput and peak memory of staging one file, against curl, in the same run.

python benchmarks/staging.py [megabytes]
"""  # noqa: INP001  # scripts, not a package

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SERVER = """
import http.server, sys
size = int(sys.argv[1])
class Zeros(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.send_header("ETag", '"zeros"')
        self.end_headers()
        piece, left = bytes(1 << 20), size
        while left:
            self.wfile.write(piece[:left])
            left -= min(left, len(piece))
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Zeros)
print(server.server_port, flush=True)
server.serve_forever()
"""

FETCH = """
import sys
from pathlib import Path
from adapter.core.staging import StagedFile
from adapter.staging.fetch import Bounds, Fetch
file = StagedFile("dataFile", "", "data.csv")
Fetch()(sys.argv[1], file, Path(sys.argv[2]), Bounds(("127.0.0.1",), 2**40), lambda _: None)
"""


def main() -> None:
    """Print one line for each of the two."""
    size = int(sys.argv[1] if len(sys.argv) > 1 else "1024") * 2**20
    server = subprocess.Popen(  # noqa: S603  a program of this file
        [sys.executable, "-c", SERVER, str(size)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None  # noqa: S101  a pipe was asked for
        link = f"http://127.0.0.1:{int(server.stdout.readline())}/data.csv"
        with tempfile.TemporaryDirectory() as folder:
            _measure(
                "curl", [shutil.which("curl") or "curl", "-sf", "-o", f"{folder}/c", link], size
            )
            (Path(folder) / "c").unlink()
            _measure("staging", [sys.executable, "-c", FETCH, link, folder], size)
    finally:
        server.kill()
        server.wait()


def _measure(name: str, command: list[str], size: int) -> None:
    began = time.monotonic()
    process = subprocess.Popen(command)  # noqa: S603  programs of this file
    _, status, usage = os.wait4(process.pid, 0)
    took_s = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    speed, peak = size / 2**20 / took_s, usage.ru_maxrss / 1024
    cpu_s = usage.ru_utime + usage.ru_stime
    sys.stdout.write(f"{name:8} {speed:7.0f} MB/s  {cpu_s:5.1f} s CPU  peak {peak:5.0f} MB\n")


if __name__ == "__main__":
    main()
