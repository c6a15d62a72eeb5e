"""Metadata and data against each other, without any network."""

import gzip
import json

import pytest

from adapter.core.stage_failures import StageMismatch
from adapter.staging.check import rows_of

NAMES = ["identity_id", "email", "score"]


@pytest.fixture
def checked(tmp_path):
    def check(data, names=NAMES, told=None, metadata=None):
        listed = json.dumps([{"columnName": each, "dataType": "CHARACTER"} for each in names])
        (tmp_path / "metadata.json").write_bytes(metadata or listed.encode())
        (tmp_path / "data.csv").write_bytes(data)
        return rows_of(tmp_path / "metadata.json", tmp_path / "data.csv", told)

    return check


def test_what_ci_360_writes_is_counted(checked, vectors):
    messages = vectors / "messages"
    data, metadata = messages / "ci360-data.csv", messages / "ci360-metadata.json"

    assert checked(data.read_bytes(), metadata=metadata.read_bytes()) == 2


@pytest.mark.parametrize(
    "header", [b"identity_id,email,score", b'\xef\xbb\xbf"IDENTITY_ID", Email ,score']
)
def test_a_header_that_agrees_is_no_record(checked, header):
    assert checked(header + b"\r\n1,a@example.test,2\r\n") == 1


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (
            b"email,identity_id,score",
            "header 'email' as column 1, metadata.json lists 'identity_id'",
        ),
        (b"identity_id,email,points", "header 'points' as column 3, metadata.json lists 'score'"),
        (b"identity_id,email", "header '' as column 3, metadata.json lists 'score'"),
        (b"identity_id,email,score,more", "header 'more' as column 4, metadata.json lists ''"),
    ],
)
def test_a_header_that_differs_is_told_with_both_sides(checked, header, sentence):
    with pytest.raises(StageMismatch, match="has the header") as told:
        checked(header + b"\n1,a@example.test,2\n")

    assert sentence in told.value.message


def test_a_record_that_holds_one_name_of_a_column_is_no_header(checked):
    assert checked(b"1,email,2\n") == 1


@pytest.mark.parametrize("header", [b"", b"identity_id,email,score\n"])
def test_the_number_of_records_that_is_told_is_compared(checked, header):
    data = header + b"1,a,2\n2,b,3\n"

    assert checked(data, told=2) == 2
    with pytest.raises(StageMismatch, match="has 2 records, the payload tells 3"):
        checked(data, told=3)


def test_no_record_at_all_is_no_mismatch(checked):
    assert checked(b"") == 0
    assert checked(gzip.compress(b"")) == 0


def test_an_empty_line_is_a_record_of_one_column(checked):
    assert checked(b"a\n\nb\n", names=["only"]) == 3
    with pytest.raises(StageMismatch, match="0 columns in record 2"):
        checked(b"1,2\n\n3,4\n", names=["one", "two"])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"1,\xff,2\n", "0xff in line 1"),
        (b"1,a,2\n2,b,\xc3", "0xc3 in line 2"),
        ("1,ä,2\n".encode("utf-16"), "0xff in line 1"),
        (b'1,"a" b,2\n', "is no CSV at record 1"),
        (gzip.compress(b"1,a,2\n" * 999, mtime=0)[:-20], "cannot be unpacked"),
    ],
)
def test_what_cannot_be_read_is_told(checked, data, sentence):
    with pytest.raises(StageMismatch, match=sentence):
        checked(data)


@pytest.mark.parametrize("metadata", [b"[" * 100_000, b"{}", b"[]", b"[1]", b"\xff", b"<Error/>"])
def test_metadata_that_lists_nothing_is_told(checked, metadata):
    with pytest.raises(StageMismatch, match=r"metadata\.json"):
        checked(b"", metadata=metadata)
