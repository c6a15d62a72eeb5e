"""JSON Web Tokens over real sockets: what is taken, and every way in which one is not."""

import base64
import hashlib
import hmac
import time
from contextlib import contextmanager
from pathlib import Path

import jwt
import pytest
from callers import refused, send, task
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from adapter import config
from adapter.core.errors import ConfigurationInvalid
from adapter.web.auth_jwt import Jwt

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
[Echo]
[adapter:auth]
jwt_key_file = conf/jwt.key
jwt_issuer = https://login.example.com/
jwt_audience = sasbiws
trusted_proxies = 127.0.0.1
"""
SHARED = "a-shared-secret-of-a-test-with-enough-bytes"


def public_of(private):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


@pytest.fixture(scope="module")
def keys():
    return [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]


@pytest.fixture(scope="module")
def serve(request, whole):
    """Serves a home below a folder whose tokens are checked with this key."""
    web = request.config.pluginmanager.get_plugin(str(Path(__file__).with_name("conftest.py")))

    @contextmanager
    def serve_one(folder, key, *lines):
        (folder / "key").write_text(key, encoding="ascii")
        text = SERVICE_CONFIG.replace("conf/jwt.key", str(folder / "key")) + "\n".join(lines)
        with web.opened(whole, folder, text) as premises, premises.serving() as site:
            yield site

    return serve_one


@pytest.fixture(scope="module")
def rs256(keys, serve, tmp_path_factory):
    with serve(tmp_path_factory.mktemp("rs256"), public_of(keys[0])) as site:
        yield site


def claims(**changed):
    """Claims that are taken, but for these; a number is seconds from now, None leaves one out."""
    now = int(time.time())
    good = {
        "iss": "https://login.example.com/", "aud": "sasbiws", "sub": "general-agent",
        "iat": now, "nbf": now, "exp": now + 300,
    }  # fmt: skip
    late = {name: now + value for name, value in changed.items() if isinstance(value, int)}
    return {name: value for name, value in {**good, **changed, **late}.items() if value is not None}


def run(site, token, address="203.0.113.9"):
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
    return send(site, "POST", "/ExecuteSTP", task("Echo"), headers)


@pytest.mark.parametrize("changed", [{}, {"aud": ["other", "sasbiws"]}, {"exp": -5}, {"sub": None}])
def test_a_good_token_is_taken(rs256, keys, changed):
    assert run(rs256, jwt.encode(claims(**changed), keys[0], "RS256")).status == 202


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"exp": -60}, "expired"), ({"nbf": 600}, "not valid yet"),
        ({"iss": "https://evil.example"}, "issuer"), ({"aud": "other"}, "audience"),
        ({"exp": None}, "missing"), ({"iss": None}, "missing"), ({"aud": None}, "missing"),
        ({"exp": "soon"}, "cannot be read"),
    ],
)  # fmt: skip
def test_a_token_with_wrong_claims_is_refused_and_says_why(rs256, keys, changed, reason):
    reply = run(rs256, jwt.encode(claims(**changed), keys[0], "RS256"), f"198.51.100.{len(reason)}")
    refused(rs256, reply, 401, "AUTHENTICATION_FAILED", reason)
    assert reply.headers["www-authenticate"] == 'Bearer realm="sasbiws"'


def test_a_token_signed_otherwise_is_refused(rs256, keys):
    good = jwt.encode(claims(), keys[0], "RS256")
    head, body, signature = good.split(".")
    none = jwt.encode(claims(), None, "none")
    # The public key, taken for a shared secret: the classic confusion of algorithms.
    hs_head = jwt.encode(claims(), SHARED, "HS256").split(".")[0]
    digest = hmac.digest(public_of(keys[0]).encode(), f"{hs_head}.{body}".encode(), hashlib.sha256)
    confused = f"{hs_head}.{body}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
    others = jwt.encode(claims(), keys[1], "RS256")
    cut = f"{head}.{body}.{signature[:-8]}"
    changed = f"{head}.{body[:-4]}AAAA.{signature}"
    for number, token in enumerate(
        (none, confused, others, cut, changed, "..", "a.b.c", f"{head}..")
    ):
        reply = run(rs256, token, f"192.0.2.{number}")
        refused(rs256, reply, 401, "AUTHENTICATION_FAILED")
        assert token not in reply.text


def test_its_bearer_reaches_the_webhook_alone_unless_configured(rs256, keys):
    token = jwt.encode(claims(), keys[0], "RS256")
    reply = send(rs256, "GET", "/deliveries", headers={"Authorization": f"Bearer {token}"})
    refused(rs256, reply, 403, "CALLER_NOT_ALLOWED", "general-agent")


def test_a_shared_secret_and_an_operator(serve, tmp_path):
    with serve(tmp_path, f"{SHARED}\n", "jwt_algorithm = HS256", "jwt_for = both") as site:
        token = jwt.encode(claims(), SHARED, "HS256")
        assert run(site, token).status == 202
        headers = {"Authorization": f"Bearer {token}"}
        assert send(site, "GET", "/deliveries", headers=headers).status == 200
        verb = send(site, "POST", "/deliveries/retry", b'{"state": "parked", "expect": 0}', headers)
        assert verb.status == 200
        other = jwt.encode(claims(), SHARED[::-1], "HS256")
        refused(site, run(site, other), 401, "AUTHENTICATION_FAILED", "signature")


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        ("short", ("jwt_algorithm = HS256",)), ("not a key", ()),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", ()),
        (f"{SHARED}\n", ("jwt_algorithm = HS256", "jwt_issuer =")),
        (f"{SHARED}\n", ("jwt_algorithm = none",)),
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_used_is_told_before_anybody_calls(whole, tmp_path, key, lines):
    text = SERVICE_CONFIG.replace("{sas}", "http://sas.example.com")
    for line in lines:
        name = line.partition(" =")[0]
        kept = [each for each in text.splitlines() if not each.startswith(name)]
        text = "\n".join((*kept, line, ""))
    home = whole.write_home(tmp_path, text)
    (home / "conf/jwt.key").write_text(key, encoding="ascii")
    with pytest.raises(ConfigurationInvalid) as raised:
        Jwt(config.load(home, {}).access.jwt)
    assert SHARED not in str(raised.value.problems) + raised.value.message


def test_a_weak_rsa_key_is_refused(whole, tmp_path):
    weak = public_of(rsa.generate_private_key(public_exponent=65537, key_size=1024))  # noqa: S505
    home = whole.write_home(tmp_path, SERVICE_CONFIG.replace("{sas}", "http://sas.example.com"))
    (home / "conf/jwt.key").write_text(weak, encoding="ascii")
    with pytest.raises(ConfigurationInvalid, match="1024 bits"):
        Jwt(config.load(home, {}).access.jwt)
