"""Examples: valid ones satisfy the schema, invalid ones do not, whatever the schema."""

from declared import REST, facet, schema_of, simple
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.core.validation import problems_of
from adapter.schema.examples import examples_of


def titles(schema, *, valid):
    made = examples_of(schema.compiled, schema.row)
    return [example.title for example in made.documents if example.valid is valid]


def test_each_rule_of_a_schema_has_an_example_that_breaks_it():
    columns = simple("a", "string", facet("maxLength", 5) + facet("minLength", 2))
    columns += simple("n", "integer", facet("totalDigits", 3), minOccurs="0")
    columns += simple("e", "string", facet("enumeration", "yes"), minOccurs="0")
    columns += simple("p", "string", facet("pattern", "[A-Z]+"), minOccurs="0")
    assert titles(schema_of(columns), valid=False) == [
        "no row",
        "a column that is not declared",
        "a is missing",
        "a is there twice",
        "a is longer than 5",
        "a is shorter than 2",
        "n is there twice",
        "n is not of type integer",
        "n is empty",
        "n has more than 3 digits",
        "e is there twice",
        "e is none of the values allowed",
        "p is there twice",
        "p does not have the form asked for",
    ]
    assert titles(schema_of(columns), valid=True) == [
        "every column",
        "only the required columns",
        "a as long as allowed",
    ]


def test_a_column_that_no_value_fits_is_named():
    columns = simple("a", "string", facet("pattern", "q7!w{19}")) + simple("b", "int", "")
    made = examples_of(schema_of(columns).compiled, schema_of(columns).row)
    assert made.unfilled == ("a",)


def test_what_no_memory_holds_is_not_made_up():
    columns = simple("a", "string", facet("maxLength", 10**12))
    columns += simple("b", "string", facet("minLength", 10**12), minOccurs="0")
    columns += simple("c", "integer", facet("totalDigits", 10**12))
    schema = schema_of(columns)
    assert examples_of(schema.compiled, schema.row).unfilled == ("b",)


def test_links_are_made_up(download_file):
    made = examples_of(download_file.compiled, download_file.row)
    assert made.unfilled == ()
    assert b"<dataFile>https://" in made.documents[0].document


COLUMN = st.one_of(
    st.builds(lambda low, more: ("string", facet("minLength", low) + facet("maxLength", low + more)), st.integers(0, 9), st.integers(0, 60)),
    st.builds(lambda digits: ("decimal", facet("totalDigits", digits)), st.integers(1, 15)),
    st.builds(lambda least, more: ("integer", facet("minInclusive", least) + facet("maxInclusive", least + more)), st.integers(-99, 99), st.integers(0, 99)),
    st.builds(lambda values: ("string", "".join(facet("enumeration", v) for v in values)), st.sets(st.text("abc ", min_size=1), min_size=1, max_size=4)),
    st.sampled_from([
        ("boolean", ""), ("date", ""), ("date", facet("explicitTimezone", "required")), ("dateTimeStamp", ""),
        ("dateTime", facet("explicitTimezone", "prohibited")), ("time", ""), ("token", facet("maxLength", 7)),
        ("string", facet("pattern", r"https?://\S+")), ("string", facet("pattern", "[a-z]{1,3}[0-9]*")),
        ("double", ""), ("anyURI", ""), ("int", ""), ("string", facet("length", 36)),
    ]),
)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(
    columns=st.lists(st.tuples(COLUMN, st.booleans()), min_size=1, max_size=4),
    rest=st.sampled_from(["", REST]),
)
def test_valid_examples_are_valid_and_invalid_ones_are_not(columns, rest):
    declared = [
        simple(f"c{number}", base, facets, minOccurs=int(required))
        for number, ((base, facets), required) in enumerate(columns)
    ]
    schema = schema_of("".join(declared), rest)
    made = examples_of(schema.compiled, schema.row)
    for example in made.documents:
        assert (not problems_of(example.document, schema.compiled)) is example.valid, example.title
    assert not made.unfilled
    assert made.documents[0].valid
    assert not made.documents[-1].valid
