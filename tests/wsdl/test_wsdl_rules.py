"""Every rule has an example that breaks it and one that keeps it, and finds the place."""

import re
import tomllib

import pytest
import zeep

from adapter.wsdl.checking import case_of
from adapter.wsdl.finding import Level, Tolerance
from adapter.wsdl.reading import read
from adapter.wsdl.rules.table import BY_ID, RULES

WHAT_A_NAME_IS = re.compile(r"[a-z]+(-[a-z0-9]+)*")


def test_every_rule_has_its_examples(vectors):
    folder = vectors / "wsdl"
    index = tomllib.loads((folder / "rules.toml").read_text(encoding="utf-8"))
    assert set(index) == set(BY_ID)
    files = {file.name for file in folder.glob("*.*.wsdl")}
    assert files == {f"{rule}.{kind}.wsdl" for rule in BY_ID for kind in ("bad", "good")}


def test_a_bad_example_breaks_its_rule_and_no_other(vector):
    findings = vector.findings("bad")
    assert {each.rule.id for each in findings} == {vector.rule, *vector.also}
    found = next(each for each in findings if each.rule.id == vector.rule)
    assert found.file == (vector.file or vector.name("bad"))
    assert found.line == vector.line
    if vector.column is not None:
        assert found.column == vector.column


def test_a_good_example_keeps_its_rule_and_has_no_error(vector):
    findings = vector.findings("good")
    assert vector.rule not in {each.rule.id for each in findings}
    assert not [str(each) for each in findings if each.level is Level.ERROR]


def test_a_finding_shows_its_line(vector):
    for each in vector.findings("bad"):
        assert each.found
        assert each.expected
        assert each.text or each.rule.id in {"xml-malformed", "limit-exceeded"}


class Files:
    """A transport for zeep that answers from the vectors."""

    def __init__(self, files):
        self.files = files

    def load(self, location):
        return self.files[str(location)]


def read_by_zeep(vector):
    """Whether zeep loads it, and finds anything at all in it."""
    settings = zeep.Settings(forbid_dtd=True, forbid_entities=True)
    files = Files({f"http://x/{name}": raw for name, raw in vector.files("bad").items()})
    try:
        document = zeep.wsdl.Document(f"http://x/{vector.name('bad')}", files, settings=settings)
    except Exception:  # noqa: BLE001  whatever its parser stumbles over
        return False
    return any((document.services, document.bindings, document.port_types, document.messages))


def read_here(vector):
    description = read(vector.files("bad"), vector.name("bad"), vector.unreachable)
    return case_of(description).readable


def test_who_can_read_a_bad_example_is_told_truly(vector):
    expected = {
        (True, True): Tolerance.BOTH,
        (False, True): Tolerance.READER,
        (True, False): Tolerance.ZEEP,
        (False, False): Tolerance.NEITHER,
    }
    assert BY_ID[vector.rule].tolerance == expected[read_by_zeep(vector), read_here(vector)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_all_it_must(rule):
    assert WHAT_A_NAME_IS.fullmatch(rule.id)
    assert all(rule.to_json().values())
    assert rule.title[0].isupper() or rule.title.startswith(("wsdl:", "xs:"))


ASSERTIONS = (
    "R2001 R2002 R2003 R2004 R2005 R2007 R2022 R2023 R2028 R2101 R2102 R2105 R2110 R2111 R2113 R2201 "
    "R2204 R2205 R2206 R2210 R2301 R2303 R2304 R2306 R2401 R2701 R2702 R2705 R2706 R2707 R2710 "
    "R2711 R2716 R2718 R2720 R2721 R2754 R2803 R4002 R4003 R4004"
)


@pytest.mark.parametrize("assertion", ASSERTIONS.split())
def test_an_assertion_of_the_basic_profile_has_its_rule(assertion):
    assert [rule.id for rule in RULES if assertion in rule.source]
