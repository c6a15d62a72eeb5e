"""The functions of an expression: JMESPath's own, with exact numbers, and those for SAS."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from jmespath.functions import Functions as OfTheLibrary
from jmespath.functions import signature

from adapter.core import moments
from adapter.core.columns import kind_of, text_of
from adapter.core.expressions import Unfit
from adapter.core.numbers import EXACT, decimal_of, equal, is_number, number_of
from adapter.core.payload import Number
from adapter.core.redact import shortened

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MAX_JOINED = 2_000_000
_ANY: dict[str, list[str]] = {"types": []}
_MANY = {"types": [], "variadic": True}
_MAX_TEXT = 1_000_000


def type_of(value: Any) -> str:
    """The JMESPath type of a value."""
    if is_number(value):
        return "number"
    if isinstance(value, bytes):
        return "bytes"
    return kind_of(value) or "expref"


def _is(value: Any, wanted: str) -> bool:
    outer, _, inner = wanted.partition("-")
    if type_of(value) != outer:
        return False
    return not inner or all(type_of(item) == inner for item in value)


class Functions(OfTheLibrary):
    """What expressions may call; arguments are checked before, with numbers as sent."""

    def _type_check(self, actual: list[Any], signature: Any, function_name: str) -> None:
        for number, value in enumerate(actual):
            types = signature[min(number, len(signature) - 1)]["types"]
            if types and not any(_is(value, wanted) for wanted in types):
                raise Unfit(
                    f"{function_name}() cannot work with {_told(value)}",
                    " or ".join(types),
                    _shown(value),
                )

    @signature(_ANY)
    def _func_sas_datetime(self, value: Any) -> Any:
        return _none_or(value, lambda: moments.sas_datetime(moments.moment_of(value)))

    @signature(_ANY)
    def _func_sas_date(self, value: Any) -> Any:
        return _none_or(value, lambda: moments.sas_date(moments.moment_of(value)))

    @signature(_ANY)
    def _func_iso_datetime(self, value: Any) -> Any:
        return _none_or(value, lambda: moments.iso_datetime(moments.moment_of(value)))

    @signature(_ANY)
    def _func_text(self, value: Any) -> str:
        return text_of(value)

    @signature(_ANY)
    def _func_number(self, value: Any) -> Any:
        return _none_or(value, lambda: _number(value))

    @signature(_MANY)
    def _func_first(self, *values: Any) -> Any:
        listed = values[0] if len(values) == 1 and isinstance(values[0], list) else values
        return next((value for value in listed if value is not None), None)

    @signature(_ANY, _ANY)
    def _func_default(self, value: Any, instead: Any) -> Any:
        return instead if value is None or value in ("", [], {}) else value

    @signature(_ANY, {"types": ["number"]})
    def _func_truncate(self, value: Any, length: Any) -> Any:
        most = int(min(max(decimal_of(length), Decimal(0)), Decimal(_MAX_TEXT)))
        return None if value is None else text_of(value)[:most]

    @signature({"types": ["string"]}, _ANY)
    def _func_join(self, separator: str, values: Any) -> str:
        listed = values if isinstance(values, list) else [values]
        texts = [text_of(each) for each in listed if each is not None]
        length = sum(map(len, texts)) + len(separator) * len(texts)
        if length > _MAX_JOINED:
            raise Unfit("the joined text is too long", f"at most {_MAX_JOINED} characters")
        return separator.join(texts)

    @signature({"types": ["string", "null"]})
    def _func_from_base64(self, value: Any) -> Any:
        return _none_or(value, lambda: _octets(value))

    @signature({"types": ["number"]})
    def _func_abs(self, value: Any) -> Number:
        return number_of(decimal_of(value).copy_abs())

    @signature({"types": ["array-number"]})
    def _func_avg(self, values: Any) -> Any:
        return number_of(_sum(values) / len(values)) if values else None

    @signature({"types": ["array-number"]})
    def _func_sum(self, values: Any) -> Number:
        return number_of(_sum(values))

    @signature({"types": ["number"]})
    def _func_ceil(self, value: Any) -> Number:
        return number_of(decimal_of(value).to_integral_value(ROUND_CEILING))

    @signature({"types": ["number"]})
    def _func_floor(self, value: Any) -> Number:
        return number_of(decimal_of(value).to_integral_value(ROUND_FLOOR))

    @signature({"types": ["array-number", "array-string"]})
    def _func_max(self, values: Any) -> Any:
        return max(values, key=_key, default=None)

    @signature({"types": ["array-number", "array-string"]})
    def _func_min(self, values: Any) -> Any:
        return min(values, key=_key, default=None)

    @signature({"types": ["array-number", "array-string"]})
    def _func_sort(self, values: Any) -> list[Any]:
        return sorted(values, key=_key)

    @signature({"types": ["array"]}, {"types": ["expref"]})
    def _func_sort_by(self, values: Any, told: Any) -> list[Any]:
        return [values[number] for _, number in sorted(_keys(values, told))]

    @signature({"types": ["array"]}, {"types": ["expref"]})
    def _func_max_by(self, values: Any, told: Any) -> Any:
        keys = _keys(values, told)
        return values[max(keys, key=lambda each: each[0])[1]] if keys else None

    @signature({"types": ["array"]}, {"types": ["expref"]})
    def _func_min_by(self, values: Any, told: Any) -> Any:
        keys = _keys(values, told)
        return values[min(keys, key=lambda each: each[0])[1]] if keys else None

    @signature(_ANY)
    def _func_to_number(self, value: Any) -> Any:
        fits = is_number(value) or (isinstance(value, str) and _NUMBER.fullmatch(value))
        return _number(value) if fits else None

    @signature(_ANY)
    def _func_to_string(self, value: Any) -> str:
        return text_of(value) if value is not None else "null"

    @signature(_ANY)
    def _func_type(self, value: Any) -> str:
        return type_of(value)

    @signature({"types": ["array", "string"]}, _ANY)
    def _func_contains(self, within: Any, value: Any) -> bool:
        if isinstance(within, str):
            return isinstance(value, str) and value in within
        return any(equal(each, value) for each in within)


def _arguments(name: str) -> tuple[int, int]:
    told = Functions.FUNCTION_TABLE[name]["signature"]
    return len(told), 99 if told and told[-1].get("variadic") else len(told)


FUNCTIONS = {name: _arguments(name) for name in Functions.FUNCTION_TABLE}
"""Each function with the least and the most arguments that it takes; 99 stands for any number."""


def _none_or(value: Any, result: Callable[[], Any]) -> Any:
    return None if value is None or value == "" else result()


def _number(value: Any) -> Number:
    text = str(value).strip() if isinstance(value, str) or is_number(value) else ""
    if not _NUMBER.fullmatch(text):
        raise Unfit("this is no number", "digits, such as 17 or -0.50", _shown(value))
    return Number(text.removeprefix("+"))


def _octets(value: str) -> bytes:
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unfit("this is not Base64", "Base64 as of RFC 4648", _shown(value)) from None


def _sum(values: Iterable[Any]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, decimal_of(value))
    return total


def _key(value: Any) -> Any:
    return decimal_of(value) if is_number(value) else value


def _keys(values: list[Any], told: Any) -> list[tuple[Any, int]]:
    """The key of each value and its place; all numbers or all texts."""
    found = [told.visit(told.expression, value) for value in values]
    kinds = {type_of(each) for each in found}
    if len(kinds) > 1 or not kinds <= {"number", "string"}:
        raise Unfit("these cannot be put in order", "numbers only, or texts only")
    return [(_key(each), number) for number, each in enumerate(found)]


def _told(value: Any) -> str:
    names = {"null": "null", "boolean": "true or false", "array": "an array", "object": "an object"}
    return names.get(type_of(value), f"a {type_of(value)}")


def _shown(value: Any) -> str:
    return "" if isinstance(value, bytes) or value is None else shortened(text_of(value))
