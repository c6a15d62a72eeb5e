"""Pinned contracts compared in the background: what is told, what is replaced, and by whom."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from scripted import Clock, answering, http, publishing

from adapter.contract_watch import RETRY_S, ContractWatch
from adapter.core.failures import ContractUnusable
from adapter.core.route import Accept, ContractPolicy, Route, Routes, TransportName
from adapter.emulator import Emulator, Spelling, Switches
from adapter.observe import Observer
from adapter.sas.refresh import Refresh, compare
from adapter.sas.soap import SoapTransport
from adapter.store.contract_checks import ContractChecks
from adapter.store.contracts import ContractFolder

SERVICE = "/SASBIWS/services/DownloadFile"
HOUR_S = 3600.0
LIMIT_S = 20.0


class Moved(Clock):
    """The machine's clock, moved forward by a test."""

    ahead_s = 0.0

    def now(self):
        return time.time() + self.ahead_s


@pytest.fixture
def clock():
    return Moved()


@pytest.fixture
def said(caplog):
    """The lines of the log, and how bad each is."""
    caplog.set_level(logging.INFO, logger="adapter")
    logging.getLogger("adapter").propagate = True

    def lines(event=""):
        found = [(each.levelname, each.getMessage()) for each in caplog.records]
        return [each for each in found if each[1].startswith(event)]

    return lines


@pytest.fixture
def home(tmp_path, session, clock):
    """Builds watches on one home, as several processes have them."""

    class Home:
        contracts = ContractFolder(tmp_path / "wsdl_cache", clock)
        checks = ContractChecks(tmp_path / "var" / "contract_checks.json")
        asked = 0

        def route(self, stpurl, name="Download File", *, refresh_s=HOUR_S, accept=Accept.NOTHING):
            policy = ContractPolicy(refresh_s, accept)
            return Route(name, stpurl, TransportName.SOAP, "", contract=policy)

        def pin(self, route):
            return SoapTransport(session, self.contracts, clock).contract(route)

        def watch(self, *routes, default=None, look_s=0.05):
            named = {route.stored_process: route for route in routes}
            refresh = Refresh(session, clock)

            def published(route):
                self.asked += 1
                return refresh.published(route)

            return ContractWatch(
                Routes(named, default),
                self.contracts,
                self.checks,
                published,
                clock,
                Observer(),
                look_s,
            )

    return Home()


@pytest.fixture
def service(serve, vectors):
    """A service whose WSDL a test changes."""

    class Service:
        text = (vectors / "wsdl" / "DownloadFile.wsdl").read_text("utf-8")

        def publish(self, old, new):
            assert old in self.text
            self.text = self.text.replace(old, new)

    service, files = Service(), {}

    class Files:
        def get(self, path):
            files[path] = files.get(path, 0) + 1
            return service.text.encode() if path.startswith(SERVICE) else None

    service.asked = files
    service.url = serve(publishing(Files())).url + SERVICE
    return service


HARMLESS = ("<wsdl:definitions", "<!-- built anew -->\n<wsdl:definitions")
BREAKING = ("downloadFile", "fetchFile")


# When


def test_nothing_is_asked_before_it_is_due(home, service, clock):
    route = home.route(service.url)
    home.pin(route)
    watch = home.watch(route)

    watch.look()
    assert home.asked == 0
    clock.ahead_s = HOUR_S + 1
    watch.look()
    watch.look()
    assert home.asked == 1
    assert service.asked == {f"{SERVICE}?wsdl": 1, f"{SERVICE}?wsdl&reload=true": 1}
    clock.ahead_s *= 2
    watch.look()
    assert home.asked == 2


def test_a_pinned_route_is_never_asked_for(home, service, clock):
    route = home.route(service.url, refresh_s=0.0)
    home.pin(route)
    clock.ahead_s = 1000 * HOUR_S
    watch = home.watch(route)
    watch.look()
    watch.start()
    assert home.asked == 0
    assert "contracts" not in [thread.name for thread in threading.enumerate()]


def test_what_is_not_pinned_is_not_asked_for(home, service):
    watch = home.watch(home.route(service.url))
    watch.look()
    assert (home.asked, watch.alerts()) == (0, ())


@pytest.mark.parametrize(
    ("stpurl", "asked"),
    [
        ("{url}/{{{{stpName}}}}", 1),
        ("{url}/DownloadFile", 1),
        ("{url}/other/{{{{stpName}}}}", 0),
        ("{url}/X{{{{stpName}}}}", 0),
    ],
)
def test_the_default_route_watches_what_was_pinned_by_it(home, service, clock, stpurl, asked):
    home.pin(home.route(service.url))
    clock.ahead_s = HOUR_S + 1
    default = home.route(stpurl.format(url=service.url.rpartition("/")[0]), "")
    home.watch(default=default).look()
    assert home.asked == asked
    named = home.route("http://other/SASBIWS/services/x", "Other")
    home.watch(named, default=default).look()
    assert home.asked == asked


def test_of_several_processes_one_asks(home, service, clock):
    route = home.route(service.url)
    home.pin(route)
    clock.ahead_s = HOUR_S + 1
    watches = [home.watch(route) for _ in range(6)]
    ready = threading.Barrier(6)

    def look(watch):
        ready.wait(timeout=LIMIT_S)
        watch.look()

    threads = [threading.Thread(target=look, args=(watch,)) for watch in watches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=LIMIT_S)
    assert home.asked == 1


# What


def test_the_same_wsdl_is_not_worth_a_word(home, service, clock, said):
    route = home.route(service.url)
    home.pin(route)
    clock.ahead_s = HOUR_S + 1
    watch = home.watch(route)
    watch.look()
    assert (said(), watch.alerts()) == ([], ())


def test_a_breaking_change_alerts_and_the_pin_stays(home, service, clock, said):
    route = home.route(service.url, accept=Accept.COMPATIBLE)
    before = home.pin(route)
    service.publish(*BREAKING)
    clock.ahead_s = HOUR_S + 1
    watch = home.watch(route)
    watch.look()

    assert home.contracts.get(route.address) == before
    ((level, line),) = said("contract_changed")
    assert level == "ERROR"
    assert f"address={service.url}" in line
    assert 'stp="Download File"' in line
    assert "sasbiws wsdl refresh" in line
    changes = said("contract_change ")
    assert {level for level, _ in changes} == {"ERROR"}
    assert "downloadFile -> fetchFile" in changes[0][1]

    (alert,) = watch.alerts()
    assert (alert.address, alert.stored_processes, alert.breaking) == (
        service.url,
        ("Download File",),
        True,
    )
    assert alert.changes[0].startswith("breaking: ")
    assert home.watch(route).alerts() == (alert,)  # another process knows it too


def test_an_alert_is_told_once_and_stands_until_it_is_answered(home, service, clock, said, session):
    route = home.route(service.url)
    home.pin(route)
    service.publish(*BREAKING)
    watch = home.watch(route)
    for _ in range(3):
        clock.ahead_s += HOUR_S + 1
        watch.look()
    assert (home.asked, len(said("contract_changed")), len(watch.alerts())) == (3, 1, 1)
    since = watch.alerts()[0].since

    service.publish("fetchFile", "getFile")
    clock.ahead_s += HOUR_S + 1
    watch.look()
    assert len(said("contract_changed")) == 2
    assert watch.alerts()[0].since > since

    home.contracts.replace(Refresh(session, clock).published(route))
    assert watch.alerts() == ()


def test_an_alert_ends_where_sas_goes_back(home, service, clock):
    route = home.route(service.url)
    home.pin(route)
    service.publish(*BREAKING)
    watch = home.watch(route)
    for _ in range(2):
        clock.ahead_s += HOUR_S + 1
        watch.look()
        service.text = service.text.replace("fetchFile", "downloadFile")
    assert watch.alerts() == ()


@pytest.mark.parametrize(
    ("accept", "replaced", "level"),
    [(Accept.NOTHING, False, "WARNING"), (Accept.COMPATIBLE, True, "INFO")],
)
def test_a_harmless_change(home, service, clock, said, accept, replaced, level):
    route = home.route(service.url, accept=accept)
    before = home.pin(route)
    service.publish(*HARMLESS)
    clock.ahead_s = HOUR_S + 1
    watch = home.watch(route)
    watch.look()

    after = home.contracts.get(route.address)
    assert (after.files != before.files) is replaced
    assert {each[0] for each in said("contract_")} == {level}
    event = "contract_replaced" if replaced else "contract_changed"
    assert "1 change, 0 breaking" in said(event)[0][1]
    assert [alert.breaking for alert in watch.alerts()] == ([] if replaced else [False])
    if replaced:
        assert after.files[after.main] == service.text.encode()


def test_routes_that_share_a_service_must_all_accept(home, service, clock):
    routes = [
        home.route(service.url, "Download File", accept=Accept.COMPATIBLE),
        home.route(service.url, "Other", accept=Accept.NOTHING, refresh_s=0.0),
    ]
    before = home.pin(routes[0])
    service.publish(*HARMLESS)
    clock.ahead_s = HOUR_S + 1
    watch = home.watch(*routes)
    watch.look()
    assert home.contracts.get(service.url) == before
    assert watch.alerts()[0].stored_processes == ("Download File", "Other")


def test_a_replaced_pin_is_what_the_next_call_uses(home, emulator, session, clock, table):
    from adapter.ports import Call

    route = home.route(emulator.url + SERVICE, "Download File", accept=Accept.COMPATIBLE)
    soap = SoapTransport(session, home.contracts, clock)
    soap.contract(route)
    emulator.switches = Switches(operation_spelling=Spelling.PASCAL)
    clock.ahead_s = HOUR_S + 1
    home.watch(route).look()
    assert soap.request(Call(route, table, "d-1")).headers["SOAPAction"].endswith('/downloadFile"')
    home.contracts.replace(Refresh(session, clock).published(route))
    assert soap.request(Call(route, table, "d-1")).headers["SOAPAction"].endswith('/DownloadFile"')


def test_what_zeep_cannot_read_is_never_pinned(home, service, clock, said):
    route = home.route(service.url, accept=Accept.COMPATIBLE)
    before = home.pin(route)
    service.publish(
        '<xs:element name="Value"', '<xs:element ref="tns:nowhere"/><xs:element name="Value"'
    )
    clock.ahead_s = HOUR_S + 1
    watch = home.watch(route)
    watch.look()
    assert home.contracts.get(route.address) == before
    assert watch.alerts()[0].breaking


# When SAS is away


def test_a_server_that_is_away_is_a_warning_once(home, service, clock, said, serve):
    route = home.route(service.url)
    before = home.pin(route)
    text, service.text = service.text, "junk"
    watch = home.watch(route)
    for _ in range(3):
        clock.ahead_s += HOUR_S + 1
        watch.look()
    assert [level for level, _ in said()] == ["WARNING"]
    assert "gives no usable XML" in said("contract_unavailable")[0][1]
    assert home.contracts.get(route.address) == before

    service.text = text
    clock.ahead_s += HOUR_S + 1
    watch.look()
    assert [level for level, _ in said("contract_available")] == ["INFO"]


def test_a_comparison_that_failed_is_tried_again_soon(home, service, clock):
    route = home.route(service.url, refresh_s=1000 * HOUR_S)
    home.pin(route)
    service.text, watch = "junk", home.watch(route)
    clock.ahead_s = 1000 * HOUR_S + 1
    watch.look()
    clock.ahead_s += RETRY_S - 60
    watch.look()
    assert home.asked == 1
    clock.ahead_s += 120
    watch.look()
    assert home.asked == 2


def test_an_alert_stands_while_sas_is_away(home, service, clock):
    route = home.route(service.url)
    home.pin(route)
    service.publish(*BREAKING)
    watch = home.watch(route)
    clock.ahead_s = HOUR_S + 1
    watch.look()
    service.text = "junk"
    clock.ahead_s *= 2
    watch.look()
    assert home.asked == 2
    assert len(watch.alerts()) == 1


# The thread


def eventually(condition):
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_thread_looks_until_it_is_stopped(home, service, clock):
    route = home.route(service.url)
    home.pin(route)
    watch = home.watch(route)
    watch.start()

    def asked_again_and_again():
        clock.ahead_s += HOUR_S + 1
        return home.asked > 2

    eventually(asked_again_and_again)
    watch.stop()
    eventually(lambda: "contracts" not in [thread.name for thread in threading.enumerate()])


def test_no_call_waits_for_a_comparison(home, serve, vectors, session, clock, table):
    """SAS hangs over the WSDL for as long as the test likes; calls are answered meanwhile."""
    from adapter.ports import Call

    wsdl = (vectors / "wsdl" / "DownloadFile.wsdl").read_bytes()
    answer = (vectors / "messages" / "soap-response-DownloadFile.xml").read_bytes()
    hanging, over = threading.Event(), threading.Event()

    def script(server, connection):
        while request := server.read_request(connection):
            if b"reload=true" in request:
                hanging.set()
                over.wait(LIMIT_S)
            connection.sendall(http(200, answer if request.startswith(b"POST") else wsdl))

    route = home.route(serve(script).url + SERVICE)
    soap = SoapTransport(session, home.contracts, clock)
    soap.contract(route)
    clock.ahead_s = HOUR_S + 1
    watch = home.watch(route)
    watch.start()
    assert hanging.wait(LIMIT_S)
    assert soap.send(Call(route, table, "d-1"))
    begun = time.monotonic()
    watch.stop()
    assert time.monotonic() - begun < 1
    over.set()


def test_sixteen_threads_call_while_the_pin_is_replaced(home, emulator, session, clock):
    """400 calls and 20 new pins: nobody gets another's answer, and none meets half a contract."""
    from adapter.ports import Call, Contract

    route = home.route(f"{emulator.url}/SASBIWS/services/Shared Data/CI360/Echo", "Echo")
    soap = SoapTransport(session, home.contracts, clock)
    first = soap.contract(route)
    left = iter(range(20))

    def replace():
        for number in left:
            files = {first.main: first.files[first.main] + b"<!-- %d -->" % number}
            home.contracts.replace(Contract(first.address, first.main, files, 0.0))

    def run(number):
        table = f"<Table>\n<InData>\n<occurrenceId>{number}</occurrenceId>\n</InData>\n</Table>"
        answer = soap.send(Call(route, table.encode(), f"d-{number}"))
        (stream,) = answer.streams.values()
        return f">{number}<" in stream.content

    replacing = threading.Thread(target=replace)
    replacing.start()
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(run, range(1, 401)))
    replacing.join(timeout=LIMIT_S)
    assert len(emulator.executions) == 400
    assert home.contracts.get(route.address).files[first.main].endswith(b"<!-- 19 -->")


def test_a_var_folder_that_cannot_be_written_is_told(home, service, clock, said, tmp_path):
    route = home.route(service.url)
    home.pin(route)
    clock.ahead_s = HOUR_S + 1
    (tmp_path / "var").touch()
    watch = home.watch(route)
    watch.start()
    eventually(lambda: said("contract_watch"))
    watch.stop()
    assert said("contract_watch")[0][0] == "WARNING"
    assert home.asked == 0


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": 1}', '{"a": {}}', "\x00"])
def test_a_spoiled_file_of_checks_counts_for_nothing(home, service, clock, text, tmp_path):
    route = home.route(service.url)
    home.pin(route)
    clock.ahead_s = HOUR_S + 1
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "contract_checks.json").write_text(text, "utf-8")
    home.watch(route).look()
    assert home.asked == 1
    assert list(home.checks.all()) == [route.address]


# The comparison itself


def test_changes_are_told_for_every_stored_process(session, clock):
    with Emulator() as emulator:
        route = Route(
            "count Segment", f"{emulator.url}/SASBIWS/services/CI360Jobs", TransportName.SOAP, ""
        )
        refresh = Refresh(session, clock)
        old = refresh.published(route)
        assert compare(old, refresh.published(route), ["count Segment", ""]) == ()
        emulator.switches = Switches(operation_spelling=Spelling.PASCAL)
        changes = compare(old, refresh.published(route), ["count Segment", "Download File"])
    assert changes[0].breaking
    assert len(set(changes)) == len(changes)


def test_a_server_without_a_wsdl_is_told(session, clock, serve):
    server = serve(answering(http(404)))
    with pytest.raises(ContractUnusable):
        Refresh(session, clock).published(Route("x", server.url + SERVICE, TransportName.SOAP, ""))
