"""Several processes on one database, and processes that die."""

import signal

import pytest

from adapter.core.delivery import State
from adapter.store.slots import ProcessSlot

LIMIT_S = 20.0


@pytest.fixture
def slots(tmp_path):
    return tmp_path / "var" / "processes"


def test_two_processes_lease_each_delivery_once(store, message, place, program, all_at_once):
    ids = [store.add(message(f"stp-{number % 2}")).delivery_id for number in range(100)]

    leased = all_at_once([program("lease_all", place, owner) for owner in ("a", "b")])

    assert sorted(leased[0] + leased[1]) == sorted(ids)
    assert {store.get(delivery_id).attempts for delivery_id in ids} == {1}


def test_processes_that_start_at_once_agree_on_a_new_database(place, program, all_at_once):
    processes = [program("open_only", place) for _ in range(4)]

    assert all_at_once(processes) == [["open"]] * 4


def test_added_delivery_survives_kill_9(place, program, open_store):
    process = program("add_and_die", place, "the-one")

    assert process.wait(timeout=LIMIT_S) == -signal.SIGKILL
    assert open_store().get("the-one").state is State.QUEUED


def test_dead_process_is_found_and_its_lease_with_it(
    store, message, place, slots, program, eventually
):
    task = message()
    store.add(task)
    mine = ProcessSlot(slots)
    process = program("hold_lease", place, slots)
    owner, delivery_id = process.stdout.readline().split()
    assert store.owners() == {owner}
    assert mine.dead(store.owners()) == frozenset()

    process.kill()

    eventually(lambda: mine.dead([owner]) == {owner}, "the killed process is reported dead")
    (lease,) = store.abandoned(owner)
    assert lease.delivery_id == delivery_id == task.delivery_id
    assert lease.table == task.table
    assert not (slots / f"{owner}.lock").exists()
    assert mine.dead([owner]) == {owner}
    mine.release()


def test_process_killed_right_after_its_lease_leaves_it_to_others(
    store, message, place, slots, program
):
    store.add(message())
    process = program("lease_and_die", place, slots)
    assert process.wait(timeout=LIMIT_S) == -signal.SIGKILL

    (owner,) = store.owners()
    slot = ProcessSlot(slots)

    assert slot.dead({owner, slot.owner}) == {owner}
    assert len(store.abandoned(owner)) == 1
    slot.release()


def test_living_process_is_never_dead(store, message, place, slots, program):
    store.add(message())
    process = program("hold_lease", place, slots)
    owner, _ = process.stdout.readline().split()
    lookers = [ProcessSlot(slots) for _ in range(3)]

    for _ in range(50):
        for looker in lookers:
            assert looker.dead([owner, *(each.owner for each in lookers)]) == frozenset()
    for looker in lookers:
        looker.release()
