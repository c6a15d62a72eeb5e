"""What a command shows while a WSDL is fetched, and how it ends where none can be had."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from rich.markup import escape

from adapter.cli import shell
from adapter.cli.reports.shown import shown
from adapter.core.errors import AdapterError
from adapter.core.failures import ContractUnavailable, ContractUnusable, CredentialsRefused
from adapter.core.redact import without_links


class Unfetched(Exception):
    """A WSDL could not be fetched.

    Args:
        error: Why.
    """

    def __init__(self, error: AdapterError) -> None:
        super().__init__(error.message)
        error.message = without_links(error.message)
        self.error = error


def ends_well(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with errors turned into exit codes; 3 where a WSDL could not be fetched."""

    @wraps(command)
    def guarded(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except Unfetched as failure:
            shell.print_error(failure.error, as_json=bool(options.get("as_json")))
            sys.exit(shell.UNREACHABLE)

    return shell.ends_well(guarded)


@contextmanager
def unfetched() -> Iterator[None]:
    """A block in which a fetch may go wrong, which is told by exit code 3.

    Raises:
        Unfetched: It went wrong.
    """
    try:
        yield
    except (ContractUnavailable, ContractUnusable, CredentialsRefused) as error:
        raise Unfetched(error) from error


@contextmanager
def progress_of(url: str) -> Iterator[Callable[[str, int | str], None]]:
    """A line on standard error, where somebody looks, that tells of every file that is fetched."""
    if not shell.err.is_terminal:
        yield lambda _address, _told: None
        return
    with shell.err.status(f"fetching {escape(shown(url))}") as status:
        files = 0

        def tell(address: str, told: int | str) -> None:
            nonlocal files
            files += isinstance(told, int)
            status.update(f"fetching {escape(shown(url))}: {files} files, {escape(shown(address))}")

        yield tell
