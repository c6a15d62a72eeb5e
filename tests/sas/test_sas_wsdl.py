"""Contracts: fetched with all that they import, from their own server only, and judged."""

import itertools

import pytest
from scripted import PASSWORD, Clock, answering, http, pinned, publishing

from adapter.core import failures
from adapter.emulator import Page, Switches, ValueKind, WsdlImport
from adapter.sas import download, published
from adapter.sas.download import Way
from adapter.sas.published import fetch_contract
from adapter.sas.wsdl import digest, operation_for

PATH = "/SASBIWS/services/DownloadFile"
XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
EMPTY_WSDL = '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/">{}</definitions>'


def importing(*locations):
    """A WSDL that imports these."""
    return EMPTY_WSDL.format(
        "".join(f'<import namespace="n" location="{each}"/>' for each in locations)
    ).encode()


def schema(*locations, tag="include"):
    """A schema that includes, imports or redefines these."""
    inner = "".join(f'<xs:{tag} schemaLocation="{each}"/>' for each in locations)
    return f"<xs:schema {XS}>{inner}</xs:schema>".encode()


@pytest.fixture
def fetch(session, clock):
    def fetched(server, *, reload=False, **way):
        return fetch_contract(
            session, server.url + PATH, clock=clock, reload=reload, way=Way(**way)
        )

    return fetched


@pytest.fixture
def refused(fetch, serve):
    """The refusal of what is published."""

    def get(files, error=failures.ContractUnusable):
        server = serve(publishing({PATH + "?wsdl": files} if isinstance(files, bytes) else files))
        with pytest.raises(error) as caught:
            fetch(server)
        return str(caught.value)

    return get


def test_bytes_are_kept_as_received(fetch, serve, vectors, clock):
    content = (vectors / "wsdl" / "DownloadFile.wsdl").read_bytes()
    server = serve(publishing({PATH + "?wsdl": content}))
    contract = fetch(server)
    assert contract.address == server.url + PATH
    assert contract.main == server.url + PATH + "?wsdl"
    assert contract.files == {contract.main: content}
    assert abs(contract.fetched_at - clock.now()) < 5
    assert b"Authorization" not in server.requests[0]


def test_reload_asks_otherwise_and_files_alike(fetch, serve, vectors):
    content = (vectors / "wsdl" / "DownloadFile.wsdl").read_bytes()
    server = serve(publishing({PATH + "?wsdl&reload=true": content}))
    contract = fetch(server, reload=True)
    assert list(contract.files) == [server.url + PATH + "?wsdl"]


def test_every_kind_of_import_is_followed_once(fetch, serve):
    files = {
        PATH + "?wsdl": importing("../b/x.wsdl", "../b/x.wsdl#part"),
        "/SASBIWS/b/x.wsdl": (
            EMPTY_WSDL.format(f"<types>{schema('y.xsd', tag='import').decode()}</types>").encode()
        ),
        "/SASBIWS/b/y.xsd": schema("/z.xsd", tag="redefine"),
        "/z.xsd": schema("SASBIWS/b/y.xsd", "q.xsd?xsd=1"),
        "/q.xsd?xsd=1": schema(),
    }
    server = serve(publishing(files))
    contract = fetch(server)
    assert contract.files == {server.url + path: content for path, content in files.items()}
    assert len(server.requests) == len(files)


@pytest.mark.parametrize("value_kind", ValueKind)
@pytest.mark.parametrize("wsdl_import", [WsdlImport.NONE, WsdlImport.LOCAL, WsdlImport.CYCLE])
def test_imports_of_the_emulator(fetch, emulator, wsdl_import, value_kind):
    emulator.switches = Switches(wsdl_import=wsdl_import, value_kind=value_kind)
    contract = fetch(emulator)
    assert (len(contract.files) > 1) is (wsdl_import is not WsdlImport.NONE)
    assert operation_for(contract, "Download File").name == "downloadFile"


def test_imports_from_elsewhere_are_refused(fetch, emulator):
    emulator.switches = Switches(wsdl_import=WsdlImport.EXTERNAL)
    with pytest.raises(failures.ContractUnusable, match=r"http://elsewhere\.invalid/x\.xsd"):
        fetch(emulator)


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("//localhost/x.xsd", "name localhost:80 in wsdl_hosts if it may be called"),
        ("http://localhost:7980/x.xsd", "name localhost:7980 in wsdl_hosts"),
        ("http://127.0.0.1:x/x.xsd", "it is no address that can be called"),
        ("http://127.0.0.1:99999/x.xsd", "it is no address that can be called"),
        ("http://[x", "it is no address that can be called"),
        ("http://svc:pw@127.0.0.1/x.xsd", "may hold neither user nor password"),
        ("file:///etc/passwd", "only http and https"),
        ("ftp://127.0.0.1/x.xsd", "only http and https"),
        (
            "http://inner:7980/SASBIWS/services/X?xsd=1",
            "put http://inner:7980 into stpurl, name inner:7980 in wsdl_hosts",
        ),
    ],
)
def test_another_server_is_never_called(refused, location, named):
    assert named in refused(importing(location))


def test_limits(refused, monkeypatch):
    names = [f"/{number}.xsd" for number in range(12)]
    wide = {PATH + "?wsdl": importing(*names)} | dict.fromkeys(names, schema())
    deep = {PATH + "?wsdl": importing(names[0])} | {
        name: schema(below) for name, below in itertools.pairwise(names)
    }
    deep[names[-1]] = schema()
    assert "more than 10 levels of imports" in refused(deep)
    monkeypatch.setattr(published, "MAX_FILES", 12)
    assert "more than 12 files" in refused(wide)
    monkeypatch.setattr(published, "MAX_CONTRACT_BYTES", 600)
    assert "more than 600 bytes" in refused(wide)
    monkeypatch.setattr(download, "MAX_FILE_BYTES", 99)
    assert "has more than 99 bytes" in refused(wide)


def test_all_files_together_have_a_minute(session, serve):
    class Slow(Clock):
        passed = itertools.count(0, 25)

        def monotonic(self):
            return next(self.passed)

    names = [f"/{number}.xsd" for number in range(5)]
    server = serve(publishing({PATH + "?wsdl": importing(*names)} | dict.fromkeys(names, schema())))
    with pytest.raises(failures.ContractUnavailable, match="took 60 s"):
        fetch_contract(session, server.url + PATH, clock=Slow())
    assert len(server.requests) == 2


def test_a_slow_server_is_given_up(session, serve, monkeypatch):
    monkeypatch.setattr(download, "MAX_FETCH_S", 0.3)
    server = serve(lambda server, connection: (server.read_request(connection), connection.recv(1)))
    with pytest.raises(failures.ContractUnavailable, match=r"no complete answer within 0\.\d"):
        fetch_contract(session, server.url + PATH, clock=Clock())


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        (http(404, b"<html>none</html>"), failures.ContractUnusable, "gives no WSDL: SAS"),
        (http(403), failures.ContractUnusable, "HTTP 403"),
        (
            http(302, b"", [f"Location: {PATH}?wsdl"]),
            failures.ContractUnusable,
            "more than 3 times",
        ),
        (http(302, b"", ["Location: http://[x"]), failures.ContractUnusable, "no address"),
        (http(302, b"", ["Location: file:///x"]), failures.ContractUnusable, "only http and https"),
        (http(302, b"", ["Location: http://x/y"]), failures.ContractUnusable, "name x:80 in wsdl_"),
        (http(302, b""), failures.ContractUnusable, "redirects to nowhere"),
        (http(304, b"", ["Location: /on"]), failures.ContractUnusable, "redirects to"),
        (http(302, b"", ["Location: /SASLogon"]), failures.CredentialsRefused, "login page"),
        (http(401), failures.CredentialsRefused, "401"),
        (http(503, b"", ["Retry-After: 9"]), failures.ContractUnavailable, "HTTP 503"),
        (http(500, b"oops"), failures.ContractUnavailable, "HTTP 500"),
        (http(502), failures.ContractUnavailable, "HTTP 502"),
        (
            http(200, b"<html><input type='password'></html>", ["Content-Type: text/html"]),
            failures.CredentialsRefused,
            "asks for a login",
        ),
        (http(200, b"<html><p>Hi</html>"), failures.ContractUnusable, "gives an HTML page"),
        (http(200, b"<html/>"), failures.ContractUnusable, "gives <html>, expected a WSDL 1.1"),
        (http(200, b""), failures.ContractUnusable, "no usable XML"),
        (http(200, b"junk"), failures.ContractUnusable, "no usable XML"),
        (http(200, schema()), failures.ContractUnusable, "gives <schema>, expected a WSDL 1.1"),
        (
            http(200, b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + importing()),
            failures.ContractUnusable,
            "document type declaration",
        ),
    ],
    ids=lambda value: None if isinstance(value, bytes) else str(value),
)
def test_what_is_published_is_judged(refused, answer, error, told):
    assert told in refused(answer, error)


@pytest.mark.parametrize("page", [Page.DTD_BOMB, Page.TRUNCATED, Page.HTML_200])
def test_spoiled_pages_of_the_emulator(fetch, emulator, page):
    emulator.switches = Switches(page=page, disturb_wsdl=True)
    with pytest.raises(failures.ContractUnusable):
        fetch(emulator)


def test_retry_after_is_kept(fetch, serve):
    with pytest.raises(failures.ContractUnavailable) as caught:
        fetch(serve(answering(http(503, b"", ["Retry-After: 9"]))))
    assert caught.value.retry_after_s == 9


def test_a_server_that_is_away(fetch):
    class Away:
        url = "http://127.0.0.1:9"

    with pytest.raises(failures.ContractUnavailable, match="takes no connection"):
        fetch(Away)


def test_basic_is_sent_only_where_it_is_asked_for(fetch, emulator, serve, vectors, credentials):
    content = (vectors / "wsdl" / "DownloadFile.wsdl").read_bytes()
    server = serve(publishing({PATH + "?wsdl": content}))
    fetch(server, credentials=credentials)
    assert b"Authorization" not in server.requests[0]
    emulator.switches = Switches(users={"svc_ci360": PASSWORD}, wsdl_needs_basic=True)
    assert fetch(emulator, credentials=credentials).files
    with pytest.raises(failures.CredentialsRefused):
        fetch(emulator)


def test_wrong_credentials_are_sent_once(fetch, serve, credentials):
    server = serve(answering(http(401)))
    with pytest.raises(failures.CredentialsRefused, match="asks for a login"):
        fetch(server, credentials=credentials)
    assert [b"Authorization" in each for each in server.requests] == [False, True]


def test_digest_tells_contracts_apart(contracts):
    seen = {
        digest(pinned(contracts, "a", files))
        for files in ({"a": b"bc"}, {"ab": b"c"}, {"a": b"b", "c": b""}, {"a": b"bd"})
    }
    assert len(seen) == 4
