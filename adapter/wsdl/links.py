"""The schemas of a description, and the statements by which its files name one another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adapter.wsdl.nodes import Node
from adapter.wsdl.source import Source


class LinkKind(StrEnum):
    """Which statement names a further file."""

    WSDL = "wsdl:import"
    IMPORT = "xs:import"
    INCLUDE = "xs:include"
    REDEFINE = "xs:redefine"


@dataclass(frozen=True, eq=False)
class Link:
    """A statement that names a namespace or a further file.

    Args:
        kind: Which statement.
        address: Of the further file; empty where none is named.
        namespace: That it is said to have.
        owner: Target namespace of what holds the statement.
        node: The statement.
    """

    kind: LinkKind
    address: str
    namespace: str
    owner: str
    node: Node

    @property
    def file(self) -> str:
        """The file that holds the statement."""
        return self.node.file.address


@dataclass(frozen=True, eq=False)
class Schema:
    """One xs:schema, in a WSDL or a file of its own.

    Args:
        target: Its target namespace; empty where it has none.
        node: Its element.
        source: The file it stands in.
        includers: Target namespaces that it takes on by being included without one of its own.
    """

    target: str
    node: Node
    source: Source
    includers: tuple[str, ...] = ()
