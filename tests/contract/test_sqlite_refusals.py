"""How the embedded database says that it cannot be used: which file, and why."""

import base64
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest

from adapter.core.delivery import Gate, Rejection
from adapter.core.errors import StoreUnavailable
from adapter.store import database, sqlite
from adapter.store.deliveries import SqlDeliveries, open_sqlite
from adapter.store.sqlite import share_of
from adapter.store.tables import VERSION


def refusal(path, action):
    with pytest.raises(StoreUnavailable) as caught:
        action()
    assert str(path) in caught.value.message
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return f"{caught.value.message} {caught.value.remedy}"


def test_file_that_is_no_database_is_refused(path):
    path.parent.mkdir()
    content = b"not a database, but long enough to have a header" * 100
    path.write_bytes(content)
    path.chmod(0o644)
    before = path.stat()

    assert "not an SQLite database" in refusal(path, lambda: open_sqlite(path))
    after = path.stat()
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_damaged_database_is_refused(path, clock, message):
    store = SqlDeliveries(open_sqlite(path), clock)
    for _ in range(50):
        store.add(message(payload=b"x" * 5000))
    store.close()
    content = bytearray(path.read_bytes())
    content[4096:-4096] = b"\xff" * (len(content) - 8192)
    path.write_bytes(content)
    store = SqlDeliveries(open_sqlite(path), clock)

    told = refusal(path, lambda: store.add(message()))

    assert "corrupt" in told
    assert "put the last good copy of the file back" in told
    store.close()


def test_database_of_another_program_is_refused(path):
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    path.chmod(0o644)
    content, mode = path.read_bytes(), path.stat().st_mode

    assert "another program" in refusal(path, lambda: open_sqlite(path))
    assert (path.read_bytes(), path.stat().st_mode) == (content, mode)
    assert list(path.parent.iterdir()) == [path]


def test_database_of_a_newer_version_is_refused(path):
    open_sqlite(path).dispose()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()

    assert "newer sasbiws" in refusal(path, lambda: open_sqlite(path))


@pytest.fixture
def open_folder():
    """A folder that an ordinary user can reach, as pytest's own are root's where root runs them."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for each in folder.rglob("*"):
        each.chmod(0o700)
    shutil.rmtree(folder)


def test_read_only_folder_is_told(open_folder, without_root):
    var = open_folder / "var"
    var.mkdir()
    var.chmod(0o555)
    path = var / "deliveries.sqlite"

    with without_root():
        message = refusal(path, lambda: open_sqlite(path))

    assert "read-only" in message


def test_folder_that_became_read_only_is_told(open_folder, without_root):
    path = open_folder / "deliveries.sqlite"
    open_sqlite(path).dispose()
    path.chmod(0o444)
    open_folder.chmod(0o555)

    with without_root():
        refusal(path, lambda: open_sqlite(path))


def test_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "deliveries.sqlite"

    refusal(path, lambda: open_sqlite(path))


@pytest.mark.parametrize(
    "action",
    [
        lambda store: store.reject(Rejection("r", "A", b"{}", "", "CODE", "message")),
        lambda store: store.ping(),
        lambda store: store.get("x"),
        lambda store: store.lease("o", lambda _: Gate(1)),
    ],
)
def test_missing_folder_is_told_by_every_method(path, clock, message, action):
    store = SqlDeliveries(open_sqlite(path), clock)
    store.add(message())
    shutil.rmtree(path.parent)

    assert "missing" in refusal(path, lambda: action(store))
    store.close()


def test_file_that_was_replaced_in_use_is_told(path, clock, message, tmp_path):
    other = tmp_path / "other.sqlite"
    open_sqlite(other).dispose()
    store = SqlDeliveries(open_sqlite(path), clock)
    store.add(message())
    other.replace(path)

    assert "replaced" in refusal(path, lambda: store.add(message()))
    store.close()


def test_locked_database_is_told_and_nothing_accepted(path, clock, message, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_MS", 50)
    store = SqlDeliveries(open_sqlite(path), clock)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    task = message()

    assert "locked" in refusal(path, lambda: store.add(task))
    assert "locked" in refusal(path, store.ping)
    assert store.get(task.delivery_id) is None

    other.execute("ROLLBACK")
    other.close()
    assert not store.add(task).replayed
    store.close()


def test_writer_that_waits_too_long_for_others_is_told(path, clock, message, monkeypatch):
    monkeypatch.setattr(database, "WRITER_WAIT_S", 0.05)
    store = SqlDeliveries(open_sqlite(path), clock)

    with store._database.write():
        assert "other threads" in refusal(path, lambda: store.add(message()))
    store.close()


def test_full_disk_is_told_and_nothing_accepted(path, clock, message):
    engine = open_sqlite(path)
    store = SqlDeliveries(engine, clock)
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    task = message(payload=b"x" * 100_000)

    assert "full" in refusal(path, lambda: store.add(task))
    assert store.get(task.delivery_id) is None
    store.close()


def test_error_quotes_no_payload(path, clock, message):
    engine = open_sqlite(path)
    store = SqlDeliveries(engine, clock)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE deliveries")
    connection.close()

    told = refusal(path, lambda: store.add(message(payload=base64.b64encode(b"secret payload"))))

    assert "no such table" in told
    assert base64.b64encode(b"secret payload").decode() not in told
    store.close()


def test_unc_path_is_refused():
    path = Path("\\\\host\\share\\deliveries.sqlite")

    assert "network share" in refusal(path, lambda: open_sqlite(path))
    assert not path.exists()


MOUNTS = """\
/dev/vda / ext4 rw 0 0
nas:/export /mnt/nas nfs4 rw 0 0
//win/share /mnt/my\\040share cifs rw 0 0
tmpfs /mnt/nas/local tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "share"),
    [
        ("/var/x.sqlite", ""),
        ("/mnt/nas/x.sqlite", "nfs4"),
        ("/mnt/nas/deep/er/x.sqlite", "nfs4"),
        ("/mnt/nasty/x.sqlite", ""),
        ("/mnt/nas/local/x.sqlite", ""),
        ("/mnt/my share/x.sqlite", "cifs"),
        ("\\\\host\\share\\x.sqlite", "UNC path"),
        ("\\\\?\\UNC\\host\\share\\x.sqlite", "UNC path"),
        ("\\\\?\\C:\\x.sqlite", ""),
    ],
)
def test_share_of(path, share):
    assert share_of(Path(path), MOUNTS) == share


def test_file_on_a_mounted_share_is_refused(path, tmp_path, monkeypatch):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"/dev/vda / ext4 rw 0 0\nnas:/export {tmp_path} nfs rw 0 0\n", encoding="utf-8"
    )
    monkeypatch.setattr(sqlite, "_MOUNTS", mounts)

    assert "network share (nfs)" in refusal(path, lambda: open_sqlite(path))
    assert not path.parent.exists()
