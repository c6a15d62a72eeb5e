"""The examples of docs/examples become what is written there."""

from pathlib import Path

import pytest

from adapter.accept import judged_document
from adapter.config import load
from adapter.core import xml
from adapter.core.document import Facts
from adapter.core.payload import Payload
from adapter.wiring import schemas_of

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
FACTS = Facts("0123456789abcdef0123456789abcdef", 1_772_353_800.0)

CASES = [
    ("Greeting", "triggered-task-1", "Greeting-1"),
    ("Greeting", "triggered-task-2", "Greeting-2"),
    ("Greeting", "triggered-task-3", "Greeting-3"),
    ("Everything", "triggered-task-1", "Everything"),
    ("DownloadFile", "bulk-task-1", "DownloadFile"),
    ("Count Segment", "bulk-task-1", "Count Segment"),
]


@pytest.fixture(scope="module")
def settings():
    return load(EXAMPLES, {})


@pytest.mark.parametrize(("section", "payload", "expected"), CASES)
def test_an_example(settings, section, payload, expected):
    parsed = Payload.parse((EXAMPLES / "payloads" / f"{payload}.json").read_bytes())
    route = settings.routes.choose(section)
    document, problems = judged_document(parsed, route, schemas_of(settings), FACTS)
    assert not problems
    written = (EXAMPLES / "expected" / f"{expected}.xml").read_bytes()
    assert document.xml + b"\n" == written
    assert xml.to_bytes(xml.parse(written)) == document.xml


def test_every_example_is_checked(settings):
    assert {section for section, _, _ in CASES} == set(settings.routes.named)
    told = {file.stem for file in (EXAMPLES / "expected").iterdir()}
    assert told == {expected for _, _, expected in CASES}
