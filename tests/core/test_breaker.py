"""When a server that is unwell is left alone, and what opens the way again."""

import pytest

from adapter.core import failures
from adapter.core.breaker import Breaker, BreakerPolicy

POLICY = BreakerPolicy(failures=3, pause_s=30.0)
NOW = 1000.0


def after(*seen, start=None):
    breaker = start or Breaker()
    for failure in seen:
        breaker = breaker.after(failure and failure("x"), NOW, POLICY)
    return breaker


@pytest.mark.parametrize(
    "failure",
    [
        failures.NameNotFound,
        failures.ConnectionRefused,
        failures.ConnectTimedOut,
        failures.TlsFailed,
        failures.SasBusy,
        failures.ConfigurationFault,
    ],
)
def test_what_says_the_server_is_unwell_opens_it_after_so_many_in_a_row(failure):
    assert after(failure, failure) == Breaker(2, None)
    assert after(failure, failure, failure) == Breaker(3, NOW + 30.0)


@pytest.mark.parametrize(
    "failure", [None, failures.RequestRefused, failures.ClientFault, failures.ProgramFailed]
)
def test_what_says_the_server_is_well_closes_it(failure):
    down = failures.ConnectionRefused
    assert after(down, down, down, failure) == Breaker()


@pytest.mark.parametrize(
    "failure",
    [
        failures.AnswerTimedOut,
        failures.ConnectionLost,
        failures.CredentialsRefused,
        failures.WorkerDied,
        failures.LinksExpired,
    ],
)
def test_what_says_nothing_of_its_health_leaves_it_as_it_is(failure):
    down = failures.ConnectionRefused
    assert after(down, failure) == Breaker(1)
    assert after(down, down, down, failure) == Breaker(3, NOW + 30.0)


def test_open_it_permits_nothing_and_then_one_trial_at_a_time():
    opened = Breaker(3, NOW)
    assert not opened.permits(NOW - 0.1, running=0)
    assert opened.permits(NOW, running=0)
    assert not opened.permits(NOW, running=1)
    assert Breaker(2).permits(NOW, running=99)


def test_a_trial_that_fails_opens_it_again():
    assert after(failures.SasBusy, start=Breaker(3, NOW - 30)) == Breaker(4, NOW + 30.0)
