"""Frozen settings from a conf folder and the environment."""

from adapter.config.key import Key, Place
from adapter.config.keys import KEYS
from adapter.config.loading import examine, load, refuse_no_home
from adapter.config.settings import LogSettings, Settings
from adapter.config.template import TEMPLATE

__all__ = [
    "KEYS",
    "TEMPLATE",
    "Key",
    "LogSettings",
    "Place",
    "Settings",
    "examine",
    "load",
    "refuse_no_home",
]
