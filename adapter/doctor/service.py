"""Checks of the adapter that runs here: its port, its answers, and what CI 360 calls."""

from __future__ import annotations

import json

from adapter.config.caller_file import read_callers
from adapter.core.access import schemes_of
from adapter.core.errors import AddressInUse, ConfigurationInvalid
from adapter.core.failures import DeliveryError
from adapter.doctor.case import Case
from adapter.doctor.check import Check, Ending, Result, fail, ok, skip, warn
from adapter.doctor.listeners import listeners
from adapter.store.operator_token import OPERATOR_TOKEN
from adapter.store.reload_files import ReloadFiles
from adapter.web.app import WEBHOOK
from adapter.web.server import listen

ANSWER_S = 5.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  what is written, not bound


def _token(case: Case, _: str) -> Result:
    path = case.settings.var / OPERATOR_TOKEN
    if not path.exists():
        return ok("there is none yet; the first start makes it")
    if not path.read_text("ascii", "replace").strip():
        step = "delete the file and start the adapter again: it makes another"
        return fail(f"{path} is empty", "a token", step)
    return ok(f"{path} can be read")


def _port(case: Case, _: str) -> Result:
    host, port = case.settings.host, case.settings.port
    if not port:
        return ok("port = 0: any free one")
    try:
        listen(host, port).close()
    except AddressInUse as error:
        return _taken(case, error)
    return ok(f"{host}:{port} is free")


def _taken(case: Case, error: AddressInUse) -> Result:
    """Our own adapter may be there."""
    there = listeners(case.settings.port)
    named = ", ".join(f"process {pid} ({name})" for pid, name in there.items())
    if _is_ours(case):
        return ok(f"sasbiws listens there already{': ' if named else ''}{named}")
    step = error.remedy
    return fail(error.message, "a free address", step, [f"it belongs to {named}"] if named else ())


def _is_ours(case: Case) -> bool:
    try:
        status, body = _answer(case, "/healthz")
    except DeliveryError:
        return False
    return status == 200 and body == {"status": "ok"}  # noqa: PLR2004


def _service(case: Case, _: str) -> Result:
    if not case.settings.port:
        return skip("port = 0: nobody can know on which port it listens", "write a port")
    try:
        alive, _body = _answer(case, "/healthz")
        ready, said = _answer(case, "/readyz")
    except DeliveryError as error:
        return warn(error.message, "an adapter that runs", "sasbiws serve, or start the service")
    if (alive, ready) != (200, 200):
        found = f"/healthz answers {alive}, /readyz {ready}: {json.dumps(said)[:200]}"
        return fail(found, "200 of both", "the log of the adapter tells what is wrong")
    pids = ", ".join(
        str(each.get("pid")) for each in ReloadFiles(case.settings.var).answers().values()
    )
    return ok(f"it is alive and ready{'; processes of this home: ' if pids else ''}{pids}")


def _answer(case: Case, path: str) -> tuple[int, object]:
    """Status and JSON of the adapter at its configured address."""
    address = f"{_url(case, reachable=True)}{path}"
    response = case.parts.session.get(address, timeout_s=ANSWER_S, connect_timeout_s=ANSWER_S)
    try:
        return response.status, json.loads(response.body)
    except ValueError:
        return response.status, None


def _endpoint(case: Case, _: str) -> Result:
    if not case.settings.port:
        return skip("port = 0: the endpoint is told when the adapter starts", "write a port")
    host = case.settings.host
    details = ["Method: POST", "Header: Content-Type = application/json", *_credentials(case)]
    if host in _EVERYWHERE:
        named = ", ".join(case.settings.access.hosts) or "a name that stands in hosts too"
        details.append(f"for {host} write the address of this machine, or {named}")
    return ok(f"{_url(case, reachable=False)}{WEBHOOK}", details)


def _credentials(case: Case) -> tuple[str, ...]:
    """The header that callers of the webhook need as well; nothing where they need none."""
    try:
        ways = schemes_of(case.settings.access, read_callers(case.settings.home)).webhook
    except ConfigurationInvalid:  # `access` tells it
        return ()
    headers = {way.header for way in ways}
    if not headers:
        return ()
    return (f"Header: {' or '.join(sorted(headers))}, as sasbiws auth add printed it",)


def _url(case: Case, *, reachable: bool) -> str:
    settings = case.settings
    host = _EVERYWHERE.get(settings.host, settings.host) if reachable else settings.host
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


SERVICE_CHECKS = (
    Check(
        "token",
        "The operator token can be read",
        "Reads var/operator.token.",
        _token,
        needs=("folders",),
    ),
    Check(
        "port",
        "The port is free, or ours",
        "Binds the address for a moment; where that fails, asks who listens there.",
        _port,
        needs=("conf",),
        ending=Ending.CONFIGURATION,
    ),
    Check(
        "service",
        "The adapter answers",
        "GET /healthz and /readyz at the configured address.",
        _service,
        needs=("port",),
    ),
    Check(
        "endpoint",
        "The endpoint for CI 360",
        "Tells what to type into the connector.",
        _endpoint,
        needs=("conf",),
    ),
)
