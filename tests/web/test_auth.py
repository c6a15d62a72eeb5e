"""Who is let in over real sockets: every method, every door, and what a refusal says."""

import json
import logging
import time
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from callers import at_once, post, refused, send, task, until

from adapter import config
from adapter.config.caller_file import AUTH_INI, read_callers, write_callers
from adapter.core.access import Area, Caller, Method
from adapter.web.auth_proof import Passwords, password_proof, token_proof
from adapter.web.refusals import TooManyFailures

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
[Echo]
[adapter:auth]
trusted_proxies = 127.0.0.1
hosts = adapter.example.com
"""

PASSWORD = "Grüße: von CI 360"
SECRETS = {
    "agent": "agent-token-of-a-test", "key": "api-key-of-a-test", "ops-token": "ops-token-of-a-test",
}  # fmt: skip
LOCAL = {"X-Forwarded-For": "127.0.0.1"}
STRANGER = {"X-Forwarded-For": "203.0.113.9"}


def caller(name, method, *areas, proof=""):
    return Caller(name, method, frozenset(areas), proof or token_proof(SECRETS[name]), "2026-01-31")


@pytest.fixture(scope="module")
def callers():
    password = password_proof(PASSWORD)
    return (
        caller("ci360", Method.BASIC, Area.WEBHOOK, proof=password),
        caller("ops", Method.BASIC, Area.OPERATOR, proof=password),
        caller("agent", Method.BEARER, Area.WEBHOOK),
        caller("ops-token", Method.BEARER, Area.OPERATOR),
        caller("key", Method.API_KEY, Area.WEBHOOK, Area.OPERATOR),
    )


@pytest.fixture
def guarded(shared, callers):
    """The site with all callers; forgotten failures need another address."""
    write_callers(shared.home, callers)
    return shared


def basic(user, password=PASSWORD, encoding="utf-8"):
    pair = b64encode(f"{user}:{password}".encode(encoding)).decode()
    return {"Authorization": f"Basic {pair}"}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def operator_token(site):
    return bearer((site.home / "var/operator.token").read_text("ascii").strip())


def run(site, headers, body=None):
    return send(site, "POST", "/ExecuteSTP", body or task("Echo"), headers)


def look(site, headers, target="/deliveries"):
    return send(site, "GET", target, headers=headers)


def challenges(reply):
    return reply.headers["www-authenticate"]


GOOD = [
    basic("ci360"), basic("ci360", "Grüße: von CI 360"), bearer(SECRETS["agent"]),
    {"authorization": f"BEARER   {SECRETS['agent']}"}, {"X-API-Key": SECRETS["key"]},
    {"X-API-Key": SECRETS["key"], **bearer("of a proxy, not ours")},
]  # fmt: skip


@pytest.mark.parametrize("headers", GOOD)
@pytest.mark.parametrize("origin", [{}, LOCAL, STRANGER])
def test_whoever_proves_it_is_let_in_from_everywhere(guarded, headers, origin):
    assert run(guarded, {**headers, **origin}).status == 202


WRONG = [
    basic("ci360", "wrong"), basic("nobody"), basic("ci360", ""), basic("", PASSWORD),
    {"Authorization": "Basic ###"}, {"Authorization": "Basic"}, {"Authorization": "Digest x"},
    bearer("wrong"), bearer(""), bearer(SECRETS["key"]), bearer(SECRETS["agent"] + "x"),
    bearer("a.b.c"), {"X-API-Key": SECRETS["agent"]}, {"X-API-Key": "é"},
    {"X-API-Key": "wrong", **bearer("wrong")},
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_is_wrong_is_401_and_tells_every_way_in(guarded, number):
    reply = run(guarded, {**WRONG[number], "X-Forwarded-For": f"198.51.100.{number}"})
    refused(guarded, reply, 401, "AUTHENTICATION_FAILED")
    for way in ('Basic realm="sasbiws", charset="UTF-8"', 'Bearer realm="sasbiws"', "ApiKey "):
        assert way in all_challenges(guarded, WRONG[number], f"198.51.101.{number}")


def all_challenges(site, headers, address):
    """Every WWW-Authenticate header; `Reply` keeps the last of a name."""
    sent = {**headers, "X-Forwarded-For": address}
    encoded = {name: value.encode("utf-8") for name, value in sent.items()}
    reply = site.session.post(
        f"{site.url}/ExecuteSTP", data=task("Echo"), headers=encoded, timeout=9
    )
    return reply.headers["WWW-Authenticate"]


@pytest.mark.parametrize("origin", [{}, LOCAL, STRANGER])
def test_nothing_is_401_from_this_machine_too(guarded, origin):
    reply = run(guarded, origin)
    error = refused(guarded, reply, 401, "AUTHENTICATION_REQUIRED")
    assert "sasbiws auth" in error["remedy"]
    assert challenges(reply)


def test_a_refused_task_is_not_kept_and_not_run(guarded):
    before = look(guarded, basic("ops")).body["counts"]
    run(guarded, {"X-Forwarded-For": "198.51.100.77"})
    assert look(guarded, basic("ops")).body["counts"] == before
    assert not guarded.emulator.executions


def test_the_log_names_the_caller_of_a_task(guarded, caplog):
    with caplog.at_level(logging.INFO, "adapter"):
        run(guarded, bearer(SECRETS["agent"]))
    assert [
        line for line in caplog.messages if line.startswith("intake ") and "caller=agent" in line
    ]


def test_each_caller_reaches_its_own_doors_alone(guarded):
    refused(guarded, look(guarded, bearer(SECRETS["agent"])), 403, "CALLER_NOT_ALLOWED")
    refused(guarded, run(guarded, basic("ops")), 403, "CALLER_NOT_ALLOWED")
    refused(guarded, run(guarded, operator_token(guarded)), 403, "CALLER_NOT_ALLOWED")
    for headers in (
        basic("ops"), bearer(SECRETS["ops-token"]), {"X-API-Key": SECRETS["key"]},
        operator_token(guarded),
    ):  # fmt: skip
        assert look(guarded, headers).status == 200
        assert look(guarded, headers, "/holds").status == 200


def test_verbs_take_the_operator_token_and_operators(guarded):
    body = json.dumps({"state": "rejected", "expect": 0}).encode()
    retry = "/deliveries/retry"
    for headers in (basic("ops"), {"X-API-Key": SECRETS["key"]}, operator_token(guarded)):
        assert send(guarded, "POST", retry, body, headers).status == 200
    for headers in (
        {},
        bearer(SECRETS["agent"]),
        {**bearer("wrong"), "X-Forwarded-For": "198.51.100.88"},
    ):
        refused(guarded, send(guarded, "POST", retry, body, headers), 401, "OPERATOR_TOKEN_WRONG")
        reply = look(guarded, headers, "/deliveries/export")
        refused(guarded, reply, 401, "OPERATOR_TOKEN_WRONG")


def test_a_delivery_is_told_to_those_who_post_and_to_operators(guarded):
    target = run(guarded, bearer(SECRETS["agent"])).headers["location"]
    for headers in (bearer(SECRETS["agent"]), basic("ops"), operator_token(guarded)):
        assert look(guarded, headers, target).status == 200
    refused(guarded, look(guarded, {}, target), 401, "AUTHENTICATION_REQUIRED")


def test_health_is_told_to_everybody_and_nothing_else_is(guarded):
    for target in ("/healthz", "/readyz"):
        assert look(guarded, STRANGER, target).status == 200
    for target in ("/deliveries", "/holds", "/deliveries/x", "/deliveries/export"):
        assert look(guarded, STRANGER, target).status == 401
    assert look(guarded, STRANGER, "/nothing").status == 404


def test_every_rule_has_a_door_and_a_new_one_is_for_operators(guarded):
    from adapter.web.auth import Door
    from adapter.web.guard import DOORS

    app = guarded.serving.parts.web.app()
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert set(DOORS) <= endpoints | {"openapi"}
    posts = {r.endpoint for r in app.url_map.iter_rules() if "POST" in r.methods} - {"execute"}
    assert all(DOORS[endpoint] is Door.VERB for endpoint in posts)


def test_whoever_is_removed_is_refused_at_the_next_request(guarded, callers):
    assert run(guarded, bearer(SECRETS["agent"])).status == 202
    assert run(guarded, basic("ci360")).status == 202
    write_callers(guarded.home, [each for each in callers if each.name not in {"agent", "ci360"}])
    for number, headers in enumerate((bearer(SECRETS["agent"]), basic("ci360"))):
        address = {"X-Forwarded-For": f"198.51.102.{number}"}
        refused(guarded, run(guarded, {**headers, **address}), 401, "AUTHENTICATION_FAILED")
    write_callers(guarded.home, callers)
    assert run(guarded, bearer(SECRETS["agent"])).status == 202


def test_a_broken_file_changes_nothing_and_is_told(guarded, caplog):
    (guarded.home / AUTH_INI).write_text("[agent]\nmethod = none\n", encoding="utf-8")
    with caplog.at_level(logging.ERROR, "adapter"):
        assert run(guarded, bearer(SECRETS["agent"])).status == 202
        assert run(guarded, {}).status == 401
    assert [line for line in caplog.messages if line.startswith("auth_file ")]


def test_the_file_can_be_read_by_its_owner_alone(guarded):
    assert (guarded.home / AUTH_INI).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[a]\nmethod = md5\nfor = webhook\nproof = " + "0" * 64, "method"),
        ("[a]\nmethod = bearer\nfor = everything\nproof = " + "0" * 64, "for"),
        ("[a]\nmethod = bearer\nproof = " + "0" * 64, "for"),
        ("[a]\nmethod = bearer\nfor = webhook\nproof = in clear text", "proof"),
        ("[a]\nmethod = bearer\nfor = webhook\nproof = " + "0" * 64 + "\nword = x", "word"),
        ("[a:b]\nmethod = bearer\nfor = webhook\nproof = " + "0" * 64, "[a:b]"),
        ("[DEFAULT]\nmethod = bearer\n", "[DEFAULT]"),
    ],
)
def test_a_file_written_by_hand_is_checked(tmp_path, text, key):
    from adapter.core.errors import ConfigurationInvalid

    (tmp_path / "conf").mkdir()
    (tmp_path / AUTH_INI).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationInvalid) as raised:
        read_callers(tmp_path)
    assert any(problem.where.endswith(key) for problem in raised.value.problems)
    assert "clear text" not in str(raised.value.problems)


# Failures.


def test_after_many_failures_wrong_ones_are_told_to_wait_and_right_ones_pass(guarded):
    address = {"X-Forwarded-For": "192.0.2.50"}
    told = [run(guarded, {**bearer(f"wrong {n}"), **address}).status for n in range(12)]
    assert told == [401] * 10 + [429] * 2
    reply = run(guarded, {**basic("ci360", "guess"), **address})
    refused(guarded, reply, 429, "TOO_MANY_FAILURES")
    assert 1 <= int(reply.headers["retry-after"]) <= 60
    for headers in GOOD:
        assert run(guarded, {**headers, **address}).status == 202
    assert run(guarded, {**bearer("wrong"), "X-Forwarded-For": "192.0.2.51"}).status == 401
    verb = send(guarded, "POST", "/deliveries/retry", b"{}", {**bearer("wrong"), **address})
    refused(guarded, verb, 429, "TOO_MANY_FAILURES")


def test_a_right_password_is_known_again_for_five_minutes_after_its_last_use(callers):
    now = [0.0]
    passwords, known = Passwords(lambda: now[0]), callers[0]
    took = []
    for now[0] in (0.0, 299.0, 598.0, 898.0):
        began = time.process_time()
        assert passwords.right(known, PASSWORD, suspect=False)
        took.append(time.process_time() - began)
    slow = min(took[0], took[3])
    assert max(took[1], took[2]) < slow / 4
    assert not passwords.right(replace(known, proof=password_proof("new")), PASSWORD, suspect=False)
    assert not passwords.right(None, PASSWORD, suspect=False)


def test_one_password_of_a_suspect_is_checked_at_a_time_and_others_are_not_kept(callers):
    passwords = Passwords(time.monotonic)
    told = at_once([lambda: outcome(passwords, callers[0], suspect=True)] * 8)
    assert set(told) <= {False, "busy"}
    assert "busy" in told
    assert at_once([lambda: outcome(passwords, callers[0], suspect=False)] * 8) == [False] * 8


def outcome(passwords, known, *, suspect):
    try:
        return passwords.right(known, "wrong", suspect=suspect)
    except TooManyFailures:
        return "busy"


# Where nothing is configured.


@contextmanager
def bare(open_premises, *lines):
    config_text = SERVICE_CONFIG.partition("[adapter:auth]")[0] + "\n".join(
        ("[adapter:auth]", *lines)
    )
    with open_premises(config_text).serving() as site:
        yield site


def test_without_callers_this_machine_may_call_and_no_other(open_premises):
    with bare(open_premises) as site:
        assert run(site, {}).status == 202
        assert run(site, {"Authorization": "Basic b2xkOnNldHRpbmc="}).status == 202
        assert look(site, {}).status == 200
        for name, value in (
            ("X-Forwarded-For", "127.0.0.1"), ("Forwarded", "for=127.0.0.1"), ("Via", "1.1 proxy"),
            ("X-Real-IP", "127.0.0.1"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "x"),
        ):  # fmt: skip
            reply = run(site, {name: value})
            error = refused(site, reply, 403, "CALLER_NOT_LOCAL")
            assert "sasbiws auth add" in error["remedy"]
            assert look(site, {name: value}).status == 401


TRUSTING = "trusted_proxies = 127.0.0.1"


@pytest.fixture(scope="module")
def anywhere(request, whole, tmp_path_factory):
    """A site that takes tasks of callers who say, through a proxy, that they are local."""
    web = request.config.pluginmanager.get_plugin(str(Path(__file__).with_name("conftest.py")))
    lines = ("[adapter:auth]", TRUSTING, "allow_anonymous = true", "allow_from = 127.0.0.1, ::1")
    text = SERVICE_CONFIG.partition("[adapter:auth]")[0] + "\n".join(lines)
    folder = tmp_path_factory.mktemp("anywhere")
    with web.opened(whole, folder, text) as premises, premises.serving() as site:
        yield site


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (LOCAL, 202), (STRANGER, 403), ({}, 202),
        ({"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}, 403),
        ({"X-Forwarded-For": "203.0.113.9, 127.0.0.1"}, 202),
        ({"X-Forwarded-For": "127.0.0.1:5151"}, 202), ({"X-Forwarded-For": "[::1]:5151"}, 202),
        ({"X-Forwarded-For": "::ffff:127.0.0.1"}, 202), ({"X-Forwarded-For": "unknown"}, 403),
        ({"Forwarded": 'for=203.0.113.9, for="[::1]:99";proto=https'}, 202),
        ({"Forwarded": "for=127.0.0.1, for=203.0.113.9"}, 403), ({"Forwarded": "by=127.0.0.1"}, 403),
        ({"Forwarded": "for=127.0.0.1", **STRANGER}, 403), ({"X-Real-IP": "127.0.0.1"}, 403),
    ],
)  # fmt: skip
def test_what_the_nearest_trusted_proxy_saw_is_where_a_call_comes_from(anywhere, headers, status):
    assert run(anywhere, headers).status == status


@pytest.mark.parametrize(
    "headers", [{}, LOCAL, {"Forwarded": "for=127.0.0.1"}, {"X-Real-IP": "::1"}]
)
def test_nothing_that_comes_through_a_proxy_is_local(open_premises, headers):
    with bare(open_premises, TRUSTING) as site:
        refused(site, run(site, headers), 403, "CALLER_NOT_LOCAL")
        refused(site, look(site, headers), 401, "AUTHENTICATION_REQUIRED")


def test_allow_anonymous_opens_the_webhook_and_nothing_else(open_premises):
    with bare(open_premises, TRUSTING, "allow_anonymous = true") as site:
        reply = run(site, STRANGER)
        assert reply.status == 202
        assert look(site, STRANGER, reply.headers["location"]).status == 200
        assert look(site, STRANGER).status == 401
        write_callers(site.home, [caller("agent", Method.BEARER, Area.WEBHOOK)])
        assert run(site, STRANGER).status == 202
        assert run(site, {**STRANGER, **bearer("wrong")}).status == 401


def test_addresses_that_may_call(open_premises):
    lines = ("allow_from = 10.0.0.0/8, 127.0.0.1", "operator_from = 10.9.9.9")
    with bare(open_premises, TRUSTING, "allow_anonymous = true", *lines) as site:

        def from_(address):
            return {"X-Forwarded-For": address}

        assert run(site, from_("10.1.2.3")).status == 202
        assert run(site, from_("127.0.0.1")).status == 202
        refused(site, run(site, from_("11.1.2.3")), 403, "ADDRESS_REFUSED", "11.1.2.3")
        refused(site, run(site, from_("?")), 403, "ADDRESS_REFUSED")
        token = operator_token(site)
        assert look(site, {**token, **from_("10.9.9.9")}).status == 200
        refused(site, look(site, {**token, **from_("10.9.9.8")}), 403, "ADDRESS_REFUSED")
        verb = send(site, "POST", "/deliveries/retry", b"{}", {**token, **from_("10.9.9.8")})
        refused(site, verb, 403, "ADDRESS_REFUSED")
        assert look(site, from_("11.1.2.3"), "/healthz").status == 200


def test_requests_a_second(open_premises):
    with bare(open_premises, "operator_rate = 3", "webhook_rate = 2") as site:
        told = [look(site, operator_token(site)) for _ in range(8)]
        late = next(reply for reply in told if reply.status != 200)
        refused(site, late, 429, "TOO_MANY_REQUESTS")
        assert late.headers["retry-after"] == "1"
        assert 429 in [run(site, {}).status for _ in range(8)]
        until(lambda: look(site, operator_token(site)).status == 200)


def test_the_webhook_has_no_limit_unless_one_is_set(open_premises):
    with bare(open_premises) as site:
        assert {post(site, b"{}").status for _ in range(150)} == {400}


def test_settings_that_cannot_be_meant_are_told(tmp_path, whole):
    from adapter.core.errors import ConfigurationInvalid

    lines = "hosts = a b", "trusted_proxies = proxy", "allow_from = 10.0.0.1/8", "jwt_key_file = no"
    text = SERVICE_CONFIG.partition("[adapter:auth]")[0].replace("{sas}", "http://sas.example.com")
    home = whole.write_home(tmp_path, text + "\n".join(("[adapter:auth]", *lines)))
    with pytest.raises(ConfigurationInvalid) as raised:
        config.load(home, {})
    told = str(raised.value.problems)
    for key in ("hosts", "trusted_proxies", "allow_from", "jwt_key_file"):
        assert f"[adapter:auth] {key}" in told
