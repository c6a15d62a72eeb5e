"""What every test may use: the vectors, and a whole site over real sockets."""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from adapter import config
from adapter.cli.init import copy_home
from adapter.cli.serving import Serving
from adapter.emulator import Emulator, Switches
from adapter.observe import log

VECTORS = Path(__file__).parent / "vectors"

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
retry_first = 0.05
breaker_pause = 0.2
retry_max = 0.2
[DownloadFile]
stpurl = {sas}/SASBIWS/services/DownloadFile
schema = DownloadFile.xsd
[Download File]
schema = DownloadFile.xsd
[Echo]
[Fault]
[Slow]
[Hello]
"""
"""One stored process by SOAP, the others by REST; `{sas}` is the emulator's address."""


@pytest.fixture(scope="session")
def vectors() -> Path:
    return VECTORS


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Where CI=true a skipped test is a failed one: a machine that cannot test must say so."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped although CI=true: {report.longrepr}"


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server of this test process alone; a test may stop and start it."""
    from postgresql_server import PostgresqlServer, programs

    if programs() is None:
        pytest.skip("PostgreSQL is not installed: neither PATH nor /usr/lib/postgresql has initdb")
    server = PostgresqlServer()
    yield server
    server.close()


def write_home(home: Path, service_config: str, credentials: str = "") -> Path:
    """A home with the given conf, on any free loopback port, and the project's schemas."""
    copy_home(home)
    (home / "conf/serviceConfig.ini").write_text(service_config, encoding="utf-8")
    (home / "conf/credentials.ini").write_text(credentials or "[DEFAULT]\n", encoding="utf-8")
    (home / "conf/serviceConfig.py").write_text("host = '127.0.0.1'\nport = 0\n", encoding="utf-8")
    return home


def eventually(true: Callable[[], object], timeout_s: float = 10.0) -> object:
    """What `true` gives, once that is true of it; fails after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while not (value := true()):
        assert time.monotonic() < deadline, f"not within {timeout_s} s"
        time.sleep(0.02)
    return value


@dataclass
class Site:
    """An emulator and an adapter of one home, in this process, over real sockets."""

    home: Path
    emulator: Emulator
    serving: Serving
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def url(self) -> str:
        return self.serving.url

    def post(self, body: bytes | dict, path: str = "", **headers: str) -> requests.Response:
        """One task posted to /ExecuteSTP; header names with underscores for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        content = {"json": body} if isinstance(body, dict) else {"data": body}
        return self.session.post(
            f"{self.url}/ExecuteSTP{path}", headers=sent, timeout=60, **content
        )

    def delivery(self, delivery_id: str) -> dict:
        return self.session.get(f"{self.url}/deliveries/{delivery_id}", timeout=10).json()

    def ended(self, delivery_id: str) -> dict:
        """The delivery once nothing more happens to it."""
        over = ("delivered", "parked", "rejected")
        eventually(lambda: self.delivery(delivery_id)["status"] in over)
        return self.delivery(delivery_id)


@pytest.fixture
def open_site(tmp_path):
    """Opens a site: `open_site(service_config, credentials, switches)`; closed after the test."""
    with ExitStack() as stack:
        stack.callback(log.setLevel, log.level)  # a reload sets it

        def opened(service_config=SERVICE_CONFIG, credentials="", switches=None, **environ):
            emulator = Emulator(switches=switches or Switches(), folder=tmp_path / "sas")
            stack.enter_context(emulator)
            text = service_config.replace("{sas}", emulator.url)
            home = write_home(tmp_path / "home", text, credentials)
            serving = Serving(config.load(home, environ))
            stack.enter_context(serving)
            site = Site(home, emulator, serving)
            stack.callback(site.session.close)
            return site

        yield opened


@pytest.fixture
def site(open_site):
    return open_site()
