"""xmlschema's two versions, as trees of lxml need them, and its messages in plain words.

xmlschema writes the model group of a derived type (xs:extension) as an element of the standard
library and appends those of its base to it, which is a TypeError where they are of lxml, a known
defect there. It reads no more of that element than its tag and attributes, so what cannot be
appended is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as ET

import xmlschema
from xmlschema.validators import Xsd11ComplexType, XsdGroup
from xmlschema.validators.builders import XsdBuilders

XSD = "{http://www.w3.org/2001/XMLSchema}"
"""Before the names of XML Schema itself."""


class _Group(ET.Element):
    """The element of a model group, which keeps only children of its own kind."""

    def append(self, element: Any, /) -> None:
        if isinstance(element, ET.Element):
            super().append(element)

    def extend(self, elements: Iterable[Any], /) -> None:
        for element in elements:
            self.append(element)


class _ComplexType(Xsd11ComplexType):
    """A complex type; one that adds no element to an xs:all has the xs:all itself.

    xmlschema puts it into an xs:sequence, which then takes no document.
    """

    def _parse_complex_content_extension(self, elem: Any, base_type: Any) -> None:
        super()._parse_complex_content_extension(elem, base_type)
        content: Any = self.content
        if isinstance(content, XsdGroup) and len(content) == 1 and content.model == "sequence":
            only = content[0]
            if isinstance(only, XsdGroup) and only.model == "all" and only is base_type.content:
                self.content = only


class _Builders(XsdBuilders):
    __slots__ = ()

    def create_empty_content_group(
        self, parent: Any, model: str = "sequence", **attrib: Any
    ) -> XsdGroup:
        group = super().create_empty_content_group(parent, model, **attrib)
        group.elem = _Group(group.elem.tag, group.elem.attrib)
        return group


class Schema10(xmlschema.XMLSchema10):
    """A schema of XSD 1.0."""

    builders = _Builders()


class Schema11(xmlschema.XMLSchema11):
    """A schema of XSD 1.1."""

    builders = _Builders(complex_type_class=_ComplexType)


_PLAIN = (
    (re.compile(r"\bXsd\w+\(name=('[^']*')[^)]*\)"), r"\1"),
    (re.compile(r" for <[\w.]+ object at 0x\w+>"), ""),
    (re.compile(r"<class '(?:[\w.]+\.)?(\w+)'>"), r"\1"),
    (re.compile(r"^failed decoding (.*) with ('[^']*')$"), r"\1 is no value of the type \2"),
    (re.compile(r"^targetNamespace of XSD resource \S+"), "targetNamespace of this file"),
)
"""What xmlschema writes for those who program in Python, and what a user reads instead."""
_ANY_ORDER = re.compile(r"\{('[^{}]*')\}")


def said(message: object) -> str:
    """The first sentence of a message of xmlschema, without its words of Python."""
    text = " ".join(str(message).partition("\n\n")[0].split()).rstrip(":")
    for written, plain in _PLAIN:
        text = written.sub(plain, text)
    return _ANY_ORDER.sub(lambda found: ", ".join(sorted(found[1].split(", "))), text)
