"""SAS in this process, adapters in others; none outlives its test."""

import pytest
from adapter_process import SERVE, AdapterProcess, DyingAdapter, write_home

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
def home(tmp_path, sas):
    return write_home(tmp_path / "home", SERVICE_CONFIG.replace("{sas}", sas.url))


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
def dying(home):
    """Starts an adapter on the home that dies at a point; without a point it lives."""
    started = []

    def start_one(moment="", step=""):
        started.append(DyingAdapter(home, moment, step))
        return started[-1]

    yield start_one
    for adapter in started:
        adapter.kill()


@pytest.fixture
def runs(sas):
    """How often SAS ran a stored process for a delivery."""

    def count(delivery_id):
        return sum(execution.delivery_id == delivery_id for execution in sas.executions)

    return count
