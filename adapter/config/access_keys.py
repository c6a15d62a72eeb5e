"""The settings of who may call, and what a caller may cost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network
from typing import ClassVar

from adapter.config import kinds
from adapter.config.key import Key, Place
from adapter.config.kinds import Choice, Flag, Refused, Seconds, Shape, Whole


@dataclass(frozen=True)
class Networks:
    """Addresses and networks, separated by commas."""

    unit: ClassVar[str] = ""
    expected: ClassVar[str] = "addresses or networks such as 10.1.2.3, 10.1.0.0/16, or nothing"

    def read(self, text: str) -> str:
        """The text itself.

        Raises:
            Refused: A part of it is neither an address nor a network.
        """
        for part in parts_of(text):
            try:
                ip_network(part)
            except ValueError:
                raise Refused("this is no list of addresses and networks", self.expected) from None
        return text


def parts_of(text: str) -> list[str]:
    """What stands between commas, without blanks."""
    return [part for part in re.split(r"[,\s]+", text) if part]


HEADER = Shape(r"[A-Za-z][A-Za-z0-9-]{0,63}", "the name of a header: letters, digits, hyphens")

ACCESS_KEYS: tuple[Key, ...] = (
    Key(
        "request_timeout",
        Place.SERVER,
        Seconds(0, 3600, above=True),
        "30",
        "How long a request may take to come in, head and body, before its connection is closed.",
        "request_timeout = 60",
    ),
    Key(
        "connections_per_address",
        Place.SERVER,
        Whole(0, 200, "connections"),
        "150",
        "Connections that one address may have, unless it is a trusted proxy; 0 is any number.",
        "connections_per_address = 60",
    ),
    Key(
        "allow_anonymous",
        Place.AUTH,
        Flag(),
        "false",
        "Whether the webhook takes tasks from everywhere without authentication.",
        "allow_anonymous = true",
    ),
    Key(
        "hosts",
        Place.AUTH,
        kinds.HOSTS,
        "",
        "Names under which callers reach the adapter, beside the address it listens on.",
        "hosts = sasbiws.example.com",
    ),
    Key(
        "trusted_proxies",
        Place.AUTH,
        Networks(),
        "",
        "Proxies whose X-Forwarded-For or Forwarded tells the caller's address.",
        "trusted_proxies = 127.0.0.1",
    ),
    Key(
        "allow_from",
        Place.AUTH,
        Networks(),
        "",
        "Where tasks may come from, beside all authentication; empty is everywhere.",
        "allow_from = 10.1.2.3, 127.0.0.0/8",
    ),
    Key(
        "operator_from",
        Place.AUTH,
        Networks(),
        "",
        "Where operators may call from, beside all authentication; empty is everywhere.",
        "operator_from = 10.1.9.0/24, 127.0.0.0/8",
    ),
    Key(
        "operator_rate",
        Place.AUTH,
        Whole(0, 10_000, "requests a second"),
        "100",
        "Requests a second that each operator may make; 0 is any number.",
        "operator_rate = 10",
    ),
    Key(
        "webhook_rate",
        Place.AUTH,
        Whole(0, 10_000, "requests a second"),
        "0",
        "Tasks a second that each caller may post; 0 is any number. CI 360 does not send again.",
        "webhook_rate = 200",
    ),
    Key(
        "api_key_header",
        Place.AUTH,
        HEADER,
        "X-API-Key",
        "Header that carries an API key.",
        "api_key_header = X-Adapter-Key",
    ),
    Key(
        "jwt_key_file",
        Place.AUTH,
        kinds.FILE_PATH,
        "",
        "File with the public key (PEM) or the shared secret of JSON Web Tokens; empty takes none.",
        "jwt_key_file = conf/jwt.pem",
        secret=True,
    ),
    Key(
        "jwt_algorithm",
        Place.AUTH,
        Choice(("RS256", "HS256")),
        "RS256",
        "How JSON Web Tokens are signed: with a private key, or with a shared secret.",
        "jwt_algorithm = HS256",
    ),
    Key(
        "jwt_issuer",
        Place.AUTH,
        kinds.LINE,
        "",
        "What iss of a JSON Web Token must be.",
        "jwt_issuer = https://login.example.com/",
    ),
    Key(
        "jwt_audience",
        Place.AUTH,
        kinds.LINE,
        "",
        "What aud of a JSON Web Token must be, or contain.",
        "jwt_audience = sasbiws",
    ),
    Key(
        "jwt_for",
        Place.AUTH,
        Choice(("webhook", "operator", "both")),
        "webhook",
        "What the bearer of a JSON Web Token may reach.",
        "jwt_for = both",
    ),
)
