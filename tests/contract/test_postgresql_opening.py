"""What opening a PostgreSQL database makes sure of, and how it says what is wrong."""

import os
from contextlib import closing

import pytest
from sqlalchemy import text

from adapter.core.errors import StoreUnavailable
from adapter.core.redact import Secret
from adapter.store.database import Database
from adapter.store.deliveries import SqlDeliveries
from adapter.store.postgresql import open_postgresql

SECRET = "geheim"


@pytest.fixture
def url(postgresql):
    return postgresql.new_url()


@pytest.fixture
def value():
    """The value of a setting, as the adapter's own connections have it."""

    def ask(url, name, mode="write"):
        database = Database(open_postgresql(Secret(url)))
        with getattr(database, mode)() as connection:
            found = connection.execute(text(f"SHOW {name}")).scalar_one()
        database.close()
        return found

    return ask


def refusal(url):
    with pytest.raises(StoreUnavailable) as caught:
        open_postgresql(Secret(url))
    assert SECRET not in caught.value.message
    assert caught.value.__cause__ is None
    return caught.value.message


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("synchronous_commit", "on"),
        ("statement_timeout", "10s"),
        ("lock_timeout", "8s"),
        ("idle_in_transaction_session_timeout", "15s"),
        ("transaction_isolation", "read committed"),
        ("application_name", "sasbiws"),
        ("tcp_user_timeout", "0"),
    ],
)
def test_every_connection_is_durable_and_waits_for_a_bounded_time(url, value, name, expected):
    assert value(url, name) == expected


def test_reader_sees_one_state_and_writes_nothing(url, value):
    assert value(url, "transaction_isolation", "read") == "repeatable read"
    assert value(url, "transaction_read_only", "read") == "on"


def test_database_that_answers_before_it_has_written_is_overruled(postgresql, value):
    name = postgresql.new_database()
    postgresql.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")

    assert value(postgresql.url(name), "synchronous_commit") == "on"


def test_database_that_hides_from_those_who_waited_what_others_did_is_overruled(postgresql, value):
    name = postgresql.new_database()
    postgresql.execute(
        f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'"
    )

    assert value(postgresql.url(name), "transaction_isolation") == "read committed"


def test_stricter_setting_of_the_database_stays(postgresql, value):
    name = postgresql.new_database()
    postgresql.execute(f"ALTER DATABASE {name} SET synchronous_commit = remote_apply")

    assert value(postgresql.url(name), "synchronous_commit") == "remote_apply"


def test_parameters_of_the_address_win(url, value):
    assert value(f"{url}?application_name=mine", "application_name") == "mine"
    assert value(f"{url}?options=-c%20statement_timeout%3D7s", "statement_timeout") == "7s"
    assert value(f"{url}?options=-c%20work_mem%3D7MB", "statement_timeout") == "10s"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_both_schemes_are_the_same_database(url, clock, message, scheme):
    task = message()
    with closing(SqlDeliveries(open_postgresql(Secret(url)), clock)) as store:
        store.add(task)

    other = url.replace("postgresql", scheme, 1)
    with closing(SqlDeliveries(open_postgresql(Secret(other)), clock)) as store:
        assert store.get(task.delivery_id)


def test_password_may_come_from_a_file(postgresql, tmp_path):
    from postgresql_server import PASSWORD, ROLE

    path = tmp_path / "pgpass"
    password = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    path.write_text(f"127.0.0.1:*:*:{ROLE}:{password}\n", encoding="utf-8")
    path.chmod(0o600)
    name = postgresql.new_database()

    open_postgresql(
        Secret(f"postgresql://{ROLE}@127.0.0.1:{postgresql.port}/{name}?passfile={path}")
    ).dispose()


def test_first_of_several_hosts_that_answers_is_taken(postgresql, url):
    authority = f"127.0.0.1:1,127.0.0.1:{postgresql.port}"
    open_postgresql(Secret(url.replace(f"127.0.0.1:{postgresql.port}", authority))).dispose()


def test_names_host_and_database_but_no_password(postgresql):
    told = refusal(postgresql.url("nowhere", password=SECRET))

    assert f"postgresql://sasbiws@127.0.0.1:{postgresql.port}/nowhere" in told
    assert "it refuses the user or the password" in told


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        ("postgresql://u:geheim@127.0.0.1:1/x", "nothing listens there"),
        ("postgresql://u:geheim@host.invalid/x", "no such host name"),
        ("postgresql://u:p@geheim@host/x", "percent-encoded"),
        ("postgresql://u:geheim/x@host/x", "percent-encoded"),
        ("postgresql://u:%zzgeheim@host/x", "percent-encoded"),
        ("postgresql://u:geheim@host/x?nonsense=1", "store_url cannot be read"),
    ],
)
def test_address_that_leads_nowhere_is_told(found, cause):
    assert cause in refusal(found)


def test_missing_database_is_told(postgresql):
    assert "there is no such database" in refusal(postgresql.url("nowhere"))


def test_missing_password_is_told(postgresql):
    told = refusal(f"postgresql://sasbiws@127.0.0.1:{postgresql.port}/x?passfile={os.devnull}")

    assert "it asks for a password, and none was given" in told


def test_too_many_connections_are_told(postgresql):
    name = postgresql.new_database()
    postgresql.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")

    assert "it has too many connections" in refusal(postgresql.url(name))


def test_read_only_database_is_told(postgresql):
    name = postgresql.new_database()
    postgresql.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    assert "it is read-only" in refusal(postgresql.url(name))


def test_missing_right_is_told(postgresql):
    name = postgresql.new_database()
    postgresql.execute(f"ALTER DATABASE {name} OWNER TO postgres")
    postgresql.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC", name)

    assert "the user lacks a right there" in refusal(postgresql.url(name))


def test_other_encoding_is_refused(postgresql):
    postgresql.execute("DROP DATABASE IF EXISTS latin")
    postgresql.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 OWNER sasbiws")

    assert "its encoding is LATIN1, expected UTF8" in refusal(postgresql.url("latin"))


def test_server_that_loses_what_it_acknowledged_is_refused(postgresql, url):
    postgresql.stop("fast")
    postgresql.settings["fsync"] = "off"
    postgresql.start()
    try:
        assert "fsync is off on the server" in refusal(url)
    finally:
        postgresql.stop("fast")
        del postgresql.settings["fsync"]
        postgresql.start()


def test_old_server_is_refused(url, monkeypatch):
    monkeypatch.setattr("adapter.store.postgresql.OLDEST", 99)

    assert "expected 99 or newer" in refusal(url)


def test_tables_of_another_program_are_refused(postgresql):
    name = postgresql.new_database()
    postgresql.execute("CREATE TABLE deliveries (id int)", name)

    assert "another program" in refusal(postgresql.url(name))
