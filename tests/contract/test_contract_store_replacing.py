"""Pinned contracts that are listed, and replaced while others read them."""

import os
import shutil
import signal
import threading
import time

import pytest

from adapter.core.failures import ContractUnavailable, ContractUnusable
from adapter.ports import BrokenContract, Contract
from adapter.store import pinned
from adapter.store.contracts import ContractFolder

ADDRESS = "http://sas.example.com:80/SASBIWS/services/DownloadFile"
MAIN = f"{ADDRESS}?wsdl"


def contract(content=b"<old/>", imports=(), address=ADDRESS):
    files = {f"{address}?wsdl": content} | {f"{address}?xsd={each}": b"<x/>" for each in imports}
    return Contract(address, f"{address}?wsdl", files, 1_700_000_000.0)


def state_of(folder):
    return {path.name: (path.read_bytes(), path.stat().st_ino) for path in folder.iterdir()}


@pytest.fixture
def root(tmp_path):
    return tmp_path / "wsdl_cache"


@pytest.fixture
def store(root, clock):
    return ContractFolder(root, clock)


def test_a_replaced_contract_is_the_new_one_whole(store, root):
    store.pin_once(ADDRESS, lambda: contract(imports=(1, 2)))
    new = contract(b"<new/>", imports=(3,))

    assert store.replace(new) == new
    assert store.get(ADDRESS) == ContractFolder(root, store._clock).get(ADDRESS) == new
    names = sorted(path.name for path in store.folder_of(ADDRESS).iterdir())
    assert names == ["contract.toml", "import-1.xsd", "service.wsdl"]
    assert [path.name for path in (root / ".locks").iterdir() if path.is_dir()] == []


def test_replacing_pins_where_nothing_is_pinned(store):
    assert store.replace(contract()) == contract() == store.get(ADDRESS)


def test_the_same_files_stay_untouched(store):
    """Version control has nothing to show where nothing has changed."""
    store.replace(contract())
    before = state_of(store.folder_of(ADDRESS))

    later = Contract(ADDRESS, MAIN, contract().files, 1_800_000_000.0)
    assert store.replace(later).fetched_at == 1_700_000_000.0
    assert state_of(store.folder_of(ADDRESS)) == before


def test_files_keep_their_names_where_others_come_and_go(store):
    """A diff in version control shows the file that changed, not all that moved up."""
    store.replace(contract(imports=(1, 2, 3)))
    store.replace(contract(b"<new/>", imports=(9, 2, 3)))

    folder = store.folder_of(ADDRESS)
    record = (folder / "contract.toml").read_text("utf-8")
    told = [
        line.split('"')[1] for line in record.splitlines() if line.startswith(("name", "answers"))
    ]
    assert dict(zip(told[1::2], told[::2], strict=True)) == {
        MAIN: "service.wsdl",
        f"{ADDRESS}?xsd=9": "import-1.xsd",
        f"{ADDRESS}?xsd=2": "import-2.xsd",
        f"{ADDRESS}?xsd=3": "import-3.xsd",
    }


def test_a_broken_one_is_mended_by_a_new_pin(store):
    store.replace(contract())
    (store.folder_of(ADDRESS) / "service.wsdl").write_bytes(b"<other/>")

    assert store.replace(contract()) == contract() == store.get(ADDRESS)


def test_line_ends_are_kept_out_of_the_hands_of_version_control(store, root):
    store.replace(contract())
    assert (root / ".gitattributes").read_text("utf-8").splitlines() == [
        "*.wsdl -text",
        "*.xsd -text",
        "*.xml -text",
    ]
    (root / ".gitattributes").write_text("# ours\n", "utf-8")
    store.replace(contract(b"<new/>"))
    assert (root / ".gitattributes").read_text("utf-8") == "# ours\n"


def test_readers_meet_the_old_one_or_the_new_one_and_nothing_else(store, root):
    states = [contract(b"<a/>" * 2000, imports=(1, 2)), contract(b"<b/>" * 2000, imports=(2, 3))]
    store.replace(states[0])
    over, wrong = threading.Event(), []

    def read():
        own = ContractFolder(root, store._clock)
        while not over.is_set():
            try:
                found = own.get(ADDRESS)
            except ContractUnusable as error:
                found = error
            if found not in states:
                wrong.append(found)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(60):
        store.replace(states[(number + 1) % 2])
    over.set()
    for thread in threads:
        thread.join(timeout=20)

    assert wrong == []


def test_processes_that_replace_at_once_leave_one_of_them(store, root, program, all_at_once):
    said = all_at_once([program("replace", root, ADDRESS, number) for number in range(4)])

    assert sorted(said) == [["0"], ["1"], ["2"], ["3"]]
    assert store.get(ADDRESS).files[MAIN] in {b"<w>%d</w>" % number for number in range(4)}


@pytest.mark.parametrize("step", ["part", "aside", "swapped"])
def test_a_process_that_dies_while_it_replaces_leaves_one_whole_contract(
    store, root, program, step
):
    store.replace(contract())
    process = program("replace_and_die", root, ADDRESS, step)
    assert process.wait(timeout=20) == -signal.SIGKILL

    expected = b"<w>new</w>" if step == "swapped" else b"<old/>"
    assert store.get(ADDRESS).files[MAIN] == expected
    assert store.pin_once(ADDRESS, contract).files[MAIN] == expected
    store.replace(contract(b"<next/>"))
    assert store.get(ADDRESS).files[MAIN] == b"<next/>"
    assert [path.name for path in (root / ".locks").iterdir() if path.is_dir()] == []


def test_a_folder_that_cannot_be_written_keeps_the_old_one(store, root):
    store.replace(contract())
    shutil.rmtree(root / ".locks")
    (root / ".locks").touch()

    with pytest.raises(ContractUnavailable, match="cannot be kept"):
        store.replace(contract(b"<new/>"))
    assert store.get(ADDRESS) == contract()


def test_a_root_that_cannot_be_entered_is_told(store, root, without_root):
    store.replace(contract())
    root.chmod(0o700)

    with without_root(), pytest.raises(ContractUnavailable, match="cannot be read in"):
        store.get(ADDRESS)


class Later:
    """A clock by which all that is on disk was written a while ago."""

    def now(self):
        return time.time() + 60

    monotonic = staticmethod(time.monotonic)


def test_a_contract_at_rest_is_read_once_and_a_change_is_seen(root):
    store = ContractFolder(root, Later())
    store.replace(contract(imports=(1,)))
    folder = store.folder_of(ADDRESS)

    assert store.get(ADDRESS) is store.get(ADDRESS)
    for name, content in (("service.wsdl", b"<odd/>"), ("import-1.xsd", b"<y/>")):
        path, before = folder / name, (folder / name).read_bytes()
        stat = path.stat()
        path.write_bytes(content)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        with pytest.raises(ContractUnusable, match="was changed after it was pinned"):
            store.get(ADDRESS)
        path.write_bytes(before)
        assert store.get(ADDRESS) == contract(imports=(1,))
    shutil.rmtree(folder)
    assert store.get(ADDRESS) is None


def test_a_contract_that_was_just_written_is_read_again(root):
    class Now(Later):
        now = staticmethod(time.time)

    store = ContractFolder(root, Now())
    store.replace(contract())
    assert store.get(ADDRESS) is not store.get(ADDRESS)


def test_another_process_sees_a_replaced_contract_at_once(root):
    ours, theirs = ContractFolder(root, Later()), ContractFolder(root, Later())
    for content in (b"<a/>", b"<b/>", b"<c/>"):
        theirs.replace(contract(content))
        assert ours.get(ADDRESS).files[MAIN] == content


# All of them


def test_no_folder_lists_nothing(store):
    assert store.all() == ()


def test_all_are_listed_with_those_that_cannot_be_used(store, root):
    others = [f"http://sas/{name}" for name in ("a", "b", "c", "d")]
    for address in others:
        store.replace(contract(address=address))
    (root / "README.md").write_text("not a folder", "utf-8")
    (store.folder_of(others[1]) / "service.wsdl").write_bytes(b"<changed/>")
    (store.folder_of(others[2]) / "contract.toml").unlink()
    store.folder_of(others[3]).rename(root / "z-by-hand")
    (root / "notes").mkdir()

    listed = store.all()

    whole = [each.address for each in listed if isinstance(each, Contract)]
    broken = [each for each in listed if isinstance(each, BrokenContract)]
    assert whole == [others[0]]
    assert {each.folder: (each.address, each.error.code) for each in broken} == {
        str(store.folder_of(others[1])): (others[1], "SAS_CONTRACT_UNUSABLE"),
        str(store.folder_of(others[2])): ("", "SAS_CONTRACT_UNUSABLE"),
        str(root / "z-by-hand"): (others[3], "SAS_CONTRACT_UNUSABLE"),
        str(root / "notes"): ("", "SAS_CONTRACT_UNUSABLE"),
    }
    reasons = " | ".join(each.error.message for each in broken)
    assert "was changed after it was pinned" in reasons
    assert f"call it {store.folder_of(others[3]).name}" in reasons


def test_names_are_told_without_a_folder():
    assert list(pinned.names_of(contract(imports=(1, 2))).values()) == [
        "service.wsdl",
        "import-1.xsd",
        "import-2.xsd",
    ]


def test_a_folder_copied_elsewhere_can_be_replaced(store, root, tmp_path, clock):
    store.replace(contract())
    shutil.copytree(root, tmp_path / "copy")
    other = ContractFolder(tmp_path / "copy", clock)
    other.replace(contract(b"<new/>"))

    assert (store.get(ADDRESS), other.get(ADDRESS)) == (contract(), contract(b"<new/>"))
    assert os.listdir(root) != []  # noqa: PTH208
