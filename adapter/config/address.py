"""What stpurl may be: an address of SASBIWS with or without `{{stpName}}`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import SplitResult, urlsplit

from adapter.config.kinds import CLEAN, Refused
from adapter.core.sasbiws import STP_NAME

EXAMPLE = f"http://sas.example.com/SASBIWS/rest/storedProcesses/Shared Data/{STP_NAME}"

_NETLOC = re.compile(r"[^\s\\\"<>|{}^`]+")


@dataclass(frozen=True)
class Address:
    """An address as an administrator writes it: blanks and `%20` are data."""

    unit: ClassVar[str] = ""
    expected: ClassVar[str] = f"an address such as {EXAMPLE}"

    def read(self, text: str) -> str:
        """The address as written.

        Raises:
            Refused: It cannot be called, or would be called otherwise than it reads.
        """
        if not text:
            raise Refused("this is empty", self.expected)
        if not re.fullmatch(CLEAN, text):
            raise Refused("this has control characters", self.expected)
        _check_server(_split(text))
        _check_marks(text)
        return text


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise Refused(
            "this is not an address: host or port cannot be read", Address.expected
        ) from None
    return parts


def _check_server(parts: SplitResult) -> None:
    if parts.scheme not in ("http", "https"):
        raise Refused("this is not an http or https address", Address.expected)
    if "@" in parts.netloc:
        raise Refused(
            "user and password may not stand in an address",
            "stpusername and stppassword in conf/credentials.ini",
        )
    if not parts.hostname or not _NETLOC.fullmatch(parts.netloc):
        raise Refused("this has no host that can be called", Address.expected)


def _check_marks(text: str) -> None:
    if "#" in text:
        raise Refused("`#` would cut the address off", "%23 where a name contains `#`")
    if "?" in text:
        raise Refused(
            "an address of SASBIWS has no query",
            "the address without `?` (no ?wsdl), and %3F where a name contains `?`",
        )
    if text.count(STP_NAME) > 1:
        raise Refused(f"{STP_NAME} stands in it more than once", f"{STP_NAME} at most once")
    rest = text.replace(STP_NAME, "")
    if "{" in rest or "}" in rest:
        raise Refused(
            f"it has braces that are not {STP_NAME}",
            f"{STP_NAME} in exactly this spelling, and %7B or %7D where a name contains a brace",
        )
