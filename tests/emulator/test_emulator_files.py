"""The file server, its presigned links, and the example task."""

import csv
import http.client
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from lxml import etree

from adapter.emulator import EXAMPLES, FileServer, example_bulk_task


def raw(files, method, path):
    """Ask for a path exactly as it is written; requests would tidy it up."""
    connection = http.client.HTTPConnection(urlsplit(files.url).netloc, timeout=5)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("data.csv", "text/csv"), ("metadata.json", "application/json"), ("x.bin", None)],
)
def test_files_by_get_and_head(tmp_path, name, content_type):
    (tmp_path / "sub folder").mkdir()
    (tmp_path / "sub folder" / name).write_bytes(b"\x00content")
    with FileServer(tmp_path) as files:
        link = files.presigned(f"sub folder/{name}")
        answer = requests.get(link, timeout=5)
        assert (answer.status_code, answer.content) == (200, b"\x00content")
        assert answer.headers["Content-Type"] == (content_type or "application/octet-stream")
        head = requests.head(link, timeout=5)
        assert (head.headers["Content-Length"], head.content) == ("8", b"")


def test_missing_file_is_no_such_key(files):
    answer = requests.get(files.presigned("nothing.csv"), timeout=5)
    assert answer.status_code == 404
    assert etree.fromstring(answer.content).findtext("Code") == "NoSuchKey"


def test_deny(files):
    files.deny = True
    answer = requests.get(files.presigned("data.csv"), timeout=5)
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/xml")
    assert etree.fromstring(answer.content).findtext("Code") == "AccessDenied"
    files.deny = False
    assert requests.get(files.presigned("data.csv"), timeout=5).status_code == 200


def test_no_uploads(files):
    for method in ("PUT", "POST", "DELETE"):
        assert raw(files, method, "/data.csv")[0] == 405


@pytest.mark.parametrize(
    "path",
    [
        "/../secret",
        "/%2e%2e/secret",
        "/a/../../secret",
        "//secret",
        "/link",
        "/%00",
        "/..%2fsecret",
    ],
)
def test_nothing_outside_the_folder(tmp_path, path):
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "secret")
    with FileServer(folder) as files:
        status, _, body = raw(files, "GET", path)
    assert status in {403, 404}
    assert b"<Code>" in body
    assert b"secret" not in body


@pytest.mark.parametrize("length", [600, 1760, 1761, 1764, 4000])
def test_presigned_links_have_the_length(files, length):
    link = files.presigned("data.csv", length)
    assert len(link) == length
    assert requests.get(link, timeout=5).status_code == 200


def test_presigned_links_have_all_the_parts(files):
    link = files.presigned("data.csv")
    assert len(link) == 1760
    query = {name: value for name, (value,) in parse_qs(urlsplit(link).query).items()}
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-Credential"].endswith("/s3/aws4_request")
    assert query["X-Amz-Expires"] == "3600"
    assert query["X-Amz-SignedHeaders"] == "host"
    assert len(query["X-Amz-Signature"]) == 64
    signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
    assert abs(datetime.now(UTC) - signed_at) < timedelta(minutes=1)
    other = parse_qs(urlsplit(files.presigned("data.csv")).query)
    assert other["X-Amz-Security-Token"] != [query["X-Amz-Security-Token"]]


def test_presigned_links_cannot_be_too_short(files):
    with pytest.raises(ValueError, match="more than 100"):
        files.presigned("data.csv", 100)


def test_file_server_keeps_its_port(files):
    url = files.url
    files.stop()
    files.start()
    assert files.url == url
    assert raw(files, "GET", "/data.csv")[0] == 200


def test_example_task(files, vectors):
    task = json.loads(example_bulk_task(files))
    sample = json.loads((vectors / "payloads/bulk-task-1.json").read_text(encoding="utf-8"))
    assert list(task) == list(sample)
    assert task["taskName"] == sample["taskName"]
    assert task["sendParameters"] == {"stpName": "Download File"}
    for link in task["presignedUrls"].values():
        assert len(link) == 1760
        assert requests.get(link, timeout=5).status_code == 200


def test_example_task_with_another_identity(files):
    task = json.loads(example_bulk_task(files, "Echo", occurrence_id="o-2", task_code="TSK_9"))
    assert task["sendParameters"]["stpName"] == "Echo"
    assert (task["occurrenceId"], task["taskCode"]) == ("o-2", "TSK_9")


def test_example_files_fit_each_other(vectors):
    metadata = json.loads((EXAMPLES / "metadata.json").read_text(encoding="utf-8"))
    assert metadata == json.loads((vectors / "messages/ci360-metadata.json").read_text())
    with (EXAMPLES / "data.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 8
    assert {len(row) for row in rows} == {len(metadata)}
