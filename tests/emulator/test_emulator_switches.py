"""Switches as values: documented, checked, and good for JSON."""

import inspect
import json
from dataclasses import fields, replace

import pytest

from adapter.emulator import Page, SwitchError, Switches


def test_every_switch_is_documented():
    for each in fields(Switches):
        assert f"\n    {each.name}: " in inspect.getdoc(Switches)


def test_text_of_a_choice_is_the_choice():
    assert Switches(page="login200").page is Page.LOGIN_200
    assert replace(Switches(), value_kind="anyType") == Switches(value_kind="anyType")


def test_users_cannot_be_changed_from_outside():
    users = {"a": "b"}
    switches = Switches(users=users)
    users["c"] = "d"
    assert dict(switches.users) == {"a": "b"}


WRONG = [
    ("operation_spelling", "lower"),
    ("value_kind", None),
    ("output_name", "a b"),
    ("wsdl_cache", 1),
    ("users", {"a": 1}),
    ("users", []),
    ("line_breaks", "drop"),
    ("lrecl", 0),
    ("lrecl", "3000"),
    ("sas_namespace", None),
    ("fault_http_status", 404),
    ("syscc", 0),
    ("syscc_name", "1 2"),
    ("syscc_place", "Detail"),
    ("fault", 6000),
    ("fault", True),
    ("status", 418),
    ("retry_after_s", -1),
    ("page", "blank"),
    ("delay_s", -0.1),
    ("delay_s", True),
    ("delay_s", "1"),
    ("delay_s", float("nan")),
    ("connection", "drop"),
    ("only", None),
    ("times", -1),
    ("times", 1.5),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_wrong_values_are_refused_by_name(name, value):
    with pytest.raises(SwitchError) as raised:
        Switches(**{name: value})
    (problem,) = raised.value.problems
    assert problem.startswith(f"{name} is {value!r}; expected ")
    with pytest.raises(SwitchError):
        Switches().merged({name: value})


def test_every_problem_is_told_at_once():
    with pytest.raises(SwitchError) as raised:
        Switches().merged({"fault": 1, "faults": 1000, "times": -1})
    assert len(raised.value.problems) == 3


def test_switches_survive_json():
    switches = Switches(users={"a": "b"}, page="huge", retry_after_s=3, output_name="out")
    assert Switches().merged(json.loads(json.dumps(switches.as_json()))) == switches


def test_calm_turns_off_the_five_disturbances_only():
    switches = Switches(
        fault=1000, status=503, page="text", delay_s=1, connection="reset_mid", times=3, lrecl=10
    )
    assert switches.disturbs
    assert switches.calm() == Switches(lrecl=10)
    assert not switches.calm().disturbs
