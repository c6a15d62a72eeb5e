"""The XML schema in a service description."""

from typing import Final

from lxml import etree

from adapter.emulator.calls import INPUT_NAME, RANGE_BOUNDS
from adapter.emulator.catalogue import Service, operation_name
from adapter.emulator.instream import DATA_SET, LIBRARY
from adapter.emulator.stored_processes.program import Column, Prompt, Reads, StoredProcess
from adapter.emulator.switches import Switches, ValueKind

XS: Final = "http://www.w3.org/2001/XMLSchema"


def xs(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    """Return a new last child in the namespace of XML schema."""
    return etree.SubElement(parent, f"{{{XS}}}{tag}", attributes)


def new_schema(**attributes: str) -> etree._Element:
    """Return an empty schema."""
    return etree.Element(f"{{{XS}}}schema", attributes, {"xs": XS})


def table_schema(columns: tuple[Column, ...]) -> etree._Element:
    """Return the schema attached to a data source: Table and InData in no namespace."""
    schema = new_schema(elementFormDefault="unqualified")
    rows = _sequence(xs(schema, "element", name=LIBRARY))
    xs(rows, "element", ref=DATA_SET, minOccurs="0", maxOccurs="unbounded")
    row = _sequence(xs(schema, "element", name=DATA_SET))
    for column in columns:
        element = xs(row, "element", name=column.name, **({} if column.required else _OPTIONAL))
        text = xs(xs(element, "simpleType"), "restriction", base="xs:string")
        xs(text, "maxLength", value=str(column.max_length))
    return schema


def operation_schema(service: Service, switches: Switches, *, typed: bool) -> etree._Element:
    """Return the schema of the wrapper elements; with a typed one it imports the table's schema."""
    schema = new_schema(
        targetNamespace=service.namespace,
        elementFormDefault="qualified",
        attributeFormDefault="unqualified",
    )
    if typed and any(each.schema for each in service.stored_processes):
        xs(schema, "import")
    for stored_process in service.stored_processes:
        operation = operation_name(stored_process.name, switches.operation_spelling)
        kind = _kind(stored_process, switches.value_kind, typed=typed)
        _add_request(schema, operation, stored_process, kind)
        target = service.target(switches)
        _add_response(schema, operation, stored_process, target, kind)
    return schema


_OPTIONAL: Final = {"minOccurs": "0"}


def _kind(stored_process: StoredProcess, switched: ValueKind, *, typed: bool) -> ValueKind:
    if typed and stored_process.schema:
        return ValueKind.TYPED
    return ValueKind.ANY if switched is ValueKind.TYPED else switched


def _add_request(
    schema: etree._Element, operation: str, stored_process: StoredProcess, kind: ValueKind
) -> None:
    wrapper = _sequence(xs(schema, "element", name=operation))
    if stored_process.prompts or stored_process.reads is Reads.NEVER:
        needed = any(each.required for each in stored_process.prompts)
        occurs = {} if needed else _OPTIONAL
        parameters = _sequence(xs(wrapper, "element", name="parameters", **occurs))
        for prompt in stored_process.prompts:
            _add_prompt(parameters, prompt)
    if stored_process.reads is not Reads.NEVER:
        occurs = {} if stored_process.reads is Reads.ALWAYS else _OPTIONAL
        streams = _sequence(xs(wrapper, "element", name="streams", **occurs))
        source = _add_stream(streams, INPUT_NAME)
        _add_input_value(source, kind)
        for each in stored_process.sources:
            further = _add_stream(streams, each.name, minOccurs="0")
            if each.generic:
                xs(further, "element", name="Value", type="xs:base64Binary")
            else:
                _add_input_value(further, ValueKind.ANY)


def _add_response(
    schema: etree._Element,
    operation: str,
    stored_process: StoredProcess,
    target: str,
    kind: ValueKind,
) -> None:
    wrapper = _sequence(xs(schema, "element", name=f"{operation}Response"))
    result = _sequence(xs(wrapper, "element", name=f"{operation}Result"))
    if stored_process.outputs:
        parameters = _sequence(xs(result, "element", name="Parameters", minOccurs="0"))
        for output in stored_process.outputs:
            _add_prompt(parameters, output)
    if stored_process.writes:
        streams = _sequence(xs(result, "element", name="Streams", minOccurs="0"))
        _add_output_value(_add_stream(streams, target, minOccurs="0"), kind)


def _add_prompt(parent: etree._Element, prompt: Prompt) -> None:
    occurs = {} if prompt.required else dict(_OPTIONAL)
    if prompt.at_most > 1:
        occurs["maxOccurs"] = str(prompt.at_most)
    if not prompt.is_range:
        xs(parent, "element", name=prompt.name, type=prompt.type, **occurs)
        return
    bounds = _sequence(xs(parent, "element", name=prompt.name, **occurs))
    for bound in RANGE_BOUNDS:
        xs(bounds, "element", name=bound, type=prompt.type, minOccurs="0")


def _add_stream(streams: etree._Element, name: str, **occurs: str) -> etree._Element:
    element = xs(streams, "element", name=name, **occurs)
    content = xs(element, "complexType")
    sequence = xs(content, "sequence")
    xs(content, "attribute", name="contentType", type="xs:string")
    return sequence


def _add_input_value(stream: etree._Element, kind: ValueKind) -> None:
    if kind is ValueKind.ANY_TYPE:
        xs(stream, "element", name="Value", type="xs:anyType")
        return
    sequence = _content(xs(stream, "element", name="Value"), kind)
    if kind is ValueKind.TYPED:
        xs(sequence, "element", ref=LIBRARY)
    else:
        xs(sequence, "any", namespace="##any", processContents="skip")


def _add_output_value(stream: etree._Element, kind: ValueKind) -> None:
    if kind is ValueKind.ANY_TYPE:
        xs(stream, "element", name="Value", type="xs:anyType", minOccurs="0")
        return
    sequence = _content(xs(stream, "element", name="Value", minOccurs="0"), kind)
    anything = xs(sequence, "any", namespace="##any", processContents="skip")
    anything.attrib.update({"minOccurs": "0", "maxOccurs": "unbounded"})


def _content(element: etree._Element, kind: ValueKind) -> etree._Element:
    mixed = {"mixed": "true"} if kind is ValueKind.MIXED else {}
    return xs(xs(element, "complexType", **mixed), "sequence")


def _sequence(element: etree._Element) -> etree._Element:
    return xs(xs(element, "complexType"), "sequence")
