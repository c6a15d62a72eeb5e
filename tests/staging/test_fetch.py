"""One file from a link to the disk: whole, resumed, refused, bounded."""

import hashlib
import os
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from adapter.core.failures import LinksExpired
from adapter.core.stage_failures import (
    FileHostRefused,
    FileTooLarge,
    FileUnavailable,
)
from adapter.core.staging import StagedFile
from adapter.staging.fetch import Bounds, Fetch

LOCAL = Bounds(("127.0.0.1",), 2**40)
NEW = StagedFile("dataFile", "", "data.csv")


def fetched(link, folder, file=NEW, bounds=LOCAL, told=None):
    return Fetch()(link, file, folder, bounds, (told if told is not None else []).append)


def test_a_file_of_s3_arrives_with_its_sums(bucket, tmp_path):
    body = os.urandom(600_000)
    bucket.put("data.csv", body)

    file = fetched(bucket.link("data.csv"), tmp_path)

    assert (tmp_path / "data.csv").read_bytes() == body
    assert file.sha256 == hashlib.sha256(body).hexdigest()
    assert file.etag == f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    assert (file.got, file.total) == (600_000, 600_000)
    assert not list(tmp_path.glob("*.part"))


def test_s3_goes_on_where_a_dead_process_has_stopped(bucket, tmp_path):
    body = os.urandom(300_000)
    bucket.put("half.csv", body)
    (tmp_path / "data.csv.part").write_bytes(body[:100_000])
    etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    told = []

    fetched(
        bucket.link("half.csv"),
        tmp_path,
        StagedFile("dataFile", "", "data.csv", etag=etag),
        told=told,
    )

    assert told[0].got == 100_000
    assert (tmp_path / "data.csv").read_bytes() == body


def test_s3_goes_on_where_the_connection_was_cut(bucket, cutting, tmp_path):
    body = os.urandom(400_000)
    bucket.put("cut.csv", body)
    before = cutting(bucket.url, [150_000, 100_000])
    told = []

    file = fetched(bucket.link("cut.csv").replace(bucket.url, before.url), tmp_path, told=told)

    assert before.limits == []
    assert (tmp_path / "data.csv").read_bytes() == body
    assert file.sha256 == hashlib.sha256(body).hexdigest()


def test_s3_begins_again_where_the_object_was_written_anew(bucket, tmp_path):
    old, new = os.urandom(50_000), os.urandom(60_000)
    (tmp_path / "data.csv.part").write_bytes(old[:20_000])
    bucket.put("anew.csv", new)
    etag = f'"{hashlib.md5(old, usedforsecurity=False).hexdigest()}"'

    fetched(bucket.link("anew.csv"), tmp_path, StagedFile("dataFile", "", "data.csv", etag=etag))

    assert (tmp_path / "data.csv").read_bytes() == new


def test_s3_gives_nothing_without_a_signature(bucket, tmp_path):
    bucket.put("own.csv", b"1,2\n")

    with pytest.raises(LinksExpired, match="answers 403"):
        fetched(bucket.link("own.csv").partition("?")[0], tmp_path)


def test_a_missing_object_is_told_like_an_expired_link(bucket, tmp_path):
    with pytest.raises(LinksExpired, match="answers 404"):
        fetched(bucket.link("nothing.csv"), tmp_path)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refused_link_has_expired(host, tmp_path, status):
    one = host(b"<Error/>")
    one.status = status

    with pytest.raises(LinksExpired, match=str(status)):
        fetched(f"{one.url}/data.csv?X-Amz-Signature=secret", tmp_path)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_host_that_fails_is_asked_again_later(host, tmp_path, status):
    one = host()
    one.status = status

    with pytest.raises(FileUnavailable, match=str(status)):
        fetched(f"{one.url}/data.csv", tmp_path)


def test_a_cut_connection_goes_on_by_range(host, tmp_path):
    one = host(os.urandom(500_000))
    one.cut_after = [200_000, 100_000]

    file = fetched(f"{one.url}/data.csv", tmp_path)

    assert one.ranges == [None, "bytes=200000-", "bytes=300000-"]
    assert (tmp_path / "data.csv").read_bytes() == one.body
    assert file.sha256 == hashlib.sha256(one.body).hexdigest()


def test_a_changed_etag_begins_again(host, tmp_path):
    one = host(os.urandom(50_000), etag='"two"')
    (tmp_path / "data.csv.part").write_bytes(b"x" * 10_000)

    fetched(f"{one.url}/data.csv", tmp_path, StagedFile("dataFile", "", "data.csv", etag='"one"'))

    assert (tmp_path / "data.csv").read_bytes() == one.body


def test_a_file_that_breaks_off_without_progress_is_left_for_later(host, tmp_path):
    one = host(os.urandom(50_000))
    one.cut_after = [20_000, 0, 0]

    with pytest.raises(FileUnavailable, match="after 20000 of 50000 bytes: it closed the conn"):
        fetched(f"{one.url}/data.csv", tmp_path)

    assert (tmp_path / "data.csv.part").stat().st_size == 20_000


def test_a_host_that_falls_silent_is_left_for_later(tmp_path, monkeypatch):
    monkeypatch.setattr("adapter.staging.fetch.SILENT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        link = f"http://127.0.0.1:{silent.getsockname()[1]}/data.csv"

        with pytest.raises(FileUnavailable, match=r"after 0 bytes: nothing came for 0\.2 s"):
            fetched(link, tmp_path)


def test_a_sum_that_differs_is_never_taken(host, tmp_path):
    one = host(b"abc", etag='"00000000000000000000000000000000"')

    with pytest.raises(FileUnavailable, match="sums up"):
        fetched(f"{one.url}/data.csv", tmp_path)

    assert not list(tmp_path.iterdir())


def test_a_redirect_is_not_followed(host, tmp_path):
    one, other = host(), host(b"secret")
    one.status, one.location = 302, f"{other.url}/data.csv"

    with pytest.raises(FileHostRefused, match="redirects"):
        fetched(f"{one.url}/data.csv", tmp_path)

    assert other.ranges == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_host_is_followed(host, tmp_path, status):
    one = host(b"1,2\n")
    one.redirects = [(status, "/b/data.csv?sig=1"), (status, f"{one.url}/c"), (status, "d")]

    fetched(f"{one.url}/data.csv", tmp_path)

    assert one.paths == ["/data.csv", "/b/data.csv?sig=1", "/c", "/d"]
    assert (tmp_path / "data.csv").read_bytes() == one.body


def test_a_host_that_redirects_without_end_is_left_for_later(host, tmp_path):
    one = host(b"1,2\n")
    one.redirects = [(302, "/again")] * 9

    with pytest.raises(FileUnavailable, match="without end"):
        fetched(f"{one.url}/data.csv", tmp_path)

    assert len(one.paths) == 4


@pytest.mark.parametrize(
    "to",
    [
        "",
        "http://localhost:{port}/data.csv",
        "https://127.0.0.1:{port}/data.csv",
        "//127.0.0.1:1/data.csv",
        "http://me@127.0.0.1:{port}/data.csv",
        "http://127.0.0.1:99999/",
        "http://[/",
        "file:///etc/passwd",
        "/a b",
    ],
)
def test_a_redirect_to_another_host_is_never_followed(host, tmp_path, to):
    one = host(b"1,2\n")
    one.redirects = [(302, to.replace("{port}", one.url.rpartition(":")[2]))]

    with pytest.raises(FileHostRefused, match="redirects"):
        fetched(f"{one.url}/data.csv", tmp_path)

    assert one.paths == ["/data.csv"]


@pytest.mark.parametrize("size", [49_999, 50_000, 60_000])
def test_a_part_that_is_whole_or_longer_is_made_the_file(host, tmp_path, size):
    one = host(os.urandom(50_000))
    (tmp_path / "data.csv.part").write_bytes((one.body + b"x" * 10_000)[:size])

    file = fetched(f"{one.url}/data.csv", tmp_path, replace(NEW, etag=one.etag, total=50_000))

    assert one.ranges == ["bytes=49999-"]
    assert (tmp_path / "data.csv").read_bytes() == one.body
    assert file.sha256 == hashlib.sha256(one.body).hexdigest()


def test_no_part_ever_stands_beside_the_etag_of_another(host, tmp_path):
    one = host(os.urandom(50_000), etag='"two"')
    part = tmp_path / "data.csv.part"
    part.write_bytes(b"x" * 10_000)
    seen = []

    def tell(file):
        seen.append((file.etag, part.exists()))

    Fetch()(f"{one.url}/data.csv", replace(NEW, etag='"one"'), tmp_path, LOCAL, tell)

    assert seen[0] == ('"two"', False)


@pytest.mark.parametrize(
    ("link", "hosts"),
    [
        ("http://127.0.0.1:1/f", ("*.amazonaws.com",)),
        ("http://169.254.169.254/latest/meta-data", ("169.254.169.254",)),
        ("http://localhost.localdomain/f", ("*.localdomain",)),
        ("ftp://127.0.0.1/f", ("127.0.0.1",)),
        ("http://user@127.0.0.1/f", ("127.0.0.1",)),
        ("http://127.0.0.1:81/f", ("127.0.0.1:80",)),
        ("http://[::ffff:169.254.169.254]/f", ("::ffff:169.254.169.254",)),
        ("http://evilamazonaws.com/f", ("*.amazonaws.com",)),
    ],
)
def test_hosts_that_are_not_named_or_never_called(link, hosts, tmp_path, monkeypatch):
    import socket

    if "localdomain" in link:  # a name below an allowed domain that leads to this machine
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(FileHostRefused):
        fetched(link, tmp_path, bounds=Bounds(hosts, 10))


def test_a_file_over_the_limit_is_not_fetched(host, tmp_path):
    one = host(b"x" * 1001)

    with pytest.raises(FileTooLarge, match="1001"):
        fetched(f"{one.url}/data.csv", tmp_path, bounds=Bounds(("127.0.0.1",), 1000))


PROGRAM = """
import resource, sys
from pathlib import Path
from adapter.core.staging import StagedFile
from adapter.staging.fetch import Bounds, Fetch
limit, link, folder, etag = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4]
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
file = StagedFile("dataFile", "", "data.csv", etag=etag)
try:
    print(Fetch()(link, file, folder, Bounds(("127.0.0.1",), 2**40), lambda _: None).got)
except Exception as error:
    print(type(error).__name__, error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def in_a_process(limit, link, folder, etag=""):
    command = [sys.executable, "-c", PROGRAM, str(limit), link, str(folder), etag]
    out = subprocess.run(command, capture_output=True, text=True, timeout=110, check=True).stdout
    return out.splitlines()


def test_a_full_disk_keeps_what_is_there(host, tmp_path):
    one = host(b"x" * 900_000)

    told, _ = in_a_process(500_000, f"{one.url}/data.csv", tmp_path)

    assert told.startswith("StageDiskFull")
    assert (tmp_path / "data.csv.part").stat().st_size == 500_000

    fetched(f"{one.url}/data.csv", tmp_path, replace(NEW, etag=one.etag))  # room was made

    assert one.ranges == [None, "bytes=500000-"]
    assert (tmp_path / "data.csv").read_bytes() == one.body


def test_two_gigabytes_need_little_memory(host, tmp_path):
    one = host()
    one.size, here = 2 * 2**30, 1792 * 2**20
    with (tmp_path / "data.csv.part").open("wb") as sparse:  # is read, and takes no disk
        sparse.truncate(here)

    got, grown_kb = in_a_process(0, f"{one.url}/data.csv", tmp_path, one.etag)

    assert one.ranges == [f"bytes={here}-"]
    assert int(got) == (tmp_path / "data.csv").stat().st_size == one.size
    assert int(grown_kb) < 20 * 1024
    (tmp_path / "data.csv").unlink()
