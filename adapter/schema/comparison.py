"""What changed between two schemas: breaking or harmless for rows that are kept already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adapter.schema.row import Declared, Kind, Row

_UPPER = {"maxLength", "totalDigits", "fractionDigits", "maxInclusive", "maxExclusive"}
_LOWER = {"minLength", "minInclusive", "minExclusive"}
_IN_WORDS = {
    "maxLength": "longest value", "minLength": "shortest value", "length": "length",
    "totalDigits": "digits", "fractionDigits": "decimals", "explicitTimezone": "time zone",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One change.

    Args:
        breaking: Whether a row that satisfied the old schema may fail the new one.
        column: Which column; empty for the whole row.
        what: What changed.
        why: Why it is breaking or not.
    """

    breaking: bool
    column: str
    what: str
    why: str

    def __str__(self) -> str:
        """As one line."""
        kind = "breaking" if self.breaking else "harmless"
        where = f"{self.column}: " if self.column else ""
        return f"{kind}: {where}{self.what}: {self.why}"

    def to_json(self) -> dict[str, str | bool]:
        """The change as JSON members."""
        return {
            "breaking": self.breaking,
            "column": self.column,
            "what": self.what,
            "why": self.why,
        }


def compare(old: Row, new: Row) -> tuple[Change, ...]:
    """Every change, the breaking ones first.

    A change is breaking unless it is sure that every row of the old schema satisfies the new one.
    """
    changes = [*_whole(old, new), *_columns(old, new)]
    return tuple(sorted(changes, key=lambda change: not change.breaking))


def _whole(old: Row, new: Row) -> Iterator[Change]:
    yield from _rest(old, new)
    yield from _shape(old, new)
    if new.rows[0] > old.rows[0] or _is_fewer(old.rows[1], new.rows[1]):
        yield _breaking("", "the number of rows", "documents kept may have fewer or more")
    if new.beside != old.beside:
        yield _breaking("", "what a table holds", "documents kept have what it held before")
    if new.conditions - old.conditions:
        yield _breaking("", "another assertion, key or alternative", "rows kept may not satisfy it")
    elif new.conditions != old.conditions:
        yield _harmless("", "a condition was dropped", "no row is refused for it")


def _rest(old: Row, new: Row) -> Iterator[Change]:
    if old.open and not new.open:
        yield _breaking("", "further columns are refused now", "rows kept may have some")
    elif new.open and not old.open:
        yield _harmless("", "further columns are allowed now", "no row is refused for it")
    elif new.rest != old.rest:
        yield _breaking("", "further columns of another kind", "rows kept may have the old kind")


def _shape(old: Row, new: Row) -> Iterator[Change]:
    if new.shape == "all":
        if old.shape != "all":
            yield _harmless("", "columns may come in any order now", "no row is refused for it")
    elif new.shape != old.shape or _order(old, new) != _order(new, old):
        yield _breaking("", "the order of the columns", "rows kept may have another order")


def _order(row: Row, other: Row) -> list[str]:
    there = {column.name for column in other.columns}
    return [column.name for column in row.columns if column.name in there]


def _is_fewer(old: int | None, new: int | None) -> bool:
    return new is not None and (old is None or new < old)


def _columns(old: Row, new: Row) -> Iterator[Change]:
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    for name, column in before.items():
        if name in after:
            yield from _column(column, after[name])
        else:
            yield _removed(name, new)
    for name, column in after.items():
        if name not in before:
            yield _added(column, old)


def _removed(name: str, new: Row) -> Change:
    if new.open:
        return _harmless(name, "no longer declared", "it may stand among the further columns")
    return _breaking(name, "removed", "rows kept may have it, and it is refused now")


def _added(column: Declared, old: Row) -> Change:
    if column.required:
        return _breaking(column.name, "added, required", "rows kept do not all have it")
    if old.open and not _takes_any_text(column):
        why = "rows kept may have it among the further columns, with any value"
        return _breaking(column.name, "added, with rules for its values", why)
    return _harmless(column.name, "added, optional", "rows without it stay valid")


def _takes_any_text(column: Declared) -> bool:
    plain = column.base[:1] == ("string",) and column.kind is Kind.TEXT
    return plain and not _restricted(column)


def _restricted(column: Declared) -> bool:
    """Whether more is asked of a value than its built-in type."""
    return bool(column.facets.keys() - {"whiteSpace"} or column.values or column.patterns)


def _space(column: Declared) -> str:
    """How blanks are counted: a length means another thing where they are kept."""
    return column.facets.get("whiteSpace", "collapse")


def _column(old: Declared, new: Declared) -> Iterator[Change]:
    name = old.name
    if new.required and not old.required:
        yield _breaking(name, "required now", "rows kept may lack it")
    if old.required and not new.required:
        yield _harmless(name, "optional now", "no row is refused for it")
    if old.repeated and not new.repeated:
        yield _breaking(name, "once only now", "rows kept may have it more often")
    yield from _type(old, new)
    yield from _values(old, new)
    yield from _patterns(old, new)
    if _space(old) != _space(new) and _restricted(new) and _type_name(old) == _type_name(new):
        yield _breaking(name, "blanks are counted otherwise", "values kept may have some")
    for facet in sorted((old.facets.keys() | new.facets.keys()) - {"whiteSpace"}):
        yield from _facet(name, facet, old.facets.get(facet), new.facets.get(facet))


def _type(old: Declared, new: Declared) -> Iterator[Change]:
    before, after = _type_name(old), _type_name(new)
    if before == after:
        return
    what = f"{before} became {after}"
    wider = after in {f"xs:{name}" for name in old.base} or after == "xs:string"
    if wider and (_space(old) == _space(new) or not _restricted(new)):
        yield _harmless(old.name, what, "every value of the old type is one of the new")
    else:
        yield _breaking(old.name, what, "values kept may not be of the new type")


def _type_name(column: Declared) -> str:
    if column.kind is Kind.NESTED:
        return "elements"
    return f"xs:{column.base[0]}" if column.base else "a union or a list"


def _values(old: Declared, new: Declared) -> Iterator[Change]:
    lost = [value for value in old.values if value not in new.values]
    if new.values and not old.values:
        yield _breaking(old.name, "only listed values now", "values kept may be others")
    elif old.values and not new.values:
        yield _harmless(old.name, "no list of values any more", "no value is refused for it")
    elif lost:
        yield _breaking(old.name, f"{len(lost)} value(s) left the list", "rows kept may have them")
    elif new.values != old.values:
        yield _harmless(old.name, "the list of values grew", "no value is refused for it")


def _patterns(old: Declared, new: Declared) -> Iterator[Change]:
    added = [pattern for pattern in new.patterns if pattern not in old.patterns]
    if added:
        yield _breaking(old.name, "another pattern", "values kept may have another form")
    elif new.patterns != old.patterns:
        yield _harmless(old.name, "a pattern was dropped", "no value is refused for it")


def _facet(name: str, facet: str, old: str | None, new: str | None) -> Iterator[Change]:
    if old == new:
        return
    word = _IN_WORDS.get(facet, facet)
    what = f"{word}: {old or 'any'} became {new or 'any'}"
    if new is None or (old is not None and _is_wider(facet, old, new)):
        yield _harmless(name, what, "no value is refused for it")
    else:
        yield _breaking(name, what, "values kept may be others")


def _is_wider(facet: str, old: str, new: str) -> bool:
    """Whether a bound moved outward; of what is no number that is not known."""
    try:
        before, after = float(old), float(new)
    except ValueError:
        return facet == "explicitTimezone" and new == "optional"
    return after > before if facet in _UPPER else after < before and facet in _LOWER


def _breaking(column: str, what: str, why: str) -> Change:
    return Change(True, column, what, why)  # noqa: FBT003  the first of a table's columns


def _harmless(column: str, what: str, why: str) -> Change:
    return Change(False, column, what, why)  # noqa: FBT003  the first of a table's columns
