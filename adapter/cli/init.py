"""`sasbiws init`: a new home with commented conf, schemas, wsdl_cache and the SAS program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from adapter.cli import shell
from adapter.config import TEMPLATE

FOLDERS = ("conf", "sas", "sas/code", "sas/conf", "schemas", "wsdl_cache")
CREDENTIALS = "credentials.ini"
"""The file that only its owner may read."""


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@shell.json_option
@shell.ends_well
def command(folder: Path, *, as_json: bool) -> None:
    """Write a home into FOLDER: conf, schemas, wsdl_cache and sas, with comments.

    A file that is already there is left as it is.
    """
    written, kept = copy_home(folder)
    _report(folder, written, kept, as_json=as_json)


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


def _report(folder: Path, written: list[Path], kept: list[Path], *, as_json: bool) -> None:
    if as_json:
        shell.print_json({"home": str(folder), "written": _names(written), "kept": _names(kept)})
        return
    for file in written:
        click.echo(f"written  {file}")
    for file in kept:
        click.echo(f"kept     {file}")
    click.echo(
        f"\nNext: put the address of SAS into {folder / 'conf' / 'serviceConfig.ini'}, then run\n"
        f"  sasbiws serve --home {folder}"
    )


def _names(files: list[Path]) -> list[str]:
    return [str(file) for file in files]
