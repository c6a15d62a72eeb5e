"""What SAS wrote: raw for its own address, below ``Value`` in an answer."""

from lxml import etree

from adapter.emulator.markup import XML_DECLARED_WINDOWS, add, namespace_of
from adapter.emulator.stored_processes.program import Row, Written
from adapter.emulator.switches import Output, Switches

# Source: wire contract 2.2, the samples of a book on SAS and the web (seen).
CONTENT_TYPE = "text/xml;charset=windows-1252"


def limited(written: Written, switches: Switches) -> Written:
    """Return what is left of it under the switch ``output``."""
    return Written(None, written.parameters) if switches.output is Output.NONE else written


def raw_stream(written: Written, switches: Switches) -> bytes:
    """Return the bytes of the data target; a character outside windows-1252 is a reference."""
    if written.table is None or switches.output is Output.EMPTY:
        return b""
    text = etree.tostring(_table(written.table), encoding="unicode")
    return XML_DECLARED_WINDOWS + text.encode("windows-1252", "xmlcharrefreplace") + b"\n"


def fill_response(
    answer: etree._Element, operation: str, target: str, written: Written, switches: Switches
) -> None:
    """Put ``<op>Result`` into ``<op>Response``, in its namespace, if it has one.

    Source: wire contract 2.2: Response, Result and Streams documented; the prefixes, declared anew
    on each level, seen.
    """
    namespace = namespace_of(answer)
    result = add(answer, f"{operation}Result", namespace)
    if written.parameters:
        parameters = add(result, "Parameters", namespace)
        for name, text in written.parameters.items():
            add(parameters, name, namespace).text = text
    if written.table is not None:
        _add_streams(result, target, written.table, switches)


def _add_streams(
    result: etree._Element, target: str, table: tuple[Row, ...], switches: Switches
) -> None:
    namespace = namespace_of(result)
    streams = add(result, "Streams", namespace, "axis2ns4")
    stream = add(streams, target, namespace, "axis2ns5")
    stream.set("contentType", CONTENT_TYPE)
    value = add(stream, "Value", namespace, "axis2ns6")
    if switches.output is Output.EMPTY:
        return
    value.text = "\n"
    content = _table(table)
    content.tail = "\n"
    value.append(content)


def _table(rows: tuple[Row, ...]) -> etree._Element:
    table = etree.Element("TABLE")
    for row in rows:
        result = add(table, "RESULT")
        for name, text in row.items():
            add(result, name).text = text
    etree.indent(table, space="   ")
    return table
