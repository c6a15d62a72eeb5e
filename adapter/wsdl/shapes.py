"""Changes of parameters, columns and streams: which of them an adapter's call does not survive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from adapter.wsdl import names
from adapter.wsdl.element import Content, Element, holds, length_of
from adapter.wsdl.elements import Elements
from adapter.wsdl.operations import Shape, Stream, columns_of, table_of

_WIDTH = {
    Content.UNKNOWN: 0,
    Content.SIMPLE: 0,
    Content.COMPLEX: 1,
    Content.ANY: 2,
    Content.ANY_TYPE: 3,
}
"""How much a Value may hold; a wider one takes what a narrower one took."""


@dataclass(frozen=True)
class Change:
    """One difference.

    Args:
        kind: What changed: operation, parameter, column, stream, namespace, soapAction, ...
        breaking: Whether a call made with the old description may be refused.
        where: Operation and direction, or what it is about.
        old: Before; empty where there was none.
        new: Now; empty where there is none.
        reason: One sentence.
    """

    kind: str
    breaking: bool
    where: str
    old: str
    new: str
    reason: str

    def __str__(self) -> str:
        """One line: how bad, where, what, from what to what."""
        level = "breaking" if self.breaking else "harmless"
        sides = f" ({self.old or 'none'} -> {self.new or 'none'})" if self.old or self.new else ""
        return f"{level}: {self.where}: {self.reason}{sides}"

    def to_json(self) -> dict[str, str | bool]:
        """The change as JSON members."""
        return {
            "kind": self.kind,
            "breaking": self.breaking,
            "where": self.where,
            "old": self.old,
            "new": self.new,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Fields:
    """A change before it is judged."""

    kind: str
    where: str
    old: str
    new: str

    def breaking(self, reason: str) -> Change:
        """The change as one that a call does not survive."""
        return Change(self.kind, True, self.where, self.old, self.new, reason)  # noqa: FBT003

    def harmless(self, reason: str) -> Change:
        """The change as one that no call notices."""
        return Change(self.kind, False, self.where, self.old, self.new, reason)  # noqa: FBT003

    def judged(self, reason: str, *, breaking: bool) -> Change:
        """The change, breaking or not."""
        return self.breaking(reason) if breaking else self.harmless(reason)


def parameter_changes(
    where: str,
    old: Iterable[Element],
    new: Iterable[Element],
    *,
    sent: bool,
    kind: str = "parameter",
) -> Iterator[Change]:
    """Changes between two lists of parameters or columns.

    Args:
        where: Operation and direction.
        old: Before.
        new: Now.
        sent: True for what the adapter sends, False for what comes back.
        kind: `parameter` or `column`.
    """
    had = {each.local: each for each in old}
    has = {each.local: each for each in new}
    for name, element in had.items():
        if name in has:
            yield from _changed(where, element, has[name], kind, sent=sent)
        else:
            yield Fields(kind, where, name, "").breaking(f"a {kind} was removed")
    for name, element in has.items():
        if name not in had:
            required = sent and element.least > 0
            state = "required" if element.least > 0 else "optional"
            fields = Fields(kind, where, "", f"{name}, {state}")
            yield fields.judged(f"a {kind} was added", breaking=required)


def _changed(where: str, old: Element, new: Element, kind: str, *, sent: bool) -> Iterator[Change]:
    """What changed in one parameter or column."""
    place = f"{where} {old.local}"
    if (old.least > 0) != (new.least > 0):
        required = new.least > 0
        states = ("required", "optional") if not required else ("optional", "required")
        yield Fields(kind, place, *states).judged(
            f"the {kind} is {states[1]} now", breaking=sent and required
        )
    if old.most != new.most:
        fewer = new.most is not None and (old.most is None or new.most < old.most)
        yield Fields(kind, place, _most(old), _most(new)).judged(
            f"the {kind} may be there {'less' if fewer else 'more'} often", breaking=sent and fewer
        )
    had, has = (names.namespace(each.name) for each in (old, new))
    if had != has and (kind == "column" or not (had and has)):
        yield Fields(kind, place, had, has).judged("the namespace changed", breaking=sent)
    yield from _type_changed(place, old, new, kind, sent=sent)


def _most(element: Element) -> str:
    return "unbounded" if element.most is None else str(element.most)


def _type_changed(
    place: str, old: Element, new: Element, kind: str, *, sent: bool
) -> Iterator[Change]:
    if (old.base, old.content) != (new.base, new.content):
        wider = bool(old.base and new.base) and holds(new.base, old.base)
        wider = wider or (not new.base and _WIDTH[new.content] > _WIDTH[old.content])
        yield Fields(kind, place, _type(old), _type(new)).judged(
            f"the type is {'wider' if wider else 'narrower'}", breaking=sent and not wider
        )
    had, has = length_of(old), length_of(new)
    if had != has:
        shorter = has is not None and (had is None or has < had)
        yield Fields(kind, place, _length(had), _length(has)).judged(
            f"the length is {'shorter' if shorter else 'longer'}", breaking=sent and shorter
        )
    if old.choices != new.choices:
        fewer = bool(new.choices) and not set(old.choices or ("",)) <= set(new.choices)
        yield Fields(kind, place, ", ".join(old.choices), ", ".join(new.choices)).judged(
            f"the values allowed are {'fewer or others' if fewer else 'more'}",
            breaking=sent and fewer,
        )


def _type(element: Element) -> str:
    return f"xs:{element.base}" if element.base else element.content.value


def _length(length: int | None) -> str:
    return "any length" if length is None else str(length)


def stream_changes(
    where: str, old: Shape, new: Shape, before: Elements, after: Elements
) -> Iterator[Change]:
    """Changes between the streams of one direction."""
    sent = where.endswith("input")
    had = {each.name: each for each in old.streams}
    has = {each.name: each for each in new.streams}
    for name, stream in had.items():
        if name in has:
            yield from _stream_changed(f"{where} {name}", stream, has[name], sent=sent)
            columns = (
                columns_of(table_of(stream, before), before),
                columns_of(table_of(has[name], after), after),
            )
            if all(columns):
                yield from parameter_changes(f"{where} {name}", *columns, sent=sent, kind="column")
        else:
            yield Fields("stream", where, name, "").breaking("a stream was removed")
    for name, stream in has.items():
        if name not in had:
            required = sent and stream.element.least > 0
            yield Fields("stream", where, "", name).judged("a stream was added", breaking=required)


def _stream_changed(where: str, old: Stream, new: Stream, *, sent: bool) -> Iterator[Change]:
    required = new.element.least > 0
    if (old.element.least > 0) != required:
        states = ("optional", "required") if required else ("required", "optional")
        yield Fields("stream", where, *states).judged(
            f"the stream is {states[1]} now", breaking=sent and required
        )
    lost = sorted(set(map(names.local, old.element.attributes)) - set(new.element.attributes))
    if lost:
        yield Fields("stream", where, ", ".join(lost), "").judged(
            "an attribute was removed", breaking=sent
        )
    contents = [each.value.content if each.value else None for each in (old, new)]
    if contents[0] is not contents[1]:
        yield Fields("value", where, *(_content(each) for each in contents)).judged(
            "what Value may hold changed", breaking=sent and not _takes(*contents)
        )


def _content(content: Content | None) -> str:
    return content.value if content else ""


def _takes(old: Content | None, new: Content | None) -> bool:
    """Whether a Value that now has a content still takes what it took."""
    if new is None or new is Content.SIMPLE:
        return False
    return old is None or _WIDTH[new] > _WIDTH[old]
