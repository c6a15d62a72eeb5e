"""Which route a name takes, and the address that is called."""

from dataclasses import replace
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.core.errors import StpUnknown
from adapter.core.redact import Secret, shortened, without_links
from adapter.core.route import Credentials, Route, Routes, TransportName, transport_of
from adapter.core.sasbiws import operation_name

REST = "http://sas.example.com/SASBIWS/rest/storedProcesses/Shared Data/CI360/{{stpName}}"
ROUTE = Route("Download File", REST, TransportName.REST, "test")

ADDRESSES = [
    (REST, "Download File", "/storedProcesses/Shared%20Data/CI360/Download%20File"),
    (REST, "Größe & Co", "/CI360/Gr%C3%B6%C3%9Fe%20%26%20Co"),
    (REST, "Sample: Hello+#1", "/CI360/Sample%3A%20Hello%2B%231"),
    (REST, "50%20x", "/CI360/50%2520x"),
    (REST.replace("Shared Data", "Shared%20Data"), "x", "/Shared%20Data/CI360/x"),
    (REST.replace("Shared Data", "100% done"), "x", "/100%25%20done/CI360/x"),
    (REST.replace("{{stpName}}", "Fixed"), "x", "/CI360/Fixed"),
    ("https://sas:8343/SASBIWS/services/{{stpName}}", "DownloadFile", "/services/DownloadFile"),
]


@pytest.mark.parametrize(("stpurl", "name", "end"), ADDRESSES)
def test_the_address_is_percent_encoded(stpurl, name, end):
    assert replace(ROUTE, stpurl=stpurl, stored_process=name).address.endswith(end)


@given(st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()))
def test_a_name_stays_one_segment_of_the_path(name):
    path = urlsplit(replace(ROUTE, stored_process=name).address).path
    assert unquote(path.rpartition("/")[2]) == name


TRANSPORTS = [
    ("http://sas/SASBIWS/services/DownloadFile", TransportName.SOAP),
    ("http://sas/sasbiws/Services/DownloadFile", TransportName.SOAP),
    ("http://sas/SASBIWS/rest/storedProcesses/a/b", TransportName.REST),
]


@pytest.mark.parametrize(("stpurl", "transport"), TRANSPORTS)
def test_the_address_tells_the_transport_and_why(stpurl, transport):
    found = transport_of(stpurl)
    assert found is not None
    assert found[0] is transport
    assert "/SASBIWS/" in found[1]


def test_another_address_does_not_tell():
    assert transport_of("http://sas/other") is None


def test_a_named_route_wins_and_names_match_exactly():
    routes = Routes({"Download File": ROUTE}, default=replace(ROUTE, stored_process=""))
    assert routes.choose("Download File") is ROUTE
    for other in ("download file", "Download File ", "Other"):
        with pytest.raises(StpUnknown, match=r"\[Download File\]"):
            routes.choose(other)


def test_without_sections_any_name_takes_the_default_route():
    routes = Routes({}, default=replace(ROUTE, stored_process=""))
    assert routes.choose("Any One").address.endswith("/Any%20One")


def test_without_a_default_nothing_is_known():
    with pytest.raises(StpUnknown, match="none"):
        Routes({}).choose("x")


def test_an_account_is_server_and_user_together():
    named = replace(ROUTE, credentials=Credentials("svc", Secret("pw")))
    assert named.account == "svc at http://sas.example.com"
    assert set(Routes({"a": named}, ROUTE).accounts()) == {
        named.account,
        "no user at http://sas.example.com",
    }


NAMES = [
    ("Download File", "downloadFile"), ("Griev_against_TB", "griev_against_TB"),
    ("NCRA_Avg_Amt", "nCRA_Avg_Amt"), ("ANX_10B", "aNX_10B"), ("Größe & Co", "gr__e_Co"),
    ("1st", "_1st"), ("XML it", "_xMLit"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "operation"), NAMES)
def test_the_root_of_a_plain_request_is_spelt_as_sas_does(name, operation):
    assert operation_name(name) == operation


def test_a_secret_cannot_be_printed():
    credentials = Credentials("svc", Secret("hunter2"))
    route = replace(ROUTE, credentials=credentials)
    for shown in (repr(credentials), str(credentials.password), repr(route), f"{route}"):
        assert "hunter2" not in shown
    assert credentials.password.reveal() == "hunter2"


def test_links_lose_their_signature_wherever_they_stand():
    text = 'see "https://user:pw@files/x.csv?X-Amz-Signature=abc#f" and http://b/c.'
    assert without_links(text) == 'see "https://files/x.csv?***" and http://b/c.'
    assert shortened("a\nb\x00" + "c" * 100).startswith("a\\nb\\x00ccc")
