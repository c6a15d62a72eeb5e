"""Which processes live: locks that the operating system takes back."""

import threading
import uuid

import pytest
from filelock import FileLock

from adapter.core.errors import StoreUnavailable
from adapter.store.slots import ProcessSlot


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "var" / "processes"


def test_each_process_has_an_owner_id_of_its_own(folder):
    slots = [ProcessSlot(folder) for _ in range(3)]

    assert len({str(uuid.UUID(slot.owner)) for slot in slots}) == 3
    assert all((folder / f"{slot.owner}.lock").exists() for slot in slots)
    for slot in slots:
        slot.release()


def test_only_their_owner_may_read_the_folder(folder):
    slot = ProcessSlot(folder)

    assert folder.stat().st_mode & 0o777 == 0o700
    slot.release()


def test_released_slot_is_dead_and_its_file_gone(folder):
    mine, other = ProcessSlot(folder), ProcessSlot(folder)

    assert mine.dead([other.owner]) == frozenset()
    other.release()

    assert mine.dead([other.owner]) == {other.owner}
    assert not (folder / f"{other.owner}.lock").exists()
    mine.release()


def test_slot_outlives_the_thread_that_took_it(folder, tmp_path):
    taken = []
    thread = threading.Thread(target=lambda: taken.append(ProcessSlot(folder)))
    thread.start()
    thread.join(timeout=20)
    (slot,) = taken
    mine = ProcessSlot(folder)
    # Another name of the same file tells whether the lock itself is let go.
    other_name = tmp_path / "other-name"
    other_name.hardlink_to(folder / f"{slot.owner}.lock")

    assert mine.dead([slot.owner]) == frozenset()
    slot.release()

    assert mine.dead([slot.owner]) == {slot.owner}
    with FileLock(other_name, timeout=0):
        pass
    mine.release()


def test_own_and_foreign_ids_are_not_reported(folder):
    mine = ProcessSlot(folder)

    assert mine.dead([mine.owner, "someone", "../../etc/passwd", ""]) == frozenset()
    mine.release()


def test_unknown_process_is_dead(folder):
    mine, gone = ProcessSlot(folder), str(uuid.uuid4())

    assert mine.dead([gone]) == {gone}
    assert list(folder.glob(f"{gone}*")) == []
    mine.release()


def test_folder_that_lost_its_files_says_nothing(folder):
    mine, other = ProcessSlot(folder), ProcessSlot(folder)
    for path in folder.iterdir():
        path.unlink()

    assert mine.dead([other.owner]) == frozenset()
    mine.release()
    other.release()


def test_newborn_process_removes_what_the_dead_left(folder):
    folder.mkdir(parents=True)
    left = folder / f"{uuid.uuid4()}.lock"
    left.touch()
    living = ProcessSlot(folder)

    assert not left.exists()
    newborn = ProcessSlot(folder)
    assert (folder / f"{living.owner}.lock").exists()
    assert newborn.dead([living.owner]) == frozenset()
    living.release()
    newborn.release()


def test_many_lookers_at_once_agree(folder):
    slots = [ProcessSlot(folder) for _ in range(6)]
    gone = [slots.pop() for _ in range(2)]
    for slot in gone:
        slot.release()
    owners = {slot.owner for slot in slots} | {slot.owner for slot in gone}
    found = []

    def look(slot):
        found.extend(slot.dead(owners) for _ in range(20))

    threads = [threading.Thread(target=look, args=(slot,)) for slot in slots]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert len(found) == 80
    assert set().union(*found) == {slot.owner for slot in gone}
    for slot in slots:
        slot.release()


def test_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "var").touch()

    with pytest.raises(StoreUnavailable, match="processes"):
        ProcessSlot(tmp_path / "var" / "processes")
