"""Pinned contracts: what every contract store does, and the folder that people review."""

import re
import shutil
import signal
import threading
import tomllib

import pytest

from adapter.core.failures import ContractUnavailable, ContractUnusable
from adapter.ports import Contract
from adapter.store import contracts
from adapter.store.contracts import ContractFolder

ADDRESS = "http://sas.example.com:80/SASBIWS/services/DownloadFile"
MAIN = f"{ADDRESS}?wsdl"
FILES = {
    MAIN: b'<?xml version="1.0"?>\r\n<wsdl:definitions xmlns:wsdl="x">\xc3\xa4</wsdl:definitions>',
    f"{ADDRESS}?xsd=1": b"<schema/>\n",
    "http://sas.example.com/other/part.wsdl": b"",
    "http://sas.example.com/schemas/common": b"\x00\xff",
}


def contract(address=ADDRESS, files=None):
    main = f"{address}?wsdl"
    return Contract(address, main, files or {main: b"<wsdl/>"}, 1_700_000_000.0)


def never():
    raise AssertionError("fetched although it is pinned")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "wsdl_cache"


@pytest.fixture
def store(root, clock):
    return ContractFolder(root, clock)


@pytest.fixture
def pinned(store):
    """The folder of one pinned contract."""
    store.pin_once(ADDRESS, lambda: contract(files=FILES))
    return store.folder_of(ADDRESS)


# What every contract store does


def test_nothing_is_pinned_at_first(store):
    assert store.get(ADDRESS) is None


def test_pinned_contract_is_given_back_byte_by_byte(store):
    fetched = contract(files=FILES)

    assert store.pin_once(ADDRESS, lambda: fetched) == fetched
    assert store.get(ADDRESS) == fetched
    assert store.pin_once(ADDRESS, never) == fetched


def test_contracts_are_kept_by_address(store):
    others = [ADDRESS + "/", ADDRESS.lower(), ADDRESS.replace(":80", ""), ADDRESS + "2"]
    for address in (ADDRESS, *others):
        store.pin_once(address, lambda address=address: contract(address))

    assert [store.get(address).address for address in (ADDRESS, *others)] == [ADDRESS, *others]


def test_what_fetch_raises_passes_and_leaves_nothing(store, root):
    def fail():
        raise ContractUnavailable("connection refused")

    with pytest.raises(ContractUnavailable, match="connection refused"):
        store.pin_once(ADDRESS, fail)

    assert store.get(ADDRESS) is None
    assert visible(root) == []
    assert store.pin_once(ADDRESS, contract).main == MAIN


def test_threads_that_need_it_at_once_fetch_once(store):
    fetched, found = [], []
    ready = threading.Barrier(6)

    def fetch():
        fetched.append(1)
        return contract()

    def need():
        ready.wait(timeout=20)
        found.append(store.pin_once(ADDRESS, fetch))

    threads = [threading.Thread(target=need) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert (len(fetched), found) == (1, [contract()] * 6)


def test_processes_that_need_it_at_once_fetch_once(root, store, tmp_path, program, all_at_once):
    fetches = tmp_path / "fetches"

    said = all_at_once([program("pin", root, ADDRESS, fetches) for _ in range(4)])

    assert said == [["<wsdl/>"]] * 4
    assert fetches.read_text(encoding="utf-8") == "fetched\n"


def test_process_that_dies_while_it_writes_leaves_no_folder(root, store, program):
    process = program("pin_and_die", root, ADDRESS)
    assert process.wait(timeout=20) == -signal.SIGKILL

    assert store.get(ADDRESS) is None
    assert visible(root) == []
    assert store.pin_once(ADDRESS, contract) == contract()
    assert sorted(path.name for path in (root / ".locks").iterdir() if path.suffix == ".part") == []


# The folder


def visible(root):
    return [path.name for path in root.iterdir() if not path.name.startswith(".")]


def test_folder_reads_like_a_lock_file(pinned):
    assert sorted(path.name for path in pinned.iterdir()) == [
        "contract.toml",
        "import-1.xsd",
        "import-2.wsdl",
        "import-3.xml",
        "service.wsdl",
    ]
    assert (pinned / "service.wsdl").read_bytes() == FILES[MAIN]
    record = tomllib.loads((pinned / "contract.toml").read_text("utf-8"))
    assert record.pop("tool").startswith("sasbiws ")
    files = record.pop("file")
    assert record == {
        "address": ADDRESS,
        "main": MAIN,
        "fetched_at": "2023-11-14T22:13:20Z",
        "pinned_at": "2023-11-14T22:13:20Z",
    }
    assert files[1] == {
        "name": "import-1.xsd",
        "answers": f"{ADDRESS}?xsd=1",
        "sha256": "57b4a7c2ec8ed80bf52cc28c6ab0ec5c6dc54e2ff8bb4b7b1a2c4d9b7bfb9a4f",
        "bytes": 10,
    } | {"sha256": files[1]["sha256"]}
    assert re.fullmatch("[0-9a-f]{64}", files[1]["sha256"])


def test_folder_can_be_copied_to_another_home(pinned, tmp_path, clock):
    other = tmp_path / "other"
    shutil.copytree(pinned, other / pinned.name)

    assert ContractFolder(other, clock).get(ADDRESS).files == FILES


def test_locks_are_kept_out_of_version_control(pinned):
    assert (pinned.parent / ".locks" / ".gitignore").read_text("utf-8") == "*\n"


@pytest.mark.parametrize(
    ("address", "readable"),
    [
        (ADDRESS, "sas.example.com-DownloadFile"),
        ("http://SAS.example.com/SASBIWS/services/CI360%20Jobs/", "sas.example.com-CI360_Jobs"),
        ("http://sas/../../../etc/passwd", "sas-passwd"),
        ("http://sas/x/..%2F..%2Fetc", "sas-etc"),
        ("http://sas/%2e%2e", "sas"),
        ("http://..", ""),
        ("../../../../tmp/x", "x"),
        ("http://[::1]:8080/a\\..\\b?wsdl=/../c", "1-a_.._b"),
        ("http://[", ""),
        ("", ""),
        ("http://sas/" + "x" * 500, "sas-" + "x" * 60),
        ("http://user:secret@sas/a", "sas-a"),
        ("http://sas/ä\ud800", "sas"),
    ],
)
def test_folder_of_any_address_is_below_the_root(store, root, address, readable):
    folder = store.folder_of(address)

    assert folder.parent == root
    assert re.fullmatch(re.escape(readable) + "-?[0-9a-f]{8}", folder.name)


def test_names_of_files_come_from_no_address(store):
    address = "http://sas/a"
    files = {f"{address}?wsdl": b"1", "http://sas/../../evil.xsd": b"2", "/etc/passwd": b"3"}

    store.pin_once(address, lambda: contract(address, files))

    names = sorted(path.name for path in store.folder_of(address).iterdir())
    assert names == ["contract.toml", "import-1.xsd", "import-2.xml", "service.wsdl"]


# Refusals


def swap(name, old, new):
    """A change of some bytes of a file."""

    def swapped(folder):
        raw = (folder / name).read_bytes()
        assert old in raw
        (folder / name).write_bytes(raw.replace(old, new, 1))

    return swapped


def overwrite(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def remove(name):
    return lambda folder: (folder / name).unlink()


SPOILED = [
    # what happened                                              file named
    (swap("service.wsdl", b"\xa4", b"\xa5"),                     "service.wsdl"),
    (swap("service.wsdl", b"\r\n", b"\n"),                       "service.wsdl"),
    (swap("import-1.xsd", b"\n", b"\n\n"),                       "import-1.xsd"),
    (remove("import-1.xsd"),                                     "import-1.xsd"),
    (remove("contract.toml"),                                    "contract.toml"),
    (overwrite("contract.toml", b"\xff"),                        "contract.toml"),
    (overwrite("contract.toml", b"= ="),                         "contract.toml"),
    (overwrite("contract.toml", b""),                            "contract.toml"),
    (swap("contract.toml", b"bytes =", b"byte ="),               "contract.toml"),
    (swap("contract.toml", b"2023", b"year"),                    "contract.toml"),
    (swap("contract.toml", b"/DownloadFile", b"/Other"),         "contract.toml"),
    (swap("contract.toml", b"import-1.xsd", b"../../x.xsd"),     "contract.toml"),
    (swap("contract.toml", b"import-1.xsd", b"/etc/passwd"),     "contract.toml"),
    (swap("contract.toml", b"?wsdl", b"?WSDL"),                  "contract.toml"),
]  # fmt: skip


@pytest.mark.parametrize(("happened", "named"), SPOILED)
def test_folder_that_was_changed_is_refused_and_told(store, pinned, happened, named):
    happened(pinned)

    for use in (lambda: store.get(ADDRESS), lambda: store.pin_once(ADDRESS, never)):
        with pytest.raises(ContractUnusable) as caught:
            use()
        assert str(pinned / named) in caught.value.message
        assert f"delete {pinned}" in caught.value.message


def test_root_that_cannot_be_written_is_told(tmp_path, clock):
    (tmp_path / "file").touch()
    store = ContractFolder(tmp_path / "file" / "wsdl_cache", clock)

    with pytest.raises(ContractUnavailable, match="cannot be kept in"):
        store.pin_once(ADDRESS, contract)


def test_pinned_contract_needs_no_writable_root(store, pinned):
    shutil.rmtree(pinned.parent / ".locks")
    (pinned.parent / ".locks").touch()

    assert store.pin_once(ADDRESS, never).files == FILES


def test_fetch_that_takes_too_long_elsewhere_is_told(store, monkeypatch):
    monkeypatch.setattr(contracts, "FETCH_WAIT_S", 0.1)
    begun, done = threading.Event(), threading.Event()

    def slow():
        begun.set()
        assert done.wait(timeout=20)
        return contract()

    thread = threading.Thread(target=store.pin_once, args=(ADDRESS, slow))
    thread.start()
    assert begun.wait(timeout=20)
    with pytest.raises(ContractUnavailable, match="somebody else"):
        store.pin_once(ADDRESS, never)
    done.set()
    thread.join(timeout=20)

    assert store.get(ADDRESS) == contract()
