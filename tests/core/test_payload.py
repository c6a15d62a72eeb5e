"""A request body becomes a Payload, or the error that says what is wrong with it."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.core import errors
from adapter.core.payload import Kind, Limits, Number, Payload, checked_name

REFUSED = [
    (b"", errors.PayloadNotJson, "empty"),
    (b" \n ", errors.PayloadNotJson, "empty"),
    (b"not json", errors.PayloadNotJson, "line 1, column 1"),
    (b'{"a": 1,}', errors.PayloadNotJson, "line 1"),
    (b"[]", errors.PayloadNotJson, "an array"),
    (b'"text"', errors.PayloadNotJson, "a string"),
    (b"12", errors.PayloadNotJson, "a number"),
    (b"true", errors.PayloadNotJson, "a boolean"),
    (b"null", errors.PayloadNotJson, "null"),
    (b'{"a": NaN}', errors.PayloadNotJson, "NaN"),
    (b'{"a": -Infinity}', errors.PayloadNotJson, "-Infinity"),
    (b'{"a": "\xff"}', errors.PayloadNotJson, "byte 7 is not UTF-8: found 0xff"),
    (b'{"a": "\xed\xa0\x80"}', errors.PayloadNotJson, "not UTF-8"),
    (b'{"a": 1, "a": 2}', errors.PayloadNotJson, "'a' occurs twice"),
    (b'{"a": "' + b"x" * (1024 * 1024) + b'"}', errors.PayloadTooLarge, "1048585 bytes"),
    (b'{"a":' + b"[" * 200 + b"]" * 200 + b"}", errors.PayloadTooDeep, "201 levels"),
    (b'{"a":' * 100_000, errors.PayloadTooDeep, "100000 levels"),
    (
        json.dumps({str(n): 0 for n in range(70_000)}).encode(),
        errors.PayloadTooManyKeys,
        "70000 keys",
    ),
]


@pytest.mark.parametrize(("body", "error", "told"), REFUSED)
def test_what_is_not_a_payload_is_refused_with_the_value_found(body, error, told):
    with pytest.raises(error) as caught:
        Payload.parse(body)
    assert told in caught.value.message
    assert caught.value.remedy


def test_a_byte_order_mark_is_read_over():
    assert Payload.parse(b'\xef\xbb\xbf{"a": "\xc3\xb6"}').root == {"a": "ö"}


def test_brackets_inside_strings_do_not_count_as_depth():
    body = json.dumps({"a": '\\"' + "[{" * 500}).encode()
    assert Payload.parse(body, Limits(max_depth=1)).root["a"].endswith("[{")


@pytest.mark.parametrize("digits", ["12345678901234567890", "0.10", "1E400", "-0", "1.50e-7"])
def test_numbers_keep_the_digits_that_were_sent(digits):
    value = Payload.parse(f'{{"n": {digits}}}'.encode()).root["n"]
    assert isinstance(value, Number)
    assert value == digits


def test_samples_are_told_apart(vectors):
    bulk = Payload.parse((vectors / "payloads/bulk-task-1.json").read_bytes())
    assert bulk.kind is Kind.BULK
    assert bulk.stored_process() == "DownloadFile"
    for number in (1, 2, 3):
        body = (vectors / f"payloads/triggered-task-{number}.json").read_bytes()
        triggered = Payload.parse(body)
        assert triggered.kind is Kind.TRIGGERED
        assert triggered.stored_process("Download File") == "Download File"
        with pytest.raises(errors.StpNameMissing):
            triggered.stored_process()


PLACES = [
    ({"sendParameters": {"stpName": "A"}}, "", "A"),
    ({"sendParameters": {"stpName": " A "}}, "", "A"),
    ({"outboundProperties": {"properties": {"stpName": "B"}}}, "", "B"),
    ({}, "C", "C"),
    ({"sendParameters": {"stpName": ""}}, "C", "C"),
    ({"sendParameters": {"stpName": None}}, "C", "C"),
    ({"sendParameters": {"stpName": "C"}}, "C", "C"),
    ({"sendParameters": "text"}, "C", "C"),
    ({"sendParameters": {"stpName": "Größe & Co"}}, "", "Größe & Co"),
    ({"sendParameters": {"stpName": 12}}, "", "12"),
]


@pytest.mark.parametrize(("root", "path_name", "name"), PLACES)
def test_the_stored_process_is_found(root, path_name, name):
    assert Payload.parse(json.dumps(root).encode()).stored_process(path_name) == name


def test_a_payload_that_contradicts_the_address_is_refused():
    payload = Payload.parse(b'{"sendParameters": {"stpName": "A"}}')
    with pytest.raises(errors.StpNameConflict, match=r"'B'.*'A'"):
        payload.stored_process("B")


@pytest.mark.parametrize("empty", ["", "  "])
def test_a_blank_name_is_a_missing_name(empty):
    payload = Payload.parse(json.dumps({"sendParameters": {"stpName": empty}}).encode())
    with pytest.raises(errors.StpNameMissing, match=r"sendParameters\.stpName"):
        payload.stored_process()


BAD_NAMES = ["../../x", "a/b", "a\\b", "..", ".", "a\nb", "a\x00b", "a\u2028b", "x" * 300, "\ud800"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_leaves_its_segment_is_refused(name):
    with pytest.raises(errors.StpNameInvalid) as caught:
        checked_name(name)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_payload_or_an_error_of_the_tree(body):
    try:
        Payload.parse(body)
    except errors.PayloadRefused as error:
        assert error.code.startswith("PAYLOAD_")


@given(st.dictionaries(st.text(), json_values, max_size=6))
def test_any_json_object_is_a_payload(root):
    body = json.dumps(root, ensure_ascii=True, allow_nan=False).encode()
    assert set(Payload.parse(body).root) == set(root)


@given(st.text(alphabet=string.printable + "äß€/\\.\x00\x85", max_size=140))
def test_a_name_that_passes_is_one_path_segment(name):
    try:
        passed = checked_name(name)
    except errors.StpNameInvalid:
        return
    assert "/" not in passed
    assert passed not in (".", "..", "")
    assert len(passed) <= 128
