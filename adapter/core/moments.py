"""Dates and times of a payload, and how SAS and XML write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from adapter.core.columns import text_of
from adapter.core.expressions import Unfit
from adapter.core.numbers import decimal_of, is_number
from adapter.core.redact import shortened

EXPECTED = "milliseconds since 1970-01-01 UTC, or ISO 8601 such as 2026-03-01T08:30:00Z"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"-?[0-9]{1,15}")
_DAY = re.compile(r"[0-9]{8}")
"""A date of ISO 8601 in its basic form: as milliseconds it would be the first day of 1970."""
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_SAS_FIRST_YEAR = 1582
"""Source: SAS dates are valid from 1582."""


def moment_of(value: Any) -> datetime:
    """The moment in UTC: from milliseconds, as CI 360 sends them, or from ISO 8601.

    A time without an offset is taken as UTC, a date as its midnight.

    Raises:
        Unfit: Neither.
    """
    try:
        found = _moment(value)
    except (ValueError, OverflowError, ArithmeticError):
        found = None
    if found is None or found.year < _SAS_FIRST_YEAR:
        raise Unfit("this is no date and time", EXPECTED, shortened(text_of(value)))
    return found


def _moment(value: Any) -> datetime | None:
    text = value.strip() if isinstance(value, str) else ""
    if is_number(value) or (_DIGITS.fullmatch(text) and not _DAY.fullmatch(text)):
        milliseconds = decimal_of(str(value).strip())
        if milliseconds.adjusted() > 15:  # noqa: PLR2004  beyond the year 9999
            return None
        return _EPOCH + timedelta(microseconds=int(milliseconds * 1000))
    if not isinstance(value, str):
        return None
    read = datetime.fromisoformat(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def sas_date(moment: date) -> str:
    """As the informat DATE9. reads it: 04JUL2025."""
    return f"{moment.day:02}{_MONTHS[moment.month - 1]}{moment.year:04}"


def sas_datetime(moment: datetime) -> str:
    """As the informat DATETIME22.3 reads it: 04JUL2025:10:33:47.523."""
    return f"{sas_date(moment)}:{moment:%H:%M:%S}.{moment.microsecond // 1000:03}"


def iso_datetime(moment: datetime) -> str:
    """As xs:dateTime: 2025-07-04T10:33:47.523Z; no fraction where there is none."""
    fraction = f".{moment.microsecond // 1000:03}" if moment.microsecond >= 1000 else ""  # noqa: PLR2004
    return f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}{fraction}Z"
