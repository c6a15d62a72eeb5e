"""`sasbiws init`: a new home with commented conf, schemas, wsdl_cache and the SAS program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from adapter.cli import shell
from adapter.config import TEMPLATE, Settings, examine
from adapter.core.errors import Problem

FOLDERS = ("conf", "sas", "sas/code", "sas/conf", "schemas", "wsdl_cache")
SERVICE = "serviceConfig.ini"
CREDENTIALS = "credentials.ini"
"""The file that only its owner may read."""


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--from",
    "former",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the script that the adapter replaces: its conf is copied unchanged.",
)
@shell.json_option
@shell.ends_well
def command(folder: Path, former: Path | None, *, as_json: bool) -> None:
    """Write a home into FOLDER: conf, schemas, wsdl_cache and sas, with comments.

    A file that is already there is left as it is. With --from, what the former conf has wrong is
    told, and nothing in it is changed.
    """
    adopted = _adopt(former, folder) if former else []
    written, kept = copy_home(folder)
    ours = [file for file in kept if file not in adopted]
    findings = examine(folder, os.environ) if former else None
    if as_json:
        told = _findings_json(*findings) if findings else {}
        files = {"written": _names([*adopted, *written]), "kept": _names(ours)}
        shell.print_json({"home": str(folder), **files, **told})
        return
    _tell_files([*adopted, *written], ours)
    if findings:
        _tell_findings(*findings)
    _tell_next(folder, adopted=bool(former))


def copy_home(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files written into a new home, and those that were there already and stay."""
    written, kept = [], []
    for source in _files():
        target = folder / source.relative_to(TEMPLATE)
        if target.exists():
            kept.append(target)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        if target.name == CREDENTIALS:
            target.chmod(0o600)
        written.append(target)
    return written, kept


def _files() -> Iterator[Path]:
    """Every file of a new home; contracts that this checkout has pinned are not among them."""
    for name in FOLDERS:
        yield from sorted(file for file in (TEMPLATE / name).glob("*.*") if file.is_file())


def _adopt(former: Path, folder: Path) -> list[Path]:
    """The files of the former conf that are new in this home, byte for byte."""
    conf = former / "conf" if (former / "conf").is_dir() else former
    found = sorted(file for file in conf.glob("*.*") if file.is_file())
    if not any(file.name == SERVICE for file in found):
        raise click.UsageError(f"neither {former} nor {former / 'conf'} has a file {SERVICE}")
    (folder / "conf").mkdir(parents=True, exist_ok=True)
    adopted = []
    for file in found:
        target = folder / "conf" / file.name
        if not target.exists():
            target.touch(0o600 if target.name == CREDENTIALS else 0o644)
            target.write_bytes(file.read_bytes())
            adopted.append(target)
    return adopted


def _tell_findings(settings: Settings, problems: tuple[Problem, ...]) -> None:
    """What the adapter finds in the conf that was adopted."""
    for name in settings.routes.named:
        click.echo(f"found    stored process {name}")
    if settings.routes.default:
        click.echo(f"found    {settings.routes.default.stpurl} for any stored process")
    for note in settings.notes:
        click.echo(f"note     {note}")
    for problem in problems:
        click.echo(f"problem  {problem}")


def _findings_json(settings: Settings, problems: tuple[Problem, ...]) -> dict[str, Any]:
    return {
        "storedProcesses": [*settings.routes.named],
        "notes": [note.to_json() for note in settings.notes],
        "problems": [problem.to_json() for problem in problems],
    }


def _tell_files(written: list[Path], kept: list[Path]) -> None:
    for file in written:
        click.echo(f"written  {file}")
    for file in kept:
        click.echo(f"kept     {file}")


def _tell_next(folder: Path, *, adopted: bool) -> None:
    home = f'"{folder}"' if " " in str(folder) else str(folder)
    service = folder / "conf" / SERVICE
    first = (
        f"mend what is named above, until `sasbiws config check --home {home}` is content"
        if adopted
        else f"put the address of SAS into {service}"
    )
    click.echo(f"\nNext: {first}, then run\n  sasbiws serve --home {home}")


def _names(files: list[Path]) -> list[str]:
    return [str(file) for file in files]
