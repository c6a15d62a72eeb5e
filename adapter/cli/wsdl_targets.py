"""What the arguments of `sasbiws wsdl` stand for: a stored process, a URL, a file or a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click

from adapter.cli import shell
from adapter.config import Settings
from adapter.core.errors import StpNameInvalid, StpUnknown, WsdlNotOffered
from adapter.core.payload import checked_name
from adapter.core.redact import published, shortened
from adapter.core.route import Route, TransportName
from adapter.core.sasbiws import REST_PATH, SOAP_PATH
from adapter.store.pinned import RECORD
from adapter.store.wsdl_files import SUFFIX, wsdls_below

_CLEAN = re.compile(r"[^\x00-\x20\x7f]+")
_STORED_PROCESSES = f"{REST_PATH}storedProcesses/"


@dataclass(frozen=True)
class Stp:
    """A stored process of the home that is called by SOAP."""

    route: Route


@dataclass(frozen=True)
class Url:
    """An address over HTTP, of a web service or of its WSDL."""

    url: str


@dataclass(frozen=True)
class File:
    """A WSDL on this machine, and the folder that its imports may come from."""

    path: Path
    within: Path


@dataclass(frozen=True)
class Pin:
    """A folder of `wsdl_cache`, or a copy of one."""

    folder: Path


@dataclass(frozen=True)
class Folder:
    """A folder that is looked through for WSDLs."""

    path: Path


Target = Stp | Url | File | Pin | Folder


def find(text: str, home: Path | None) -> Target:
    """What an argument stands for.

    A bare name is a stored process before it is a file; with a separator or `.wsdl` it is a path.

    Raises:
        click.UsageError: It stands for nothing; with what was tried.
        ConfigurationInvalid: The home that has to be asked cannot be used.
        WsdlNotOffered: The stored process is called by REST.
    """
    if "://" in text:
        return Url(checked_url(text))
    path, looks_so = Path(text), _looks_like_a_path(text)
    if looks_so and _exists(path):
        return _on_disk(path)
    route = _route(text, home, named_only=looks_so)
    if route is not None:
        return Stp(by_soap(route))
    if _exists(path):
        return _on_disk(path)
    raise click.UsageError(
        f"{shortened(text)} is neither a file, nor a folder, nor a stored process of the home; "
        "a URL begins with http:// or https://"
    )


def expanded(target: Target) -> list[Target]:
    """The target itself, or what is in a folder.

    Raises:
        click.UsageError: There is nothing in the folder.
    """
    if not isinstance(target, Folder):
        return [target]
    found = list(_in(target.path))
    if not found:
        raise click.UsageError(f"there is no *{SUFFIX} in {shortened(str(target.path), 500)}")
    return found


def checked_url(text: str) -> str:
    """The URL, if it is one that may be fetched.

    Raises:
        click.UsageError: It is not; with the reason, and without what may be secret in it.
    """
    try:
        parts = urlsplit(text)
        readable = bool(_CLEAN.fullmatch(text)) and (parts.port or 1) > 0
    except ValueError:
        readable = False
    if not readable:
        raise click.UsageError(f"{shortened(text)} cannot be read as a URL")
    if parts.scheme not in {"http", "https"}:
        raise click.UsageError(
            f"{shortened(text)} is not fetched: only http and https are; "
            "name a file of this machine by its path"
        )
    if "@" in parts.netloc or not parts.hostname:
        raise click.UsageError(
            f"{published(text)} is not fetched: a URL needs a host, and user and password may "
            "not stand in it; put them into conf/credentials.ini"
        )
    return text


def by_soap(route: Route) -> Route:
    """The route, if SOAP is how it is called.

    Raises:
        WsdlNotOffered: It is called by REST; with the address of its WSDL where that can be told.
    """
    if route.transport is TransportName.SOAP:
        return route
    before, found, path = route.address.partition(_STORED_PROCESSES)
    twin = f"; SAS publishes one at {before}{SOAP_PATH}{path}?wsdl" if found else ""
    raise WsdlNotOffered(
        f"[{shortened(route.stored_process)}] is called by REST "
        f"({route.transport_why}), which has no WSDL{twin}"
    )


def settings_if_any(home: Path | None) -> Settings | None:
    """The settings of the home; None where there is no home to speak of.

    Raises:
        ConfigurationInvalid: A home was named, or is there, and cannot be used.
    """
    folder = shell.home_of(home)
    if shell.is_named(home) or (folder / "conf").is_dir():
        return shell.settings_of(home)
    return None


def _looks_like_a_path(text: str) -> bool:
    separated = "/" in text or "\\" in text or text in {".", ".."}
    return separated or text.lower().endswith(SUFFIX)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or a name that no file system has
        return False


def _on_disk(path: Path) -> Target:
    if not path.is_dir():
        pinned = (path.parent / RECORD).is_file()
        return Pin(path.parent) if pinned else File(path, path.parent)
    return Pin(path) if (path / RECORD).is_file() else Folder(path)


def _in(folder: Path) -> Iterator[Target]:
    pins = set()
    for path in wsdls_below(folder):
        if not (path.parent / RECORD).is_file():
            yield File(path, folder)
        elif path.parent not in pins:
            pins.add(path.parent)
            yield Pin(path.parent)


def _route(name: str, home: Path | None, *, named_only: bool) -> Route | None:
    """The route of a stored process; None where there is none."""
    settings = settings_if_any(home)
    if settings is None:
        return None
    if named_only:
        return settings.routes.named.get(name)
    try:
        return settings.routes.choose(checked_name(name))
    except (StpUnknown, StpNameInvalid):
        return None
