"""`sasbiws wsdl export`: a pinned WSDL as a folder or a ZIP to hand on."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import click

from adapter.cli import shell
from adapter.cli.reports.shown import shown
from adapter.cli.wsdl_fetching import ends_well
from adapter.cli.wsdl_material import Source
from adapter.cli.wsdl_targets import Stp, Url, find
from adapter.sas.published import split_address
from adapter.store import pinned
from adapter.store.contracts import ContractFolder
from adapter.store.wsdl_files import pinned_names

ZIP = ".zip"
_AGE_OF_DOS = (1980, 1, 1, 0, 0, 0)
"""The one date in every archive, so that the same files make the same archive."""


@click.command("export")
@click.argument("target", metavar="STP|URL")
@click.argument("to", metavar="DIR|ZIP", type=click.Path(path_type=Path))
@shell.home_option
@shell.json_option
@ends_well
def command(target: str, to: Path, home: Path | None, *, as_json: bool) -> None:
    """Write the pinned WSDL of STP with all it imports into DIR, or into a ZIP that ends in .zip.

    Bytes are as they were received; contract.toml beside them tells which address each file
    answers. Nothing that is there already is written over.
    """
    shell.settings_of(home)
    with Source(home) as source:
        match find(target, home):
            case Stp(route):
                address = route.address
            case Url(url):
                address = split_address(url)[0]
            case _:
                raise click.UsageError("only what is pinned can be exported")
        contents = dict(_contents(source.opened().contracts, address))
    written = _zipped(to, contents) if to.suffix.lower() == ZIP else _written(to, contents)
    if as_json:
        shell.print_json({"to": str(to), "files": written})
        return
    for name in written:
        click.echo(f"written  {name}")


def _contents(contracts: ContractFolder, address: str) -> Iterator[tuple[str, bytes]]:
    """Every file of a pinned contract by its name, once every hash was verified.

    Raises:
        click.UsageError: None is pinned for this address.
    """
    contract = contracts.get(address)
    if contract is None:
        raise click.UsageError(
            f"no WSDL is pinned for {shown(address)}; pin it first: sasbiws wsdl fetch"
        )
    folder = contracts.folder_of(address)
    yield pinned.RECORD, (folder / pinned.RECORD).read_bytes()
    for location, name in pinned_names(folder).items():
        yield name, contract.files[location]


def _written(folder: Path, contents: dict[str, bytes]) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise click.UsageError(f"{shown(str(folder))} is not empty; name a new folder")
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [(folder / name).as_posix() for name in contents]


def _zipped(archive: Path, contents: dict[str, bytes]) -> list[str]:
    try:
        with archive.open("xb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, content in contents.items():
                zipped.writestr(zipfile.ZipInfo(name, _AGE_OF_DOS), content, zipfile.ZIP_DEFLATED)
    except FileExistsError:
        raise click.UsageError(f"{shown(str(archive))} is there already") from None
    return [f"{archive.as_posix()}/{name}" for name in contents]
