"""Expressions of the mapping: what they give, what they refuse, and that nothing is lost."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.core import xml
from adapter.core.document import Facts, build
from adapter.core.expressions import Budget, Expression, ExpressionRefused, Scope, Unfit
from adapter.core.functions import FUNCTIONS
from adapter.core.mapping import MAX_ROWS, Mapped, Mapping
from adapter.core.payload import Payload
from adapter.core.request import Request
from adapter.core.route import Route, TransportName

ROOT = """{
  "when": 1751625227523, "day": "2025-07-04", "local": "2025-07-04T10:33:47+02:00", "none": null,
  "big": 12345678901234567890.10, "rate": 0.10, "text": "hello", "empty": "", "digits": " 17 ",
  "list": [3, 1.50, 20], "items": [{"id": 1, "n": 2}, {"id": 2, "n": 10}], "five": 5, "yes": true,
  "$received": "a key", "octets": "SGVsbG8="
}"""
FACTS = Facts("d1", 1_751_625_227.5)


def payload_of(root=ROOT):
    return Payload.parse(root.encode() if isinstance(root, str) else json.dumps(root).encode())


def value_of(expression, root=ROOT, budget=None):
    payload = payload_of(root)
    scope = FACTS.scope(payload)
    return Expression.compile(expression).value(payload.root, scope, budget or Budget())


def mapped(**expressions):
    return tuple(Mapped(name, Expression.compile(text)) for name, text in expressions.items())


def route_of(rows=None, *, rest=False, **groups):
    mapping = Mapping(
        mapped(**groups.get("columns", {})),
        rest,
        Expression.compile(rows) if rows else None,
        mapped(**groups.get("parameters", {})),
        mapped(**groups.get("sources", {})),
    )
    return Route(
        "x", "http://sas.example.test/SASBIWS/rest/x", TransportName.REST, "", mapping=mapping
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("big", "12345678901234567890.10"),
        ("`0.10`", "0.10"),
        ("sum([big, rate])", "12345678901234567890.20"),
        ("sort(list)", ["1.50", "3", "20"]),
        ("max(list)", "20"),
        ("sort_by(items, &n)[-1].id", "2"),
        ("list[?@ > `2`]", ["3", "20"]),
        ("five == `5.0`", True),
        ("five == '5'", False),
        ("contains(list, `1.5`)", True),
        ("sas_datetime(when)", "04JUL2025:10:33:47.523"),
        ("sas_datetime(local)", "04JUL2025:08:33:47.000"),
        ("sas_date(day)", "04JUL2025"),
        ("sas_date('1582-01-01')", "01JAN1582"),
        ("sas_date('20250704')", "04JUL2025"),
        ("sas_date('1751625227523')", "04JUL2025"),
        ("sas_date(`86400000`)", "02JAN1970"),
        ("iso_datetime(when)", "2025-07-04T10:33:47.523Z"),
        ("iso_datetime(day)", "2025-07-04T00:00:00Z"),
        ("sas_date(none)", None),
        ("text(items[0])", '{"id":1,"n":2}'),
        ("number(digits)", "17"),
        ("to_number(text)", None),
        ("first(none, empty, text)", ""),
        ("first(list)", "3"),
        ("default(empty, 'x')", "x"),
        ("default(yes, 'x')", True),
        ("truncate(text, `2`)", "he"),
        ("join('-', [text, none, five])", "hello-5"),
        ("from_base64(octets)", b"Hello"),
        ("$delivery.id", "d1"),
        ("$received", "2025-07-04T10:33:47.500Z"),
        ('"$received"', "a key"),
        ("items[].[id, $.text][]", ["1", "hello", "2", "hello"]),
        ("type(rate)", "number"),
        ("abs(`-3.50`)", "3.50"),
        ("avg(none || `[1, 2]`)", "1.5"),
        ("ceil(rate)", "1"),
    ],
)
def test_an_expression(expression, expected):
    assert value_of(expression) == expected


@pytest.mark.parametrize(
    ("expression", "position", "reason"),
    [
        ("a.", 2, "ends too early"),
        ("a b", 2, "not expected"),
        ("'x", 0, "never closed"),
        ("sas_datetim(a)", 0, "did you mean sas_datetime?"),
        ("a || upper(b)", 5, "no function upper"),
        ("truncate(a)", 0, "truncate is given 1 argument"),
        ("a.$nope", 2, "there is no $nope"),
        ("`x`", 0, "not JSON"),
        ("", 0, "not an expression"),
        ("(" * 2000, 0, "not an expression"),
        ("a" * 4001, 4000, "4001 characters"),
    ],
)
def test_a_refused_expression(expression, position, reason):
    with pytest.raises(ExpressionRefused) as caught:
        Expression.compile(expression)
    assert caught.value.position == position
    assert reason in caught.value.reason


def test_a_bare_number_is_told_how_to_be_written():
    with pytest.raises(ExpressionRefused) as caught:
        Expression.compile("truncate(b, 3)")
    assert (caught.value.position, caught.value.expected) == (
        12,
        "a number between backquotes, such as `5`",
    )


@pytest.mark.parametrize(
    "expression",
    ["abs(text)", "sas_date(text)", "sas_date('20251399')", "sas_date(`1e16`)", "number(text)", "sum(items)", "max_by(items, &@)",
     "from_base64(text)", "floor(`1e999`)", "merge(items[0], list)", "sas_datetime(`99999999999999999`)"],
)  # fmt: skip
def test_an_unfit_value(expression):
    with pytest.raises(Unfit):
        value_of(expression)


def test_what_goes_wrong_names_expression_and_path():
    route = route_of(columns={"day": "sas_date(text)", "ok": "five"})
    (problem,) = build(payload_of(), route, FACTS).problems
    assert problem.where == "day = sas_date(text)"
    assert problem.reason.endswith("read from text")
    assert problem.found == "hello"


def test_found_is_told_as_json_has_it():
    with pytest.raises(Unfit) as caught:
        value_of("sas_date(yes)")
    assert caught.value.found == "true"


def test_the_steps_of_a_document_are_bounded():
    with pytest.raises(Unfit, match="too many steps"):
        value_of("items[].[id, n, $.items[].[id, n]]", budget=Budget(20))


@pytest.mark.parametrize(
    ("rows", "columns"),
    [("r", {"a": "$.big"}), ("r[*].merge(@, $)", {}), ("r", {"a": "join($.big, $.r)"})],
)
def test_the_text_of_a_document_is_bounded(rows, columns):
    payload = payload_of({"big": "x" * 250_000, "r": [{}] * 200})
    document = build(payload, route_of(rows, rest=not columns, columns=columns))
    assert len(document.xml) < 30_000_000
    reasons = " ".join(problem.reason for problem in document.problems)
    assert "too long together" in reasons or "joined text is too long" in reasons


def test_the_text_that_functions_make_costs_steps():
    with pytest.raises(Unfit, match="too many steps"):
        value_of("[text($), text($), text($)]", budget=Budget(60))


def test_rows_reach_the_whole_payload():
    document = build(payload_of(), route_of("items", columns={"id": "id", "t": "$.text"}), FACTS)
    rows = [{each.tag: each.text for each in row} for row in xml.parse(document.xml)]
    assert rows == [{"id": "1", "t": "hello"}, {"id": "2", "t": "hello"}]
    assert not document.problems


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        ({"r": [{}] * (MAX_ROWS + 1)}, "too many rows"),
        ({"r": {"a": 1}}, "not a list"),
        ({"r": None}, "not a list"),
        ({"r": [{"a": 1}, 2]}, "row 1 is not an object"),
    ],
)
def test_rows_that_are_none(root, reason):
    document = build(payload_of(root), route_of("r", rest=True))
    assert reason in document.problems[0].reason


def test_a_mapped_name_comes_before_the_rest():
    document = build(payload_of({"A": 1, "b": 2}), route_of(rest=True, columns={"a": "`7`"}))
    assert [(each.name, each.text) for each in document.columns] == [("a", "7"), ("b", "2")]


def test_a_request_is_opened_as_it_was_sealed():
    route = route_of(
        parameters={"one": "text", "many": "list", "range": "{lowerBound: five, upperBound: rate}"},
        sources={"letter": "text", "list": "items", "raw": "from_base64(octets)", "gone": "none"},
        columns={"a": "five"},
    )
    document = build(payload_of(), route)
    opened = Request.opened(document.xml)
    assert opened.sealed() == document.xml
    assert [each.name for each in opened.streams] == ["instream", "letter", "list", "raw"]
    assert [each.octets for each in opened.streams if not each.table] == ["aGVsbG8=", "SGVsbG8="]
    assert [each.text for each in opened.parameters if each.name == "many"] == ["3", "1.50", "20"]
    assert opened.parameters[-1].members == (("lowerBound", "5"), ("upperBound", "0.10"))


def test_a_document_alone_is_sealed_as_before():
    document = build(payload_of(), route_of(columns={"a": "five"}))
    assert document.xml == document.table == b"<Table>\n<InData>\n<a>5</a>\n</InData>\n</Table>"
    assert Request.opened(document.xml).instream == document.xml


def test_prompts_alone_need_no_instream():
    document = build(payload_of(), route_of(parameters={"a": "five"}))
    assert (document.table, document.problems) == (b"", ())
    assert Request.opened(document.xml).streams == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8)
    | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
OBJECTS = st.dictionaries(st.sampled_from("abcd"), JSON, max_size=4)
SCALARS = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
    | st.integers()
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from("abcd"), SCALARS, min_size=1))
def test_a_document_gives_the_mapped_values_back(root):
    columns = {f"c_{key}": key for key in "abcd"}
    document = build(payload_of(root), route_of(columns=columns))
    (row,) = xml.parse(document.xml)
    told = {each.tag: each.text or "" for each in row}
    forbidden = {0xFFFE: None, 0xFFFF: None}
    assert told == {f"c_{key}": str(root.get(key, "")).translate(forbidden) for key in "abcd"}


CALLS = [
    f"{name}({', '.join(['a', 'b', '$', 'c'][:most])})" for name, (_, most) in FUNCTIONS.items()
] + [f"{name}(a, &b)" for name in ("sort_by", "max_by", "min_by")] + [
    "map(&b, a)", "join('-', a)", "truncate(a, `3`)", "a < b", "a == b", "a[?b > c]", "a.*.b", "a[::-1]",
]  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(OBJECTS, st.sampled_from(CALLS))
def test_no_payload_breaks_a_function(root, expression):
    groups = {
        "columns": {"x": expression},
        "parameters": {"x": expression},
        "sources": {"x": expression},
    }
    document = build(payload_of(root), route_of(**groups))
    assert Request.opened(document.xml).sealed() == document.xml


@settings(deadline=None, max_examples=100)
@given(st.text("abc.[]{}()'\"`$&@|*?!<=>-, 0", max_size=20))
def test_no_text_breaks_the_compiler(text):
    try:
        compiled = Expression.compile(text)
    except ExpressionRefused as refused:
        assert 0 <= refused.position <= len(text)
        return
    payload = payload_of({"a": [1, {"b": "c"}], "b": None})
    try:
        compiled.value(payload.root, Scope(payload.root), Budget())
    except Unfit as unfit:
        assert unfit.reason
