"""`sasbiws demo`: the main job on this machine, each step of the path shown."""

from __future__ import annotations

import csv
import json
import secrets
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import click
import requests
from rich.markup import escape
from rich.syntax import Syntax
from rich.table import Table

from adapter import config
from adapter.cli import shell
from adapter.cli.init import FOLDERS, copy_home
from adapter.cli.serving import Serving
from adapter.core.redact import shortened, without_links
from adapter.emulator import EXAMPLES, Emulator, FileServer, Switches, example_bulk_task
from adapter.face import Home

USER = "sasdemo"
SOAP_STP = "DownloadFile"
REST_STP = "Download File"
ROWS_SHOWN = 5
LOG_WAIT_S = 1.0

_WRITTEN = "# Written by sasbiws demo"
_SERVICE_CONFIG = """\
{written}: one stored process by SOAP, one by REST.
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{{{stpName}}}}
proglog = true
loglevel = INFO
logfilepath = .\\logs\\
schema = DownloadFile.xsd
wait = 30

# A stored process deployed as a web service: its address contains /SASBIWS/services/
[{soap}]
stpurl = {sas}/SASBIWS/services/DownloadFile

# A stored process called where it lies in the metadata folders: /SASBIWS/rest/
[{rest}]
"""

_CREDENTIALS = """\
[DEFAULT]
stpusername = {user}
stppassword = {password}
"""


@dataclass
class Stage:
    """The parts of the demonstration while they run."""

    home: Path
    emulator: Emulator
    files: FileServer
    adapter_url: str
    log: list[str] = field(default_factory=list)


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep home, database and data sets here. [default: a temporary folder]",
)
@shell.ends_well
def command(folder: Path | None) -> None:
    """Show the main job on this machine: no SAS, no CI 360 and no network are needed.

    Starts a stand-in for SAS BI Web Services, a file server that stands for S3, and the adapter;
    posts a bulk task twice, once routed by SOAP and once by REST; prints each step.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        home = folder or Path(temporary)
        _refuse_other_home(home)
        with _stage(home) as stage:
            _show_stage(stage)
            results = [
                _run(stage, SOAP_STP, "SOAP", "TSK_101"),
                _run(stage, REST_STP, "REST", "TSK_102"),
            ]
    _show_summary(results, time.monotonic() - started)
    if folder:
        kept = f"Kept in {folder}: conf, schemas, wsdl_cache, var and datasets."
        shell.out.print(kept, markup=False)
    if not all(result["status"] == "delivered" for result in results):
        raise SystemExit(shell.BAD)


def _refuse_other_home(home: Path) -> None:
    """Nothing, unless the folder has a conf that the demonstration would write over."""
    file = home / "conf" / "serviceConfig.ini"
    if file.exists() and not file.read_bytes().startswith(_WRITTEN.encode()):
        raise click.UsageError(f"{home} is a home in use; name a folder of its own with --folder")


@contextmanager
def _stage(home: Path) -> Iterator[Stage]:
    password = secrets.token_urlsafe(12)
    log: list[str] = []
    switches = Switches(users={USER: password})
    emulator = Emulator(switches=switches, folder=home, log=log.append)
    with emulator, FileServer(EXAMPLES) as files:
        _write_home(home, emulator.url, password)
        settings = config.load(home, {"SASBIWS_PORT": "0", "SASBIWS_HOST": "127.0.0.1"})
        with Serving(settings) as serving:
            yield Stage(home, emulator, files, serving.url, log)


def _write_home(home: Path, sas: str, password: str) -> None:
    copy_home(home)
    text = _SERVICE_CONFIG.format(written=_WRITTEN, sas=sas, soap=SOAP_STP, rest=REST_STP)
    (home / "conf" / "serviceConfig.ini").write_text(text, encoding="utf-8")
    secret = _CREDENTIALS.format(user=USER, password=password)
    (home / "conf" / "credentials.ini").write_text(secret, encoding="utf-8")


def _show_stage(stage: Stage) -> None:
    shell.out.rule("[bold]sasbiws demo")
    shell.out.print(f"SAS BI Web Services (emulator)  {stage.emulator.url}")
    shell.out.print(f"Files of CI 360 (for S3)        {stage.files.url}")
    shell.out.print(f"Adapter                         {stage.adapter_url}")
    shell.out.print(f"Home ({', '.join(FOLDERS)})  {stage.home}\n", markup=False)


def _run(stage: Stage, stored_process: str, transport: str, task_code: str) -> dict[str, Any]:
    """One post of the bulk task, shown step by step; the delivery as the adapter tells it."""
    shell.out.rule(f"[bold]A bulk task for {escape(f'[{stored_process}]')} by {transport}")
    occurrence_id = str(uuid.uuid4())  # else the adapter would know the task of an earlier run
    body = example_bulk_task(
        stage.files, stored_process, task_code=task_code, occurrence_id=occurrence_id
    )
    _step(1, "The payload that CI 360 posts to /ExecuteSTP (links shortened)")
    shell.out.print(Syntax(without_links(body.decode()), "json", background_color="default"))
    _show_preparation(stage, stored_process, body)
    stage.log.clear()
    response = _posted(f"{stage.adapter_url}/ExecuteSTP", body)
    answer: dict[str, Any] = response.json()
    _show_exchange(stage, answer, response.status_code)
    data_set = _show_data_set(stage, answer)
    return {
        "storedProcess": stored_process,
        "transport": transport,
        "status": answer.get("status", answer.get("error", {}).get("code")),
        "deliveryId": answer.get("deliveryId", ""),
        "dataSet": data_set,
    }


def _posted(address: str, body: bytes) -> requests.Response:
    """The answer to a post that no proxy of this machine's settings sees."""
    with requests.Session() as session:
        session.trust_env = False
        return session.post(address, data=body, timeout=60)


def _show_preparation(stage: Stage, stored_process: str, body: bytes) -> None:
    """Steps 2 to 5, by the same code that the webhook runs."""
    with Home(config.load(stage.home, {})) as sas:
        route = sas.settings.routes.choose(stored_process)
        document = sas.validate(body)
        request = sas.request(stored_process, body)
    _step(2, f"The transport: {route.transport.upper()}, because {route.transport_why}")
    _step(3, "The XML of the data source instream, one element per line")
    text = without_links(document.xml.decode())
    shell.out.print(Syntax(text, "xml", background_color="default"))
    _step(4, f"Validation: valid by schemas/{route.schema}, {len(document.columns)} columns")
    _step(5, "The HTTP request (secrets and links masked)")
    shell.out.print(f"{request.method} {request.address}", markup=False)
    for name, value in request.masked_headers().items():
        shell.out.print(f"{name}: {value}", markup=False)
    shell.out.print(Syntax(request.masked_body(), "xml", background_color="default"))


def _show_exchange(stage: Stage, answer: dict[str, Any], status: int) -> None:
    _step(6, "What the SAS emulator saw")
    for line in _seen(stage):
        shell.out.print(shortened(line, 200), markup=False)
    _step(7, f"The adapter's answer to CI 360: HTTP {status}")
    text = json.dumps(answer, ensure_ascii=False, indent=2)
    shell.out.print(Syntax(text, "json", background_color="default"))


def _seen(stage: Stage) -> list[str]:
    """What the emulator logged: a line for each request, soon after it is answered."""
    deadline = time.monotonic() + LOG_WAIT_S
    while not stage.log and time.monotonic() < deadline:
        time.sleep(0.01)
    return list(stage.log)


def _show_data_set(stage: Stage, answer: dict[str, Any]) -> str:
    files = sorted((stage.home / "datasets").glob("*"), key=lambda file: file.stat().st_mtime_ns)
    tables = [file for file in files if file.suffix == ".csv"]
    if not tables or answer.get("status") != "delivered":
        return ""
    newest = tables[-1]
    formats = ", ".join(file.name for file in files if file.stem == newest.stem)
    _step(8, f"The data set that the stored process wrote ({formats}), first rows")
    with newest.open(encoding="utf-8", newline="") as lines:
        header, *rows = islice(csv.reader(lines), ROWS_SHOWN + 1)
    table = Table(*header)
    for row in rows:
        table.add_row(*map(escape, row))
    shell.out.print(table)
    return newest.name


def _step(number: int, text: str) -> None:
    shell.out.print(f"\n[bold cyan]{number}[/] [bold]{escape(text)}[/]")


def _show_summary(results: list[dict[str, Any]], seconds: float) -> None:
    shell.out.rule("[bold]Summary")
    table = Table("stored process", "transport", "status", "data set", "delivery")
    for result in results:
        names = ("storedProcess", "transport", "status", "dataSet", "deliveryId")
        table.add_row(*(escape(str(result[name])) for name in names))
    shell.out.print(table)
    delivered = sum(result["status"] == "delivered" for result in results)
    shell.out.print(f"{delivered} of {len(results)} tasks delivered in {seconds:.1f} s")
