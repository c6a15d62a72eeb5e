"""Rules of the Table: the schema of the adapter against the one in the WSDL, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapter.wsdl import names
from adapter.wsdl.element import Content, Element, holds, length_of
from adapter.wsdl.elements import Elements
from adapter.wsdl.finding import Case, Level, Spot, rule
from adapter.wsdl.nodes import Place
from adapter.wsdl.operations import TABLE, request_shape, row_of, table_of

_GUIDE = "SAS 9.4 BI Web Services Developer's Guide, attachments"


@rule(
    "own-schema-invalid",
    Level.ERROR,
    expected="an XSD with a global element Table",
    why="documents cannot be held against it, so every task of the route is refused",
    remedy="mend the file in schemas/",
    source="the settings of the route, schema",
)
def own_schema_invalid(case: Case) -> Iterator[Spot]:
    """The adapter's own schema cannot be used."""
    yield from case.own_troubles


@rule(
    "table-namespace",
    Level.WARNING,
    expected="Table in no namespace",
    why="the adapter sends Table in the namespace that the WSDL gives it; XML maps that count on "
    "none do not find their rows",
    remedy="attach the schema without a target namespace to the data source",
    source=_GUIDE,
)
def table_namespace(case: Case) -> Iterator[Spot]:
    """The Table is in a namespace."""
    for table in _tables(case):
        if names.namespace(table.name):
            yield Spot(table.node.place, names.namespace(table.name))


@rule(
    "column-missing",
    Level.ERROR,
    expected="every column that the WSDL requires",
    why="a document that satisfies the adapter's schema lacks a column that SAS demands",
    remedy="add the column to the adapter's schema, or make it optional in SAS",
    source=_GUIDE,
)
def column_missing(case: Case) -> Iterator[Spot]:
    """A column is required by the WSDL, and not by the adapter's schema."""
    for pair in _pairs(case):
        for name, there in pair.there.items():
            here = pair.here.get(name)
            if there.least > 0 and (here is None or here.least == 0):
                state = "optional" if here else "open" if pair.open_here else "not there"
                yield Spot(there.node.place, f"{there.local} is required, here it is {state}")


@rule(
    "column-unknown",
    Level.ERROR,
    expected="only columns that the WSDL declares",
    why="a document that satisfies the adapter's schema holds a column that SAS does not allow",
    remedy="remove the column from the adapter's schema, or attach a newer schema in SAS",
    source=_GUIDE,
)
def column_unknown(case: Case) -> Iterator[Spot]:
    """A column of the adapter's schema is not in the WSDL."""
    for pair in _pairs(case):
        if not pair.open_there:
            for name, here in pair.here.items():
                if name not in pair.there:
                    yield Spot(here.node.place, here.local, ", ".join(_listed(pair.there)))


@rule(
    "column-case",
    Level.WARNING,
    expected="the same letters, upper and lower case",
    why="SAS compares names without case, a schema with it: a strict reader finds no such column",
    remedy="write the name as the WSDL has it",
    source=_GUIDE,
)
def column_case(case: Case) -> Iterator[Spot]:
    """A column differs in upper and lower case."""
    for here, there in _both(case):
        if here.local != there.local:
            yield Spot(here.node.place, here.local, there.local)


@rule(
    "column-length",
    Level.ERROR,
    expected="a length in the adapter's schema that the WSDL allows too",
    why="a longer value is refused by SAS, or cut without a word",
    remedy="write the shorter length into the adapter's schema, or a longer one in SAS",
    source=_GUIDE,
)
def column_length(case: Case) -> Iterator[Spot]:
    """A column may be shorter in the WSDL than in the adapter's schema."""
    for here, there in _both(case):
        least, most = length_of(there), length_of(here)
        if least is not None and (most is None or most > least):
            found = f"{there.local}: {least} there, {'any length' if most is None else most} here"
            yield Spot(there.node.place, found, f"at most {least}")


@rule(
    "column-type",
    Level.ERROR,
    expected="a type that can hold every value of the adapter's schema",
    why="a value that satisfies the adapter's schema is refused by SAS",
    remedy="use the same type on both sides",
    source=_GUIDE,
)
def column_type(case: Case) -> Iterator[Spot]:
    """A column has a type in the WSDL that cannot hold the adapter's values."""
    for here, there in _both(case):
        both = Content.SIMPLE in {here.content} & {there.content}
        if both and not holds(there.base, here.base):
            yield Spot(there.node.place, f"{there.local}: xs:{there.base}", f"xs:{here.base}")


@rule(
    "column-order",
    Level.WARNING,
    expected="columns in the order of the WSDL",
    why="the WSDL has a sequence, and the adapter's schema allows another order: strict readers "
    "refuse it, SAS reads columns by name",
    remedy="use xs:sequence in the adapter's schema, in the order of the WSDL",
    source=_GUIDE,
)
def column_order(case: Case) -> Iterator[Spot]:
    """Columns may come in another order than the WSDL has."""
    for pair in _pairs(case):
        shared = [name for name in pair.there if name in pair.here]
        ordered = [name for name in pair.here if name in pair.there]
        if pair.sequence_there and (ordered != shared or not pair.sequence_here) and shared:
            state = "any order" if not pair.sequence_here else ", ".join(ordered)
            yield Spot(pair.row_there.node.place, state, ", ".join(_listed(pair.there)))


@dataclass(frozen=True, eq=False)
class _Pair:
    """The rows of both schemas: columns by name as SAS compares names."""

    row_here: Element
    row_there: Element
    here: Mapping[str, Element]
    there: Mapping[str, Element]

    @property
    def open_here(self) -> bool:
        return _open(self.row_here)

    @property
    def open_there(self) -> bool:
        return _open(self.row_there)

    @property
    def sequence_here(self) -> bool:
        return _sequence(self.row_here)

    @property
    def sequence_there(self) -> bool:
        return _sequence(self.row_there)


def _tables(case: Case) -> Iterator[Element]:
    """The Table in the Value of the data source, where the WSDL declares one."""
    for offer in case.served if len(case.served) == 1 else ():
        table = table_of(request_shape(offer, case.elements).instream(), case.elements)
        if table is not None:
            yield table


def _pairs(case: Case) -> Iterator[_Pair]:
    own = case.own
    table = own.get(TABLE) if own is not None else None
    row = row_of(table, own) if own is not None else None
    if own is None or row is None or not own.children(row):
        return
    for there in _tables(case):
        other = row_of(there, case.elements)
        if other is not None:
            yield _Pair(row, other, _columns(own, row), _columns(case.elements, other))


def _columns(elements: Elements, row: Element) -> dict[str, Element]:
    return {each.local.casefold(): each for each in elements.children(row)}


def _both(case: Case) -> Iterator[tuple[Element, Element]]:
    for pair in _pairs(case):
        for name, there in pair.there.items():
            if name in pair.here:
                yield pair.here[name], there


def _listed(columns: Mapping[str, Element]) -> list[str]:
    return [each.local for each in columns.values()][:20]


def _open(row: Element) -> bool:
    """Whether a row may hold columns that are not declared."""
    kind = row.body[0] if row.body else None
    return kind is not None and any(n.name == names.xsd("any") for n in kind.everything())


def _sequence(row: Element) -> bool:
    kind = row.body[0] if row.body else None
    return kind is not None and kind.first(names.xsd("sequence")) is not None


def own_troubles(elements: Elements, troubles: tuple[Spot, ...], start: Place) -> tuple[Spot, ...]:
    """Why the adapter's own schema cannot be used: what kept it from being read, or no Table."""
    if troubles or TABLE in elements:
        return troubles
    found = ", ".join(elements.names[:10]) or "no global element"
    return (Spot(start, found, TABLE),)
