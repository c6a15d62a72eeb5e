"""What a schema asks of a row beyond its single columns: order, further columns, conditions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import xmlschema
from xmlschema.validators import XsdAnyElement, XsdGroup

from adapter.core import xml
from adapter.core.document import ROW
from adapter.core.xsd import XSD

_CONDITIONS = [
    XSD + name for name in ("assert", "assertion", "alternative", "key", "keyref", "unique")
]


def shape_of(group: XsdGroup | None) -> str:
    """`all` or `sequence` for columns side by side; else all of the group, written out."""
    if group is None:
        return "all"
    flat = group.model != "choice" and not any(isinstance(part, XsdGroup) for part in group)
    return group.model if flat and (group.min_occurs, group.max_occurs) == (1, 1) else _told(group)


def beside_of(group: XsdGroup) -> str:
    """What a table holds, written out, whatever the number of its rows."""
    return re.sub(rf"\b{ROW} [0-9]+\.\.(?:\*|[0-9]+)", ROW, _told(group))


def _told(part: Any) -> str:
    most = "*" if part.max_occurs is None else part.max_occurs
    occurs = f"{part.min_occurs}..{most}"
    if isinstance(part, XsdGroup):
        return f"{part.model} {occurs} ({', '.join(map(_told, part))})"
    return f"{'any' if isinstance(part, XsdAnyElement) else part.local_name} {occurs}"


def rest_of(kind: Any) -> str:
    """Which further columns a row type allows, so that equal texts allow the same; empty: none."""
    group = kind.model_group
    parts = list(group.iter_elements()) if group is not None else []
    found = [
        _attributes(part.elem) + (f" at {number}" if group.model == "sequence" else "")
        for number, part in enumerate(parts)
        if isinstance(part, XsdAnyElement)
    ]
    content = getattr(kind, "open_content", None)
    if content is not None and content.mode != "none":
        found.append(f"{content.mode} {_attributes(content.any_element.elem)}")
    return "; ".join(found)


def _attributes(element: Any) -> str:
    return f"any {sorted(element.attrib.items())}"


def conditions_of(schema: xmlschema.XMLSchemaBase) -> frozenset[str]:
    """What must hold between values, such as assertions, each with where it stands."""
    return frozenset(
        f"{_path(element)}: {_text(element)}"
        for root in _roots(schema)
        for element in root.iter(*_CONDITIONS)
    )


def definition_of(schema: xmlschema.XMLSchemaBase) -> str:
    """A short sign of the whole schema: for types that are not looked into, it stands for them."""
    text = "".join(sorted(_text(root) for root in _roots(schema)))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _roots(schema: xmlschema.XMLSchemaBase) -> Iterator[xml.Element]:
    """The schema itself and all that it includes."""
    for each in schema.maps.schemas:
        root: Any = each.root
        if each.meta_schema is not None and isinstance(root, xml.Element):
            yield root


def _path(element: xml.Element) -> str:
    names = (each.get("name", xml.local_name(each)) for each in element.iterancestors())
    return "/".join(reversed([*names]))


def _text(element: xml.Element) -> str:
    return " ".join(xml.to_bytes(element).decode().split())
