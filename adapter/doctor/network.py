"""Checks of the way to SAS: names, connections, certificates, proxies and clocks."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from adapter.core import sasbiws
from adapter.core.answer import HttpResponse
from adapter.core.failures import TlsFailed
from adapter.core.sasbiws import port_of
from adapter.doctor import tls
from adapter.doctor.case import Case
from adapter.doctor.check import Check, Ending, Result, fail, ok, skip, warn

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
WAIT_S = 10.0
DAYS_LEFT = 30
MOST_SKEW_S = 60.0

_SERVER_FAILED = 500


def _proxy(case: Case, _: str) -> Result:
    names = {name.upper() for name, text in case.environ.items() if text}
    found = sorted(names & set(PROXIES))
    if not found:
        return ok("no proxy variable is set")
    step = "nothing, where SAS is reached directly; through a proxy it cannot be"
    return warn(f"{', '.join(found)} is set and does not apply to SAS", "direct calls", step)


def _name(_: Case, server: str) -> Result:
    host, port = _end(server)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        step = "mend the host in stpurl, or the name service of this machine"
        return fail(f"the host name {host} is unknown: {why}", "a name that is known", step)
    return ok(f"{host} is {', '.join(dict.fromkeys(str(each[4][0]) for each in found))}")


def _tcp(_: Case, server: str) -> Result:
    host, port = _end(server)
    begun = time.monotonic()
    try:
        socket.create_connection((host, port), WAIT_S).close()
    except OSError as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else error.strerror
        step = "start the web server of SAS, or open the firewall between; mend the port in stpurl"
        return fail(f"{host}:{port} takes no connection: {why or error}", "a connection", step)
    return ok(f"{host}:{port} connects in {(time.monotonic() - begun) * 1000:.0f} ms")


def _https(case: Case) -> tuple[str, ...]:
    return tuple(each for each in case.servers() if each.startswith("https:"))


def _tls(case: Case, server: str) -> Result:
    host, port = _end(server)
    ca_file = case.of_server(server).ca_file
    try:
        certificate = tls.handshake(host, port, WAIT_S, ca_file)
    except TlsFailed as error:
        shown = tls.distrusted(host, port, WAIT_S)
        return fail(
            error.message,
            "a certificate that is trusted",
            error.remedy,
            [str(shown)] if shown else (),
        )
    return certificate_result(certificate, datetime.now(UTC))


def certificate_result(certificate: tls.Certificate, now: datetime) -> Result:
    """What a certificate that is trusted now means for the next weeks."""
    days = certificate.days_left(now)
    found = f"the certificate is trusted for {days} days more"
    if days < DAYS_LEFT:
        step = "renew the certificate of the SAS web server"
        return warn(found, f"{DAYS_LEFT} days or more", step, [str(certificate)])
    return ok(found, [str(certificate)])


def _http(case: Case, server: str) -> Result:
    response = _asked(case, server)
    if response.status >= _SERVER_FAILED:
        found = f"the web server answers HTTP {response.status}"
        step = "look whether SAS Web Application Server and SASBIWS run"
        return fail(found, "an answer below 500", step)
    name = response.headers.get("server", "")
    return ok(f"it answers HTTP {response.status}{f', as {name}' if name else ''}")


def _clock(case: Case, server: str) -> Result:
    told = _asked(case, server).headers.get("date", "")
    try:
        skew_s = time.time() - parsedate_to_datetime(told).timestamp()
    except (ValueError, TypeError):
        return skip("SAS tells no time")
    if abs(skew_s) > MOST_SKEW_S:
        ahead = "ahead of" if skew_s > 0 else "behind"
        found = f"this clock is {abs(skew_s):.0f} s {ahead} that of SAS"
        step = "let both machines keep time by NTP: links expire by the clock"
        return warn(found, f"at most {MOST_SKEW_S:g} s", step)
    return ok(f"the clocks differ by less than {max(abs(skew_s), 1):.0f} s")


def _asked(case: Case, server: str) -> HttpResponse:
    """What the server says at the root of SASBIWS, where nothing can be run."""
    route = case.of_server(server)
    address = f"{server}{sasbiws.SOAP_PATH.rpartition('/services/')[0]}/"
    return case.parts.session.get(
        address, timeout_s=WAIT_S, connect_timeout_s=WAIT_S, ca_file=route.ca_file
    )


def _end(server: str) -> tuple[str, int]:
    parts = urlsplit(server)
    return parts.hostname or "", port_of(parts)


NETWORK_CHECKS = (
    Check(
        "proxy",
        "No proxy is in the way",
        "Looks for proxy variables: the adapter calls SAS directly, whatever they say.",
        _proxy,
    ),
    Check(
        "name",
        "The name of SAS is known",
        "Looks up the host of each SAS server.",
        _name,
        needs=("conf",),
        subjects=Case.servers,
        ending=Ending.UNREACHABLE,
    ),
    Check(
        "tcp",
        "SAS takes connections",
        "Connects to each SAS server.",
        _tcp,
        needs=("name",),
        subjects=Case.servers,
        ending=Ending.UNREACHABLE,
    ),
    Check(
        "tls",
        "The certificate of SAS is trusted",
        "Shakes hands by TLS, with the authorities of `ca_file` or the built-in list.",
        _tls,
        needs=("tcp",),
        subjects=_https,
        ending=Ending.UNREACHABLE,
    ),
    Check(
        "http",
        "The web server of SAS answers",
        "GET /SASBIWS/, where no stored process can be run.",
        _http,
        needs=("tcp", "tls"),
        subjects=Case.servers,
        ending=Ending.UNREACHABLE,
    ),
    Check(
        "clock",
        "The clocks agree",
        "The Date header of that answer, against the clock of this machine.",
        _clock,
        needs=("http",),
        subjects=Case.servers,
    ),
)
