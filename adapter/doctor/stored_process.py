"""Checks of single stored processes: their WSDL, their address, the user, and a call."""

from __future__ import annotations

from adapter.core.failures import CredentialsRefused, DeliveryError
from adapter.core.route import Route, TransportName
from adapter.doctor.asking import Heard, ask
from adapter.doctor.case import Case
from adapter.doctor.check import Check, Ending, Result, fail, failed, ok, skip, warn
from adapter.face import Home
from adapter.sas.download import Way
from adapter.sas.published import fetch_contract
from adapter.sas.refresh import REMEDY, Refresh, compare, counted
from adapter.sas.wsdl import operation_for

_LEFT_ALONE = "{} was refused before: to try it again might lock it; see holds and credentials"
_NOT_THERE = 404
_ONLY_A_CALL = "sasbiws doctor STP --call PAYLOAD.json runs the stored process and tells"


def _soap(case: Case) -> tuple[str, ...]:
    return case.by(TransportName.SOAP)


def _rest(case: Case) -> tuple[str, ...]:
    return case.by(TransportName.REST)


def _wsdl(case: Case, stp: str) -> Result:
    route, parts = case.route(stp), case.parts
    if _is_left_alone(case, route):
        return skip(_LEFT_ALONE.format(route.account))
    try:
        published = Refresh(parts.session, parts.clock).published(route)
    except CredentialsRefused:
        case.refused.add(route.account)
        raise
    instream = route.mapping.has_instream
    operation = operation_for(published, stp, instream=instream).name
    pinned = parts.contracts.get(route.address)
    if pinned is None:
        step = f'sasbiws wsdl fetch "{stp}", or --fix; else the first call pins it'
        return warn(f"it has operation {operation}, and none is pinned", "a pinned WSDL", step)
    changes = compare(pinned, published, [stp])
    if not changes:
        return ok(f"it is the pinned one, with operation {operation}")
    told = list(map(str, changes))
    found = f"it differs from the pinned one: {counted(changes)}"
    tell = fail if changes[0].breaking else warn
    return tell(found, "the pinned one", REMEDY, told)


def _pin(case: Case, stp: str) -> str:
    route, parts = case.route(stp), case.parts
    if parts.contracts.get(route.address) is not None:
        return ""  # what is pinned is replaced by a person, who has read what changed
    parts.contracts.pin_once(
        route.address,
        lambda: fetch_contract(parts.session, route.address, clock=parts.clock, way=Way.of(route)),
    )
    return f"pinned the WSDL of {stp}"


def _address(case: Case, stp: str) -> Result:
    heard = ask(case.parts.session, case.route(stp), with_credentials=False)
    if heard.status == _NOT_THERE:
        step = "compare stpurl and the name with the metadata path in SAS Management Console"
        return fail("SAS knows no such address (HTTP 404)", "the path of a stored process", step)
    if heard.status >= 500 and not heard.refused:  # noqa: PLR2004
        return skip(f"SAS answers HTTP {heard.status} to OPTIONS", _ONLY_A_CALL)
    if heard.refused:
        return ok("SAS asks for a user before it tells more of the address")
    return ok(f"SAS does not refuse the address (HTTP {heard.status} to OPTIONS)")


def _accounts(case: Case) -> tuple[str, ...]:
    """One stored process for each account: a wrong password must not be sent twice."""
    first: dict[str, str] = {}
    for route in case.routes:
        first.setdefault(route.account, route.stored_process)
    return tuple(first.values())


def _credentials(case: Case, stp: str) -> Result:
    route = case.route(stp)
    if _is_left_alone(case, route):
        return skip(_LEFT_ALONE.format(route.account))
    stranger = ask(case.parts.session, route, with_credentials=False)
    if stranger.status == _NOT_THERE:
        return skip("SAS knows no such address (HTTP 404)", _ONLY_A_CALL)
    if route.credentials is None:
        return _without(stranger)
    if not stranger.refused:
        return ok("SAS does not ask who calls before it runs something", (_ONLY_A_CALL,))
    known = ask(case.parts.session, route, with_credentials=True)
    if known.refused:
        step = "mend conf/credentials.ini; try the user at SAS before the account is locked"
        return fail(f"SAS refuses {route.account}: {known.said}", "a user that SAS lets in", step)
    return ok(f"SAS lets in {route.account}, and nobody without credentials")


def _without(stranger: Heard) -> Result:
    if stranger.refused:
        step = "write stpusername and stppassword into conf/credentials.ini"
        return fail(f"SAS wants a user: {stranger.said}", "credentials", step)
    return ok("called without credentials; SAS does not refuse that")


def _is_left_alone(case: Case, route: Route) -> bool:
    """Whether to send the user's password once more might lock its account."""
    if route.credentials is None:
        return False
    return route.account in case.refused or route.account in case.held()


def _called(case: Case) -> tuple[str, ...]:
    return tuple(r.stored_process for r in case.routes) if case.payload is not None else ()


def _call(case: Case, stp: str) -> Result:
    with Home(case.settings) as home:
        try:
            answer = home.call(stp, case.payload or b"")
        except DeliveryError as error:
            told = failed(error)
            return fail(f"{error.code}: {told.found}", "a result", error.remedy, error.details)
    streams = ", ".join(answer.streams) or "none"
    return ok(f"it ran and answered; output streams: {streams}")


STORED_PROCESS_CHECKS = (
    Check(
        "wsdl",
        "The WSDL is served, and is the pinned one",
        "Fetches it anew, as `sasbiws wsdl diff` does, and compares.",
        _wsdl,
        needs=("pins", "http"),
        subjects=_soap,
        mend=_pin,
    ),
    Check(
        "rest-path",
        "The REST address exists",
        "OPTIONS at the address, without credentials: HTTP 404 says that it does not. "
        "A GET could run the stored process.",
        _address,
        needs=("http",),
        subjects=_rest,
    ),
    Check(
        "credentials",
        "SAS accepts the user",
        "A request that runs nothing, first without the user and then with it, once per account: "
        "by SOAP an envelope with an empty body, which names no operation; by REST an OPTIONS. "
        "Where SAS lets in strangers too, only a call tells.",
        _credentials,
        needs=("http", "rest-path"),
        subjects=_accounts,
        ending=Ending.CONFIGURATION,
    ),
    Check(
        "call",
        "A call brings a result",
        "Runs the stored process once, as `sasbiws call` does; only with `--call`.",
        _call,
        needs=("schemas", "credentials"),
        subjects=_called,
    ),
)
