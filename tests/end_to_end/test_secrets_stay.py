"""Secrets that are planted everywhere, and looked for everywhere: none is outside the database.

Run it with `-s` to see how many were planted, and in how many places they were looked for.
"""

import base64
import json
import os
import secrets
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from adapter_process import AdapterProcess, eventually, write_home
from parrot import ANSWERS, parrot

LIMIT_S = 60
USAGE = 2
"""Exit code where a command was not understood, and so has not looked at anything."""

USER = "svc_ci360"
SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {parrot}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
loglevel = DEBUG
max_attempts = 1
breaker_failures = 1000
timeout = 1
wait = 20
"""
GOOD = """\
[Echo]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
timeout = 20
[EchoSoap]
stpurl = {sas}/SASBIWS/services/Shared Data/CI360Jobs/Echo
timeout = 20
"""
REFUSED = """\
[Refused]
stpurl = {parrot}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
"""
"""Another account, as its server has another name: the hold on it covers no other."""


class Hoard:
    """What was planted, and every place where it must not be."""

    def __init__(self):
        self.planted = {}
        self.places = {}
        self.lost = []

    def plant(self, name):
        """A new secret of this name."""
        self.planted[name] = f"Pl4nted{secrets.token_hex(12)}"
        return self.planted[name]

    def look(self, place, text, but=""):
        """Look here later, for all but the secrets whose names end so."""
        sought = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
        self.places[f"{len(self.places)}: {place}"] = (sought, but)

    def found(self):
        """Every secret that lies where it must not, and where."""
        return self.lost + [
            (name, place)
            for place, (text, but) in self.places.items()
            for name, secret in self.planted.items()
            if secret.encode() in text and not (but and name.endswith(but))
        ]


def task(hoard, name):
    """A bulk task with a secret in each place where a caller may have one."""
    signed = {
        each: hoard.plant(f"{each} of {name}")
        for each in ("signature", "token", "credential", "sas", "user info", "alone", "shown")
    }
    date = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    link = (
        f"https://files.example.test/1/data.csv?X-Amz-Date={date}&X-Amz-Expires=86400"
        f"&X-Amz-Security-Token={signed['token']}&X-Amz-Credential={signed['credential']}"
        f"&X-Amz-Signature={signed['signature']}"
    )
    return {
        "taskId": f"t-{name}",
        "taskVersionId": "1",
        "occurrenceId": "1",
        "presignedUrls": {"dataFile": link, "metadataFile": link},
        "azure": f"https://blob.example.test/a?sv=2024&sig={signed['sas']}",
        "ftp": f"https://user:{signed['user info']}@files.example.test/x",
        "bare": f"X-Amz-Signature={signed['alone']}",
        "text": f"fetch <https://files.example.test/y?a=1&sig={signed['shown']}>, then go on",
    }


@pytest.fixture
def hoard():
    return Hoard()


@pytest.fixture
def password(hoard):
    text = hoard.plant("stppassword")
    hoard.planted["stppassword in Basic"] = base64.b64encode(f"{USER}:{text}".encode()).decode()
    return text


@pytest.fixture
def site(tmp_path, start, hoard, password):
    """A home, and the processes that serve it: SAS and the adapter."""
    emulator = start("-m", "adapter", "emulator", "--port", "0", address=r"at (http://\S+) ")
    requests.put(
        f"{emulator.url}/emulator/switches", json={"users": {USER: password}}, timeout=LIMIT_S
    ).raise_for_status()
    with parrot() as repeating:
        named = "".join(f"[{name}]\n" for name in ANSWERS if name != "Refused")
        elsewhere = REFUSED.replace("{parrot}", repeating.replace("127.0.0.1", "localhost"))
        config = (SERVICE_CONFIG + named + GOOD + elsewhere).replace("{sas}", emulator.url)
        home = write_home(tmp_path / "home", config.replace("{parrot}", repeating))
        credentials = f"[DEFAULT]\nstpusername = {USER}\nstppassword = {password}\n"
        (home / "conf/credentials.ini").write_text(credentials, encoding="utf-8")
        adapter = start("-m", "adapter", "serve", "--home", home)
        hoard.planted["operator token"] = (home / "var/operator.token").read_text("utf-8").strip()
        yield home, adapter, emulator


def cli(hoard, home, *arguments, stdin="", **environ):
    """What a command ends with; all that it says is looked at later."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SASBIWS_")}
    ended = subprocess.run(
        [sys.executable, "-m", "adapter", *map(str, arguments), "--home", str(home)],
        input=stdin.encode(), capture_output=True, timeout=LIMIT_S, check=False,
        env={**clean, **environ}, cwd=home.parent,
    )  # fmt: skip
    name = f"sasbiws {' '.join(map(str, arguments[:2]))}"
    if b"Traceback" in ended.stderr:
        hoard.lost.append(("the insides", f"{name}: {ended.stderr.decode()[-300:]}"))
    # What was given on standard input may come back on standard output: that is the command's use.
    own = arguments[0] in ("call", "validate") and "--dry-run" not in arguments and stdin
    assert ended.returncode != USAGE or environ, f"{name}: {ended.stderr.decode()}"
    hoard.look(name, ended.stdout + ended.stderr, but=" of the shell" if own else "")
    return ended


def at_the_shell(hoard, home, *commands, stdin=""):
    """Commands that end well or badly, two at a time."""
    with ThreadPoolExecutor(2) as shells:
        for ended in [shells.submit(cli, hoard, home, *each, stdin=stdin) for each in commands]:
            ended.result()


def send(hoard, adapter: AdapterProcess, method, target, **options):
    """An HTTP answer, head and body; it is looked at later."""
    response = adapter.session.request(method, adapter.url + target, timeout=LIMIT_S, **options)
    hoard.look(f"{method} {target}", f"{response.headers} {response.text}")
    return response


def post_all(hoard, adapter):
    """The id of each delivery by what its stored process does, those that are refused too."""
    ids = {}
    for name in ["Echo", "EchoSoap", *ANSWERS]:
        key = f"https://keys.example.test/?sig={hoard.plant(f'key of {name}')}"
        headers = {
            "Idempotency-Key": key,
            "Authorization": f"Bearer {hoard.plant(f'bearer of {name}')}",
            "Cookie": f"session={hoard.plant(f'cookie of {name}')}",
        }
        if name.startswith("Echo"):
            del headers["Idempotency-Key"]
        body = task(hoard, name)
        answer = send(hoard, adapter, "POST", f"/ExecuteSTP/{name}", json=body, headers=headers)
        told = answer.json()
        ids[name] = told.get("deliveryId") or told["error"]["deliveryId"]
    return ids


def post_what_is_refused(hoard, adapter):
    """Refused, and most of it kept."""
    body = task(hoard, "refused")
    link = body["azure"]
    for path, sent in {
        "/ExecuteSTP": {**body, "sendParameters": {"stpName": link}},
        "/ExecuteSTP/Echo": {**body, "sendParameters": {"stpName": link}},
        "/ExecuteSTP/Fault3000": {**body, "long": link + "x" * 4000},
        "/ExecuteSTP/Fault2000": {link: "a", f"{link}\0": "b"},
    }.items():
        assert send(hoard, adapter, "POST", path, json=sent).status_code in (400, 404, 422)
    broken = json.dumps(body)[:-1].encode()
    send(hoard, adapter, "POST", "/ExecuteSTP/Echo", data=broken)
    send(hoard, adapter, "POST", "/ExecuteSTP/Echo", data=broken + b', "a": 1, "a": "' + b'"}')
    send(hoard, adapter, "GET", f"/deliveries?text={link}")
    send(hoard, adapter, "GET", f"/deliveries?{link}=1")
    send(hoard, adapter, "GET", f"/deliveries/{requests.utils.quote(link, safe='')}")
    user = hoard.plant("operator's wrong password")
    send(hoard, adapter, "GET", "/deliveries/export", auth=("operator", user))
    send(hoard, adapter, "POST", "/holds", headers={"Authorization": f"Bearer {user}"})


def read_all(hoard, home, adapter, ids):
    """Every way to look at deliveries, over HTTP and at the shell."""
    token = {"Authorization": f"Bearer {hoard.planted['operator token']}"}
    for target in ("/deliveries?limit=1000", "/deliveries/export", "/holds", "/healthz",
                   "/readyz", "/openapi.json", *(f"/deliveries/{each}" for each in ids.values())):  # fmt: skip
        assert send(hoard, adapter, "GET", target, headers=token).ok
    for verb in ("retry", "discard", "cancel"):
        send(hoard, adapter, "POST", f"/deliveries/{ids['Page']}/{verb}", headers=token)
    many = {"stp": "Text", "expect": 1}
    send(hoard, adapter, "POST", "/deliveries/retry", headers=token, json=many)
    shown = [ids[name] for name in ("Fault3000",)]
    at_the_shell(
        hoard,
        home,
        *(("deliveries", "show", each) for each in shown),
        ("deliveries", "list"),
        ("deliveries", "export"),
        ("deliveries", "show", ids["Element"], "--json"),
    )


def run_commands(hoard, home):
    """The other commands, with secrets in all that they read."""
    body = json.dumps(task(hoard, "the shell"))
    at_the_shell(
        hoard,
        home,
        ("call", "EchoSoap", "-"),
        ("call", "SoapFault", "-"),
        ("call", "EchoSoap", "-", "--dry-run"),
        ("validate", "-", "--stp", "Echo", "--json"),
        ("store", "show"),
        ("config", "show"),
        ("wsdl", "check", "EchoSoap"),
        stdin=body,
    )
    cli(hoard, home, "validate", "-", "--stp", "Echo", stdin=body[:-1])
    database = f"postgresql://u:{hoard.plant('database password')}@127.0.0.1:1/x"
    assert cli(hoard, home, "store", "show", SASBIWS_STORE_URL=database).returncode != 0


def look_around(hoard, home, *processes):
    """Everything that lies or stands around, but the places where a secret belongs."""
    for process in processes:
        for file in (process.out, process.err):
            hoard.look(f"output {file.name}", file.read_bytes())
        for name in ("cmdline", "environ"):
            proc = Path(f"/proc/{process.process.pid}/{name}")
            if proc.exists():
                hoard.look(f"{name} of {process.process.pid}", proc.read_bytes())
    theirs = {home / "conf/credentials.ini", home / "var/operator.token", *database_files(home)}
    for file in home.rglob("*"):
        if file.is_file() and file not in theirs:
            hoard.look(f"file {file.relative_to(home)}", file.read_bytes())


def database_files(home):
    return sorted((home / "var").glob("deliveries.sqlite*"))


def in_database(home, secret):
    return [f.name for f in database_files(home) if secret.encode() in f.read_bytes()]


def check_database(hoard, home, ids):
    """Only its owner reads it; of what was delivered it has no secret left; of no one any other."""
    for file in (*database_files(home), home / "var/operator.token"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert len(database_files(home)) >= 1
    kinds = ("stppassword", "operator", "bearer", "cookie", "database")
    for name, secret in hoard.planted.items():
        of = name.rpartition(" of ")[2]
        if name.startswith(kinds) or of in ("Echo", "EchoSoap"):
            hoard.lost += [(name, f"database {file}") for file in in_database(home, secret)]


@pytest.mark.timeout(240)
@pytest.mark.skipif(sys.platform == "win32", reason="rights and /proc are those of POSIX")
def test_no_secret_leaves_the_database(site, hoard, record_property):
    home, adapter, emulator = site
    ids = post_all(hoard, adapter)
    states = {name: adapter.ended(ids[name])["status"] for name in ("Echo", "EchoSoap", "Page")}
    assert states == {"Echo": "delivered", "EchoSoap": "delivered", "Page": "parked"}
    eventually(lambda: adapter.delivery(ids["Refused"])["held"])
    post_what_is_refused(hoard, adapter)
    check_database(hoard, home, ids)
    read_all(hoard, home, adapter, ids)
    run_commands(hoard, home)
    look_around(hoard, home, adapter, emulator)
    assert adapter.stop() == 0
    look_around(hoard, home, adapter, emulator)
    check_database(hoard, home, ids)
    kept = hoard.planted["signature of Fault3000"]
    assert in_database(home, kept), "a parked delivery keeps its links, to be sent again"
    logged = [text for place, (text, _) in hoard.places.items() if ".log" in place]
    assert any(b"sending delivery=" in text for text in logged), "nothing was logged at DEBUG"
    record_property("planted", len(hoard.planted))
    record_property("places", len(hoard.places))
    print(f"{len(hoard.planted)} secrets planted, {len(hoard.places)} places looked at")  # noqa: T201
    assert hoard.found() == []
