"""From sections to routes: addresses, transports, schemas and inheritance."""

import pytest

from adapter.core.errors import StpUnknown
from adapter.core.route import TransportName

REST = "http://sas.example.com/SASBIWS/rest/storedProcesses/Shared Data/{{stpName}}"
SOAP = "http://sas.example.com:80/SASBIWS/services/DownloadFile"
INI = "conf/serviceConfig.ini"
SECRET = "hunter2"

REFUSED = [
    ("", "empty"),
    ("sas.example.com/SASBIWS/rest/x", "http or https"),
    ("ftp://sas.example.com/SASBIWS/rest/x", "http or https"),
    ("http:/sas/SASBIWS/rest/x", "no host"),
    ("http:///SASBIWS/rest/x", "no host"),
    ("http:\\\\sas\\SASBIWS\\rest\\x", "no host"),
    ("http://sas example.com/SASBIWS/rest/x", "no host"),
    ("http://{{stpName}}/SASBIWS/rest/x", "no host"),
    ("http://[::1/SASBIWS/rest/x", "cannot be read"),
    ("http://sas:99999/SASBIWS/rest/x", "cannot be read"),
    ("http://sas:port/SASBIWS/rest/x", "cannot be read"),
    ("http://sas/SASBIWS/rest/x#1", "cut the address off"),
    ("http://sas/SASBIWS/services/x?wsdl", "no query"),
    ("http://sas/SASBIWS/rest/{{stpName}}/{{stpName}}", "more than once"),
    ("http://sas/SASBIWS/rest/{{stpname}}", "braces"),
    ("http://sas/SASBIWS/rest/{stpName}", "braces"),
    ("http://sas/SASBIWS/rest/\x07{{stpName}}", "control characters"),
    ("http://sas/other/{{stpName}}", "SOAP or REST"),
    ("http://sas/SASBIWS/rest/x", "same stored process"),
]

WITH_PASSWORD = [
    f"http://user:{SECRET}@sas/SASBIWS/rest/x",
    f"http://user:my {SECRET}@sas/SASBIWS/rest/x",
    f"http://user:#{SECRET}@sas/SASBIWS/rest/x",
    f"http://user:/{SECRET}@sas/SASBIWS/rest/x",
    f"ftp://user:{SECRET}@sas/SASBIWS/rest/x",
    f"http://user:{SECRET}@/SASBIWS/rest/x",
    f"user:{SECRET}@sas/SASBIWS/rest/x",
]


@pytest.mark.parametrize(("stpurl", "reason"), REFUSED)
def test_an_address_that_cannot_be_called(home, stpurl, reason):
    home.service(f"[DEFAULT]\nstpurl = {stpurl}\n")
    problem = home.problem()
    assert (problem.where, problem.line) == (f"{INI} [DEFAULT] stpurl", 2)
    assert reason in problem.reason
    assert problem.expected


@pytest.mark.parametrize("stpurl", WITH_PASSWORD)
def test_a_password_in_an_address_is_never_shown(home, stpurl):
    home.service(f"[DEFAULT]\nstpurl = {stpurl}\nschema = {stpurl}\n")
    problems = home.problems()
    assert f"{INI} [DEFAULT] stpurl" in {problem.where for problem in problems}
    assert SECRET not in " ".join(map(str, problems))


@pytest.mark.parametrize(
    "stpurl",
    [
        REST,
        "https://sas.example.com:8343/SASBIWS/rest/storedProcesses/A%20B/{{stpName}}",
        "http://[::1]:80/SASBIWS/services/{{stpName}}",
        "http://sas/proxy/sasbiws/REST/storedProcesses/A %23 B (old), 100%/{{stpName}}/x",
        SOAP,
    ],
)
def test_an_address_is_taken_as_written(home, stpurl):
    home.service(f"[DEFAULT]\nstpurl = {stpurl}\n")
    assert home.load().routes.default.stpurl == stpurl


@pytest.mark.parametrize(
    ("stpurl", "transport", "expected", "why"),
    [
        (REST, "auto", TransportName.REST, "contains /SASBIWS/rest/"),
        (SOAP, "auto", TransportName.SOAP, "contains /SASBIWS/services/"),
        (REST, "SOAP", TransportName.SOAP, f"{INI} [DEFAULT] transport says soap"),
        ("http://sas/{{stpName}}", "rest", TransportName.REST, "says rest"),
    ],
)
def test_the_transport_and_why(home, stpurl, transport, expected, why):
    home.service(f"[DEFAULT]\nstpurl = {stpurl}\ntransport = {transport}\n")
    route = home.load().routes.default
    assert route.transport is expected
    assert why in route.transport_why


def test_a_section_inherits_and_changes_single_keys(home):
    home.default(
        "wait = 25",
        "timeout = 60",
        "[Download File]",
        f"stpurl = {SOAP}",
        "schema = DownloadFile.xsd",
        "wait = 5",
        "[Other]",
    )
    routes = home.load().routes
    download, other = routes.choose("Download File"), routes.choose("Other")
    assert (download.transport, download.address) == (TransportName.SOAP, SOAP)
    assert (download.schema, download.wait_s, download.timeout_s) == ("DownloadFile.xsd", 5, 60)
    assert (other.stpurl, other.schema, other.wait_s) == (REST, "instream.xsd", 25)


def test_sections_are_the_list_of_what_is_allowed(home):
    home.default("[Download File]")
    routes = home.load().routes
    assert routes.default is None
    with pytest.raises(StpUnknown):
        routes.choose("download file")


def test_a_sections_own_address_may_name_the_stored_process(home):
    home.service(f"[A]\nstpurl = {REST.replace('{{stpName}}', 'A')}\n")
    assert home.load().routes.choose("A").address.endswith("/A")


def test_a_default_address_without_a_name_is_fine_beside_sections(home):
    home.service(f"[DEFAULT]\nstpurl = {REST.replace('{{stpName}}', 'A')}\n[A]\n")
    assert home.load().routes.choose("A").address.endswith("/A")


@pytest.mark.parametrize(
    ("text", "where", "line"),
    [
        ("", f"{INI} [DEFAULT] stpurl", None),
        ("[DEFAULT]\n", f"{INI} [DEFAULT] stpurl", 1),
        ("[DEFAULT]\nwait = 5\n\n[A]\n", f"{INI} [A] stpurl", 4),
    ],
)
def test_a_missing_address_tells_the_remedy(home, text, where, line):
    home.service(text)
    problem = home.problem()
    assert (problem.where, problem.line) == (where, line)
    assert "sasbiws init DIR" in problem.expected


def test_a_missing_schema_names_those_there_are(home):
    home.default("schema = downloadfile.xds")
    problem = home.problem()
    assert problem.expected == "DownloadFile.xsd, instream.xsd"
    assert problem.found == "downloadfile.xds"


def test_one_wrong_key_in_default_is_told_once_for_all_sections(home):
    home.default("schema = no.xsd", "ca_file = no.pem", "retry_max = 1", "[A]", "[B]", "[C]")
    assert [problem.line for problem in home.problems()] == [3, 4, 5]


def test_authorities_that_are_no_pem_file_are_told_before_a_call_fails(home):
    home.write("ca.cer", b"\x30\x82\x03\x0f")  # as Windows exports them: DER
    home.default("ca_file = conf/ca.cer")
    problem = home.problem()
    assert (problem.where, problem.line) == (f"{INI} [DEFAULT] ca_file", 3)
    assert "BEGIN CERTIFICATE" in problem.reason


def test_a_data_target_needs_rest(home):
    home.default("target = out", "[A]", f"stpurl = {SOAP}", "[B]")
    problem = home.problem()
    assert problem.where == f"{INI} [DEFAULT] target"
    assert "[A] is called by SOAP" in problem.reason
    home.default("target = out", "[A]", f"stpurl = {SOAP}", "target =", "[B]")
    assert home.load().routes.choose("B").target == "out"


def test_retry_max_below_an_inherited_retry_first_is_told_where_it_is_nearest(home):
    home.default("retry_first = 20", "[A]", "retry_max = 10")
    problem = home.problem()
    assert (problem.where, problem.line) == (f"{INI} [A] retry_max", 5)
    assert "retry_max is 10 s and retry_first 20 s" in problem.reason


def test_problems_of_one_route_do_not_hide_each_other(home):
    home.service("[DEFAULT]\nstpurl = http://sas/x\nschema = no.xsd\nretry_max = 1\n")
    assert [problem.line for problem in home.problems()] == [2, 3, 4]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104
def test_short_links_need_an_address_that_sas_can_call(home, host):
    home.default("stage = true")

    problem = home.problem(SASBIWS_HOST=host)

    assert "short links to staged files" in problem.reason
    assert (problem.expected.split()[0], problem.found) == ("files_url", host)
    assert home.load(SASBIWS_HOST=host, SASBIWS_FILES_URL="http://adapter.example.com:8100")
    assert home.load(SASBIWS_HOST=host, SASBIWS_STAGE_AS="path") is not None
    home.default("stage = false")
    assert home.load(SASBIWS_HOST=host)
