"""From the bytes of a file to its text, whatever its encoding is said to be."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WITHOUT_MARK = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARATION = re.compile(r"<\?xml\s[^>]{0,200}?\?>")
_VERSION = re.compile(r"\bversion\s*=\s*[\"']([^\"']*)[\"']")
_ENCODING = re.compile(r"\bencoding\s*=\s*[\"']([^\"']*)[\"']")
_FALLBACKS = ("utf-8", "cp1252")
_TEXT_CODECS = re.compile(
    r"(utf|iso|latin|cp|windows|us|ascii|koi|mac|big|gb|euc|shift|sjis)", re.IGNORECASE
)


@dataclass(frozen=True)
class Decoded:
    """The text of a file and how it came about.

    Args:
        text: Without byte order mark.
        mark: True where a byte order mark was there.
        declared: The encoding the XML declaration names; empty where it names none.
        used: The encoding the bytes were read in.
        version: The XML version declared; empty where none is.
        broken: True where the bytes are not in the encoding that they claim.
    """

    text: str
    mark: bool
    declared: str
    used: str
    version: str
    broken: bool

    @property
    def body(self) -> str:
        """The text with its XML declaration blanked, so that every place stays where it is."""
        return _DECLARATION.sub(_blank, self.text, count=1) if self._declares() else self.text

    def _declares(self) -> bool:
        return _DECLARATION.match(self.text) is not None


def decode(raw: bytes) -> Decoded:
    """The text of these bytes; never fails, for the last encoding tried knows every byte."""
    mark, plain = _without_mark(raw)
    sniffed = mark or _sniffed(plain)
    head = plain[:400].decode(sniffed or "latin-1", "replace")
    declaration = _DECLARATION.match(head)
    written = declaration.group() if declaration else ""
    declared = _first(_ENCODING, written)
    claimed = sniffed or declared.lower() or "utf-8"
    for encoding in _tried(claimed):
        text = _read(plain, encoding)
        if text is not None:
            broken = encoding != claimed or (bool(sniffed) and _contradicts(declared, sniffed))
            return Decoded(text, bool(mark), declared, encoding, _first(_VERSION, written), broken)
    text = plain.decode("latin-1")
    return Decoded(text, bool(mark), declared, "latin-1", _first(_VERSION, written), broken=True)


def _without_mark(raw: bytes) -> tuple[str, bytes]:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return encoding, raw[len(mark) :]
    return "", raw


def _sniffed(raw: bytes) -> str:
    return next((encoding for start, encoding in _WITHOUT_MARK if raw.startswith(start)), "")


def _tried(claimed: str) -> Iterator[str]:
    if _TEXT_CODECS.match(claimed):
        yield claimed
    yield from _FALLBACKS


def _read(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except (LookupError, ValueError):
        return None


def _contradicts(declared: str, sniffed: str) -> bool:
    """Whether a declaration names another family of encodings than the bytes are in."""
    return bool(declared) and _family(declared) != _family(sniffed)


def _family(encoding: str) -> str:
    return encoding.lower().replace("-", "").replace("_", "").removesuffix("le").removesuffix("be")


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match.group(1) if match else ""


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())
