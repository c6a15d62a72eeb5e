"""Requests made from `/openapi.json`, right ones and wrong ones: all is answered as it says there.

`FUZZ_EXAMPLES=500 pytest tests/web/test_fuzz_api.py -s` runs longer, and prints how many.
"""

from copy import deepcopy

import pytest
import schemathesis
from callers import get
from fuzzing import WANTED, count, examples
from hypothesis import given
from schemathesis.checks import load_all_checks
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks as conforms

from adapter.web.endpoints import ENDPOINTS
from adapter.web.openapi import ADDRESS

CHECKS = (
    conforms.status_code_conformance,
    conforms.content_type_conformance,
    conforms.response_schema_conformance,
    conforms.response_headers_conformance,
)
LIMIT_S = 20
OPEN = {"Task"}
"""Schemas of what a caller sends; all others are answers, which a test holds to the letter."""

pytestmark = [
    pytest.mark.timeout(60 + 4 * WANTED),
    # The adapter under test runs in this process, and draws the waits before its retries.
    pytest.mark.filterwarnings("ignore:Do not use the .random. module inside strategies"),
]


def to_the_letter(document):
    """The document where an answer has no member that it does not tell of."""
    document = deepcopy(document)
    for name, schema in document["components"]["schemas"].items():
        if name not in OPEN and "properties" in schema:
            schema["additionalProperties"] = False
    return document


@pytest.fixture(scope="module")
def api(module_site):
    load_all_checks()
    return schemathesis.openapi.from_dict(to_the_letter(get(module_site, ADDRESS).body))


@pytest.fixture(scope="module")
def token(module_site):
    return (module_site.home / "var/operator.token").read_text("utf-8").strip()


@pytest.fixture(scope="module")
def kept(module_site):
    """The id of a parked delivery, beside deliveries of other states."""
    for path, body in (("/Echo", {"a": 1}), ("/nobody", {"a": 1})):
        module_site.post(body, path, Prefer="wait=20")
    parked = module_site.post({"code": "3000"}, "/Fault", Prefer="wait=20")
    return parked.json()["error"]["deliveryId"]


WAYS = {
    "right": GenerationMode.POSITIVE,
    "wrong": GenerationMode.NEGATIVE,
    "of what is there": GenerationMode.POSITIVE,
}
RUNS = [
    pytest.param(endpoint, way, id=f"{endpoint.method} {endpoint.address} {way}")
    for endpoint in ENDPOINTS
    for way in WAYS
    if way != "of what is there" or "{" in endpoint.address
]


@pytest.mark.parametrize(("endpoint", "way"), RUNS)
def test_every_request_is_answered_as_described(
    module_site, api, token, kept, endpoint, way, record_property
):
    there = {"stored_process": "Echo", "delivery_id": kept}
    named = {name: there[name] for name in there if f"{{{name}}}" in endpoint.address}
    chosen = {"path_parameters": named} if way == "of what is there" else {}
    operation = api[endpoint.address][endpoint.method]
    sent = []

    @examples(6)
    @given(case=operation.as_strategy(generation_mode=WAYS[way], **chosen))
    def answered(case):
        sent.append(case)
        response = case.call(
            base_url=module_site.url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=LIMIT_S,
        )
        assert response.status_code != 500, response.text
        case.validate_response(response, checks=CHECKS)

    answered()
    count(record_property, len(sent), f"{way}: {endpoint.method} {endpoint.address}")
    assert get(module_site, "/healthz").status == get(module_site, "/readyz").status == 200
