"""Key: one setting, where it may stand and what it can be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adapter.config.kinds import Kind, Value

SERVICE_INI = "conf/serviceConfig.ini"
CREDENTIALS_INI = "conf/credentials.ini"
SERVICE_PY = "conf/serviceConfig.py"
DEFAULT = "DEFAULT"
SERVER_SECTION = "adapter:server"
AUTH_SECTION = "adapter:auth"
PREFIX = "SASBIWS_"


class Place(StrEnum):
    """Where a key may stand, in words."""

    ROUTE = f"[{DEFAULT}] or a stored process's section of {SERVICE_INI}"
    LOG = f"[{DEFAULT}] of {SERVICE_INI}"
    SERVER = f"[{SERVER_SECTION}] of {SERVICE_INI}"
    AUTH = f"[{AUTH_SECTION}] of {SERVICE_INI}"
    CREDENTIALS = f"[{DEFAULT}] or a stored process's section of {CREDENTIALS_INI}"
    LISTEN = f"class svcConfig of {SERVICE_PY}"


_PLACES_AT_START = (Place.SERVER, Place.LISTEN)
_AT_START = ("proglog", "logfilepath", "trusted_proxies")
"""Keys that a running adapter does not change, wherever they stand."""


@dataclass(frozen=True)
class Key:
    """One setting.

    Args:
        name: As written in its file, lower case.
        place: Where it may stand.
        kind: How its text is read.
        default: As it would be written; empty where there is none.
        meaning: One sentence.
        example: A line as an administrator writes it.
        secret: True where the value is never shown.
    """

    name: str
    place: Place
    kind: Kind
    default: str
    meaning: str
    example: str
    secret: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.name.upper()

    @property
    def needs_restart(self) -> bool:
        """True where a change holds from the next start on, and not from a reload on."""
        return self.name in _AT_START or (self.place in _PLACES_AT_START and self.name != "debug")

    @property
    def unit(self) -> str:
        """What a number counts; empty where there is nothing to count."""
        return self.kind.unit

    @property
    def default_value(self) -> Value:
        """The default as read; an empty text where there is none."""
        return self.kind.read(self.default) if self.default else ""
