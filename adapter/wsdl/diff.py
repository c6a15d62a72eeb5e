"""What changed between two descriptions, each change breaking or harmless for the adapter's calls.

The adapter calls with the pinned WSDL. A change is breaking where such a call may be refused by a
service that now publishes the other one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapter.core.redact import shortened
from adapter.wsdl import names
from adapter.wsdl.description import Description
from adapter.wsdl.elements import Elements
from adapter.wsdl.nodes import Node
from adapter.wsdl.operations import (
    Offer,
    Shape,
    offers_of,
    request_shape,
    response_shape,
    serving,
)
from adapter.wsdl.shapes import Change, Fields, parameter_changes, stream_changes

__all__ = ["Change", "diff"]

_TEXTS = {names.wsdl("documentation"), names.xsd("documentation")}


@dataclass(frozen=True, eq=False)
class _Side:
    """One of the two descriptions, with its callable operations by name."""

    description: Description
    elements: Elements
    offers: Mapping[str, Offer]


def diff(old: Description, new: Description, stored_process: str = "") -> tuple[Change, ...]:
    """Every change, the breaking ones first; none where both describe the same in the same text.

    Args:
        old: What calls are made with, such as the pinned one.
        new: What is published now.
        stored_process: Name of the stored process to be called; empty for all operations.
    """
    before, after = _side(old), _side(new)
    if before.offers and not after.offers:
        found = Fields("wsdl", "description", old.main, new.main)
        return (found.breaking("no operation can be called any more"),)
    changes = [*_operations(before, after), *_served(before, after, stored_process)]
    for name, offer in before.offers.items():
        if name in after.offers:
            changes += _operation(offer, after.offers[name], before, after)
    if not changes:
        changes += _texts(old, new)
    return tuple(sorted(changes, key=lambda change: not change.breaking))


def _side(description: Description) -> _Side:
    elements = Elements(description.schemas)
    offers: dict[str, Offer] = {}
    for offer in offers_of(description, elements):
        if offer.callable:
            offers.setdefault(offer.name, offer)
    return _Side(description, elements, offers)


def _operations(before: _Side, after: _Side) -> Iterator[Change]:
    gone = [name for name in before.offers if name not in after.offers]
    come = [name for name in after.offers if name not in before.offers]
    for name in gone:
        successor = next((each for each in come if _alike(name, each)), "")
        fields = Fields("operation", name, name, successor)
        if successor:
            come.remove(successor)
            yield fields.breaking("the operation was renamed")
        elif len(before.offers) == len(after.offers) == 1:
            yield Fields("operation", name, name, come.pop()).breaking("the operation was renamed")
        else:
            yield fields.breaking("the operation was removed, or can no longer be called")
    for name in come:
        yield Fields("operation", name, "", name).harmless("an operation was added")


def _alike(old: str, new: str) -> bool:
    return "".join(filter(str.isalnum, old)).lower() == "".join(filter(str.isalnum, new)).lower()


def _served(before: _Side, after: _Side, stored_process: str) -> Iterator[Change]:
    """Whether the same operation still serves the stored process."""
    if not stored_process:
        return
    old = [each.name for each in serving(before.offers.values(), stored_process)]
    new = [each.name for each in serving(after.offers.values(), stored_process)]
    if old != new and old and old[0] in after.offers:
        fields = Fields("stored process", stored_process, ", ".join(old), ", ".join(new))
        yield fields.breaking("another operation, or none, serves the stored process")


def _operation(old: Offer, new: Offer, before: _Side, after: _Side) -> Iterator[Change]:
    yield from _headers(old, new)
    if new.request is None and old.request is not None:
        fields = Fields("request", old.name, old.request.local, "")
        yield fields.breaking("the request element can no longer be told")
    had, has = request_shape(old, before.elements), request_shape(new, after.elements)
    yield from _sent(old.name, had, has)
    yield from stream_changes(f"{old.name} input", had, has, before.elements, after.elements)
    had, has = response_shape(old, before.elements), response_shape(new, after.elements)
    where = f"{old.name} output"
    yield from parameter_changes(where, had.parameters, has.parameters, sent=False)
    yield from stream_changes(where, had, has, before.elements, after.elements)


def _headers(old: Offer, new: Offer) -> Iterator[Change]:
    """Names and addresses around the message."""
    compared = (
        ("namespace", _space(old), _space(new), True),
        ("request", _local(old), _local(new), True),
        ("soapAction", old.bound.action or "", new.bound.action or "", True),
        ("address", old.port.address, new.port.address, False),
        ("port", old.port.name, new.port.name, False),
        ("service", names.local(old.service.name), names.local(new.service.name), False),
    )
    for kind, had, has, breaking in compared:
        if had != has and (has or kind != "request"):
            fields = Fields(kind, old.name, had, has)
            sentence = f"the {kind} changed"
            if kind == "address":
                sentence += "; the configured address is called all the same"
            yield fields.breaking(sentence) if breaking else fields.harmless(sentence)


def _sent(name: str, old: Shape, new: Shape) -> Iterator[Change]:
    yield from parameter_changes(f"{name} input", old.parameters, new.parameters, sent=True)
    for kind, had, has in (
        ("parameters", old.parameters_holder, new.parameters_holder),
        ("streams", old.holder, new.holder),
    ):
        least = (had.least if had else 0, has.least if has else 0)
        if has is not None and least == (0, 1):
            fields = Fields(kind, f"{name} input", "optional", "required")
            yield fields.breaking(f"the element {kind} must be there now")
        if had is not None and has is not None:
            spaces = names.namespace(had.name), names.namespace(has.name)
            if bool(spaces[0]) != bool(spaces[1]):
                fields = Fields(kind, f"{name} input", *spaces)
                yield fields.breaking(f"the namespace of the element {kind} changed")


def _space(offer: Offer) -> str:
    return names.namespace(offer.request.name) if offer.request else ""


def _local(offer: Offer) -> str:
    return offer.request.local if offer.request else ""


def _texts(old: Description, new: Description) -> Iterator[Change]:
    """What differs where no call does: documentation, or the text around it."""
    had, has = list(_documentation(old)), list(_documentation(new))
    if had != has:
        fields = Fields("documentation", "wsdl", shortened(" ".join(had)), shortened(" ".join(has)))
        yield fields.harmless("only the documentation changed")
    elif _bytes(old) != _bytes(new):
        yield Fields("text", "wsdl", "", "").harmless(
            "the text changed in what no call depends on, such as layout or comments"
        )


def _documentation(description: Description) -> Iterator[str]:
    for source in description.sources.values():
        nodes: tuple[Node, ...] = source.nodes
        yield from (node.text for node in nodes if node.name in _TEXTS)


def _bytes(description: Description) -> list[str]:
    return [source.file.decoded.text for source in description.sources.values()]
