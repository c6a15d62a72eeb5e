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
from xmlschema.validators.facets import (
    XsdEnumerationFacets,
    XsdMaxLengthFacet,
    XsdMinLengthFacet,
    XsdPatternFacets,
)

from adapter.core import xml
from adapter.core.errors import Problem
from adapter.core.redact import shortened

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
    for error in schema.iter_errors(root, extra_validator=_lexical):
        yield from _told(error)


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
    value = shortened(str(error.obj)) if isinstance(error.obj, str) else ""
    reason, expected = _reason(error)
    yield Problem(where, reason, expected, value, line)


def _children(error: XMLSchemaChildrenValidationError) -> Iterator[tuple[str, str, str]]:
    """Reason, expected and found of each element that is missing or out of place."""
    wanted = sorted({_short_name(tag) for tag in error.expected_tags})
    if error.invalid_child is not None:
        found = shortened(_short_name(error.invalid_child.tag))
        yield "an element is out of place or there twice", _listed(wanted), found
        return
    missing = _missing(error) or wanted
    for name in missing:
        yield "an element is missing", name, "nothing"
    if not missing:
        yield "an element is missing", "more elements", "nothing"


def _missing(error: XMLSchemaChildrenValidationError) -> list[str]:
    """The required elements that are not there; xmlschema itself names the first only."""
    elem = error.elem
    group = error.validator
    if elem is None or not isinstance(group, XsdGroup):
        return []
    there = {_short_name(child.tag) for child in elem}
    required = (item for item in group if isinstance(item, XsdElement) and item.min_occurs > 0)
    return [name for item in required if (name := str(item.local_name)) not in there]


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "no further element"


def _short_name(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _reason(error: XMLSchemaValidationError) -> tuple[str, str]:
    facet = error.validator
    length = len(error.obj) if isinstance(error.obj, str) else 0
    match facet:
        case XsdMaxLengthFacet():
            return f"the value is too long: {length} characters", f"at most {facet.value}"
        case XsdMinLengthFacet():
            return f"the value is too short: {length} characters", f"at least {facet.value}"
        case XsdPatternFacets():
            patterns = " or ".join(str(pattern) for pattern in facet.regexps)
            return "the value does not have the form that is asked for", shortened(patterns)
        case XsdEnumerationFacets():
            allowed = ", ".join(str(value) for value in facet.enumeration)
            return "the value is not one of those allowed", shortened(allowed)
    if isinstance(error, XMLSchemaDecodeError):
        return "the value does not have the type that is asked for", _type_name(error)
    return shortened(str(error.reason or "not valid"), 200), ""


def _type_name(error: XMLSchemaDecodeError) -> str:
    return str(getattr(error.validator, "prefixed_name", "") or "")
