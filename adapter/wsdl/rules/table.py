"""The table of all rules, in the order in which a WSDL is read."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from types import ModuleType
from typing import Final

from adapter.wsdl.finding import Rule
from adapter.wsdl.rules import (
    address,
    binding,
    body,
    columns,
    document,
    imports,
    naming,
    parts,
    references,
    sasbiws,
    schema,
    structure,
)

_MODULES: Final = (
    document, imports, structure, naming, references, parts, binding, body, address, schema,
    sasbiws, columns,
)  # fmt: skip


def _rules_of(module: ModuleType) -> tuple[Rule, ...]:
    return tuple(each for each in vars(module).values() if isinstance(each, Rule))


RULES: Final[tuple[Rule, ...]] = tuple(chain.from_iterable(map(_rules_of, _MODULES)))
"""Every rule; no two have one id."""

BY_ID: Final[Mapping[str, Rule]] = {each.id: each for each in RULES}
