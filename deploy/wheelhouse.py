#!/usr/bin/env python3
"""Collects everything that an installation without internet needs, into one folder.

On a machine with internet, of the same system and Python version as the server:

    python deploy/wheelhouse.py wheelhouse --extra postgresql

It ends with the command that installs from this folder, in a new virtual environment of the
server.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
CONSTRAINTS = "constraints.txt"
SUMS = "SHA256SUMS"


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill the folder, or end with pip's own words and exit code."""
    asked = _parser().parse_args(arguments)
    folder, project = asked.folder.resolve(), asked.project.resolve()
    if folder.exists() and any(folder.iterdir()):
        sys.exit(f"{folder} is not empty; name a new folder, so that no old file stays in it")
    folder.mkdir(parents=True, exist_ok=True)
    _pip("wheel", "--no-deps", "--wheel-dir", folder, project)
    (wheel,) = folder.glob("*.whl")
    shutil.copy(project / CONSTRAINTS, folder)
    extras = f"[{','.join(asked.extra)}]" if asked.extra else ""
    only_wheels = ("--only-binary", ":all:")
    _pip("download", *only_wheels, "--dest", folder, "-c", folder / CONSTRAINTS, f"{wheel}{extras}")
    _write_sums(folder)
    _tell(folder, wheel.name.partition("-")[0], extras)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="a new or empty folder")
    parser.add_argument("--extra", action="append", help="such as postgresql; may be given again")
    parser.add_argument("--project", type=Path, default=PROJECT, help="another checkout")
    return parser


def _pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, check=False)  # noqa: S603  pip, with arguments of ours
    if done.returncode:
        sys.exit(done.returncode)


def _write_sums(folder: Path) -> None:
    """What `sha256sum --check` reads."""
    files = sorted(path for path in folder.iterdir() if path.name != SUMS)
    lines = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    (folder / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")


def _tell(folder: Path, name: str, extras: str) -> None:
    wheels = len(list(folder.glob("*.whl")))
    version = ".".join(map(str, sys.version_info[:2]))
    at = folder.name
    print(f"{wheels} wheels for Python {version} on {sys.platform} are in {folder}")  # noqa: T201
    print("On the server, in a new virtual environment:")  # noqa: T201
    print(f'pip install --no-index --find-links {at} -c {at}/{CONSTRAINTS} "{name}{extras}"')  # noqa: T201


if __name__ == "__main__":
    main()
