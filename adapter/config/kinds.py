"""What a setting can be: each kind reads the text of a file or variable into a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Protocol

Value = str | float
"""A value read; whole numbers and True or False are floats to the type checker."""

_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_WHOLE = re.compile(r"[0-9]+")
_RATE = re.compile(r"(?P<calls>[0-9]{1,6})/(?P<period>second|minute|hour)", re.IGNORECASE)
_PERIODS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
_MAX_RATE = 10_000
_HOURS = re.compile(r"(?P<hours>[0-9]{1,4})h", re.IGNORECASE)
_MAX_HOURS = 8760
_STORE = re.compile(r"postgres(?:ql)?://[^\s/]+/[^\s/?#]+(?:\?[^\s#]*)?")
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")

CLEAN = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]*"
"""Text without control characters and without what neither XML nor a file name can hold."""


class Refused(ValueError):
    """A text that a setting does not take.

    Args:
        reason: Why, in plain words.
        expected: What would have been taken.
    """

    def __init__(self, reason: str, expected: str) -> None:
        super().__init__(f"{reason}; expected {expected}")
        self.reason = reason
        self.expected = expected


class Kind(Protocol):
    """How the text of a setting is read.

    Attributes:
        unit: What a number counts; empty where there is nothing to count.
        expected: What is taken, in words.
    """

    @property
    def unit(self) -> str:
        """What a number counts."""

    @property
    def expected(self) -> str:
        """What is taken, in words."""

    def read(self, text: str) -> Value:
        """The value.

        Raises:
            Refused: The text is not of this kind.
        """


@dataclass(frozen=True)
class Seconds:
    """A duration. `above` refuses the lowest value itself."""

    low: float
    high: float
    above: bool = False
    unit: ClassVar[str] = "seconds"

    @property
    def expected(self) -> str:
        """The range in words."""
        low = f"more than {self.low:g}" if self.above else f"{self.low:g}"
        return f"a number of seconds, {low} to {self.high:g}, without unit"

    def read(self, text: str) -> float:
        """Seconds, from digits with at most one decimal point."""
        if not _DECIMAL.fullmatch(text):
            raise Refused("this is not a plain decimal number", self.expected)
        number = float(text)
        if not self.low <= number <= self.high or (self.above and number == self.low):
            raise Refused("this is out of range", self.expected)
        return number


@dataclass(frozen=True)
class Whole:
    """A whole number between two others, both included."""

    low: int
    high: int
    unit: str = ""

    @property
    def expected(self) -> str:
        """The range in words."""
        of = f" of {self.unit}" if self.unit else ""
        return f"a whole number{of}, {self.low} to {self.high}"

    def read(self, text: str) -> int:
        """The number, from digits only."""
        if not _WHOLE.fullmatch(text):
            raise Refused("this is not a whole number", self.expected)
        digits = text.lstrip("0") or "0"
        if len(digits) > len(str(self.high)) or not self.low <= int(digits) <= self.high:
            raise Refused("this is out of range", self.expected)
        return int(digits)


@dataclass(frozen=True)
class Flag:
    """True or false, in the words of configparser. `blank` takes an empty text as false."""

    blank: bool = False
    unit: ClassVar[str] = ""
    expected: ClassVar[str] = "true or false (also yes, no, on, off, 1, 0)"

    def read(self, text: str) -> bool:
        """True or False, from a word in any case."""
        word = text.lower()
        if word in _TRUE:
            return True
        if word in _FALSE or (self.blank and not word):
            return False
        raise Refused("this is neither true nor false", self.expected)


@dataclass(frozen=True)
class Choice:
    """One of a few words, taken in any case and given as listed."""

    words: tuple[str, ...]
    unit: ClassVar[str] = ""

    @property
    def expected(self) -> str:
        """The words."""
        return f"one of {', '.join(self.words)}"

    def read(self, text: str) -> str:
        """The word as listed."""
        for word in self.words:
            if word.lower() == text.lower():
                return word
        raise Refused("this is not one of the values allowed", self.expected)


@dataclass(frozen=True)
class Rate:
    """A number per second or minute, read as the seconds between two; `none` is 0."""

    unit: ClassVar[str] = "calls"
    expected: ClassVar[str] = "calls per time, such as 5/second, 30/minute or 100/hour, or none"

    def read(self, text: str) -> float:
        """Seconds between two calls, from digits, a slash and a word."""
        if text.lower() == "none":
            return 0.0
        told = _RATE.fullmatch(text)
        if not told or not 0 < int(told["calls"]) <= _MAX_RATE:
            raise Refused("this is not a rate", self.expected)
        return _PERIODS[told["period"].lower()] / int(told["calls"])


@dataclass(frozen=True)
class Hours:
    """A number of hours, read as seconds; `pinned` is 0."""

    unit: ClassVar[str] = "hours"
    expected: ClassVar[str] = "pinned, or hours such as 24h, 1h to 8760h"

    def read(self, text: str) -> float:
        """Seconds, from digits and an h."""
        if text.lower() == "pinned":
            return 0.0
        told = _HOURS.fullmatch(text)
        if not told or not 0 < int(told["hours"]) <= _MAX_HOURS:
            raise Refused("this is neither pinned nor a number of hours", self.expected)
        return int(told["hours"]) * _PERIODS["hour"]


@dataclass(frozen=True)
class StoreUrl:
    """The address of a PostgreSQL database, or nothing."""

    unit: ClassVar[str] = ""
    expected: ClassVar[str] = "postgresql://user@host/database, or nothing"

    def read(self, text: str) -> str:
        """The address as written."""
        if text and not (_STORE.fullmatch(text) and re.fullmatch(CLEAN, text)):
            raise Refused("this is not the address of a PostgreSQL database", self.expected)
        return text


@dataclass(frozen=True)
class Shape:
    """A text that matches a pattern as a whole."""

    pattern: str
    expected: str
    unit: ClassVar[str] = ""

    def read(self, text: str) -> str:
        """The text itself."""
        if not re.fullmatch(self.pattern, text):
            raise Refused("this has a character or a form that is not allowed", self.expected)
        return text


SAS_NAME = Shape(
    r"(?:[A-Za-z_][A-Za-z0-9_]{0,31})?",
    "a SAS name (letters, digits, underscores, at most 32, no digit first), or nothing",
)
HOSTS = Shape(
    r"(?:[A-Za-z0-9_.-]+(?::[0-9]{1,5})?(?:[ ]*,[ ]*[A-Za-z0-9_.-]+(?::[0-9]{1,5})?)*)?",
    "host names, each perhaps with :port, separated by commas, or nothing",
)
FILE_NAME = Shape(
    r"(?!\.*$)[^/\\:*?\"<>|\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+",
    "a file name without folder",
)
FILE_PATH = Shape(CLEAN, "the path of a file, relative to the home or absolute")
FOLDER = Shape(f"(?=.){CLEAN}", "the path of a folder, relative to the home or absolute")
HOST = Shape(r"[A-Za-z0-9._:%-]+", "an IP address or a host name, without http:// and port")
LINE = Shape(CLEAN, "one line of text without control characters")
