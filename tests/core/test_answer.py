"""What SAS sent becomes an answer, or the error that says what SAS may have done."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.core import failures
from adapter.core.answer import HttpResponse, read_answer, read_raw
from adapter.core.failures import DeliveryError

XML = {"content-type": "text/xml;charset=UTF-8"}
HTML = {"content-type": "text/html"}
LOGIN = b'<html><form action="/SASLogon/login"><input type="password"></form></html>'
BOMB = b'<!DOCTYPE a [<!ENTITY x "xxxxxxxx"><!ENTITY y "&x;&x;&x;">]><aResponse>&y;</aResponse>'


def response(body, status=200, headers=XML):
    return HttpResponse(status, headers, body)


def message(vectors, name):
    return (vectors / "messages" / name).read_bytes()


RESULTS = ["soap-response-DownloadFile.xml", "soap-response-CI360Jobs-downloadFile.xml"]


@pytest.mark.parametrize("name", RESULTS)
def test_a_soap_stream_is_read_without_foreign_prefixes(vectors, name):
    stream = read_answer(response(message(vectors, name))).streams["outstream"]
    assert stream.content_type.startswith("text/xml")
    assert stream.content.startswith("<TABLE>\n   <RESULT>\n      <OCCURRENCEID>5b0f4a52")
    assert "xmlns" not in stream.content


def test_a_stream_of_a_stored_process_path(vectors):
    answer = read_answer(response(message(vectors, "soap-response-StoredProcessPath.xml")))
    assert list(answer.streams) == ["_WEBOUT"]


def test_an_empty_result_is_an_answer(vectors):
    answer = read_answer(response(message(vectors, "soap-response-DownloadFile-empty.xml")))
    assert dict(answer.streams) == dict(answer.parameters) == {}


@pytest.mark.parametrize(
    "name", ["soap-response-CI360Jobs-count_Segment.xml", "rest-response-count_Segment.xml"]
)
def test_parameters_are_read_as_text(vectors, name):
    answer = read_answer(response(message(vectors, name)))
    assert answer.parameters == {"row_count": "431", "run_status": "done"}


def test_a_plain_stream_keeps_its_content_type(vectors):
    answer = read_answer(response(message(vectors, "rest-response-DownloadFile.xml")))
    assert answer.streams["_WEBOUT"].content_type == "text/xml;charset=windows-1252"


def test_text_inside_value_is_kept():
    body = b"<aResponse><aResult><Streams><o><Value> x &amp; y </Value></o></Streams></aResult></aResponse>"
    assert read_answer(response(body)).streams["o"].content == " x & y "


def test_output_that_looks_like_a_fault_is_no_fault():
    body = (
        b"<aResponse><aResult><Streams><o><Value><Fault code='3000'/></Value></o></Streams>"
        b"</aResult></aResponse>"
    )
    assert read_answer(response(body)).streams["o"].content == '<Fault code="3000"/>'


FAULTS = [
    ("fault-1000.xml", failures.CredentialsRefused, "svc_ci360"),
    ("fault-2000.xml", failures.ClientFault, "segment_code"),
    ("fault-3000.xml", failures.ProgramFailed, "403 Forbidden"),
    ("fault-4000.xml", failures.ConfigurationFault, "8611"),
    ("fault-5000.xml", failures.ProgramTimedOut, "longer than allowed"),
    ("fault-soap-only.xml", failures.RequestRefused, "No service is known"),
    ("rest-fault-3000.xml", failures.ProgramFailed, "403 Forbidden"),
]


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(("name", "error", "told"), FAULTS)
def test_faults_by_code_whatever_the_status(vectors, name, error, told, status):
    with pytest.raises(error) as caught:
        read_answer(response(message(vectors, name), status))
    assert told in caught.value.message
    assert caught.value.http_status == status


def test_all_nested_messages_and_the_syscc_are_kept(vectors):
    with pytest.raises(failures.ConfigurationFault) as caught:
        read_answer(response(message(vectors, "fault-4000.xml"), 500))
    assert len(caught.value.details) == 4
    with pytest.raises(failures.ProgramFailed) as caught:
        read_answer(response(message(vectors, "fault-3000.xml"), 500))
    assert caught.value.syscc == "1012"


@pytest.mark.parametrize("attribute", ['x:SysCC="8"', 'condition="8"'])
@pytest.mark.parametrize("place", ["Fault", "Exception"])
def test_the_syscc_is_found_under_another_name_and_place(attribute, place):
    fault = attribute if place == "Fault" else ""
    inner = attribute if place == "Exception" else ""
    body = (
        f'<q:Fault xmlns:q="urn:other" xmlns:x="urn:x" code="3000" {fault}>'
        f'<q:Exception message="m" {inner}/></q:Fault>'
    )
    with pytest.raises(failures.ProgramFailed) as caught:
        read_answer(response(body.encode(), 500))
    assert caught.value.syscc == "8"


SERVER_FAULT = (
    b'<e:Envelope xmlns:e="urn:e"><e:Body><e:Fault><faultcode>e:Server</faultcode>'
    b"<faultstring>x</faultstring></e:Fault></e:Body></e:Envelope>"
)

ODD = [
    (401, {}, b"", failures.CredentialsRefused),
    (401, HTML, b"<html>401</html>", failures.CredentialsRefused),
    (200, HTML, LOGIN, failures.CredentialsRefused),
    (302, {"location": "https://sas/SASLogon/login?x=1"}, b"", failures.CredentialsRefused),
    (302, {"location": "https://elsewhere/"}, b"", failures.RequestRefused),
    (301, {}, b"", failures.RequestRefused),
    (400, HTML, b"bad", failures.RequestRefused),
    (403, HTML, LOGIN, failures.RequestRefused),
    (404, HTML, b"<html>not found</html>", failures.RequestRefused),
    (405, {}, b"", failures.RequestRefused),
    (415, {}, b"", failures.RequestRefused),
    (429, {}, b"", failures.SasBusy),
    (503, HTML, b"<html>maintenance</html>", failures.SasBusy),
    (500, HTML, b"<html>error</html>", failures.ServerFailed),
    (500, XML, b"<unknown/>", failures.ServerFailed),
    (500, XML, SERVER_FAULT, failures.ServerFailed),
    (200, XML, SERVER_FAULT, failures.ServerFailed),
    (502, {}, b"", failures.ServerFailed),
    (504, {}, b"", failures.ServerFailed),
    (200, HTML, b"<html>hello</html>", failures.AnswerIsHtml),
    (200, XML, b"<!DOCTYPE html><html>hello</html>", failures.AnswerIsHtml),
    (200, XML, b"", failures.AnswerEmpty),
    (200, XML, b"  \n", failures.AnswerEmpty),
    (204, {}, b"", failures.AnswerEmpty),
    (200, XML, b"<aResponse><aResult>", failures.AnswerNotXml),
    (200, XML, b"plain text", failures.AnswerNotXml),
    (200, XML, BOMB, failures.AnswerNotXml),
    (200, XML, b"<other/>", failures.AnswerNotSas),
    (200, XML, b'<e:Envelope xmlns:e="urn:e"/>', failures.AnswerNotSas),
    (200, XML, b'<e:Envelope xmlns:e="urn:e"><e:Body/></e:Envelope>', failures.AnswerNotSas),
]


@pytest.mark.parametrize(("status", "headers", "body", "error"), ODD)
def test_everything_else_is_an_error_of_its_own(status, headers, body, error):
    with pytest.raises(error) as caught:
        read_answer(response(body, status, headers))
    assert type(caught.value) is error
    assert caught.value.http_status in (status, None)


def test_the_address_of_a_redirect_is_told_without_its_query():
    with pytest.raises(failures.RequestRefused) as caught:
        read_answer(response(b"", 302, {"location": "https://x/y?token=secret"}))
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(("value", "seconds"), [("7", 7.0), ("Wed, 21 Oct", None), ("", None)])
def test_retry_after_in_seconds_is_read(value, seconds):
    with pytest.raises(failures.SasBusy) as caught:
        read_answer(response(b"", 503, {"retry-after": value}))
    assert caught.value.retry_after_s == seconds


RAW = [
    ('<?xml version="1.0" encoding="windows-1252"?><T>ö</T>', "cp1252", "text/xml", "<T>ö</T>"),
    ('{"a": "ö"}', "utf-8", "application/json", '{"a": "ö"}'),
    ("Käse", "cp1252", "text/plain; charset=windows-1252", "Käse"),
    ("Käse", "cp1252", "text/plain", "Käse"),
    ("Käse", "utf-8", "text/plain; charset=no-such-set", "Käse"),
]


@pytest.mark.parametrize(("text", "sent_in", "content_type", "found"), RAW)
def test_a_raw_target_is_decoded_by_what_it_declares(text, sent_in, content_type, found):
    body = text.encode(sent_in)
    answer = read_raw(response(body, 200, {"content-type": content_type}), "_WEBOUT")
    assert found in answer.streams["_WEBOUT"].content
    assert answer.streams["_WEBOUT"].encoding == "text"


def test_a_binary_raw_target_is_given_in_base64():
    answer = read_raw(response(b"%PDF\xff", 200, {"content-type": "application/pdf"}), "out")
    assert (answer.streams["out"].content, answer.streams["out"].encoding) == ("JVBERv8=", "base64")


def test_a_fault_is_found_where_a_raw_target_was_asked_for(vectors):
    with pytest.raises(failures.ProgramFailed):
        read_raw(response(message(vectors, "rest-fault-3000.xml"), 500), "_WEBOUT")
    with pytest.raises(failures.CredentialsRefused):
        read_raw(response(LOGIN, 200, HTML), "_WEBOUT")


@given(st.integers(100, 599), st.sampled_from([XML, HTML, {}]), st.binary(max_size=200))
def test_any_answer_is_a_result_or_an_error_of_the_tree(status, headers, body):
    for read in (read_answer, lambda answer: read_raw(answer, "x")):
        try:
            read(response(body, status, headers))
        except DeliveryError as error:
            assert error.message
