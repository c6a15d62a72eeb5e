"""A process that lives takes over from one that died; one that is told to stop does stop."""

from adapter_process import eventually

from adapter import config
from adapter.accept import Post
from adapter.cli.serving import Serving
from adapter.core.delivery import State
from adapter.emulator import Switches

BACKLOG = 200
TAKEN_OVER_S = 2.0


def test_the_dead_are_taken_over_from_within_two_seconds_however_much_is_due(dying, home, sas):
    sas.switches = Switches(delay_s=60)
    other = dying()
    lost = other.post("Slow").json()["deliveryId"]
    sas.wait_for(lambda it: it.executions, timeout_s=20)
    other.freeze()  # alive, with its lease, but no help
    sas.switches = Switches(delay_s=0.15)
    with Serving(config.load(home, {})) as serving:
        accept, get = serving.parts.accept, serving.parts.deliveries.get
        last = [accept(Post(b'{"a": "1"}', "Echo")).delivery_id for _ in range(BACKLOG)][-1]
        assert get(lost).state is State.RUNNING
        other.kill()
        eventually(lambda: get(lost).state is State.PARKED, TAKEN_OVER_S)
        assert get(lost).code == "WORKER_DIED"
        assert get(last).state is State.QUEUED


def test_a_process_that_is_told_to_stop_does_not_wait_for_sas_without_end(home, sas, dying, runs):
    sas.switches = Switches(delay_s=60)
    stopping = dying(environ={"SASBIWS_STOP_GRACE": "0.2"})
    plain = stopping.post("Slow").json()["deliveryId"]
    sas.wait_for(lambda it: it.executions, timeout_s=20)
    assert stopping.stop(limit_s=10) == 0
    sas.switches = Switches()
    after = dying().ended(plain)
    assert (after["status"], after["error"]["code"]) == ("parked", "WORKER_DIED")
    assert runs(plain) == 1
