"""A schema from samples: XSD 1.1, each column with the reasons for its type and length."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from adapter.core import xml
from adapter.core.columns import Column
from adapter.core.document import ROW, TABLE
from adapter.core.xsd import XSD
from adapter.schema.proof import REQUIRED_FROM, Proof, Proven, proven
from adapter.schema.variable import EXACT_DIGITS
from adapter.schema.xmlmap import DECLARATION

_NAMESPACES = {
    "xs": XSD.strip("{}"),
    "vc": "http://www.w3.org/2007/XMLSchema-versioning",
}
_MIN_VERSION = "{http://www.w3.org/2007/XMLSchema-versioning}minVersion"


def infer(
    rows: Sequence[Sequence[Column]],
    *,
    closed: bool = False,
    values: bool = False,
    required_from: int = REQUIRED_FROM,
) -> bytes:
    """An XSD that accepts every one of these rows, and others like them.

    Args:
        rows: One for each sample.
        closed: Allow no column beyond those of the samples.
        values: Write the only values of a column where the samples prove few.
        required_from: Samples from which on a column that all have is required.
    """
    root = etree.Element(f"{XSD}schema", nsmap=_NAMESPACES)
    root.set(_MIN_VERSION, "1.1")
    root.set("elementFormDefault", "unqualified")
    root.append(_comment(_told(rows, closed=closed, required_from=required_from)))
    columns = _row(_table(root))
    for proof in proven(rows, required_from=required_from, values=values):
        _column(columns, proof)
    if not closed:
        _rest(columns)
    etree.indent(root, space="  ")
    return DECLARATION + xml.to_bytes(root) + b"\n"


def _told(rows: Sequence[Sequence[Column]], *, closed: bool, required_from: int) -> str:
    rest = "no further column is allowed" if closed else "further columns are allowed"
    return (
        f"Made from {len(rows)} sample(s): {rest}. A length is the longest value with half as much "
        f"again, rounded up. A column is required if all of at least {required_from} samples have "
        "it. Read it, and change what you know better."
    )


def _table(root: xml.Element) -> xml.Element:
    table = _below(root, "element", name=TABLE)
    sequence = _below(_below(table, "complexType"), "sequence")
    return _below(sequence, "element", name=ROW, maxOccurs="unbounded")


def _row(row: xml.Element) -> xml.Element:
    return _below(_below(row, "complexType"), "all")


def _rest(columns: xml.Element) -> None:
    _below(
        columns,
        "any",
        namespace="##local",
        notQName="##definedSibling",
        processContents="skip",
        minOccurs="0",
        maxOccurs="unbounded",
    )


def _column(columns: xml.Element, proof: Proof) -> None:
    columns.append(_comment(proof.why))
    column = _below(columns, "element", name=proof.name)
    if not proof.required:
        column.set("minOccurs", "0")
    match proof.type:
        case Proven.BOOLEAN | Proven.ZONED:
            column.set("type", f"xs:{proof.type}")
        case Proven.INTEGER | Proven.DECIMAL:
            _facet(_restriction(column, proof.type), "totalDigits", str(EXACT_DIGITS))
        case Proven.DATE | Proven.UNZONED:
            _facet(_restriction(column, proof.type), "explicitTimezone", "prohibited")
        case Proven.LINK | Proven.TEXT:
            _text(_restriction(column, "string"), proof)


def _text(restriction: xml.Element, proof: Proof) -> None:
    if proof.length is not None:
        _facet(restriction, "maxLength", str(proof.length))
    if proof.type is Proven.LINK:
        _facet(restriction, "pattern", r"https?://\S+")
    for value in proof.values:
        _facet(restriction, "enumeration", value)


def _restriction(column: xml.Element, base: str) -> xml.Element:
    return _below(_below(column, "simpleType"), "restriction", base=f"xs:{base}")


def _facet(restriction: xml.Element, name: str, value: str) -> None:
    _below(restriction, name, value=value)


def _below(parent: xml.Element, tag: str, **attributes: str) -> xml.Element:
    return etree.SubElement(parent, f"{XSD}{tag}", attributes)


def _comment(text: str) -> xml.Element:
    return etree.Comment(f" {text} ")
