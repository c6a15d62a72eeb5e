"""The token that proves an operator of this home: a file that only its owner can read."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

from filelock import FileLock

from adapter.core.redact import Secret
from adapter.store.database import named_errors

OPERATOR_TOKEN = "operator.token"  # noqa: S105  the name of the file
"""The file below a home's var folder."""

BYTES = 32
_LOCK_WAIT_S = 15.0


def operator_token(var: Path) -> Secret:
    """The token of this home; made where there is none yet.

    Raises:
        StoreUnavailable: The file can be neither read nor written.
    """
    path = var / OPERATOR_TOKEN
    with named_errors(str(path), "the operator token"):
        var.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Processes that start together must agree on one.
        with FileLock(f"{path}.lock", _LOCK_WAIT_S, mode=0o600, thread_local=False):
            return Secret(_kept(path) or _made(path))


def _kept(path: Path) -> str:
    try:
        text = path.read_text("ascii", "replace").strip()
    except FileNotFoundError:
        return ""
    if sys.platform != "win32":
        path.chmod(0o600)
    return text


def _made(path: Path) -> str:
    token = secrets.token_urlsafe(BYTES)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="ascii") as opened:
        opened.write(f"{token}\n")
    return token
