"""The home that comes with the program: what `sasbiws init` copies, and the schemas it ships."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_PACKAGED = _PACKAGE / "home"

TEMPLATE = _PACKAGED if _PACKAGED.is_dir() else _PACKAGE.parent
"""Beside the package's code where it is installed; a source checkout is itself a home."""
