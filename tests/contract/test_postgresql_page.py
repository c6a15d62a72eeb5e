"""What docs/postgresql.md tells an administrator to do, done."""

import re
from contextlib import closing
from pathlib import Path

import pytest

from adapter.config import load
from adapter.core.redact import Secret
from adapter.store import postgresql as module
from adapter.store import presence
from adapter.store.deliveries import SqlDeliveries
from adapter.store.postgresql import open_postgresql

PAGE = (Path(__file__).parents[2] / "docs/postgresql.md").read_text(encoding="utf-8")
ROLE = "by_the_page"


def block(language):
    return re.search(rf"^ *```{language}\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)[1]


@pytest.fixture
def database(postgresql):
    """The role and the database, made by the page's statements under names of their own."""
    postgresql.start()
    for statement in block("sql").replace("sasbiws", ROLE).split(";"):
        if statement.strip():
            postgresql.execute(statement)
    yield ROLE
    postgresql.execute(f"DROP DATABASE {ROLE} WITH (FORCE)")
    postgresql.execute(f"DROP ROLE {ROLE}")


def test_role_that_the_page_makes_is_enough(postgresql, database, tmp_path, clock, message):
    """With the password in PostgreSQL's own file, as the page advises."""
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"*:*:*:{database}:choose one\n", encoding="utf-8")
    passfile.chmod(0o600)
    place = f"{database}@127.0.0.1:{postgresql.port}/{database}?passfile={passfile}"
    task = message()

    store = SqlDeliveries(open_postgresql(Secret(f"postgresql://{place}")), clock)
    with closing(store):
        store.add(task)
        assert store.get(task.delivery_id)


def test_setting_of_the_page_is_one(tmp_path):
    (tmp_path / "conf").mkdir()
    stpurl = "stpurl = http://sas.example.com/SASBIWS/rest/storedProcesses/{{stpName}}\n"
    (tmp_path / "conf/serviceConfig.ini").write_text(
        f"[DEFAULT]\n{stpurl}{re.sub('^ +', '', block('ini'), flags=re.MULTILINE)}", "utf-8"
    )

    settings = load(tmp_path, {})

    assert settings.store_url.reveal() in PAGE
    assert module._parameters(settings.store_url)["sslmode"] == "verify-full"


@pytest.mark.parametrize(
    "told",
    [
        f"version {module.OLDEST} or later",
        f"gave none for {presence.LEASE_S:g} seconds",
        f"at most {module._POOL['pool_size'] + module._POOL['max_overflow'] + 1} connections",
        f"after {module.ANSWER_S:g} seconds",
        f"within {module.CONNECT_S} seconds",
    ],
)
def test_numbers_of_the_page_are_those_of_the_code(told):
    assert told in " ".join(PAGE.split())
