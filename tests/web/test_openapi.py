"""`/openapi.json` describes the application: all of it, and nothing else."""

import json
import re

import pytest
from callers import PASSWORD, SIGNATURE, get, send
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from adapter.core.errors import AdapterError
from adapter.web import asked, bodies
from adapter.web.auth import Door
from adapter.web.endpoints import ENDPOINTS
from adapter.web.guard import DOORS
from adapter.web.openapi import ADDRESS, SCHEMES, address_of, errors_of, routes_of

TABLE = {(each.method, each.address): each for each in ENDPOINTS}


@pytest.fixture(scope="module")
def document(module_site):
    return get(module_site, ADDRESS).body


def operations(document):
    return {
        (method.upper(), address): operation
        for address, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def judge(document, schema):
    """Whoever says what is wrong with a value that should be of this schema."""
    return Draft202012Validator({**schema, "components": document["components"]})


def test_it_is_a_valid_document_of_openapi_3_1(document):
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_endpoint_is_in_the_table_and_in_the_document(module_site, document):
    there = sorted(routes_of(module_site.serving.parts.web.app()))
    assert sorted(TABLE) == there
    assert sorted(operations(document)) == there


def codes_of(kind):
    return {kind.code, *(code for below in kind.__subclasses__() for code in codes_of(below))}


def test_every_code_and_status_exists(document):
    known = codes_of(AdapterError)
    for operation in operations(document).values():
        for status, answer in operation["responses"].items():
            for code in answer.get("content", {}).get("application/json", {}).get("examples", {}):
                assert int(status) >= 400
                assert code in known
                assert code in answer["description"]


def test_every_error_says_what_it_means_and_what_to_do(document):
    for operation in operations(document).values():
        for answer in operation["responses"].values():
            for content in answer.get("content", {}).values():
                for example in content.get("examples", {}).values():
                    error = example["value"]["error"]
                    assert error["message"]
                    assert error["remedy"]
                    assert judge(document, content["schema"]).is_valid(example["value"])


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: f"{e.method} {e.address}")
def test_the_sample_is_what_the_schema_allows(document, endpoint):
    if endpoint.body is None:
        assert endpoint.sample is None
    else:
        judge(document, endpoint.body).validate(endpoint.sample)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: f"{e.method} {e.address}")
def test_an_endpoint_asks_for_the_token_where_it_says_so(module_site, endpoint):
    address = re.sub(r"{\w+}", "0" * 32, endpoint.address)
    reply = send(module_site, endpoint.method, address, b"{}" if endpoint.body else b"")
    assert (reply.status == 401) == (endpoint.door is Door.VERB)
    if reply.status >= 400:
        codes = {kind.code for kind in errors_of(endpoint)[reply.status]}
        assert reply.error["code"] in codes


def test_an_endpoint_stands_behind_the_door_that_is_told(module_site):
    rules = module_site.serving.parts.web.app().url_map.iter_rules()
    doors = {address_of(rule.rule): DOORS[rule.endpoint] for rule in rules if "GET" in rule.methods}
    assert doors == {e.address: e.door for e in ENDPOINTS if e.method == "GET"}


def test_the_filters_are_those_that_are_read():
    assert tuple(bodies.FILTERS) == asked.FILTERS


def test_what_proves_a_caller_is_told_and_never_the_proof(module_site, document):
    named = {
        name
        for operation in operations(document).values()
        for way in operation.get("security", [])
        for name in way
    }
    assert named <= set(SCHEMES)
    text = json.dumps(document)
    token = (module_site.home / "var/operator.token").read_text("utf-8").strip()
    for secret in (token, str(module_site.home), SIGNATURE, PASSWORD, "Download File]", "[Echo]"):
        assert secret not in text


def test_what_is_answered_is_as_described(document, module_site):
    described = operations(document)
    reply = send(module_site, "POST", "/ExecuteSTP/Echo", b'{"a": 1}', {"Prefer": "wait=20"})
    answer = described["POST", "/ExecuteSTP"]["responses"][str(reply.status)]
    judge(document, answer["content"]["application/json"]["schema"]).validate(reply.body)
    assert reply.status == 200
    whole = get(module_site, f"/deliveries/{reply.body['deliveryId']}")
    answer = described["GET", "/deliveries/{delivery_id}"]["responses"]["200"]
    judge(document, answer["content"]["application/json"]["schema"]).validate(whole.body)
    for name in answer["headers"]:
        assert name.lower() in whole.headers
