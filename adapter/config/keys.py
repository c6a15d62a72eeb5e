"""The table of every setting: what is read, checked, suggested and documented comes from here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from adapter.config.access_keys import ACCESS_KEYS
from adapter.config.adapter_keys import ADAPTER_KEYS
from adapter.config.key import Key, Place
from adapter.config.mapping_keys import MAPPING_KEYS, Lines
from adapter.config.route_keys import ROUTE_KEYS
from adapter.config.stage_keys import STAGE_KEYS

KEYS: tuple[Key, ...] = (*ROUTE_KEYS, *MAPPING_KEYS, *STAGE_KEYS, *ADAPTER_KEYS, *ACCESS_KEYS)

BY_NAME = {key.name: key for key in KEYS}
BY_VARIABLE = {key.variable: key for key in KEYS}
SEVERAL_LINES = frozenset(key.name for key in KEYS if isinstance(key.kind, Lines))
"""The settings whose value goes on in indented lines."""


def names(*places: Place) -> tuple[str, ...]:
    """The keys that may stand in one of these places, in the order of the table."""
    return tuple(key.name for key in KEYS if key.place in places)


def closest(name: str, candidates: Iterable[str]) -> str:
    """The candidate that was probably meant, or an empty text."""
    return next(iter(difflib.get_close_matches(name, tuple(candidates), 1)), "")
