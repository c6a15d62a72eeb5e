"""Calls by SOAP: the contract is pinned once, and what SAS answers is read."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import etree
from scripted import PASSWORD, SIGNATURE, Contracts, answering, http, pinned, publishing

from adapter.core import failures
from adapter.core.answer import Answer, Stream
from adapter.core.route import TransportName
from adapter.emulator import ConnectionFault, Page, Spelling, Switches, ValueKind, WsdlImport
from adapter.sas.published import fetch_contract
from adapter.sas.soap import SoapTransport

SERVICE = "/SASBIWS/services/DownloadFile"
ECHO = "/SASBIWS/services/Shared Data/CI360/Echo"
SAME = "the published WSDL is the pinned one"


@pytest.fixture
def soap(session, clock, contracts):
    return SoapTransport(session, contracts, clock)


@pytest.fixture
def echo(call, emulator):
    """A call of the stored process that writes back what it reads."""

    def make(**facts):
        return call(emulator.url + ECHO, TransportName.SOAP, name="Echo", **facts)

    return make


def posts(emulator):
    return [each for each in emulator.requests if each.method == "POST"]


def gets(emulator):
    return [each for each in emulator.requests if each.method == "GET"]


def rows_of(answer):
    (stream,) = answer.streams.values()
    return [
        {etree.QName(column).localname: column.text or "" for column in row}
        for row in etree.fromstring(stream.content)
    ]


class TestContract:
    def test_fetched_once_and_never_again(self, soap, echo, emulator, contracts):
        for _ in range(3):
            soap.send(echo())
        assert [each.path.rpartition("?")[2] for each in gets(emulator)] == ["wsdl"]
        assert list(contracts.pinned) == [emulator.url + ECHO.replace(" ", "%20")]

    def test_a_pinned_one_needs_no_server(self, soap, echo, emulator):
        soap.contract(echo().route)
        emulator.stop()
        assert soap.request(echo()).body
        with pytest.raises(failures.ConnectionRefused):
            soap.send(echo())
        emulator.start()

    def test_none_to_be_had(self, soap, call):
        with pytest.raises(failures.ContractUnavailable, match="takes no connection"):
            soap.send(call("http://127.0.0.1:9" + SERVICE, TransportName.SOAP))

    def test_a_dry_run_fetches_it_and_calls_nothing(self, soap, echo, emulator):
        soap.request(echo())
        assert (len(gets(emulator)), posts(emulator)) == (1, [])

    def test_one_that_cannot_be_used_is_not_pinned(self, soap, call, emulator, contracts):
        calls = call(emulator.url + "/SASBIWS/services/CI360Jobs", TransportName.SOAP, name="Nope")
        with pytest.raises(failures.ContractUnusable, match="no operation for Nope"):
            soap.send(calls)
        assert contracts.pinned == {}

    def test_a_new_pin_is_read_anew(self, soap, call, contracts, vectors):
        address = "http://sas" + SERVICE
        text = (vectors / "wsdl" / "DownloadFile.wsdl").read_text()
        for spelling in ("downloadFile", "DownloadFile"):
            content = text.replace("downloadFile", spelling).encode()
            pinned(contracts, address, {address + "?wsdl": content})
            request = soap.request(call(address, TransportName.SOAP))
            assert request.headers["SOAPAction"].endswith(f'/{spelling}"')

    def test_credentials_of_the_route_fetch_it(self, soap, echo, emulator, credentials):
        emulator.switches = Switches(users={"svc_ci360": PASSWORD}, wsdl_needs_basic=True)
        with pytest.raises(failures.CredentialsRefused):
            soap.send(echo())
        assert soap.send(echo(credentials=credentials))


class TestCall:
    @pytest.mark.parametrize("value_kind", ValueKind)
    @pytest.mark.parametrize("spelling", Spelling)
    @pytest.mark.parametrize("service", ["DownloadFile", "DownloadFileTyped", "CI360Jobs"])
    def test_every_service_understands_it(
        self, soap, call, emulator, service, spelling, value_kind
    ):
        emulator.switches = Switches(operation_spelling=spelling, value_kind=value_kind)
        table = (
            b"<Table>\n<InData>\n<occurrenceId>1</occurrenceId>\n<metadataFile>x</metadataFile>\n"
            b"<dataFile>y</dataFile>\n</InData>\n</Table>"
        )
        address = f"{emulator.url}/SASBIWS/services/{service}"
        with pytest.raises(failures.ProgramFailed):  # it ran: the links lead nowhere
            soap.send(call(address, TransportName.SOAP, table=table))
        assert posts(emulator)[0].headers["X-Request-ID"] == "d-1"

    @pytest.mark.parametrize("wsdl_import", [WsdlImport.LOCAL, WsdlImport.CYCLE])
    def test_with_imported_schemas(self, soap, echo, emulator, wsdl_import):
        emulator.switches = Switches(wsdl_import=wsdl_import)
        soap.send(echo())
        assert emulator.executions[0].columns["stpName"] == "DownloadFile"

    def test_what_was_sent_is_what_the_stored_process_reads(self, soap, echo, emulator, table):
        answer = soap.send(echo())
        sent = {each.tag: each.text for each in etree.fromstring(table)[0]}
        assert emulator.executions[0].columns == sent
        assert rows_of(answer) == [{name.upper(): value for name, value in sent.items()}]

    def test_with_credentials(self, soap, echo, emulator, credentials):
        emulator.switches = Switches(users={"svc_ci360": PASSWORD})
        assert soap.send(echo(credentials=credentials)).streams
        with pytest.raises(failures.CredentialsRefused):
            soap.send(echo())

    @pytest.mark.parametrize(
        ("message", "answer"),
        [
            ("DownloadFile-empty", Answer()),
            ("CI360Jobs-count_Segment", Answer({"row_count": "431", "run_status": "done"})),
            ("StoredProcessPath", None),
        ],
    )
    def test_sample_answers(self, soap, call, contracts, serve, vectors, message, answer):
        body = (vectors / "messages" / f"soap-response-{message}.xml").read_bytes()
        server = serve(answering(http(200, body, ["Content-Type: text/xml; charset=UTF-8"])))
        address = server.url + SERVICE
        content = (vectors / "wsdl" / "DownloadFile.wsdl").read_bytes()
        pinned(contracts, address, {address + "?wsdl": content})
        result = soap.send(call(address, TransportName.SOAP))
        if answer is not None:
            assert result == answer
        else:  # a stream that the WSDL does not declare, with text around its table
            assert isinstance(result.streams["_WEBOUT"], Stream)
            assert "<STATUS>done</STATUS>" in result.streams["_WEBOUT"].content

    @pytest.mark.parametrize(("idempotent", "connections"), [(False, 2), (True, 1)])
    def test_a_connection_is_kept_only_where_a_repeat_does_no_harm(
        self, soap, call, contracts, serve, vectors, idempotent, connections
    ):
        body = (vectors / "messages" / "soap-response-DownloadFile.xml").read_bytes()
        server = serve(answering(http(200, body)))
        address = server.url + SERVICE
        content = (vectors / "wsdl" / "DownloadFile.wsdl").read_bytes()
        pinned(contracts, address, {address + "?wsdl": content})
        for _ in range(2):
            soap.send(call(address, TransportName.SOAP, idempotent=idempotent))
        assert server.connections == connections


@pytest.mark.parametrize(
    ("switches", "error"),
    [
        (Switches(fault=1000), failures.CredentialsRefused),
        (Switches(fault=2000), failures.ClientFault),
        (Switches(fault=3000), failures.ProgramFailed),
        (Switches(fault=4000), failures.ConfigurationFault),
        (Switches(fault=5000), failures.ProgramTimedOut),
        (Switches(fault=5000, fault_http_status=200), failures.ProgramTimedOut),
        (Switches(status=401), failures.CredentialsRefused),
        (Switches(status=403), failures.RequestRefused),
        (Switches(status=404), failures.RequestRefused),
        (Switches(status=429, retry_after_s=3), failures.SasBusy),
        (Switches(status=503, retry_after_s=3), failures.SasBusy),
        (Switches(status=500), failures.ServerFailed),
        (Switches(status=502), failures.ServerFailed),
        (Switches(status=504), failures.ServerFailed),
        (Switches(page=Page.HTML_200), failures.AnswerIsHtml),
        (Switches(page=Page.HTML_401), failures.CredentialsRefused),
        (Switches(page=Page.HTML_404), failures.RequestRefused),
        (Switches(page=Page.LOGIN_200), failures.CredentialsRefused),
        (Switches(page=Page.REDIRECT_LOGIN), failures.CredentialsRefused),
        (Switches(page=Page.EMPTY), failures.AnswerEmpty),
        (Switches(page=Page.TEXT), failures.AnswerNotXml),
        (Switches(page=Page.TRUNCATED), failures.AnswerNotXml),
        (Switches(page=Page.DTD_BOMB), failures.AnswerNotXml),
        (Switches(page=Page.HUGE), failures.AnswerTooLarge),
        (Switches(connection=ConnectionFault.RESET_BEFORE), failures.ConnectionLost),
        (Switches(connection=ConnectionFault.RESET_MID), failures.ConnectionLost),
        (Switches(connection=ConnectionFault.SLOW_BODY, drip_s=0.1), failures.AnswerTimedOut),
        (Switches(delay_s=3), failures.AnswerTimedOut),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_what_goes_wrong_has_its_name(soap, echo, emulator, credentials, switches, error):
    soap.contract(echo().route)
    emulator.switches = switches
    patience_s = 0.6 if error is failures.AnswerTimedOut else 30
    with pytest.raises(error) as caught:
        soap.send(echo(timeout_s=patience_s, credentials=credentials))
    assert type(caught.value) is error
    assert len(posts(emulator)) == 1
    for secret in (PASSWORD, SIGNATURE):
        assert secret not in f"{caught.value} {caught.value.details}"
    if switches.retry_after_s:
        assert caught.value.retry_after_s == 3
    if switches.fault == 3000:
        assert caught.value.syscc == "1012"


class TestRefresh:
    """Where SAS does not understand a call, the error tells whether the pin is out of date."""

    @pytest.fixture
    def faulty(self, soap, echo, emulator):
        """The error of a call that SAS answers with fault 2000."""
        soap.contract(echo().route)

        def fault(code=2000, **switches):
            emulator.switches = Switches(fault=code, **switches)
            with pytest.raises(failures.DeliveryError) as caught:
                soap.send(echo())
            return caught.value

        return fault

    def test_equal(self, faulty, emulator):
        error = faulty()
        assert error.details[-1] == SAME
        assert len(error.details) > 1
        assert [each.path.rpartition("?")[2] for each in gets(emulator)] == [
            "wsdl",
            "wsdl&reload=true",
        ]

    def test_different(self, faulty, soap, echo, contracts):
        before = soap.contract(echo().route)
        error = faulty(operation_spelling=Spelling.PASCAL)
        told = [each for each in error.details if "published" in each or "breaking" in each]
        assert told[0].startswith(
            "the published WSDL differs from the pinned one: 1 change, 1 breaking; read `sasbiws "
        )
        assert told[1].startswith("breaking: echo: the operation was renamed (echo -> Echo)")
        assert contracts.pinned[before.address] is before

    def test_a_renamed_operation_is_told_too(self, soap, echo, emulator):
        soap.contract(echo().route)
        emulator.switches = Switches(operation_spelling=Spelling.PASCAL)
        with pytest.raises(failures.RequestRefused, match="No service is known") as caught:
            soap.send(echo())
        assert "differs from the pinned one" in caught.value.details[-2]
        assert "the operation was renamed" in caught.value.details[-1]

    def test_once_for_each_process_and_pin(self, faulty, echo, emulator, session, clock):
        assert faulty().details[-1] == faulty().details[-1] == SAME
        assert len(gets(emulator)) == 2
        pinned_anew = SoapTransport(session, Contracts(), clock)
        with pytest.raises(failures.ClientFault):
            pinned_anew.send(echo())
        assert len(gets(emulator)) == 4

    def test_a_failing_one_does_not_hide_the_fault(self, faulty):
        error = faulty(wsdl_import=WsdlImport.EXTERNAL)
        assert isinstance(error, failures.ClientFault)
        assert "cannot be compared with the pinned one: " in error.details[-1]
        assert "elsewhere.invalid" in error.details[-1]

    @pytest.mark.parametrize("code", [1000, 3000, 4000, 5000])
    def test_not_after_other_faults(self, faulty, emulator, code):
        assert SAME not in faulty(code).details
        assert len(gets(emulator)) == 1

    def test_not_after_a_refusal_without_a_fault(self, soap, echo, emulator):
        soap.contract(echo().route)
        emulator.switches = Switches(status=403)
        with pytest.raises(failures.RequestRefused) as caught:
            soap.send(echo())
        assert caught.value.details == ()
        assert len(gets(emulator)) == 1

    def test_other_threads_do_not_wait_for_it(self, soap, call, contracts, serve, vectors):
        fault = (vectors / "messages" / "fault-2000.xml").read_bytes()
        wsdl = (vectors / "wsdl" / "DownloadFile.wsdl").read_bytes()
        asked, answered = threading.Event(), threading.Event()

        def script(server, connection):
            request = server.read_request(connection)
            if request.startswith(b"POST"):
                connection.sendall(http(500, fault))
            else:
                asked.set()
                answered.wait(30)
                connection.sendall(http(200, wsdl))

        address = serve(script).url + SERVICE
        pinned(contracts, address, {address + "?wsdl": wsdl})

        def details():
            with pytest.raises(failures.ClientFault) as caught:
                soap.send(call(address, TransportName.SOAP))
            return caught.value.details

        with ThreadPoolExecutor() as pool:
            first = pool.submit(details)
            assert asked.wait(30)
            assert SAME not in details()
            answered.set()
            assert first.result()[-1] == SAME


@pytest.mark.parametrize("idempotent", [True, False])
def test_sixteen_threads_share_one_transport(soap, echo, emulator, idempotent):
    """400 calls: nobody gets another's answer, nothing is sent twice, one contract is fetched."""

    def run(number):
        table = (
            f"<Table>\n<InData>\n<occurrenceId>{number}</occurrenceId>\n<long>{'x' * number}</long>"
            "\n</InData>\n</Table>"
        )
        sent = echo(table=table.encode(), delivery_id=f"d-{number}", idempotent=idempotent)
        (row,) = rows_of(soap.send(sent))
        return row["OCCURRENCEID"] == str(number) and len(row["LONG"]) == number

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(run, range(1, 401)))
    assert len(gets(emulator)) == 1
    ran = {each.delivery_id: each.columns["occurrenceId"] for each in emulator.executions}
    assert ran == {f"d-{number}": str(number) for number in range(1, 401)}
    assert len(emulator.executions) == 400


def test_a_contract_of_the_emulator_is_what_the_server_publishes(session, clock, serve, emulator):
    address = emulator.url + SERVICE
    contract = fetch_contract(session, address, clock=clock)
    server = serve(publishing({SERVICE + "?wsdl": contract.files[contract.main]}))
    again = fetch_contract(session, server.url + SERVICE, clock=clock)
    assert list(again.files.values()) == list(contract.files.values())
