"""The emulator's own pages: what it offers, its switches, what it was asked and has run."""

import json
from collections.abc import Callable, Mapping
from urllib.parse import quote

from adapter.emulator.addresses import REST_ROOT, SOAP_ROOT, STORED_PROCESSES_RESOURCE
from adapter.emulator.catalogue import SERVICES
from adapter.emulator.http_messages import Answer, Request, json_answer, text_answer
from adapter.emulator.journal import Execution, Journal
from adapter.emulator.stored_processes import STORED_PROCESSES
from adapter.emulator.switches import SwitchError

INDEX = "/"
PREFIX = "/emulator/"
EXAMPLE_FOLDER = "Shared Data/CI360"


def concerns(request: Request) -> bool:
    """Whether a request is for the emulator and not for the SASBIWS that it plays."""
    return request.path == INDEX or request.path.startswith(PREFIX)


def answer(request: Request, journal: Journal, url: str) -> Answer:
    """Return the page that a request asks for."""
    pages: Mapping[tuple[str, str], Callable[[], Answer]] = {
        ("GET", INDEX): lambda: text_answer(index(url)),
        ("GET", "/emulator/switches"): lambda: json_answer(journal.switches.as_json()),
        ("PUT", "/emulator/switches"): lambda: _merge(request, journal),
        ("GET", "/emulator/executions"): lambda: _listed(journal.executions),
        ("GET", "/emulator/requests"): lambda: _listed(journal.requests),
        ("DELETE", "/emulator/executions"): lambda: _forget(journal.forget_executions),
        ("DELETE", "/emulator/requests"): lambda: _forget(journal.forget_requests),
    }
    path = request.path.partition("?")[0]
    page = pages.get((request.method, path))
    if page is not None:
        return page()
    allowed = [method for method, known in pages if known == path]
    if not allowed:
        return text_answer(f"There is no {path}; {url}/ lists what there is.\n", 404)
    return Answer(405, headers={"Allow": ", ".join(allowed)})


def index(url: str) -> str:
    """Return the front page: every service and stored process with its addresses."""
    lines = ["SAS BI Web Services, emulated", "", "Generated web services"]
    for service in SERVICES.values():
        names = ", ".join(each.name for each in service.stored_processes)
        lines += [
            f"  {service.name} ({names})",
            f"    SOAP  {url}{SOAP_ROOT}/{service.name}?wsdl",
            f"    REST  {url}{REST_ROOT}/{service.name}",
        ]
    lines += ["", "Stored processes (in any folder)"]
    for name in STORED_PROCESSES:
        path = quote(f"{EXAMPLE_FOLDER}/{name}")
        lines += [
            f"  {name}",
            f"    SOAP  {url}{SOAP_ROOT}/{path}?wsdl",
            f"    REST  {url}{REST_ROOT}/{STORED_PROCESSES_RESOURCE}/{path}",
        ]
    lines += ["", "Emulator", f"  GET, PUT      {url}/emulator/switches"]
    lines += [f"  GET, DELETE   {url}/emulator/{what}" for what in ("executions", "requests")]
    return "\n".join(lines) + "\n"


def _merge(request: Request, journal: Journal) -> Answer:
    try:
        named = json.loads(request.body)
    except ValueError as error:
        return json_answer({"problems": [f"The body is not JSON: {error}."]}, 400)
    if not isinstance(named, dict):
        return json_answer({"problems": ["The body is not a JSON object of switches."]}, 400)
    try:
        return json_answer(journal.merge(named).as_json())
    except SwitchError as error:
        return json_answer({"problems": list(error.problems)}, 400)


def _listed(entries: tuple[Request, ...] | tuple[Execution, ...]) -> Answer:
    return json_answer([each.as_json() for each in entries])


def _forget(forget: Callable[[], None]) -> Answer:
    forget()
    return Answer(204)
