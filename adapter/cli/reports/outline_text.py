"""What a WSDL offers, as text."""

from __future__ import annotations

from collections.abc import Iterator

from adapter.core.redact import published, shortened
from adapter.wsdl.outline import Operation, Outline, Parameter, Source

_STEP = "  "
_LENGTH = 300


def lines(outline: Outline, place: str, origin: str) -> Iterator[str]:
    """The outline, line by line.

    Args:
        outline: What is told.
        place: How the WSDL itself is named.
        origin: Where it came from, in words.
    """
    yield f"{place} ({origin})"
    yield f"services   {_listed(outline.services)}"
    yield f"namespace  {shortened(outline.namespace, _LENGTH) or 'none'}"
    if outline.documentation:
        yield f"about      {shortened(outline.documentation, _LENGTH)}"
    for operation in outline.operations:
        yield ""
        yield from _operation(operation)
    if not outline.operations:
        yield ""
        yield "no operation can be told; sasbiws wsdl check tells why"


def _operation(operation: Operation) -> Iterator[str]:
    callable_ = "" if operation.callable else "; the adapter cannot call it"
    yield f"operation {shortened(operation.name)} ({operation.protocol}{callable_})"
    facts = {
        "service": f"{operation.service}, port {operation.port}",
        "address": published(operation.address) or "none",
        "soapAction": operation.soap_action or "none",
        "request": f"{operation.request or 'none'} in {operation.namespace or 'no namespace'}",
        "about": operation.documentation,
    }
    for name, text in facts.items():
        if text:
            shown = text if name == "address" else shortened(text, _LENGTH)
            yield f"{_STEP}{name:<10} {shown}"
    yield from _parameters("parameters", operation.parameters)
    yield from _streams("data sources", operation.streams)
    yield from _parameters("output parameters", operation.output_parameters)
    yield from _streams("data targets", operation.output_streams)


def _parameters(title: str, parameters: tuple[Parameter, ...]) -> Iterator[str]:
    yield f"{_STEP}{title}{'' if parameters else ': none'}"
    for parameter in parameters:
        yield from _parameter(parameter, 2)


def _streams(title: str, streams: tuple[Source, ...]) -> Iterator[str]:
    yield f"{_STEP}{title}{'' if streams else ': none'}"
    for stream in streams:
        value = f"Value holds {stream.value}" if stream.value else "without a Value"
        columns = f", {len(stream.columns)} columns" if stream.columns else ""
        name = shortened(stream.name)
        yield f"{_STEP * 2}{name}  {_needed(required=stream.required)}, {value}{columns}"
        for column in stream.columns:
            yield from _parameter(column, 3)


def _parameter(parameter: Parameter, depth: int) -> Iterator[str]:
    facts = [_needed(required=parameter.required), parameter.type]
    if parameter.length is not None:
        facts.append(f"at most {parameter.length} characters")
    if parameter.most is None or parameter.most > 1:
        facts.append(f"{'any number' if parameter.most is None else parameter.most} of them")
    if parameter.choices:
        facts.append(f"one of {_listed(parameter.choices)}")
    prompt = f"  (prompt: {parameter.prompt})" if parameter.prompt and depth == len("ab") else ""
    yield f"{_STEP * depth}{shortened(parameter.name)}  {', '.join(facts)}{prompt}"
    for part in parameter.parts:
        yield from _parameter(part, depth + 1)


def _needed(*, required: bool) -> str:
    return "required" if required else "optional"


def _listed(values: tuple[str, ...]) -> str:
    return shortened(", ".join(values), _LENGTH) or "none"
