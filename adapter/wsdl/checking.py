"""Every finding of the named rules in one WSDL."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from adapter.core.redact import shortened
from adapter.wsdl.compiled import judged
from adapter.wsdl.description import Description
from adapter.wsdl.elements import Elements
from adapter.wsdl.finding import Case, Finding, Rule, Spot
from adapter.wsdl.nodes import Place
from adapter.wsdl.operations import offers_of
from adapter.wsdl.reading import read
from adapter.wsdl.rules.columns import own_troubles
from adapter.wsdl.rules.table import RULES
from adapter.wsdl.source import Source

MAX_FINDINGS = 100
"""Findings of one rule that are told; a WSDL with more is of another kind altogether."""

LINE_LENGTH = 300
FOUND_LENGTH = 300
LOOKED_AT = 3000
"""Characters of a value or line that are looked at; a line can be a whole file."""


@dataclass(frozen=True)
class Use:
    """What is known of how the WSDL is to be used.

    Args:
        asked: Address it was asked for; empty where it comes from a file.
        stored_process: Name of the stored process to be called; empty for all of them.
        schema: The XSD that the adapter holds documents against; None where none is known.
        schema_name: Name of that XSD, for its findings.
        mapped: Parameters that the adapter fills in.
        included: The files that this XSD includes, by address seen from its name.
    """

    asked: str = ""
    stored_process: str = ""
    schema: bytes | None = None
    schema_name: str = "schema.xsd"
    mapped: frozenset[str] = frozenset()
    included: Mapping[str, bytes] = field(default_factory=dict, hash=False, repr=False)

    @property
    def own(self) -> Mapping[str, bytes]:
        """The files of the XSD by name; none where none is known."""
        return {} if self.schema is None else {**self.included, self.schema_name: self.schema}


NO_USE = Use()


def check(
    files: Mapping[str, bytes],
    main: str,
    *,
    unreachable: Mapping[str, str] | None = None,
    use: Use = NO_USE,
    rules: Collection[Rule] = RULES,
) -> tuple[Finding, ...]:
    """Every finding, sorted by file, line and column.

    Args:
        files: Bytes by address: the WSDL and all that it imports. An address is a URL, or a path
            with forward slashes; locations are resolved against it.
        main: Address of the WSDL itself.
        unreachable: Addresses that could not be had, each with the reason.
        use: What is known of how it is to be used.
        rules: The rules to apply.
    """
    description = read(files, main, unreachable)
    own = _own(use)
    case = case_of(description, use, own)
    sources = {**description.sources, **(own.sources if own else {})}
    found = (_finding(each, spot, sources) for each in rules for spot in _applied(each, case))
    order = {address: number for number, address in enumerate(sources)}
    return tuple(
        sorted(set(found), key=lambda f: (order[f.file], f.line, f.column, f.rule.id, f.found))
    )


def case_of(description: Description, use: Use = NO_USE, own: Description | None = None) -> Case:
    """A description and its use, as rules see them."""
    elements = Elements(description.schemas)
    return Case(
        description=description,
        elements=elements,
        offers=offers_of(description, elements),
        judged=judged(description),
        asked=use.asked,
        stored_process=use.stored_process,
        own=Elements(own.schemas) if own else None,
        own_troubles=tuple(_troubles(own)) if own else (),
        mapped=use.mapped,
    )


def _own(use: Use) -> Description | None:
    return read(use.own, use.schema_name) if use.own else None


def _troubles(own: Description) -> Iterator[Spot]:
    source = own.sources[own.main]
    spots = tuple(Spot(each.place, each.found) for each in source.troubles)
    start = source.root.place if source.root else Place(own.main, 1, 1)
    yield from own_troubles(Elements(own.schemas), spots, start)


def _applied(rule: Rule, case: Case) -> Iterator[Spot]:
    return islice(iter(rule.check(case)), MAX_FINDINGS)


def _finding(rule: Rule, spot: Spot, sources: Mapping[str, Source]) -> Finding:
    place = spot.place
    return Finding(
        rule=rule,
        file=place.file,
        line=place.line,
        column=place.column,
        found=shortened(spot.found[:LOOKED_AT], FOUND_LENGTH),
        expected=shortened(spot.expected or rule.expected, FOUND_LENGTH),
        text=shortened(sources[place.file].file.line(place.line)[:LOOKED_AT], LINE_LENGTH),
    )
