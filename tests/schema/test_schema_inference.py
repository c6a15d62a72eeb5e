"""Inference: what samples prove, and that the schema accepts the samples."""

import json
import re

import pytest
from declared import Schema, rows_of
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.core.columns import Column
from adapter.schema.inference import infer
from adapter.schema.judging import judge
from adapter.schema.proof import STEPS, Proven, proven, with_head_room
from adapter.schema.row import Kind


def rows(*texts):
    return [(Column("x", text, "x"),) for text in texts]


def only(schema):
    (column,) = schema.row.columns
    return column


PROOFS = [
    (("true", "false"), Proven.BOOLEAN),
    (("1", "0"), Proven.INTEGER),
    (("-17", "0", "999999999999999"), Proven.INTEGER),
    (("1000000000000000",), Proven.TEXT),  # 16 digits: SAS would change the last
    (("007",), Proven.TEXT),               # a number would lose the zeros
    (("1", ""), Proven.TEXT),              # an empty element is no number
    (("1", "2.50"), Proven.DECIMAL),
    (("1E5",), Proven.TEXT),
    (("٣",), Proven.TEXT),                 # a digit, and no number of XSD
    (("2025-07-04", "2024-02-29"), Proven.DATE),
    (("2025-02-29",), Proven.TEXT),
    (("0001-01-01",), Proven.TEXT),        # before the first date of SAS
    (("2025-07-04T10:30:00", "2025-07-04T10:30:00.123"), Proven.UNZONED),
    (("2025-07-04T10:30:00Z", "2025-07-04T10:30:00+02:00"), Proven.ZONED),
    (("2025-07-04T10:30:00Z", "2025-07-04T10:30:00"), Proven.TEXT),
    (("2025-07-04", "2025-07-04T10:30:00"), Proven.TEXT),
    (("https://files.example.com/a?b=c", "http://x"), Proven.LINK),
    (("https://files.example.com/a b",), Proven.TEXT),
    (("true", "1"), Proven.TEXT),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "kind"), PROOFS)
def test_a_type_is_what_every_sample_has(texts, kind):
    (proof,) = proven(rows(*texts))
    assert proof.type is kind
    schema = Schema(infer(rows(*texts)))
    assert not [problem for row in rows(*texts) for problem in schema.problems(row)]


@pytest.mark.parametrize(
    ("longest", "length"),
    [
        (0, 8),
        (5, 8),
        (6, 16),
        (24, 36),
        (36, 64),
        (683, 2048),
        (21845, 32767),
        (32767, 32767),
        (32768, None),
    ],
)
def test_a_length_is_the_next_step_of_half_as_much_again(longest, length):
    assert with_head_room(longest) == length
    assert length is None or length in STEPS


def test_a_column_is_required_if_enough_samples_have_it():
    assert only(Schema(infer(rows("a", "b", "c")))).required
    assert not only(Schema(infer(rows("a", "b")))).required
    assert only(Schema(infer(rows("a", "b"), required_from=2))).required
    assert not only(Schema(infer([*rows("a", "b", "c"), ()]))).required


def test_values_are_listed_only_when_asked_and_seen_often():
    texts = ("red", "blue", "red", "blue")
    assert only(Schema(infer(rows(*texts)))).values == ()
    assert only(Schema(infer(rows(*texts), values=True))).values == ("blue", "red")
    assert only(Schema(infer(rows(*texts, "green"), values=True))).values == ()


def test_further_columns_are_allowed_unless_it_is_closed():
    more = (Column("x", "a", "x"), Column("y", "b", "y"))
    assert not Schema(infer(rows("a"))).problems(more)
    assert Schema(infer(rows("a"), closed=True)).problems(more)


def test_each_column_says_why_and_no_sample_value_is_told(vectors):
    payloads = [(vectors / f"payloads/triggered-task-{n}.json").read_bytes() for n in (1, 2, 3)]
    samples = rows_of(*payloads)
    made = infer(samples).decode()
    comments = re.findall(r"<!--(.*?)-->", made, re.DOTALL)
    assert len(comments) == len({c.name for row in samples for c in row}) + 1
    assert " in 3 of 3 samples; longest value: 36 characters " in comments
    told = re.sub(r'name="\w+"', "", made)
    values = {c.text for row in samples for c in row if len(c.text) > 5} - {"string", "InData"}
    assert not [value for value in values if value in told]


def test_the_triggered_samples_give_a_schema_that_sas_can_hold(vectors):
    payloads = [(vectors / f"payloads/triggered-task-{n}.json").read_bytes() for n in (1, 2, 3)]
    schema = Schema(infer(rows_of(*payloads)))
    kinds = {column.name: column.kind for column in schema.row.columns}
    assert kinds["guid"] is Kind.TEXT
    assert kinds["generatedTimestamp"] is Kind.INTEGER
    assert not judge(schema.row)


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=40), st.dates().map(str), st.datetimes().map(lambda d: d.isoformat()),
    st.datetimes(timezones=st.timezones()).map(lambda d: d.isoformat()),
    st.from_regex(r"https?://\S{1,30}", fullmatch=True), st.sampled_from(["a", "b", "", "true", "1"]),
    st.integers(0, 40000).map("x".__mul__),
)  # fmt: skip
PAYLOADS = st.lists(
    st.dictionaries(st.sampled_from(["a", "A", "b", "c d", "1st", "x" * 40]) | st.text(max_size=8), LEAVES, min_size=1, max_size=6),
    min_size=1, max_size=5,
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(
    payloads=PAYLOADS,
    closed=st.booleans(),
    values=st.booleans(),
    required_from=st.integers(1, 4),
)
def test_a_schema_accepts_the_samples_that_it_was_made_from(
    payloads, closed, values, required_from
):
    samples = [
        row
        for row in rows_of(*(json.dumps(p, ensure_ascii=True).encode() for p in payloads))
        if row
    ]
    schema = Schema(infer(samples, closed=closed, values=values, required_from=required_from))
    assert not [problem for row in samples for problem in schema.problems(row)]
    assert schema.row.open is not closed
