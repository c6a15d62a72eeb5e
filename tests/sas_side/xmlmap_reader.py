"""An XMLMap applied to a document, as the XMLV2 engine does: rows, columns, types, lengths."""

from dataclasses import dataclass

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
        if column.numeric:
            return float(text) if text.strip() else None
        return text.encode(encoding)[: column.length].decode(encoding, "ignore").rstrip(" ")


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
    return MappedColumn(
        element.get("name"),
        _path(element.find("PATH")),
        numeric,
        8 if numeric else int(element.findtext("LENGTH")),
    )
