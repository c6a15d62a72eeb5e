"""What the tests of the web share: sites that last for a whole module, homes served twice."""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from callers import under_way, until

from adapter import config
from adapter.cli.serving import Serving
from adapter.emulator import Emulator, Switches

ROOT_CONFTEST = Path(__file__).parents[1] / "conftest.py"


@dataclass(frozen=True)
class Premises:
    """A home and the SAS it calls; its adapter runs when and as often as a test says."""

    whole: ModuleType
    home: Path
    emulator: Emulator

    @contextmanager
    def serving(self, grace_s=25.0):
        """The site while its adapter runs; `grace_s` seconds are what attempts get at its end."""
        with ExitStack() as stack:
            serving = Serving(config.load(self.home, {}))
            serving.__enter__()
            stack.callback(serving.stop, grace_s)
            site = self.whole.Site(self.home, self.emulator, serving)
            stack.callback(site.session.close)
            yield site


@contextmanager
def opened(whole, folder, service_config, credentials=""):
    """Premises in this folder; SAS runs until the end."""
    with Emulator(folder=folder / "sas") as emulator:
        text = service_config.replace("{sas}", emulator.url)
        yield Premises(whole, whole.write_home(folder / "home", text, credentials), emulator)


@pytest.fixture(scope="module")
def whole(request):
    """The conftest of all tests, for fixtures that last longer than one test."""
    return request.config.pluginmanager.get_plugin(str(ROOT_CONFTEST))


@pytest.fixture(scope="module")
def module_site(request, whole, tmp_path_factory):
    """One site for all tests of a module, by the module's SERVICE_CONFIG if it has one."""
    service_config = getattr(request.module, "SERVICE_CONFIG", whole.SERVICE_CONFIG)
    folder = tmp_path_factory.mktemp("site")
    with opened(whole, folder, service_config) as premises, premises.serving() as site:
        yield site


@pytest.fixture
def shared(module_site):
    """The site of the module with nothing to do; SAS is undisturbed and remembers nothing."""
    until(lambda: under_way(module_site) == 0)
    module_site.emulator.switches = Switches()
    module_site.emulator.forget()
    yield module_site
    module_site.emulator.switches = Switches()


@pytest.fixture
def open_premises(whole, tmp_path):
    """Opens premises: `open_premises(service_config, credentials)`; SAS stops after the test."""
    with ExitStack() as stack:

        def open_one(service_config=whole.SERVICE_CONFIG, credentials=""):
            return stack.enter_context(opened(whole, tmp_path, service_config, credentials))

        yield open_one
