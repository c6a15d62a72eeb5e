"""What xmlschema finds wrong with the schemas of a description, each with its place.

xmlschema is given parsed elements and never an address: whatever a schema imports is answered from
the files at hand, and nothing else is ever opened.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from xmlschema.loaders import SchemaLoader

from adapter.core import xml
from adapter.core.xsd import Schema10, said
from adapter.wsdl import names, patterns
from adapter.wsdl.crawl import resolved
from adapter.wsdl.description import Description
from adapter.wsdl.links import Schema
from adapter.wsdl.nodes import Node, Place
from adapter.wsdl.source import Source

MAX_JUDGED = 3000
"""Schema elements that are compiled at most; more would take longer than a person waits."""

MAX_EFFORT = 600_000
"""Sum over all content models of their elements squared, as compiling them costs time."""

MAX_LEVELS = 40

MAX_STEPS = 10_000_000
"""Steps a pattern may take at worst."""

_XSD_11 = tuple(
    map(
        names.xsd,
        ("assert", "assertion", "alternative", "openContent", "defaultOpenContent", "override"),
    )
)
_VERSIONING = "{http://www.w3.org/2007/XMLSchema-versioning}minVersion"


@dataclass(frozen=True)
class Judged:
    """The outcome of compiling all schemas.

    Args:
        errors: Place and message of every error.
        unjudged: Why they were not compiled; empty where they were.
    """

    errors: tuple[tuple[Place, str], ...] = ()
    unjudged: str = ""


def judged(description: Description) -> Judged:
    """Every error in the schemas of a description, as XML Schema 1.0 counts them."""
    schemas = [each for each in description.schemas if each.node is not each.source.root]
    schemas = schemas or list(description.schemas)
    if not schemas:
        return Judged()
    reason = _unjudged(description)
    if reason:
        return Judged(unjudged=reason)
    try:
        return Judged(tuple(_errors(description, schemas)))
    except Exception as error:  # noqa: BLE001  it raises whatever its parsers stumble over
        message = said(error)[:200]
        return Judged(((schemas[0].node.place, message or type(error).__name__),))


def _unjudged(description: Description) -> str:
    """Why compiling could take longer than anybody waits; empty where it cannot."""
    nodes = [node for schema in description.schemas for node in schema.node.everything()]
    if len(nodes) > MAX_JUDGED:
        return f"{len(nodes)} schema elements; at most {MAX_JUDGED} are compiled"
    if _effort(nodes) > MAX_EFFORT:
        return "groups of so many elements that compiling them takes too long"
    if patterns.steps(nodes) > MAX_STEPS:
        return "a pattern that could take forever on a value that is held against it"
    return ""


def _effort(nodes: list[Node]) -> int:
    sizes = _Sizes({node.get("name"): node for node in nodes if node.name == names.xsd("group")})
    kinds = {names.xsd("complexType"), names.xsd("group")}
    return sum(sizes.of(node, MAX_LEVELS) ** 2 for node in nodes if node.name in kinds)


class _Sizes:
    """How many elements a content model has once the groups it refers to stand in it."""

    def __init__(self, groups: Mapping[str, Node]) -> None:
        self._groups = groups
        self._known: dict[str, int] = {}

    def of(self, model: Node, level: int) -> int:
        """Elements, wildcards and those of every group."""
        size = 0
        for node in model.everything():
            written = node.get("ref").rpartition(":")[2]
            size += node.name in _COUNTED
            if node.name == names.xsd("group") and written and level > 0:
                size += self._group(written, level - 1)
        return min(size, MAX_EFFORT)

    def _group(self, name: str, level: int) -> int:
        if name not in self._known and name in self._groups:
            self._known[name] = 0
            self._known[name] = self.of(self._groups[name], level)
        return self._known.get(name, 0)


_COUNTED = {names.xsd("element"), names.xsd("any")}


class KnownFiles(SchemaLoader):
    """Answers imports and includes from the files of one description.

    Attributes:
        known: The files by address; each compilation has a subclass of its own that sets it.
    """

    known: ClassVar[Mapping[str, Source]] = {}

    def load_declared_schemas(self, schema: Any, other_sources: Any = None) -> None:  # noqa: ARG002
        """Load what a schema imports, includes and redefines, where it is at hand."""
        schema.imported_namespaces.clear()
        for element in schema.source.root:
            if element.tag == names.xsd("import"):
                schema.imported_namespaces.append(element.get("namespace", "").strip())
                self._load(schema, element, None)
            elif element.tag == names.xsd("include"):
                self._load(schema, element, schema.target_namespace)
            elif element.tag == names.xsd("redefine"):
                loaded = self._load(schema, element, schema.target_namespace)
                if loaded is not None and loaded is not schema:
                    loaded.redefine = schema

    def _load(self, schema: Any, element: xml.Element, namespace: str | None) -> Any:
        written = element.get("schemaLocation", "")
        source = self.known.get(resolved(written, schema.base_url or "")) if written else None
        if source is None or source.root is None or source.root.name != names.xsd("schema"):
            return None
        root, target = source.elements[0], source.root.get("targetNamespace")
        space = target if namespace is None or target else namespace
        loaded = next((s for s in self.maps.schemas if _is(s, root, space)), None)
        if loaded is None:
            loaded = _compiled(root, source.file.address, self.maps, space)
        if namespace is not None:
            schema.includes[written] = loaded
        else:
            schema.imports[written] = loaded
        return loaded


def _is(schema: Any, root: xml.Element, namespace: str) -> bool:
    return schema.source.root is root and schema.target_namespace == namespace


def _compiled(root: xml.Element, address: str, maps: Any, namespace: str) -> Any:
    return Schema10(
        root,
        namespace=namespace or None,
        global_maps=maps,
        validation="lax",
        base_url=address,
        allow="none",
        defuse="always",
        use_fallback=False,
        build=False,
    )


def _errors(description: Description, schemas: list[Schema]) -> Iterator[tuple[Place, str]]:
    places = dict(_places(description))
    roots = [_alone(schema, places) for schema in schemas]
    seen: set[tuple[Place, str]] = set()
    for error in _maps(description, schemas, roots).all_errors:
        place = places.get(error.elem) or _place_of_schema(error, places) or schemas[0].node.place
        message = said(error.message)
        if (place, message) not in seen:
            seen.add((place, message))
            yield place, message


def _maps(description: Description, schemas: list[Schema], roots: list[xml.Element]) -> Any:
    """All schemas compiled together."""
    loader = type("KnownFilesOfOne", (KnownFiles,), {"known": description.sources})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main = Schema10(
            roots[0],
            validation="lax",
            base_url=schemas[0].node.file.address,
            allow="none",
            defuse="always",
            use_fallback=False,
            loader_class=loader,
            build=False,
        )
        for schema, root in zip(schemas[1:], roots[1:], strict=True):
            _compiled(root, schema.node.file.address, main.maps, schema.target)
        main.maps.build()
    return main.maps


def _places(description: Description) -> Iterator[tuple[xml.Element, Place]]:
    """Where each element of a schema file stands."""
    for source in description.sources.values():
        for element, node in zip(source.elements, source.nodes, strict=True):
            yield element, node.place


def _alone(schema: Schema, places: dict[xml.Element, Place]) -> xml.Element:
    """A schema taken out of its WSDL with every declaration in force there."""
    element = schema.source.elements[schema.node.order]
    if schema.node is schema.source.root:
        return element
    alone = xml.parse(xml.to_bytes(element))
    nodes = schema.node.everything()
    places.update((each, node.place) for each, node in zip(alone.iter("*"), nodes, strict=True))
    return alone


def _place_of_schema(error: Any, places: Mapping[xml.Element, Place]) -> Place | None:
    """Where the schema stands that an error belongs to."""
    root = getattr(error, "root", None)
    return None if root is None else places.get(root)


def uses_xsd_11(node: Node) -> bool:
    """Whether a schema asks for XML Schema 1.1."""
    version = node.get(_VERSIONING)
    return version not in {"", "1.0"} or any(each.name in _XSD_11 for each in node.everything())
