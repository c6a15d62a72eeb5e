"""An XMLMap applied to a document, as the XMLV2 engine does: rows, columns, types, lengths."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from adapter.core import xml

BYTES_PER_CHARACTER = 4
"""UTF-8, the widest encoding of a SAS session."""
MAX_LENGTH = 32767


@dataclass(frozen=True)
class MappedColumn:
    name: str
    path: str
    numeric: bool
    length: int
    datatype: str = "string"
    informat: str = ""
    width: int = 0
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class XmlMap:
    version: str
    namespaces: int
    table: str
    table_path: str
    columns: tuple[MappedColumn, ...]

    def names(self):
        return [column.name for column in self.columns]

    def rows(self, document, encoding="utf-8"):
        """One dictionary per row; text cut at LENGTH bytes, a missing column is empty."""
        tree = xml.parse(document)
        return [self._row(row, encoding) for row in tree.xpath(self.table_path)]

    def _row(self, element, encoding):
        return {column.name: self._value(element, column, encoding) for column in self.columns}

    def _value(self, element, column, encoding):
        below = column.path.removeprefix(f"{self.table_path}/")
        found = element.xpath(below)
        text = "".join(found[-1].itertext()) if found else ""
        if column.values and text not in column.values:
            text = ""
        if column.numeric:
            return number_of(column, text.strip()) if text.strip() else None
        return text.encode(encoding)[: column.length].decode(encoding, "ignore").rstrip(" ")


def number_of(column, text):
    """What SAS keeps as a number; None, a missing value, for what the informat cannot read."""
    try:
        return INFORMATS[column.informat](text[: column.width or None])
    except ValueError:
        return None


def local_moment(text):
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError(text)
    return moment


def zoned_moment(text):
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


INFORMATS = {
    "": float,
    "E8601DA": date.fromisoformat,
    "E8601DT": local_moment,
    "E8601DZ": zoned_moment,
    "E8601TM": time.fromisoformat,
}


def read_map(content):
    root = xml.parse(content)
    assert root.tag == "SXLEMAP"
    (table,) = root.findall("TABLE")
    return XmlMap(
        root.get("version"),
        int(root.find("NAMESPACES").get("count")),
        table.get("name"),
        _path(table.find("TABLE-PATH")),
        tuple(_column(each) for each in table.findall("COLUMN")),
    )


def _path(element):
    assert element.get("syntax", "XPath").lower() == "xpath"
    return element.text.strip()


def _column(element):
    numeric = {"numeric": True, "character": False}[element.findtext("TYPE")]
    informat = element.find("INFORMAT")
    return MappedColumn(
        element.get("name"),
        _path(element.find("PATH")),
        numeric,
        8 if numeric else int(element.findtext("LENGTH")),
        element.findtext("DATATYPE"),
        "" if informat is None else informat.text,
        0 if informat is None else int(informat.get("width")),
        tuple(value.text or "" for value in element.findall("ENUM/VALUE")),
    )
