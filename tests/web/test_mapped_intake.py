"""Prompts at the door: judged by the pinned WSDL, and kept through a retry."""

import pytest

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{stpName}}
[Count_Segment]
stpurl = {sas}/SASBIWS/services/Shared Data/CI360Jobs/Count_Segment
wait = 20
columns_rest = none
parameters =
    segment_code = code
    max_rows = rows
[Slow]
wait = 20
columns =
    who = $delivery.id
    n = number(n)
parameters =
    seconds = default(seconds, `0`)
"""


def test_a_prompt_is_judged_by_the_pinned_wsdl(shared):
    first = shared.post({"code": "A", "rows": 2}, "/Count_Segment")
    assert first.status_code == 200, first.text
    assert first.json()["result"]["parameters"]["row_count"] == "2"
    second = shared.post({"code": "A", "rows": 2.5}, "/Count_Segment")
    assert second.status_code == 422
    (detail,) = second.json()["error"]["details"]
    assert (detail["where"], detail["expected"], detail["found"]) == ("max_rows", "int", "2.5")


def test_the_id_of_the_delivery_is_known_to_the_document(shared):
    answer = shared.post({"n": " 5 "}, "/Slow")
    assert answer.status_code == 200, answer.text
    assert answer.text.count(answer.json()["deliveryId"]) > 1


@pytest.mark.parametrize("value", ["five", {"a": 1}])
def test_a_value_that_is_unfit_is_told_with_its_path(shared, value):
    answer = shared.post({"n": value}, "/Slow")
    assert answer.status_code == 422
    detail = answer.json()["error"]["details"][0]
    assert detail["where"] == "n = number(n)"
    assert detail["reason"].endswith("read from n")
