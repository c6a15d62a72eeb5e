"""Prompts and several data sources, by SOAP and by REST, up to the stored process."""

import re
from hashlib import sha256

import pytest

from adapter.core.answer import Answer
from adapter.core.failures import ClientFault, ContractUnusable
from adapter.core.mapping import Mapping
from adapter.core.prompts import Prompt, fits, problems_of
from adapter.core.request import Parameter, Request, Stream
from adapter.core.route import Route, TransportName
from adapter.ports import Call
from adapter.sas.envelope import DataSource, Operation, envelope_of
from adapter.sas.rest import RestTransport
from adapter.sas.soap import SoapTransport

TABLE = b"<Table>\n<InData>\n<a>1</a>\n</InData>\n</Table>"
PROMPTS = (
    Parameter("channels", "mail"),
    Parameter("channels", "web"),
    Parameter("segment_code", "S1"),
    Parameter("max_rows", "3"),
    Parameter("min_score", "0.50"),
    Parameter("as_of", "2026-03-01T08:30:00Z"),
    Parameter("age_range", members=(("upperBound", "65"), ("lowerBound", "18"))),
)


@pytest.fixture
def run(session, contracts, clock, emulator):
    transports = {
        TransportName.SOAP: (SoapTransport(session, contracts, clock), "services"),
        TransportName.REST: (RestTransport(session), "rest/storedProcesses/Shared Data/CI360Jobs"),
    }

    def call(transport, name, request):
        sent_by, path = transports[transport]
        path = "services/Shared Data/CI360Jobs" if path == "services" else path
        route = Route(name, f"{emulator.url}/SASBIWS/{path}/{{{{stpName}}}}", transport, "")
        mapping = route.mapping if request.instream else Mapping(rest=False)
        route = Route(name, route.stpurl, transport, "", mapping=mapping)
        return sent_by.send(Call(route, request.sealed(), "d1"))

    return call


@pytest.mark.parametrize("transport", TransportName)
def test_prompts_reach_the_stored_process(run, transport):
    answer = run(transport, "Count_Segment", Request(PROMPTS))
    assert isinstance(answer, Answer)
    assert answer.parameters == {"row_count": "3", "run_status": "done"}


@pytest.mark.parametrize("transport", TransportName)
def test_prompts_and_instream_together(run, transport):
    request = Request((Parameter("seconds", "0"),), (Stream("instream", TABLE),))
    answer = run(transport, "Slow", request)
    assert any("<A>1</A>" in stream.content for stream in answer.streams.values())


@pytest.mark.parametrize("transport", TransportName)
@pytest.mark.parametrize("instream", [(Stream("instream", TABLE),), ()])
def test_every_data_source_reaches_the_stored_process(run, transport, instream):
    streams = (*instream, Stream("items", TABLE), Stream("letter", text="Grüße <&>"))
    answer = run(transport, "Read Sources", Request((), streams))
    (told,) = (stream.content for stream in answer.streams.values())
    assert told.count("<ROWS>1</ROWS>") == 1 + len(instream)
    assert "<BYTES>11</BYTES>" in told
    assert sha256("Grüße <&>".encode()).hexdigest() in told


def test_a_generic_stream_that_is_no_base64(run):
    with pytest.raises(ClientFault, match="letter"):
        run(TransportName.REST, "Read Sources", Request((), (Stream("letter", base64="=?"),)))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (Parameter("max_rows", "1.5"), "max_rows: the prompt's type cannot hold this value; expected int; found 1.5"),
        (Parameter("max_rows", str(2**31)), "cannot hold"),
        (Parameter("as_of", "yesterday"), "dateTime"),
        (Parameter("age_range", "5"), "lowerBound and upperBound"),
        (Parameter("age_range", members=(("middle", "5"),)), "no such part"),
        (Parameter("nobody", "5"), "the stored process has no such prompt"),
    ],
)  # fmt: skip
def test_what_a_prompt_cannot_hold_is_not_sent(run, emulator, changed, told):
    kept = tuple(each for each in PROMPTS if each.name != changed.name)
    with pytest.raises(ContractUnusable, match=re.escape(told)):
        run(TransportName.SOAP, "Count_Segment", Request((*kept, changed)))


def test_a_missing_and_a_surplus_value():
    prompts = (Prompt("a", "a", "string", required=True), Prompt("b", "b", "string"))
    found = problems_of(prompts, (Parameter("b", "1"), Parameter("b", "2")))
    assert [each.where for each in found] == ["b", "a"]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("int", "-2147483648", "2147483648"),
        ("short", "7", "70000"),
        ("double", "1e5", "1,5"),
        ("decimal", "1.50", "1e5"),
        ("boolean", "true", "yes"),
        ("dateTime", "2026-03-01T08:30:00", "2026-02-30T08:30:00"),
        ("dateTime", "2026-03-01T08:30:00.1234567Z", "2026-03-01T08:30:00."),
        ("date", "2026-03-01", "20260301"),
        ("time", "08:30:00", "8:30"),
        ("integer", "123456789012", "x"),
    ],
)
def test_types(kind, good, bad):
    assert fits(kind, good)
    assert not fits(kind, bad)
    assert fits("string", bad)


def test_several_data_sources_go_in_the_order_of_the_wsdl():
    sources = (
        DataSource("letter", "{n}letter", "{n}Value", "contentType"),
        DataSource("inStream", "{n}inStream", "{n}Value", "contentType"),
    )
    operation = Operation("op", "", "{n}op", "{n}streams", sources, "inStream")
    request = Request((), (Stream("instream", TABLE), Stream("letter", text="Hello")))
    letter, instream = envelope_of(operation, request)[1][0][0]
    assert (letter[0].text, letter.get("contentType")) == ("SGVsbG8=", "application/octet-stream")
    assert (instream[0][0].tag, instream.get("contentType")) == ("Table", "text/xml")


def test_an_unknown_data_source_is_told():
    operation = Operation("op", "", "{n}op", "{n}streams", (DataSource("a", "a", "v"),), "a")
    with pytest.raises(ContractUnusable, match="no data source letter; its data sources are: a"):
        envelope_of(operation, Request((), (Stream("letter", text="x"),)))


def test_a_generic_stream_is_not_shown(session, call):
    sealed = Request((), (Stream("letter", text="https://x.test/?X-Amz-Signature=abc"),)).sealed()
    route = Route("x", "http://sas.example.test/SASBIWS/rest/x", TransportName.REST, "")
    request = RestTransport(session).request(Call(route, sealed, "d1"))
    assert b"aHR0" in request.body
    assert "<Value>(Base64)</Value>" in request.masked_body()
