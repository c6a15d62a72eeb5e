"""How long the patterns of schemas may take on the values that are held against them.

A compiler holds a pattern against the empty text, and against the defaults, fixed values and facets
of whatever has the type of the pattern; not against the facets that stand beside it.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator

from adapter.wsdl import names
from adapter.wsdl.nodes import Node

_MANY = 64
_DIGITS = 9
_REPEATED_GROUP = re.compile(r"\)\s*[*+{]")
_QUANTIFIER = re.compile(r"[*+]|\{\d*,\d*\}")
_COUNT = re.compile(r"\{(\d{1,9})")
_TYPES = frozenset(map(names.xsd, ("simpleType", "complexType")))
_OWNERS = _TYPES | set(map(names.xsd, ("element", "attribute")))
_REFERENCES = ("type", "base", "itemType", "memberTypes", "ref", "substitutionGroup")
_VALUES = ("default", "fixed", "value")
_PATTERN = names.xsd("pattern")


def steps(nodes: list[Node]) -> float:
    """How many steps the patterns of these schema elements, in their order, may take at worst."""
    owners = _owners(nodes)
    longest = _longest(nodes, owners)
    patterns = ((owners[each], each.get("value")) for each in nodes if each.name == _PATTERN)
    return max((_steps(value, longest.get(owner, 0)) for owner, value in patterns), default=0.0)


def _owners(nodes: list[Node]) -> dict[Node, Node]:
    """The nearest type or declaration around each element, or the element itself."""
    owners: dict[Node, Node] = {}
    for node in nodes:
        owner = owners[node] = node if node.name in _OWNERS else owners.get(node, node)
        for child in node.children:
            owners.setdefault(child, owner)
    return owners


def _longest(nodes: list[Node], owners: dict[Node, Node]) -> dict[Node | str, int]:
    """The longest value that is held against each type of which there is one."""
    lead: dict[Node | str, list[Node | str]] = defaultdict(list)
    values: dict[Node, int] = defaultdict(int)
    is_ours = any(node.get("targetNamespace") == names.XSD for node in nodes)
    for node in nodes:
        owner = owners[node]
        lead[node.get("name")].append(node)
        lead[owner] += [child for child in node.children if child.name in _TYPES]
        lead[owner] += {name for space, name in _named(node) if is_ours or space != names.XSD}
        if node.name != _PATTERN:
            values[owner] = max(values[owner], *(len(node.get(name)) for name in _VALUES))
    found: dict[Node | str, int] = {}
    for owner in sorted(values, key=lambda each: -values[each]):
        waiting = [*lead[owner]]
        while waiting:
            reached = waiting.pop()
            if reached not in found:
                found[reached] = values[owner]
                waiting += lead[reached]
    return found


def _named(node: Node) -> Iterator[tuple[str | None, str]]:
    """Namespace and local name of everything that an element refers to."""
    for written in " ".join(map(node.get, _REFERENCES)).split():
        prefix, _, local = written.rpartition(":")
        yield node.namespaces.get(prefix or None), local


def _steps(pattern: str, length: int) -> float:
    """A repeated group may be tried in every way; else each quantifier at every place."""
    if _REPEATED_GROUP.search(pattern):
        counts = math.prod(map(int, _COUNT.findall(pattern)))
        return float(2 ** min(length, _MANY) * min(counts, 10**_MANY))
    if not length:
        return 1.0
    places = min(len(_QUANTIFIER.findall(pattern)), _DIGITS)
    return float(length**places * 2 ** min(pattern.count("?"), _MANY))
