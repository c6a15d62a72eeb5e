"""`sasbiws store`: what it shows, what it changes, and how it ends."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapter.core.message import IdempotencyKey, KeySource, Message
from adapter.core.redact import Secret
from adapter.store.deliveries import SqlDeliveries
from adapter.store.places import opened, place_of
from adapter.store.slots import ProcessSlot
from adapter.store.sqlite import open_sqlite
from adapter.store.upgrading import migrate
from adapter.wiring import SystemClock

NOWHERE = "postgresql://user:hidden@127.0.0.1:1/db"


@pytest.fixture
def file(home):
    return home / "var/deliveries.sqlite"


@pytest.fixture
def filled(file):
    """The database of the home, with two deliveries that wait."""
    store = SqlDeliveries(open_sqlite(file), SystemClock())
    for number in range(2):
        key = IdempotencyKey(f"k{number}", KeySource.RANDOM)
        store.add(Message(f"d{number}", "Echo", key, b"{}", b"<Table/>", "r"))
    store.close()
    return file


@pytest.fixture
def old(file):
    """The database of the home as the first sasbiws made it."""

    def first(connection, _):
        migrate(connection, "0001")
        connection.execute(sa.text("DROP TABLE alembic_version"))
        connection.exec_driver_sql("PRAGMA user_version = 1")

    open_sqlite(file, first).dispose()
    return file


@pytest.fixture
def database(postgresql):
    return postgresql.new_url()


def deliveries_of(place):
    engine = opened(place_of(str(place)))
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT id FROM deliveries ORDER BY id")).scalars().all()
    engine.dispose()
    return found


def test_show(run, home, filled):
    done = run("store", "show", "--home", home)

    assert done.exit_code == 0
    words = {line.split()[0]: line.split()[1] for line in done.out.splitlines()}
    assert words["engine"] == "sqlite"
    assert words["place"] == str(filled)
    assert (words["version"], words["deliveries"], words["queued"]) == ("3", "2", "2")
    assert not done.err


def test_show_as_json(run, home, filled):
    done = run("store", "show", "--home", home, "--json")

    told = json.loads(done.out)
    assert told.pop("bytes") >= filled.stat().st_size
    assert told == {
        "engine": "sqlite",
        "place": str(filled),
        "version": 3,
        "expected": 3,
        "deliveries": 2,
        "states": {"queued": 2},
    }


def test_show_hides_the_password(run, home, database):
    done = run("store", "show", "--home", home, "--json", env={"SASBIWS_STORE_URL": database})

    told = json.loads(done.out)
    assert (told["engine"], told["version"], told["deliveries"]) == ("postgresql", 0, 0)
    assert told["place"].startswith("postgresql://sasbiws@127.0.0.1:")
    assert Secret(database).reveal().split(":")[2].split("@")[0] not in done.out


def test_show_makes_no_database(run, home, file):
    done = run("store", "show", "--home", home)

    assert done.exit_code == 2
    assert "it is missing" in done.err
    assert not file.exists()


def test_show_tells_of_an_old_one(run, home, old):
    done = run("store", "show", "--home", home)

    assert done.exit_code == 0
    assert "1 (this sasbiws needs 3)" in done.out
    assert "sasbiws store upgrade" in done.err


def test_old_one_is_not_served(run_process, home, old):
    done = run_process("work", "--home", str(home))

    assert done.exit_code == 2
    assert "STORE_OUTDATED" in done.err
    assert "sasbiws store upgrade" in done.err


def test_upgrade(run, home, old):
    done = run("store", "upgrade", "--home", home)

    assert done.exit_code == 0
    assert "version 1 is now version 3" in done.out
    copy = Path(f"{old}.before-0003")
    assert str(copy) in done.out
    assert copy.exists()
    again = run("store", "upgrade", "--home", home)
    assert (again.exit_code, "has version 3 already" in again.out) == (0, True)


def test_upgrade_as_json(run, home, old):
    told = [json.loads(run("store", "upgrade", "--home", home, "--json").out) for _ in range(2)]

    assert told == [
        {"place": str(old), "from": 1, "to": 3, "copy": f"{old}.before-0003"},
        {"place": str(old), "from": 3, "to": 3, "copy": None},
    ]


def test_upgrade_beneath_a_living_adapter_is_refused(run, home, old):
    slot = ProcessSlot(home / "var/processes")
    done = run("store", "upgrade", "--home", home, "--json")
    slot.release()

    assert done.exit_code == 2
    assert json.loads(done.out)["error"]["code"] == "STORE_IN_USE"


def test_copy_into_a_file(run, filled, tmp_path):
    target = tmp_path / "new" / "deliveries.sqlite"
    done = run("store", "copy", filled, target)

    assert done.exit_code == 0
    assert f"complete: {target} holds all of it" in " ".join(done.out.split())
    assert "start no adapter on the old one" in done.out
    assert deliveries_of(target) == ["d0", "d1"]


def test_copy_into_postgresql(run, filled, database):
    done = run("store", "copy", filled, database, "--json")

    assert done.exit_code == 0
    told = json.loads(done.out)
    assert told["from"] == str(filled)
    assert "%" not in told["to"]
    rows = {table["table"]: table["rows"] for table in told["tables"]}
    assert (rows["deliveries"], rows["attempts"]) == (2, 0)
    assert deliveries_of(database) == ["d0", "d1"]


def test_copy_into_what_is_not_empty(run, filled, tmp_path):
    target = tmp_path / "new.sqlite"
    assert run("store", "copy", filled, target).exit_code == 0

    done = run("store", "copy", filled, target, "--json")

    assert done.exit_code == 2
    assert json.loads(done.out)["error"]["code"] == "COPY_REFUSED"


def test_copy_of_nothing(run, tmp_path):
    done = run("store", "copy", tmp_path / "none.sqlite", tmp_path / "new.sqlite")

    assert done.exit_code == 2
    assert not (tmp_path / "none.sqlite").exists()
    assert not (tmp_path / "new.sqlite").exists()


def test_copy_to_a_server_that_is_not_there(run, filled):
    done = run("store", "copy", filled, NOWHERE)

    assert done.exit_code == 3
    assert "nothing listens there" in done.err
    assert "hidden" not in done.out + done.err


def test_copy_from_a_living_adapter(run, home, filled, tmp_path):
    slot = ProcessSlot(home / "var/processes")
    done = run("store", "copy", filled, tmp_path / "new.sqlite")
    slot.release()

    assert done.exit_code == 2
    assert "STORE_IN_USE" in done.err


@pytest.mark.parametrize("address", ["mysql://u:geheim@db/x", "sqlite:///var/x.sqlite", "http://x"])
def test_copy_takes_no_other_address_for_the_name_of_a_file(run, filled, tmp_path, address):
    for pair in ((filled, address), (address, tmp_path / "new.sqlite")):
        ended = run("store", "copy", *pair)
        assert ended.exit_code == 2
        assert f"{address.partition(':')[0]}:// is no delivery database" in ended.err
        assert "geheim" not in ended.err
