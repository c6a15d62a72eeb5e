"""The XMLMap by which SAS reads the documents of a schema, without cutting a value.

Source: SAS 9.4 XMLV2 and XML LIBNAME Engines: User's Guide, XMLMap syntax version 2.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from adapter.core import xml
from adapter.core.document import ROW
from adapter.schema.place import Place, places_of
from adapter.schema.variable import ROW_PATH, Layout, Variable

ROOT = "SXLEMAP"
VERSION = "2.1"
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_NUMBER = re.compile("[0-9]{1,9}")
LABEL_LENGTH = 256
"""Characters of a SAS label."""


@dataclass(frozen=True)
class Mapped:
    """One column of an XMLMap that was read.

    Args:
        name: Of the variable.
        path: XPath of its element, from the root.
        kind: `numeric` or `character`, as it stands there.
        length: Bytes of the variable; None where the map gives none.
        informat: How a date or a time is read; empty where there is none.
        values: The only values that SAS takes; empty for any.
        place: Where it stands.
    """

    name: str
    path: str
    kind: str
    length: int | None
    informat: str
    values: tuple[str, ...]
    place: Place


@dataclass(frozen=True)
class XmlMap:
    """An XMLMap that was read.

    Args:
        version: Of the syntax, as it stands there.
        table_path: XPath of the rows of the table that was read; empty where there is none.
        columns: Of that table.
        place: Where the map begins.
    """

    version: str
    table_path: str
    columns: tuple[Mapped, ...]
    place: Place


def xmlmap_of(variables: Iterable[Variable], name: str, *, values: bool = False) -> bytes:
    """The XMLMap of these variables, in UTF-8.

    Args:
        variables: In the order of the data set.
        name: Of the map.
        values: Also write the only values that a column may have (ENUM); SAS makes any other one
            missing.
    """
    root = etree.Element(ROOT, version=VERSION, name=name)
    etree.SubElement(root, "NAMESPACES", count="0")
    table = etree.SubElement(root, "TABLE", name=ROW)
    _path(table, "TABLE-PATH", ROW_PATH)
    for variable in variables:
        _column(table, variable, values=values)
    etree.indent(root, space="  ")
    return DECLARATION + xml.to_bytes(root) + b"\n"


def _column(table: xml.Element, variable: Variable, *, values: bool) -> None:
    declared = variable.column
    column = etree.SubElement(table, "COLUMN", name=variable.name)
    _path(column, "PATH", variable.path)
    _text(column, "TYPE", "numeric" if variable.numeric else "character")
    _text(column, "DATATYPE", variable.datatype)
    if declared.default:
        _text(column, "DEFAULT", declared.default)
    if values and declared.values:
        enum = etree.SubElement(column, "ENUM")
        for value in declared.values:
            _text(enum, "VALUE", value)
    if variable.layout is not None:
        _layout(column, "FORMAT", variable.layout)
        _layout(column, "INFORMAT", Layout(variable.layout.name, variable.layout.width))
    if declared.description:
        _text(column, "DESCRIPTION", declared.description[:LABEL_LENGTH])
    if not variable.numeric:
        _text(column, "LENGTH", str(variable.length))


def _text(parent: xml.Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text


def _path(parent: xml.Element, name: str, path: str) -> None:
    etree.SubElement(parent, name, syntax="XPath").text = path


def _layout(parent: xml.Element, name: str, layout: Layout) -> None:
    element = etree.SubElement(parent, name, width=str(layout.width))
    if layout.decimals:
        element.set("ndec", str(layout.decimals))
    element.text = layout.name


def read_xmlmap(raw: bytes, file: str) -> XmlMap | None:
    """The map in these bytes; None where they are XML of another kind.

    Args:
        raw: Of a file.
        file: How it is called.

    Raises:
        XmlRefused: They are no XML that is read here.
    """
    root = xml.parse(raw)
    if root.tag != ROOT:
        return None
    places = places_of(file, raw, root)
    table = _table(root)
    columns = [] if table is None else table.findall("COLUMN")
    path = "" if table is None else _told(table, "TABLE-PATH")
    read = tuple(_mapped(each, places.get(each, Place(file))) for each in columns)
    return XmlMap(root.get("version", ""), path, read, places.get(root, Place(file)))


def _table(root: xml.Element) -> xml.Element | None:
    """The table of the rows; the first one where none has their path."""
    tables = root.findall("TABLE")
    return next((t for t in tables if _told(t, "TABLE-PATH") == ROW_PATH), (*tables, None)[0])


def _mapped(column: xml.Element, place: Place) -> Mapped:
    length = _told(column, "LENGTH")
    return Mapped(
        name=column.get("name", ""),
        path=_told(column, "PATH"),
        kind=_told(column, "TYPE").lower(),
        length=int(length) if _NUMBER.fullmatch(length) else None,
        informat=_told(column, "INFORMAT"),
        values=tuple((each.text or "") for each in column.findall("ENUM/VALUE")),
        place=place,
    )


def _told(element: xml.Element, name: str) -> str:
    return (element.findtext(name) or "").strip()
