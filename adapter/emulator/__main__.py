"""``python -m adapter.emulator``: an emulator until Ctrl-C."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from adapter.emulator.emulator import Emulator


def main(arguments: Sequence[str] | None = None) -> int:
    """Run an emulator until the process is asked to end; return the exit code."""
    options = _parser().parse_args(arguments)
    log = _say if options.verbose else None
    # A shell that starts a command in the background lets it ignore Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    emulator = Emulator(options.port, options.host, folder=options.folder, log=log)
    try:
        return _serve(emulator, f"{options.host}:{options.port}")
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("adapter.emulator", description="A SASBIWS on this machine.")
    parser.add_argument("--port", type=int, default=8200, help="TCP port, 0 for a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument("--folder", type=Path, help="where data sets go; default: a temporary one")
    parser.add_argument("--verbose", action="store_true", help="print a line for each request")
    return parser


def _serve(emulator: Emulator, where: str) -> int:
    try:
        emulator.start()
    except OSError as error:
        sys.stderr.write(f"Cannot listen at {where}: {error.strerror}. Choose another --port.\n")
        return 1
    try:
        _say(f"SASBIWS emulator at {emulator.url}, data sets in {emulator.folder}")
        _wait()
    finally:
        emulator.stop()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _wait() -> NoReturn:
    # Windows delivers Ctrl-C only between waits.
    forever = threading.Event()
    while True:
        forever.wait(1.0)


if __name__ == "__main__":
    sys.exit(main())
