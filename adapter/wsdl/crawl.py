"""Every file that a WSDL reaches by its imports, out of the bytes at hand."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin

from adapter.wsdl import names
from adapter.wsdl.links import Link, LinkKind, Schema
from adapter.wsdl.nodes import Node, Place
from adapter.wsdl.source import MAX_ELEMENTS, Source, source_of

MAX_FILES = 200
MAX_LINKS = 2000
MAX_BYTES = 12 * 1024 * 1024
"""Bounds of one description; what lies beyond is not read."""

_XSD_LINKS = {
    names.xsd("import"): LinkKind.IMPORT,
    names.xsd("include"): LinkKind.INCLUDE,
    names.xsd("redefine"): LinkKind.REDEFINE,
}


@dataclass
class Crawl:
    """The files read so far, and what was met on the way."""

    given: Mapping[str, bytes]
    reasons: Mapping[str, str]
    sources: dict[str, Source] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    definitions: list[Node] = field(default_factory=list)
    schemas: list[Schema] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    excess: list[tuple[Place, str]] = field(default_factory=list)
    read_bytes: int = 0
    read_elements: int = 0

    def follow(self, main: str) -> None:
        """Read the main file, and whatever is named by what was read."""
        waiting = deque([main])
        self._open(main)
        while waiting:
            source = self.sources[waiting.popleft()]
            for link in self._links_in(source):
                self.links.append(link)
                if link.address and link.address not in self.sources and self._may(link):
                    self._open(link.address)
                    if link.address in self.sources:
                        waiting.append(link.address)

    def _open(self, address: str) -> None:
        raw = self.given.get(address)
        if raw is None:
            self.absent[address] = self.reasons.get(address, "")
            return
        self.read_bytes += len(raw)
        self.sources[address] = source_of(address, raw)
        self.read_elements += len(self.sources[address].nodes)

    def _may(self, link: Link) -> bool:
        """Whether the bounds allow one more file; the first excess of each kind is noted."""
        if link.address in self.absent:
            return False
        met = {
            f"more than {MAX_FILES} files": len(self.sources) >= MAX_FILES,
            f"more than {MAX_BYTES} bytes": self.read_bytes >= MAX_BYTES,
            f"more than {MAX_ELEMENTS} elements": self.read_elements >= MAX_ELEMENTS,
        }
        exceeded = [bound for bound, true in met.items() if true]
        if exceeded and not self.excess:
            self.excess.append((link.node.place, exceeded[0]))
        return not exceeded

    def _links_in(self, source: Source) -> Iterator[Link]:
        root = source.root
        if root is None:
            return
        if root.name == names.wsdl("definitions"):
            self.definitions.append(root)
            yield from self._bounded(_wsdl_links(root))
        for node in _schemas_of(root):
            schema = Schema(node.get("targetNamespace"), node, source)
            self.schemas.append(schema)
            yield from self._bounded(_schema_links(node))

    def _bounded(self, links: Iterator[Link]) -> Iterator[Link]:
        for link in links:
            if len(self.links) >= MAX_LINKS:
                self.excess.append((link.node.place, f"more than {MAX_LINKS} imports"))
                return
            yield link


def resolved(written: str, base: str) -> str:
    """The address that is named, seen from a file; as written where it is no address."""
    try:
        return urldefrag(urljoin(base, written.strip())).url
    except ValueError:
        return written.strip()


def _wsdl_links(root: Node) -> Iterator[Link]:
    for node in root.named(names.wsdl("import")):
        address = resolved(node.get("location"), root.file.address) if node.get("location") else ""
        target = root.get("targetNamespace")
        yield Link(LinkKind.WSDL, address, node.get("namespace"), target, node)


def _schemas_of(root: Node) -> Iterator[Node]:
    if root.name == names.xsd("schema"):
        yield root
    elif root.name == names.wsdl("definitions"):
        for types in root.named(names.wsdl("types")):
            yield from types.named(names.xsd("schema"))


def _schema_links(schema: Node) -> Iterator[Link]:
    target = schema.get("targetNamespace")
    for node in schema.named(*_XSD_LINKS):
        written = node.get("schemaLocation")
        address = resolved(written, schema.file.address) if written else ""
        kind = _XSD_LINKS[node.name]
        namespace = node.get("namespace") if kind is LinkKind.IMPORT else target
        yield Link(kind, address, namespace, target, node)
