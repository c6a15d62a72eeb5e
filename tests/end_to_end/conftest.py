"""SAS in this process, adapters in others; none outlives its test."""

import pytest
from adapter_process import SERVE, AdapterProcess, ForkedAdapter, write_home
from dying_adapter import Script

from adapter.emulator import Emulator

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
retry_first = 0.05
breaker_pause = 0.2
retry_max = 0.2
max_attempts = 1000
concurrency = 6
[adapter:server]
threads = 16
{store}
[Echo]
[EchoAgain]
stpurl = {sas}/SASBIWS/services/Echo
idempotent = true
[Slow]
[SlowAgain]
stpurl = {sas}/SASBIWS/services/Slow
idempotent = true
"""
"""Each stored process by REST, and again by SOAP, where running it twice does no harm."""


@pytest.fixture
def sas(tmp_path):
    with Emulator(folder=tmp_path / "sas") as emulator:
        yield emulator


@pytest.fixture
def service_config():
    """The conf of the home; a module with needs of its own overrides it."""
    return SERVICE_CONFIG


@pytest.fixture
def store_url(request):
    """Empty for the database file of the home, the address of a database for PostgreSQL."""
    engine = getattr(request, "param", "sqlite")
    return request.getfixturevalue("postgresql").new_url() if engine == "postgresql" else ""


@pytest.fixture
def home(tmp_path, sas, service_config, store_url):
    store = f"store_url = {store_url}" if store_url else ""
    text = service_config.replace("{sas}", sas.url).replace("{store}", store)
    return write_home(tmp_path / "home", text)


@pytest.fixture
def store_address(home, store_url):
    """Where a test reads the database past the adapter."""
    if store_url:
        return store_url.replace("postgresql://", "postgresql+psycopg://")
    return f"sqlite:///{home / 'var/deliveries.sqlite'}"


@pytest.fixture
def start(tmp_path):
    """Starts this interpreter with a command that serves."""
    started = []

    def start_one(*command, **options):
        started.append(AdapterProcess.start(tmp_path, *command, **options))
        return started[-1]

    yield start_one
    for process in started:
        process.kill()


@pytest.fixture
def serve(start, home):
    """Starts `sasbiws serve` on the home."""

    def serve_one(**environ):
        return start(*SERVE, home, **environ)

    return serve_one


@pytest.fixture
def fork():
    """Starts an adapter on any home by a script."""
    started = []

    def start_one(home, **script):
        started.append(ForkedAdapter(home, Script(**script)))
        return started[-1]

    yield start_one
    for adapter in started:
        adapter.kill()


@pytest.fixture
def dying(fork, home):
    """Starts an adapter on the home that dies at a point; without a point it lives."""

    def start_one(moment="", step="", **script):
        return fork(home, moment=moment, step=step, **script)

    return start_one


@pytest.fixture
def runs(sas):
    """How often SAS ran a stored process for a delivery."""

    def count(delivery_id):
        return sum(execution.delivery_id == delivery_id for execution in sas.executions)

    return count
