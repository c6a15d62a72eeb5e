"""Comparison: what is breaking for rows already kept, and what is harmless."""

import pytest
from declared import HEAD, REST, TAIL, Schema, facet, schema_of, simple
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.core.columns import Column
from adapter.core.document import table_of
from adapter.core.validation import problems_of
from adapter.schema.comparison import compare
from adapter.schema.examples import examples_of

A = simple("a", "string", facet("maxLength", 9))


def text(*values):
    return simple("a", "string", "".join(facet("enumeration", value) for value in values))


def of(base, *facets, **attributes):
    return simple("a", base, "".join(facet(*each) for each in facets), **attributes)


CHANGES = [
    # old, new, breaking, what changed
    (A, A + simple("b", "int"), True, "added, required"),
    (A, A + simple("b", "int", minOccurs="0"), False, "added, optional"),
    (A + REST, A + simple("b", "int", minOccurs="0") + REST, True, "added, with rules for its values"),
    (A + REST, A + '<xs:element name="b" type="xs:string" minOccurs="0"/>' + REST, False, "added, optional"),
    (A + simple("b", "int"), A, True, "removed"),
    (A + simple("b", "int"), A + REST, False, "no longer declared"),
    (A + REST, A, True, "further columns are refused now"),
    (A, A + REST, False, "further columns are allowed now"),
    (of("string", minOccurs="0"), of("string"), True, "required now"),
    (of("string"), of("string", minOccurs="0"), False, "optional now"),
    (of("string", maxOccurs="2"), of("string"), True, "once only now"),
    (of("string", ("maxLength", 9)), of("string", ("maxLength", 8)), True, "longest value: 9 became 8"),
    (of("string", ("maxLength", 8)), of("string", ("maxLength", 9)), False, "longest value: 8 became 9"),
    (of("string"), of("string", ("maxLength", 9)), True, "longest value: any became 9"),
    (of("string", ("maxLength", 9)), of("string"), False, "longest value: 9 became any"),
    (of("string", ("minLength", 1)), of("string", ("minLength", 2)), True, "shortest value: 1 became 2"),
    (of("string", ("minLength", 2)), of("string", ("minLength", 1)), False, "shortest value: 2 became 1"),
    (of("integer"), of("string"), False, "xs:integer became xs:string"),
    (of("int"), of("decimal"), False, "xs:int became xs:decimal"),
    (of("string"), of("integer"), True, "xs:string became xs:integer"),
    (of("dateTime"), of("dateTimeStamp"), True, "xs:dateTime became xs:dateTimeStamp"),
    (text("x", "y"), text("x"), True, "1 value(s) left the list"),
    (text("x"), text("x", "y"), False, "the list of values grew"),
    (of("string"), text("x"), True, "only listed values now"),
    (text("x"), of("string"), False, "no list of values any more"),
    (of("string"), of("string", ("pattern", "x+")), True, "another pattern"),
    (of("string", ("pattern", "x+")), of("string"), False, "a pattern was dropped"),
    (of("integer", ("totalDigits", 5)), of("integer", ("totalDigits", 4)), True, "digits: 5 became 4"),
    (of("integer", ("maxInclusive", 5)), of("integer", ("maxInclusive", 6)), False, "maxInclusive: 5 became 6"),
    (of("date"), of("date", ("explicitTimezone", "required")), True, "time zone: any became required"),
    (of("date", ("explicitTimezone", "required")), of("date"), False, "time zone: required became any"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "breaking", "what"), CHANGES)
def test_a_change_is_named_and_weighed(old, new, breaking, what):
    changes = compare(schema_of(old).row, schema_of(new).row)
    assert {change.what: change.breaking for change in changes}[what] is breaking


@pytest.mark.parametrize(("old", "new"), [change[:2] for change in CHANGES])
def test_without_a_breaking_change_every_row_stays_valid(old, new):
    before, after = schema_of(old), schema_of(new)
    if any(change.breaking for change in compare(before.row, after.row)):
        return
    kept = [e.document for e in examples_of(before.compiled, before.row).documents if e.valid]
    assert kept
    assert not [problem for document in kept for problem in problems_of(document, after.compiled)]


def test_the_same_schema_has_no_change(download_file):
    assert compare(download_file.row, download_file.row) == ()


def test_an_order_that_is_asked_for_anew_is_breaking():
    columns = "".join(simple(name, "int") for name in "ab")
    swapped = "".join(simple(name, "int") for name in "ba")

    def ordered(inside):
        return Schema(f"{HEAD}{inside}{TAIL}".replace("xs:all", "xs:sequence").encode())

    assert compare(schema_of(columns).row, ordered(columns).row)[0].breaking
    assert compare(ordered(columns).row, ordered(swapped).row)[0].breaking
    assert not compare(ordered(columns).row, schema_of(columns).row)[0].breaking
    assert compare(ordered(columns).row, ordered(columns).row) == ()


def test_fewer_rows_are_breaking():
    few = Schema(f"{HEAD}{A}{TAIL}".replace('"unbounded"', '"1"').encode())
    (change,) = compare(schema_of(A).row, few.row)
    assert change.breaking
    row = (Column("a", "x", "a"),)
    assert not problems_of(table_of(row), few.compiled)


COLUMN = st.one_of(
    st.builds(lambda low, more: ("string", facet("minLength", low) + facet("maxLength", low + more)), st.integers(0, 3), st.integers(0, 3)),
    st.builds(lambda base, most: (base, facet("maxLength", most)), st.sampled_from(["string", "token", "normalizedString", "anyURI"]), st.integers(3, 5)),
    st.builds(lambda digits: ("integer", facet("totalDigits", digits)), st.integers(1, 3)),
    st.builds(lambda least, more: ("integer", facet("minInclusive", least) + facet("maxInclusive", least + more)), st.integers(-2, 2), st.integers(0, 3)),
    st.builds(lambda values: ("string", "".join(facet("enumeration", v) for v in values)), st.sets(st.sampled_from("abc"), min_size=1)),
    st.sampled_from([
        ("string", ""), ("int", ""), ("short", ""), ("decimal", ""), ("boolean", ""), ("date", ""), ("dateTimeStamp", ""), ("dateTime", ""),
        ("dateTime", facet("explicitTimezone", "prohibited")), ("string", facet("pattern", "[a-z]+")), ("string", facet("assertion", "x").replace("value", "test").replace('"x"', "\"$value != '17'\"")),
    ]),
)  # fmt: skip
TABLE = st.tuples(
    st.dictionaries(st.sampled_from("ab"), st.tuples(COLUMN, st.booleans()), min_size=1),
    st.sampled_from(["", REST]),
)
VALUES = ["", "a", "b", "abc", "abcd", " a ", "a     ", "1", "01", "17", "100", "-2", "1.5", "true", "2025-07-04", "2025-07-04Z", "2025-07-04T10:30:00", "2025-07-04T10:30:00Z"]  # fmt: skip


def made(table):
    columns, rest = table
    declared = (
        simple(name, *column, minOccurs=int(must)) for name, (column, must) in columns.items()
    )
    return schema_of("".join(declared), rest)


@settings(max_examples=20, deadline=None)
@given(
    old=TABLE,
    new=TABLE,
    rows=st.lists(
        st.dictionaries(st.sampled_from("abc"), st.sampled_from(VALUES), min_size=1),
        min_size=20,
        max_size=20,
    ),
)
def test_what_is_called_harmless_refuses_no_row(old, new, rows):
    before, after = made(old), made(new)
    if any(change.breaking for change in compare(before.row, after.row)):
        return
    for row in rows:
        cells = tuple(Column(name, text, name) for name, text in row.items())
        assert before.problems(cells) or not after.problems(cells), row


def test_types_that_are_not_looked_into_are_harmless_only_if_nothing_changed():
    def union(*members):
        return f'<xs:element name="a"><xs:simpleType><xs:union memberTypes="{" ".join(members)}"/></xs:simpleType></xs:element>'

    one, two = schema_of(union("xs:int", "xs:date")), schema_of(union("xs:int"))
    assert any(change.breaking for change in compare(one.row, two.row))
    assert compare(one.row, one.row) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("xs:all>", "xs:choice>"),
        ('processContents="skip"', 'processContents="lax"'),
        (
            'name="InData" maxOccurs="unbounded"',
            'name="InData" minOccurs="2" maxOccurs="unbounded"',
        ),
        ('<xs:element name="InData"', '<xs:element name="Head"/><xs:element name="InData"'),
        ("</xs:all>", '</xs:all><xs:assert test="a != 5"/>'),
        ('type="xs:int"', 'type="xs:int" fixed="5"'),
    ],
)
def test_what_is_asked_of_the_whole_row_anew_is_breaking(old, new):
    text = schema_of('<xs:element name="a" type="xs:int" minOccurs="0"/>', REST).raw.decode()
    assert old in text
    before, after = Schema(text.encode()), Schema(text.replace(old, new).encode())
    assert any(change.breaking for change in compare(before.row, after.row))
    assert compare(after.row, after.row) == ()
