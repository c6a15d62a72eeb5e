"""A document against a compiled XSD: every problem, in plain words.

xmlschema is the judge (XSD 1.0 and 1.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import xmlschema
from xmlschema.validators import (
    XMLSchemaChildrenValidationError,
    XMLSchemaDecodeError,
    XMLSchemaValidationError,
    XsdElement,
    XsdGroup,
)
from xmlschema.validators.assertions import XsdAssert
from xmlschema.validators.facets import (
    XsdEnumerationFacets,
    XsdFractionDigitsFacet,
    XsdLengthFacet,
    XsdMaxExclusiveFacet,
    XsdMaxInclusiveFacet,
    XsdMaxLengthFacet,
    XsdMinExclusiveFacet,
    XsdMinInclusiveFacet,
    XsdMinLengthFacet,
    XsdPatternFacets,
    XsdTotalDigitsFacet,
)

from adapter.core import xml
from adapter.core.errors import Problem
from adapter.core.redact import shortened
from adapter.core.xsd import said

_ASCII = frozenset(
    [
        "boolean",
        "decimal",
        "float",
        "double",
        "duration",
        "dateTime",
        "time",
        "date",
        "gYearMonth",
        "gYear",
        "gMonthDay",
        "gDay",
        "gMonth",
        "hexBinary",
        "base64Binary",
    ]
)
"""Primitive types whose values are written in ASCII alone."""

MAX_PROBLEMS = 200
"""Problems told at most; a document with more is of another kind altogether."""


def problems_of(document: bytes, schema: xmlschema.XMLSchemaBase) -> tuple[Problem, ...]:
    """Everything in the document that the compiled schema does not allow.

    Each problem has path, line, reason, expected and found.
    """
    return tuple(islice(_problems(document, schema), MAX_PROBLEMS))


def _problems(document: bytes, schema: xmlschema.XMLSchemaBase) -> Iterator[Problem]:
    root = xml.parse(document)
    before: tuple[Problem, ...] = ()
    for error in schema.iter_errors(root, extra_validator=_lexical):
        told = tuple(_told(error))
        if told != before:  # an inherited facet is found twice
            yield from told
        before = told


def _lexical(elem: Any, declared: XsdElement) -> Iterator[XMLSchemaDecodeError]:
    """An error where Python reads a number, date or boolean that XML Schema has no such form of."""
    text, kind = elem.text or "", declared.type.simple_type
    if kind is not None and not _written(kind, text) and kind.is_valid(text):
        yield XMLSchemaDecodeError(kind, text, None)


def _written(kind: Any, text: str) -> bool:
    """Whether a text that the type takes has a form that XML Schema knows.

    Python also reads digits of other scripts, blanks beyond those of XML, and `1_000`.
    """
    if text.isascii() and "_" not in text:
        return True
    if kind.is_union():
        fit = (each for each in kind.member_types if each.is_valid(text))
        return any(_written(each, text) for each in fit)
    if kind.is_list():
        return all(_written(kind.item_type, each) for each in text.split(" "))
    return kind.root_type.local_name not in _ASCII or (text.isascii() and not kind.is_decimal())


def _told(error: XMLSchemaValidationError) -> Iterator[Problem]:
    where = str(error.path or "/")
    line = error.sourceline
    if isinstance(error, XMLSchemaChildrenValidationError):
        for told in _children(error):
            yield Problem(where, *told, line)
        return
    reason, expected = _reason(error)
    yield Problem(where, reason, expected, shortened(_found(error)), line)


def _found(error: XMLSchemaValidationError) -> str:
    """The value that is wrong, as it stands in the document; empty where it is not of one."""
    if isinstance(error.obj, str):
        return error.obj
    elem = error.elem
    is_value = elem is not None and len(elem) == 0 and error.obj is not elem
    return (elem.text or "") if elem is not None and is_value else ""


def _children(error: XMLSchemaChildrenValidationError) -> Iterator[tuple[str, str, str]]:
    """Reason, expected and found of each element that is missing or out of place."""
    wanted = sorted({_short_name(tag) for tag in error.expected_tags})
    if error.invalid_child is not None:
        found = shortened(_short_name(error.invalid_child.tag))
        yield "an element is out of place or there twice", _listed(wanted), found
        return
    for name in _missing(error) or [" or ".join(wanted) or "more elements"]:
        yield "an element is missing", name, "nothing"


def _missing(error: XMLSchemaChildrenValidationError) -> list[str]:
    """The required elements that are not there; xmlschema itself names the first only."""
    elem = error.elem
    group = error.validator
    if elem is None or not isinstance(group, XsdGroup) or group.model == "choice":
        return []
    there = {_short_name(child.tag) for child in elem}
    required = (item for item in group if isinstance(item, XsdElement) and item.min_occurs > 0)
    return [name for item in required if (name := str(item.local_name)) not in there]


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "no further element"


def _short_name(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _reason(error: XMLSchemaValidationError) -> tuple[str, str]:
    """The reason, and what was expected."""
    facet: Any = error.validator
    match facet:
        case XsdMaxLengthFacet() | XsdMinLengthFacet():
            is_most = isinstance(facet, XsdMaxLengthFacet)
            too, at = ("long", "most") if is_most else ("short", "least")
            return f"the value is too {too}{_length(error)}", f"at {at} {facet.value}"
        case XsdPatternFacets():
            patterns = " or ".join(str(pattern) for pattern in facet.regexps)
            return "the value does not have the form that is asked for", shortened(patterns)
        case XsdEnumerationFacets():
            allowed = ", ".join(str(value) for value in facet.enumeration)
            return "the value is not one of those allowed", shortened(allowed)
    for kind, reason, expected in _LIMITS:
        if isinstance(facet, kind):
            told = facet.elem.get("value", facet.elem.get("test", ""))
            return reason, shortened(expected.format(told))
    if isinstance(error, XMLSchemaDecodeError):
        return "the value does not have the type that is asked for", _type_name(error)
    return shortened(said(error.reason or "not valid"), 200), ""


_LIMITS: tuple[tuple[Any, str, str], ...] = (
    (XsdAssert, "a condition of the schema does not hold", "{}"),
    (XsdLengthFacet, "the value does not have the length that is asked for", "{}"),
    (XsdMinInclusiveFacet, "the value is too small", "at least {}"),
    (XsdMinExclusiveFacet, "the value is too small", "more than {}"),
    (XsdMaxInclusiveFacet, "the value is too large", "at most {}"),
    (XsdMaxExclusiveFacet, "the value is too large", "less than {}"),
    (XsdTotalDigitsFacet, "the value has too many digits", "at most {}"),
    (XsdFractionDigitsFacet, "the value has too many digits after the point", "at most {}"),
)


def _length(error: XMLSchemaValidationError) -> str:
    """How long a value is, in what the schema counts; empty for bytes."""
    kind = getattr(error.validator, "base_type", None)
    if isinstance(error.obj, list):
        return f": {len(error.obj)} items"
    if not isinstance(error.obj, str) or kind is None:
        return ""
    is_bytes = kind.root_type.local_name in {"hexBinary", "base64Binary"}
    return "" if is_bytes else f": {len(error.obj)} characters"


def _type_name(error: XMLSchemaDecodeError) -> str:
    return str(getattr(error.validator, "prefixed_name", "") or "")
