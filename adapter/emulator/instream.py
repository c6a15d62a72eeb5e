"""Data sources as a stored process reads them: line by line, each cut at LRECL; or as bytes."""

import base64
import binascii
from collections import Counter
from copy import deepcopy

from lxml import etree

from adapter.emulator.faults import ended_with_error, refused
from adapter.emulator.markup import NotXmlError, children, parse
from adapter.emulator.stored_processes.program import Row
from adapter.emulator.switches import LineBreaks, Switches

LIBRARY = "Table"
DATA_SET = "InData"


def read_rows(value: etree._Element | None, switches: Switches) -> tuple[Row, ...]:
    """Return the rows at /Table/InData, none if there is no data source.

    Both names are matched in no namespace, as an XMLMap without namespaces does.

    Raises:
        SasFault: 3000, the text is not XML, perhaps because a line was cut.
    """
    if value is None:
        return ()
    lines = _written(value, switches).split(b"\n")
    try:
        root = parse(b"\n".join(line[: switches.lrecl] for line in lines), comments=False)
    except NotXmlError as error:
        raise ended_with_error(f"{_cut(lines, switches.lrecl)}instream: {error}.") from None
    if root.tag != LIBRARY:
        return ()
    return tuple(_row(element) for element in children(root) if element.tag == DATA_SET)


def read_bytes(value: etree._Element, name: str) -> bytes:
    """Return the bytes of a generic stream, which come in line as Base64.

    Raises:
        SasFault: 2000, the content is something else.
    """
    try:
        if children(value):
            raise binascii.Error
        return base64.b64decode("".join((value.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise refused(f'The data source "{name}" is not Base64.') from None


def _written(value: etree._Element, switches: Switches) -> bytes:
    """Return what the middle tier writes to the stream: the content of ``Value``."""
    content = children(value)
    texts = [value.text, *(each.tail for each in content)]
    if len(content) != 1 or any(text and text.strip() for text in texts):
        raise ended_with_error("instream is not XML: expected one root element and nothing else.")
    root = deepcopy(content[0])
    root.tail = None
    etree.cleanup_namespaces(root)
    text = etree.tostring(root, encoding="UTF-8")
    if switches.line_breaks is LineBreaks.FLATTEN:
        return b"".join(text.splitlines())
    return text


def _cut(lines: list[bytes], lrecl: int) -> str:
    for number, line in enumerate(lines, 1):
        if len(line) > lrecl:
            return f"Line {number} of {len(line)} bytes was cut at LRECL={lrecl}. "
    return ""


def _row(element: etree._Element) -> Row:
    # The XML engine gives a repeated column a data set of its own, so the row loses it.
    columns = [(str(each.tag), each.text or "") for each in element if not len(each)]
    times = Counter(tag.lower() for tag, _ in columns)
    return {tag.rpartition("}")[2]: text for tag, text in columns if times[tag.lower()] == 1}
