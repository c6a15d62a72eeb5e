"""Elements of a file with their places, and the names they refer to."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adapter.wsdl import names
from adapter.wsdl.decoding import Decoded


@dataclass(frozen=True)
class Place:
    """Where something stands: the file's address, line and column from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, eq=False, repr=False)
class Text:
    """The text of one file, and the place of every character in it."""

    address: str
    decoded: Decoded
    starts: Sequence[int]

    def place(self, offset: int) -> Place:
        """Line and column of a character, counted from 0 in the text."""
        line = bisect_right(self.starts, offset)
        return Place(self.address, line, offset - self.starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """One line as written, without its end; empty where there is no such line."""
        if not 1 <= number <= len(self.starts):
            return ""
        start = self.starts[number - 1]
        end = self.decoded.text.find("\n", start)
        return self.decoded.text[start : end if end >= 0 else None].rstrip("\r")


@dataclass(frozen=True)
class Reference:
    """A qualified name that an attribute holds.

    Args:
        name: In Clark notation.
        written: As it stands in the file.
        node: The element with the attribute.
        attribute: Which one it is.
        declared: False where its prefix is not declared.
    """

    name: str
    written: str
    node: Node
    attribute: str
    declared: bool

    @property
    def place(self) -> Place:
        """Where the attribute stands."""
        return self.node.at(self.attribute)


@dataclass(frozen=True, eq=False, repr=False)
class Node:
    """One element with its attributes, children and place; names in Clark notation."""

    file: Text
    offset: int
    tag: str
    order: int
    name: str
    attributes: Mapping[str, str]
    namespaces: Mapping[str | None, str]
    text: str
    children: tuple[Node, ...]

    @property
    def place(self) -> Place:
        """Where the element's start tag begins."""
        return self.file.place(self.offset)

    def at(self, attribute: str) -> Place:
        """Where the attribute stands; the element's own place where it has none of that name."""
        name = re.escape(names.local(attribute))
        match = re.search(rf"[\s:]{name}\s*=", self.tag)
        return self.file.place(self.offset + match.start() + 1) if match else self.place

    def get(self, attribute: str) -> str:
        """The attribute's value without blanks around it; empty where there is none."""
        return self.attributes.get(attribute, "").strip()

    def reference(self, attribute: str) -> Reference | None:
        """The qualified name in an attribute, or None where the attribute is not there."""
        if attribute not in self.attributes:
            return None
        written = self.get(attribute)
        prefix, colon, local = written.rpartition(":")
        space = self.namespaces.get(prefix or None)
        if prefix == "xml":
            space = names.XML
        declared = space is not None or not colon
        return Reference(names.clark(space or "", local), written, self, attribute, declared)

    def named(self, *wanted: str) -> tuple[Node, ...]:
        """The children of these names, in order."""
        return tuple(child for child in self.children if child.name in wanted)

    def first(self, *wanted: str) -> Node | None:
        """The first child of these names."""
        return next((child for child in self.children if child.name in wanted), None)

    def everything(self) -> Iterator[Node]:
        """The element and all below it, in document order."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))
