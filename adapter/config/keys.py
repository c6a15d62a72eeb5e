"""The table of every setting: what is read, checked, suggested and documented comes from here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from adapter.config.adapter_keys import ADAPTER_KEYS
from adapter.config.key import Key, Place
from adapter.config.route_keys import ROUTE_KEYS

KEYS: tuple[Key, ...] = (*ROUTE_KEYS, *ADAPTER_KEYS)

BY_NAME = {key.name: key for key in KEYS}
BY_VARIABLE = {key.variable: key for key in KEYS}


def names(*places: Place) -> tuple[str, ...]:
    """The keys that may stand in one of these places, in the order of the table."""
    return tuple(key.name for key in KEYS if key.place in places)


def closest(name: str, candidates: Iterable[str]) -> str:
    """The candidate that was probably meant, or an empty text."""
    return next(iter(difflib.get_close_matches(name, tuple(candidates), 1)), "")
