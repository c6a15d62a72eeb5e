"""An attempt that ends after a reload has changed what it began with."""

import pytest

from adapter.bell import Bell
from adapter.core.delivery import State
from adapter.core.failures import CredentialsRefused
from adapter.core.redact import Secret
from adapter.core.route import Credentials, Route, Routes, TransportName
from adapter.current import Current
from adapter.deliver import Deliver
from adapter.observe import Observer


def routes(password):
    credentials = Credentials("sasdemo", Secret(password))
    address = "http://sas/SASBIWS/rest/storedProcesses/x"
    route = Route("Download File", address, TransportName.REST, "", credentials=credentials)
    return Routes({"Download File": route})


class Refusing:
    """A SAS that refuses everybody, while `meanwhile` happens."""

    def __init__(self, meanwhile):
        self.meanwhile = meanwhile

    def send(self, _call):
        self.meanwhile()
        raise CredentialsRefused("SAS answers 401")


@pytest.mark.parametrize(("password", "held"), [("old", True), ("new", False)])
def test_a_password_that_was_mended_meanwhile_is_not_held(store, clock, message, password, held):
    current = Current(routes("old"), None)
    sas = Refusing(lambda: current.follow(routes(password), None))
    transports = {TransportName.REST: sas}
    deliver = Deliver(current, transports, store, clock, Bell(), Observer())
    task = message()
    store.add(task)
    lease = deliver.lease("me")

    deliver.record(lease, deliver.attempt(lease))

    assert bool(store.holds()) is held
    found = store.get(task.delivery_id)
    assert (found.state, found.due_at) == (State.QUEUED if held else State.RETRYING, clock.now())
