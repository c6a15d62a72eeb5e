"""Callers of the webhook: exact bytes on the wire, many at once, and what no answer may show."""

import http.client
import json
import re
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

SIGNATURE = "0123456789abcdefsignature"
PASSWORD = "Pl4nted-Secret"
LINK = f"https://files.example.test/data.csv?X-Amz-Expires=60&X-Amz-Signature={SIGNATURE}"

_INSIDES = re.compile(r"Traceback|File \"|\.py\b|site-packages|deliveries\.sqlite")


@dataclass(frozen=True)
class Reply:
    """One HTTP answer, read whole. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> dict:
        """The JSON object in it."""
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.text)

    @property
    def error(self) -> dict:
        """The error object in it."""
        return self.body["error"]


def send(site, method: str, target: str, body: bytes = b"", headers=(), framing=None) -> Reply:
    """One request exactly as given: no client tidies the target or adds a header but the length."""
    host = site.url.removeprefix("http://")
    with closing(http.client.HTTPConnection(host, timeout=60)) as connection:
        given = dict(headers)
        connection.putrequest(method, target, skip_host="Host" in given, skip_accept_encoding=True)
        for name, value in (framing or {"Content-Length": len(body)}).items():
            connection.putheader(name, str(value))
        for name, value in given.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, named, response.read().decode())


def task(stored_process: str, **members: object) -> bytes:
    """The JSON of a bulk task for this stored process."""
    return json.dumps({"sendParameters": {"stpName": stored_process}, **members}).encode()


def post(site, body: bytes, target: str = "", wait: int | None = None, **headers: str) -> Reply:
    """One task posted below /ExecuteSTP; header names with underscores for hyphens."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if wait is not None:
        sent["Prefer"] = f"wait={wait}"
    return send(site, "POST", f"/ExecuteSTP{target}", body, sent)


def get(site, target: str, **headers: str) -> Reply:
    """What an address says."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return send(site, "GET", target, headers=sent)


def at_once(calls: list[Callable[[], object]]) -> list:
    """What each call gives; every one runs in a thread of its own."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def until(true: Callable[[], object], timeout_s: float = 10.0) -> object:
    """What `true` gives, once that is true of it; fails after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while not (value := true()):
        assert time.monotonic() < deadline, f"not within {timeout_s} s"
        time.sleep(0.01)
    return value


def kept(site) -> int:
    """How many deliveries the database of the site has, of every state."""
    return _counted(site, "SELECT count(*) FROM deliveries")


def under_way(site) -> int:
    """How many deliveries have not ended."""
    waiting = "state IN ('queued', 'retrying', 'running')"
    return _counted(site, f"SELECT count(*) FROM deliveries WHERE {waiting}")  # noqa: S608


def _counted(site, query: str) -> int:
    file = site.home / "var" / "deliveries.sqlite"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchone()[0]


def refused(site, reply: Reply, status: int, code: str, *told: str) -> dict:
    """The error of an answer, once it is what it must be and shows nothing of the insides."""
    error = reply.error
    assert (reply.status, error["code"]) == (status, code)
    assert list(error)[:5] == ["code", "message", "details", "requestId", "timestamp"]
    assert error["requestId"] == reply.headers["x-request-id"]
    said = error["message"] + json.dumps(error["details"], ensure_ascii=False)
    assert [words for words in told if words not in said] == []
    assert error["message"].isprintable()
    assert len(reply.text) < 4000
    shows_nothing(site, reply.text)
    return error


def shows_nothing(site, text: str) -> None:
    """Fails where a text shows the program, a path of this machine, a signature or a password."""
    assert not _INSIDES.search(text), text
    for secret in (str(site.home), SIGNATURE, PASSWORD):
        assert secret not in text
