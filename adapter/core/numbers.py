"""Numbers of a payload, computed with without losing a digit."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation
from typing import Any

from adapter.core.expressions import Unfit
from adapter.core.payload import Number
from adapter.core.redact import shortened

MAX_DIGITS = 100
MAX_EXPONENT = 400
"""What is computed with; a number beyond is passed on as sent and never computed with."""

EXACT = Context(prec=2 * MAX_EXPONENT + 2 * MAX_DIGITS)
"""Adds up any thousand of such numbers without rounding."""


def is_number(value: Any) -> bool:
    """Whether a value is a number of JSON, as sent or computed."""
    return isinstance(value, (Number, int, float, Decimal)) and not isinstance(value, bool)


def decimal_of(value: Any) -> Decimal:
    """The number, exactly.

    Raises:
        Unfit: More digits or a larger exponent than is computed with.
    """
    text = str(value)
    if len(text) <= 2 * MAX_DIGITS:
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_zero():
            return Decimal(0)
        if number.is_finite() and abs(number.adjusted()) <= MAX_EXPONENT:
            return number
    raise Unfit(
        "this number is too large to compute with",
        f"at most {MAX_DIGITS} digits and an exponent of at most {MAX_EXPONENT}",
        shortened(text),
    )


def number_of(value: Decimal) -> Number:
    """The number as a value of a payload, written without an exponent."""
    return Number(format(value, "f"))


def equal(left: Any, right: Any) -> bool:
    """Whether two values are equal; a number and a text never are, 1 and 1.0 are."""
    if is_number(left) and is_number(right):
        return str(left) == str(right) or decimal_of(left) == decimal_of(right)
    if is_number(left) or is_number(right) or isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)
