"""User names and passwords of a call, and whether they are let in.

Source: SAS 9.4 BI Web Services: Developer's Guide, security: a WS-Security UsernameToken in clear
text for structured services, HTTP Basic for REST (documented).
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from adapter.emulator.http_messages import Answer, Headers

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
CHALLENGE = 'Basic realm="SAS"'
_PASSWORD_TEXT = "#PasswordText"  # noqa: S105  # the end of a type's name


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and a password as they were sent."""

    user: str
    password: str

    def known_to(self, users: Mapping[str, str]) -> bool:
        """Whether the password is that of the user."""
        return users.get(self.user) == self.password


def from_basic(headers: Headers) -> Credentials | None:
    """Return what the header Authorization carries, None if it carries no Basic credentials."""
    scheme, _, encoded = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Credentials(user, password)


def from_token(envelope: etree._Element) -> Credentials | None:
    """Return what a UsernameToken of type PasswordText carries, None if there is none."""
    token = next(envelope.iter(f"{{{WSSE}}}UsernameToken"), None)
    if token is None:
        return None
    user = token.findtext(f"{{{WSSE}}}Username") or ""
    password = token.find(f"{{{WSSE}}}Password")
    if password is None or not str(password.get("Type", _PASSWORD_TEXT)).endswith(_PASSWORD_TEXT):
        return Credentials(user, "")
    return Credentials(user, password.text or "")


def challenge() -> Answer:
    """Return HTTP 401 without a body, asking for Basic."""
    return Answer(401, headers={"WWW-Authenticate": CHALLENGE})
