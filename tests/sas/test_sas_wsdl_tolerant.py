"""WSDLs fetched to be judged: what can be had, why the rest cannot, and whom nobody may call."""

import gzip
import itertools
import socket
import subprocess
import sys
import textwrap

import pytest
from scripted import PASSWORD, answering, http, publishing

from adapter.core import failures
from adapter.emulator import Page, Switches, WsdlImport
from adapter.sas import download, published
from adapter.sas.download import Way
from adapter.sas.published import fetch_tolerantly, split_address
from adapter.sas.reach import AddressRefused, Reach

PATH = "/SASBIWS/services/DownloadFile"
ASKED = PATH + "?wsdl"
DEFINITIONS = '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/">{}</definitions>'
SCHEMA = b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>'


def importing(*locations):
    """A WSDL that imports these."""
    named = "".join(f'<import namespace="n" location="{each}"/>' for each in locations)
    return DEFINITIONS.format(named).encode()


@pytest.fixture
def fetch(session, clock):
    def fetched(url, *, progress=lambda _address, _told: None, reload=False, **way):
        return fetch_tolerantly(
            session, url, clock=clock, reload=reload, way=Way(**way), progress=progress
        )

    return fetched


@pytest.fixture
def names(monkeypatch):
    """Host names that stand for what a test says, beside those that the machine knows."""
    known, real = {}, socket.getaddrinfo

    def getaddrinfo(host, port, *args, **kwargs):
        host = host.decode() if isinstance(host, bytes) else host
        told = known.get(host, [host])
        return [each for one in told for each in real(one, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


def test_what_comes_is_kept_and_the_rest_has_a_reason(fetch, serve):
    server = serve(
        publishing(
            {
                ASKED: importing("/a.xsd", "/gone.xsd", "/b.xsd", "file:///etc/passwd"),
                "/a.xsd": SCHEMA,
                "/b.xsd": b"<html>no schema at all</html>",
            }
        )
    )
    told = []
    found = fetch(server.url + PATH, progress=lambda address, what: told.append((address, what)))

    main, a, b = (server.url + path for path in (ASKED, "/a.xsd", "/b.xsd"))
    assert (found.contract.address, found.contract.main) == (server.url + PATH, main)
    assert list(found.contract.files) == [main, a, b]
    assert found.unreachable == {
        server.url + "/gone.xsd": "SAS answered HTTP 404: nothing here",
        "file:///etc/passwd": "only http and https are fetched",
    }
    assert [address for address, _ in told] == [main, a, server.url + "/gone.xsd", b, *told[-1][:1]]
    assert dict(told)[a] == len(SCHEMA)


@pytest.mark.parametrize(
    ("reason", "answer"),
    [
        ("SAS answered 401 Unauthorized", http(401)),
        ("SAS answered HTTP 403", http(403)),
        ("SAS answered HTTP 503", http(503)),
        ("name elsewhere.invalid:80 in wsdl_hosts", http(301, b"", ["Location: http://elsewhere.invalid/x"])),
        ("it redirects more than 3 times", http(301, b"", ["Location: /a.xsd"])),
        ("SAS redirected to its login page /SASLogon", http(302, b"", ["Location: /SASLogon"])),
        ("cannot be unpacked", http(200, b"junk", ["Content-Encoding: gzip"])),
    ],
)  # fmt: skip
def test_reasons(fetch, serve, reason, answer):
    server = serve(publishing({ASKED: importing("/a.xsd"), "/a.xsd": answer}))
    (told,) = fetch(server.url + PATH).unreachable.values()
    assert reason in told


@pytest.mark.parametrize(
    "page", [b"<html><input type='password'></html>", b"", b"junk", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"]
)  # fmt: skip
def test_whatever_came_is_handed_on_to_be_judged(fetch, serve, page):
    found = fetch(serve(answering(http(200, page, ["Content-Type: text/html"]))).url + PATH)
    assert list(found.contract.files.values()) == [page]


@pytest.mark.parametrize("page", [Page.DTD_BOMB, Page.TRUNCATED, Page.HTML_200, Page.LOGIN_200])
def test_spoiled_pages_of_the_emulator(fetch, emulator, page):
    emulator.switches = Switches(page=page, disturb_wsdl=True)
    assert fetch(emulator.url + PATH).contract.files


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (http(404), failures.ContractUnusable),
        (http(301, b"", ["Location: http://elsewhere.invalid/"]), failures.ContractUnusable),
        (http(401), failures.CredentialsRefused),
        (http(302, b"", ["Location: /SASLogon"]), failures.CredentialsRefused),
        (http(500), failures.ContractUnavailable),
    ],
)
def test_without_the_wsdl_itself_there_is_nothing(fetch, serve, answer, error):
    with pytest.raises(error):
        fetch(serve(answering(answer)).url + PATH)


def test_a_server_that_is_away(fetch):
    with pytest.raises(failures.ContractUnavailable, match="takes no connection"):
        fetch("http://127.0.0.1:9" + PATH)


def test_a_name_that_nobody_knows(fetch):
    with pytest.raises(failures.ContractUnavailable, match="host name of http://nobody"):
        fetch("http://nobody.invalid" + PATH)


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/x?wsdl", "nonsense", "http://[", "http://a:b@c/x"]
)
def test_an_address_that_is_none(fetch, url):
    with pytest.raises(failures.ContractUnusable):
        fetch(url)


def test_redirects_are_followed_and_the_file_keeps_its_name(fetch, serve):
    files = {
        ASKED: http(301, b"", ["Location: /moved"]),
        "/moved": http(307, b"", ["Location: http:/x.wsdl#part"]),
        "/x.wsdl": importing(),
    }
    server = serve(publishing(files))
    files["/moved"] = http(307, b"", [f"Location: {server.url}/x.wsdl#part"])
    assert list(fetch(server.url + PATH).contract.files) == [server.url + ASKED]


@pytest.mark.parametrize(
    ("url", "service", "asked"),
    [
        ("/SASBIWS/services/A b", "/SASBIWS/services/A%20b", "/SASBIWS/services/A%20b?wsdl"),
        ("/SASBIWS/services/A%20b?WSDL", "/SASBIWS/services/A%20b", "/SASBIWS/services/A%20b?WSDL"),
        ("/x?wsdl&reload=true#a", "/x", "/x?wsdl&reload=true"),
        ("/x?wsdl=Part.wsdl", "/x", "/x?wsdl=Part.wsdl"),
        ("/x.svc?singleWsdl", "/x.svc", "/x.svc?singleWsdl"),
        ("/x?tenant=1&wsdl", "/x?tenant=1", "/x?tenant=1&wsdl"),
        ("/x?tenant=1", "/x?tenant=1", "/x?tenant=1&wsdl"),
        ("/X.WSDL", "/X", "/X.WSDL"),
    ],
)
def test_what_a_person_writes_for_an_address(url, service, asked):
    assert split_address("http://h" + url) == ("http://h" + service, "http://h" + asked)


@pytest.mark.parametrize("wsdl_import", list(WsdlImport))
def test_imports_of_the_emulator(fetch, emulator, wsdl_import):
    emulator.switches = Switches(wsdl_import=wsdl_import)
    found = fetch(emulator.url + PATH)
    assert bool(found.unreachable) is (wsdl_import is WsdlImport.EXTERNAL)


# Bounds


def test_too_many_too_deep_and_too_large(fetch, serve, monkeypatch):
    monkeypatch.setattr(published, "MAX_FILES", 4)
    names = [f"/{number}.xsd" for number in range(9)]
    server = serve(publishing({ASKED: importing(*names)} | dict.fromkeys(names, SCHEMA)))
    found = fetch(server.url + PATH)
    assert (len(found.contract.files), len(server.requests)) == (4, 4)
    assert set(found.unreachable.values()) == {"there are more than 4 files, as no WSDL of SAS has"}

    monkeypatch.setattr(published, "MAX_DEPTH", 2)
    chain = {name: importing(below) for name, below in itertools.pairwise(["/0", "/1", "/2", "/3"])}
    found = fetch(serve(publishing({ASKED: importing("/0")} | chain)).url + PATH)
    assert list(found.unreachable.values()) == [
        "there are more than 2 levels of imports, as no WSDL of SAS has"
    ]

    monkeypatch.setattr(download, "MAX_FILE_BYTES", 2000)
    large = {ASKED: importing("/a"), "/a": b"<a>" + b"x" * 2000}
    found = fetch(serve(publishing(large)).url + PATH)
    assert list(found.unreachable.values()) == ["it has more than 2000 bytes, as no WSDL has"]


def test_ten_thousand_imports_are_not_asked_for(fetch, serve):
    server = serve(publishing({ASKED: importing(*(f"/{n}.xsd" for n in range(10_000)))}))
    found = fetch(server.url + PATH)
    assert len(found.unreachable) >= 1000
    assert len(server.requests) == published.MAX_FILES


@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_is_not_unpacked(serve, layers):
    """600 MB in 600 KB: the process that meets it stays small."""
    packed = gzip.compress(b"\0" * (600 * 1024 * 1024), 6)
    if layers == 2:
        packed = gzip.compress(packed, 9)
    encoding = ", ".join(["gzip"] * layers)
    server = serve(answering(http(200, packed, [f"Content-Encoding: {encoding}"])))
    program = textwrap.dedent(f"""
        import resource
        from adapter.core.failures import ContractUnusable
        from adapter.sas.published import fetch_tolerantly
        from adapter.sas.session import HttpSession
        from adapter.wiring import SystemClock
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            fetch_tolerantly(HttpSession(), "{server.url}/x", clock=SystemClock())
        except ContractUnusable as error:
            print(error.message)
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
    """)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    message, megabytes = done.stdout.splitlines()
    assert "has more than 5242880 bytes" in message
    assert int(megabytes) < 60


# Whom nobody may call


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("169.254.169.254", "where clouds keep the credentials"),
        ("169.254.1.1", "where clouds keep the credentials"),
        ("::ffff:169.254.169.254", "where clouds keep the credentials"),
        ("64:ff9b::a9fe:a9fe", "where clouds keep the credentials"),
        ("2002:a9fe:a9fe::1", "where clouds keep the credentials"),
        ("fe80::1", "where clouds keep the credentials"),
        ("fd00:ec2::254", "where clouds keep the credentials"),
        ("100.100.100.200", "where clouds keep the credentials"),
        ("224.0.0.1", "the address of no server"),
        ("0.0.0.0", "the address of no server"),  # noqa: S104
        ("::", "the address of no server"),
        ("127.0.0.1", "this machine itself"),
        ("127.8.8.8", "this machine itself"),
        ("::1", "this machine itself"),
        ("::ffff:127.0.0.1", "this machine itself"),
    ],
)
def test_addresses_that_are_never_called(names, address, why):
    names["evil.example"] = [address]
    names["sas.example"] = ["192.0.2.7"]
    with pytest.raises(AddressRefused, match=why):
        Reach("http://sas.example/x?wsdl", ("evil.example",)).addresses("http://evil.example/y")


def test_one_bad_address_among_good_ones_is_enough(names):
    names["sas.example"] = ["10.1.2.3", "169.254.169.254"]
    with pytest.raises(AddressRefused):
        Reach("http://sas.example/x?wsdl").addresses("http://sas.example/x?wsdl")


@pytest.mark.parametrize(
    "number", ["http://2852039166/", "http://0xa9fea9fe/", "http://169.254.43518/"]
)
def test_numbers_in_disguise_are_addresses_too(number):
    with pytest.raises(AddressRefused, match=r"169\.254\.169\.254"):
        Reach(number).addresses(number)


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.168.1.1", "172.16.0.1", "203.0.113.1", "fd12::1"]
)
def test_servers_of_a_company_are_called(names, address):
    names["sas.example"] = [address]
    assert Reach("http://sas.example/x").addresses("http://sas.example/y") == (address,)


def test_the_configured_server_may_be_this_machine(names):
    names["sas.example"] = ["127.0.1.1"]
    names["schemas.example"] = ["127.0.0.1"]
    reach = Reach("http://sas.example/x", ("schemas.example",))
    assert reach.addresses("http://sas.example/x") == ("127.0.1.1",)
    assert reach.addresses("http://schemas.example/x") == ("127.0.0.1",)


def test_the_metadata_of_a_cloud_host_is_refused_with_the_reason(fetch):
    with pytest.raises(failures.ContractUnusable, match="where clouds keep the credentials"):
        fetch("http://169.254.169.254/latest/meta-data/?wsdl")


def test_a_further_host_is_called_once_it_is_named(fetch, serve, names):
    other = serve(publishing({"/x.xsd": SCHEMA}))
    names["schemas.example"] = ["127.0.0.1"]
    location = f"http://schemas.example:{other.port}/x.xsd"
    server = serve(publishing({ASKED: importing(location)}))
    refused = fetch(server.url + PATH)
    assert list(refused.unreachable) == [location]
    assert f"name schemas.example:{other.port} in wsdl_hosts" in refused.unreachable[location]
    assert other.requests == []
    for hosts in (("schemas.example",), (f"schemas.example:{other.port}",)):
        found = fetch(server.url + PATH, hosts=hosts)
        assert found.contract.files[location] == SCHEMA
    assert f"Host: schemas.example:{other.port}".encode() in other.requests[0]
    assert fetch(server.url + PATH, hosts=("schemas.example:1",)).unreachable


def test_the_address_that_was_checked_is_the_one_connected_to(fetch, serve, monkeypatch):
    """A name that changes its address between the check and the call leads nobody astray."""
    server = serve(publishing({ASKED: importing("/x.xsd"), "/x.xsd": SCHEMA}))
    asked, real = [], socket.getaddrinfo

    def rebinding(host, port, *args, **kwargs):
        if host == "sas.example":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "192.0.2.1"
        return real(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert len(fetch(f"http://sas.example:{server.port}{PATH}").contract.files) == 2
    assert len(asked) == 1


def test_the_next_address_is_tried_where_one_takes_no_connection(fetch, serve, names):
    server = serve(publishing({ASKED: importing()}))
    names["sas.example"] = ["127.0.0.99", "127.0.0.1"]
    assert fetch(f"http://sas.example:{server.port}{PATH}").contract.files


def test_tls_still_proves_the_name(fetch, serve, tls, ca_file, names):
    server = serve(publishing({ASKED: importing()}), tls("valid"))
    names["sas.example"] = ["127.0.0.1"]
    assert fetch(server.url + PATH, ca_file=ca_file).contract.files
    with pytest.raises(failures.ContractUnavailable, match="no TLS connection"):
        fetch(f"https://sas.example:{server.port}{PATH}", ca_file=ca_file)


def test_https_does_not_fall_back_to_http():
    told = Reach("https://sas.example/x").refusal("http://sas.example/x.xsd")
    assert told.startswith("the WSDL came by https and this would not")
    assert Reach("https://sas.example/x", ("sas.example:80",)).refusal("http://sas.example/y") == ""
    assert Reach("http://SAS.example./x").refusal("https://sas.EXAMPLE/y") == ""


def test_credentials_go_to_the_server_of_the_wsdl_only(fetch, serve, credentials):
    other = serve(publishing({"/x.xsd": http(401)}))
    guarded = iter([http(401), http(200, importing(f"{other.url}/x.xsd"))])

    def script(server, connection):
        while server.read_request(connection):
            connection.sendall(next(guarded))

    server = serve(script)
    found = fetch(server.url + PATH, credentials=credentials)
    assert list(found.unreachable.values()) == ["SAS answered 401 Unauthorized"]
    assert [b"Authorization" in each for each in server.requests] == [False, True]
    assert [b"Authorization" in each for each in other.requests] == [False]


def test_nothing_secret_is_told(fetch, serve, credentials):
    location = "http://elsewhere.invalid/x.xsd?X-Amz-Signature=0123456789abcdef"
    server = serve(publishing({ASKED: importing(location)}))
    found = fetch(server.url + PATH, credentials=credentials)
    assert not [why for why in found.unreachable.values() if "0123456789abcdef" in why]
    assert PASSWORD not in str(found.unreachable)
