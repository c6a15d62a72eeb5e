"""A serving adapter compares its pinned contracts as its configuration says."""

import shutil
import time
from pathlib import Path

import pytest

from adapter import config
from adapter.cli.serving import Serving
from adapter.core.route import Accept
from adapter.emulator import Spelling, Switches
from adapter.ports import Contract
from adapter.sas.published import fetch_contract
from adapter.store.contracts import ContractFolder

ROOT = Path(__file__).parents[2]
SERVICE = "/SASBIWS/services/DownloadFile"
LIMIT_S = 20.0


@pytest.fixture
def settings(tmp_path, emulator):
    """A home with one web service, as an administrator writes it."""

    def of(*lines):
        (tmp_path / "conf").mkdir()
        shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
        (tmp_path / "conf" / "serviceConfig.ini").write_text(
            "\n".join(["[Download File]", f"stpurl = {emulator.url}{SERVICE}", *lines, ""]), "utf-8"
        )
        (tmp_path / "conf" / "serviceConfig.py").write_text(
            "class svcConfig:\n    host = '127.0.0.1'\n    port = 0\n", "utf-8"
        )
        return config.load(tmp_path, {})

    return of


def pin_long_ago(settings, session, clock):
    """The published contract, pinned as if years ago."""
    address = settings.routes.named["Download File"].address
    found = fetch_contract(session, address, clock=clock)
    long_ago = Contract(address, found.main, found.files, 1_000_000.0)
    return ContractFolder(settings.wsdl_cache, clock).replace(long_ago)


def eventually(condition):
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_settings_become_the_policy(settings):
    policy = (
        settings(
            "refresh = 24H", "accept = Compatible", "wsdl_hosts = Schemas.example.com , inner:7980"
        )
        .routes.named["Download File"]
        .contract
    )
    assert (policy.refresh_s, policy.accept) == (86_400.0, Accept.COMPATIBLE)
    assert policy.hosts == ("schemas.example.com", "inner:7980")


def test_without_settings_nothing_is_asked_of_sas(settings):
    policy = settings().routes.named["Download File"].contract
    assert (policy.refresh_s, policy.accept, policy.hosts) == (0.0, Accept.NOTHING, ())


@pytest.mark.parametrize(
    "line", ["refresh = 24", "refresh = 0h", "refresh = daily", "refresh = 9000h", "accept = all",
             "wsdl_hosts = http://x", "wsdl_hosts = a b", "wsdl_hosts = a,,b"],
)  # fmt: skip
def test_other_values_are_refused_with_their_line(settings, line):
    from adapter.core.errors import ConfigurationInvalid

    with pytest.raises(ConfigurationInvalid) as caught:
        settings(line)
    (problem,) = caught.value.problems
    assert problem.line == 3


def test_a_serving_adapter_raises_an_alert(settings, session, clock, emulator):
    of_home = settings("refresh = 1h", "accept = compatible")
    before = pin_long_ago(of_home, session, clock)
    emulator.switches = Switches(operation_spelling=Spelling.PASCAL)
    with Serving(of_home) as serving:
        eventually(serving.parts.contract_watch.alerts)
        (alert,) = serving.parts.contract_watch.alerts()
    assert alert.breaking
    assert alert.stored_processes == ("Download File",)
    assert ContractFolder(of_home.wsdl_cache, clock).get(before.address) == before
    assert [each.path for each in emulator.requests][-1].endswith("?wsdl&reload=true")


def test_an_adapter_that_only_takes_in_asks_nothing(settings, session, clock, emulator):
    of_home = settings("refresh = 1h")
    pin_long_ago(of_home, session, clock)
    asked = len(emulator.requests)
    with Serving(of_home, work=False) as serving:
        assert serving.parts.contract_watch.alerts() == ()
    assert len(emulator.requests) == asked
