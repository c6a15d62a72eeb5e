"""An adapter that is killed in the middle of a download: the next one goes on, and SAS runs once."""

import threading

import pytest
from adapter_process import eventually
from staged_task import METADATA, ROUTE, bulk_task, serving

DATA = b"1234567,1234567\n" * 2**16
LIMIT_S = 30.0
KB_256 = 2**18


@pytest.fixture
def service_config():
    return f"""{ROUTE}\
[adapter:server]
{{store}}
[Download File]
schema = DownloadFile.xsd
"""


class FileHost:
    """Holds the data file of a task back at each of `stops`, once, until it is let go."""

    def __init__(self, *stops):
        self.stops, self.ranges, self.go = list(stops), {}, threading.Event()
        self.server, self.url = serving(self.answer)
        self.server.handle_error = lambda *_: None  # who asked was killed

    def answer(self, request):
        task, name = request.path.partition("?")[0].strip("/").split("/")
        body = METADATA if name == "metadata.json" else DATA
        asked = request.headers.get("Range")
        if name == "data.csv":
            self.ranges.setdefault(task, []).append(asked)
        start = int(asked[6:-1]) if asked else 0
        request.send_response(206 if asked else 200)
        request.send_header("ETag", '"upload-7"')
        request.send_header("Content-Length", str(len(body) - start))
        if asked:
            request.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        request.end_headers()
        if task == "held" and name == "data.csv" and self.stops:
            stop = self.stops.pop(0)
            request.wfile.write(body[start:stop])
            request.wfile.flush()
            start = stop
            self.go.wait(LIMIT_S)
        request.wfile.write(body[start:])
        request.close_connection = True

    def close(self):
        self.go.set()
        self.server.shutdown()
        self.server.server_close()

    def task(self, name):
        """A bulk task whose files lie here."""
        metadata, data = (f"{self.url}/{name}/{file}" for file in ("metadata.json", "data.csv"))
        return bulk_task(f"{metadata}?sig=planted", f"{data}?sig=planted", name, name)


@pytest.fixture
def file_host():
    made = []

    def make(*stops):
        made.append(FileHost(*stops))
        return made[-1]

    yield make
    for each in made:
        each.close()


def on_disk(home, delivery_id, size):
    part = home / "var/staged" / delivery_id / "data.csv.part"
    return lambda: part.is_file() and part.stat().st_size == size


def check_whole(home, adapter, delivery_id):
    delivery = adapter.ended(delivery_id)
    assert delivery["status"] == "delivered", delivery
    assert delivery["staging"]["rows"] == 2**16
    assert delivery["attempts"] == 1
    assert (home / "var/staged" / delivery_id / "data.csv").read_bytes() == DATA
    assert "planted" not in adapter.said()


def test_a_download_that_was_killed_twice_goes_on_by_range(serve, home, file_host, runs):
    host = file_host(2 * KB_256, 3 * KB_256)
    first = serve()
    delivery_id = first.post("", host.task("held")).json()["deliveryId"]
    eventually(on_disk(home, delivery_id, 2 * KB_256))
    shown = first.delivery(delivery_id)
    assert (shown["status"], shown["attempts"], shown["staging"]["done"]) == ("queued", 0, False)
    assert shown["staging"]["files"][1]["totalBytes"] == len(DATA)
    first.kill()
    second = serve()
    eventually(on_disk(home, delivery_id, 3 * KB_256))
    second.kill()
    assert runs(delivery_id) == 0

    third = serve()

    check_whole(home, third, delivery_id)
    assert host.ranges["held"] == [None, f"bytes={2 * KB_256}-", f"bytes={3 * KB_256}-"]
    assert runs(delivery_id) == 1


@pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
def test_a_process_beside_takes_a_download_over_only_from_the_dead(serve, home, file_host, runs):
    host = file_host(2 * KB_256)
    first = serve()
    held = first.post("", host.task("held")).json()["deliveryId"]
    eventually(on_disk(home, held, 2 * KB_256))
    second = serve()
    # Whoever of the two takes these, each is fetched once, and nobody touches what is held.
    others = [second.post("", host.task(f"t{n}")).json()["deliveryId"] for n in range(2)]
    for each in others:
        check_whole(home, second, each)
    assert host.ranges == {"held": [None], **{f"t{n}": [None] for n in range(2)}}

    first.kill()

    check_whole(home, second, held)
    assert host.ranges["held"] == [None, f"bytes={2 * KB_256}-"]
    assert [runs(each) for each in (held, *others)] == [1] * 3
