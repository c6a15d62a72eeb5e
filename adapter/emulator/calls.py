"""A call of a stored process, read from the wrapper element that SOAP and REST share."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from adapter.emulator.faults import refused
from adapter.emulator.markup import child, children, local_name
from adapter.emulator.stored_processes.program import (
    Prompt,
    Prompts,
    PromptType,
    Reads,
    StoredProcess,
)

INPUT_NAME = "instream"
RANGE_BOUNDS = ("lowerBound", "upperBound")

_INTEGER = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|-?INF|NaN", re.ASCII)


@dataclass(frozen=True, slots=True)
class Call:
    """One accepted call.

    Args:
        value: the element ``Value`` of the data source ``instream``.
        sources: the elements ``Value`` of the further data sources that were sent.
    """

    stored_process: StoredProcess
    prompts: Prompts = field(default_factory=dict)
    value: etree._Element | None = None
    sources: Mapping[str, etree._Element] = field(default_factory=dict)


def read_call(stored_process: StoredProcess, wrapper: etree._Element | None) -> Call:
    """Return the call that the children of a wrapper ask for; None is a call without input.

    Names are matched without their namespaces.

    Raises:
        SasFault: 2000, a prompt or a data source is missing, unknown or not valid.
    """
    prompts = dict(_prompts(stored_process, child(wrapper, "parameters")))
    for prompt in stored_process.prompts:
        if prompt.required and not any(prompts.get(prompt.name, ())):
            raise refused(f'The required prompt "{prompt.name}" has no value.')
    streams = child(wrapper, "streams")
    value = child(child(streams, INPUT_NAME), "Value")
    if value is None and stored_process.reads is Reads.ALWAYS:
        raise refused(f'The data source "{INPUT_NAME}" is missing.')
    sources = {
        each.name: found
        for each in stored_process.sources
        if (found := child(child(streams, each.name), "Value")) is not None
    }
    return Call(stored_process, prompts, value, sources)


def _prompts(
    stored_process: StoredProcess, parameters: etree._Element | None
) -> Iterator[tuple[str, tuple[str, ...]]]:
    known = {each.name: each for each in stored_process.prompts}
    sent: dict[str, list[etree._Element]] = {}
    for element in () if parameters is None else children(parameters):
        sent.setdefault(local_name(element), []).append(element)
    for name, elements in sent.items():
        if name not in known:
            raise refused(f'There is no prompt "{name}".')
        if len(elements) > known[name].at_most:
            raise refused(f'The prompt "{name}" has {len(elements)} values, too many.')
        if known[name].is_range:
            yield from _bounds(known[name], elements[0]).items()
        else:
            yield name, tuple(_checked(known[name], each) for each in elements)


def _bounds(prompt: Prompt, element: etree._Element) -> Mapping[str, tuple[str, ...]]:
    bounds: dict[str, tuple[str, ...]] = {}
    for bound in children(element):
        if local_name(bound) not in RANGE_BOUNDS:
            raise refused(f'The range "{prompt.name}" has no "{local_name(bound)}".')
        bounds[f"{prompt.name}.{local_name(bound)}"] = (_checked(prompt, bound),)
    return bounds


def _checked(prompt: Prompt, element: etree._Element) -> str:
    text = element.text or ""
    if not _fits(prompt.type, text.strip()):
        raise refused(f'The prompt "{prompt.name}" is "{text}"; expected {prompt.type}.')
    return text if prompt.type is PromptType.TEXT else text.strip()


def _fits(kind: PromptType, text: str) -> bool:
    match kind:
        case PromptType.INTEGER:
            return bool(_INTEGER.fullmatch(text)) and -(2**31) <= int(text) < 2**31
        case PromptType.FLOAT:
            return bool(_FLOAT.fullmatch(text))
        case PromptType.TIMESTAMP:
            return "T" in text and _is_timestamp(text)
        case PromptType.TEXT:
            return True


def _is_timestamp(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
