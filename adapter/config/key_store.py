"""Passwords that the key store of the operating system keeps, by the library keyring."""

from __future__ import annotations

from adapter.config.entry import Entry
from adapter.config.kinds import LINE, Refused
from adapter.core.errors import ConfigurationInvalid
from adapter.core.redact import shortened

MARK = "keyring:"
"""In front of the name of a service, where a password would stand."""

_EXPECTED = f"{MARK}SERVICE, the name under which the key store keeps the password"
_INSTALL = "the library keyring: pip install sasbiws[keyring]"


def is_named(text: str) -> bool:
    """True where this names a service of the key store, and is not a password itself."""
    return text.lower().startswith(MARK)


def kept_password(entry: Entry, user: str) -> str:
    """The password that the key store has for this user.

    Args:
        entry: The key with the name of the service.
        user: Whose password it is.

    Raises:
        ConfigurationInvalid: There is none, or the key store cannot be asked.
    """
    service = entry.text[len(MARK) :].strip()
    if not service:
        raise _invalid(entry, "no service is named", _EXPECTED)
    password = _asked(entry, service, user)
    if not password:
        raise _invalid(
            entry,
            f"the key store has no password of {shortened(user)} for {shortened(service)}",
            f"one, set by the account of the adapter: keyring set {shortened(service)} "
            f"{shortened(user)}",
        )
    try:
        LINE.read(password)
    except Refused as refused:
        raise _invalid(entry, f"in the key store: {refused.reason}", refused.expected) from None
    return password


def _asked(entry: Entry, service: str, user: str) -> str | None:
    try:
        import keyring  # noqa: PLC0415  an extra, and it looks for key stores when imported
    except ImportError:
        raise _invalid(entry, "the key store cannot be read", _INSTALL) from None
    try:
        return keyring.get_password(service, user)
    except Exception as error:  # noqa: BLE001  each key store fails in its own way
        reason = f"the key store cannot be read: {type(error).__name__}"
        expected = "a key store that the account of the adapter can open without a person"
        raise _invalid(entry, reason, expected) from None


def _invalid(entry: Entry, reason: str, expected: str) -> ConfigurationInvalid:
    problem = entry.problem(reason, expected)
    return ConfigurationInvalid(str(problem), (problem,))
