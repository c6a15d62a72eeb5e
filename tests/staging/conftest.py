"""What the staging tests stand on: an S3 server, and file hosts that misbehave on purpose."""

import socket
import subprocess
import sys
import threading
import time
import uuid
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import requests
from staged_task import serving

LIMIT_S = 30.0


def eventually(true, timeout_s=LIMIT_S):
    deadline = time.monotonic() + timeout_s
    while not (value := true()):
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s"
        time.sleep(0.02)
    return value


@pytest.fixture(scope="session")
def s3_url():
    """A moto server that speaks S3, as a process of its own."""
    program = (
        "import logging; logging.disable(logging.INFO)\n"
        "from werkzeug.serving import make_server\n"
        "from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app\n"
        "app = DomainDispatcherApplication(create_backend_app)\n"
        "server = make_server('127.0.0.1', 0, app, threaded=True)\n"
        "print(server.port, flush=True)\n"
        "server.serve_forever()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    process.kill()
    process.communicate(timeout=LIMIT_S)


@pytest.fixture
def bucket(s3_url):
    """Puts objects and signs links, as boto3 does it."""
    return Bucket(s3_url)


class Bucket:
    def __init__(self, url):
        self.url = url
        # Its own: what is there already, a stranger may not write again.
        self.name = f"exports-{uuid.uuid4().hex[:8]}"
        requests.put(f"{url}/{self.name}", timeout=LIMIT_S).raise_for_status()

    def put(self, key, body):
        address = f"{self.url}/{self.name}/{key}"
        requests.put(address, data=body, timeout=LIMIT_S).raise_for_status()

    def link(self, key, seconds=3600):
        import boto3
        from botocore.config import Config

        client = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )
        return client.generate_presigned_url(
            "get_object", Params={"Bucket": self.name, "Key": key}, ExpiresIn=seconds
        )


class Host:
    """A file host of one file. `ranges` holds the Range header of every request.

    `cut_after` bytes it breaks off, once for each number in the list; `size` sends so many zeros
    in place of the body.
    """

    def __init__(self, body=b"", etag='"one"'):
        self.body, self.etag, self.status = body, etag, 200
        self.size, self.cut_after, self.ranges, self.location = None, [], [], ""
        self.redirects, self.paths, self.pause_s = [], [], 0.0
        self.server, self.url = serving(self.answer)

    def answer(self, request):
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        self.paths.append(request.path)
        if self.redirects:
            self.redirect(request, *self.redirects.pop(0))
            return
        total = self.size or len(self.body)
        resumes = asked and request.headers.get("If-Range") == self.etag
        start = int(asked[6:-1]) if resumes else 0
        request.send_response(self.status if self.status != 200 else 206 if resumes else 200)
        request.send_header("ETag", self.etag)
        if self.location:
            request.send_header("Location", self.location)
        if resumes:
            request.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        request.send_header("Content-Length", str(total - start))
        request.end_headers()
        end = min(total, start + self.cut_after.pop(0)) if self.cut_after else total
        piece = b"\0" * 2**20
        while start < end:
            part = self.body[start:end] if self.size is None else piece[: end - start]
            request.wfile.write(part)
            start += len(part)
        request.close_connection = True

    def redirect(self, request, status, to):
        request.send_response(status)
        request.send_header("Location", to)
        request.send_header("Content-Length", "0")
        request.end_headers()
        request.close_connection = True

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def host():
    hosts = []

    def start(*args, **options):
        hosts.append(Host(*args, **options))
        return hosts[-1]

    yield start
    for each in hosts:
        each.stop()


class Cutting:
    """What stands before a server, and closes a connection after so many bytes of its answer.

    `limits` holds the bytes for each connection; those after the last pass whole.
    """

    def __init__(self, target, limits):
        self.target, self.limits = urlsplit(target), limits
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with suppress(OSError):  # closed
            while True:
                caller, _ = self.listener.accept()
                limit = self.limits.pop(0) if self.limits else None
                threading.Thread(target=self.relay, args=(caller, limit), daemon=True).start()

    def relay(self, caller, limit):
        address = (self.target.hostname, self.target.port)
        with caller, socket.create_connection(address, LIMIT_S) as server, suppress(OSError):
            server.sendall(caller.recv(65536))
            passed = 0
            while (limit is None or passed < limit) and (piece := server.recv(16384)):
                caller.sendall(piece if limit is None else piece[: limit - passed])
                passed += len(piece)


@pytest.fixture
def cutting():
    """Puts a server behind connections that are cut."""
    made = []

    def put(target, limits):
        made.append(Cutting(target, limits))
        return made[-1]

    yield put
    for each in made:
        each.listener.close()
