"""The XMLMap of the stored process reads the adapter's documents, and cuts nothing."""

import json

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from xmlmap_reader import BYTES_PER_CHARACTER, MAX_LENGTH, read_map

from adapter.core import xml
from adapter.core.columns import Column
from adapter.core.document import build, table_of
from adapter.core.payload import Payload
from adapter.core.route import Route, TransportName

ROUTE = Route("Download File", "http://sas/SASBIWS/services/X", TransportName.SOAP, "test")


@pytest.fixture(scope="module")
def mapped(download_map):
    return read_map(download_map)


@pytest.fixture(scope="module")
def declared(schema):
    """Name to length in characters, in the order of the schema."""
    task = xmlschema.XMLSchema11(schema).elements["Table"].type.content[0].type
    elements = [each for each in task.content if each.name is not None]
    return {each.name: each.type.max_length for each in elements}


def document_of(payload):
    return build(Payload.parse(payload), ROUTE).xml


def test_the_map_is_one_of_version_2_1_without_namespaces(mapped):
    assert (mapped.version, mapped.namespaces) == ("2.1", 0)
    assert (mapped.table, mapped.table_path) == ("InData", "/Table/InData")


def test_the_map_has_the_columns_of_the_schema_in_its_order(mapped, declared):
    assert mapped.names() == list(declared)
    assert {column.name: column.path for column in mapped.columns} == {
        name: f"/Table/InData/{name}" for name in declared
    }
    assert not [column.name for column in mapped.columns if column.numeric]


def test_no_length_is_shorter_than_the_schema_allows(mapped, declared):
    assert {column.name: column.length for column in mapped.columns} == {
        name: BYTES_PER_CHARACTER * length for name, length in declared.items()
    }
    assert max(column.length for column in mapped.columns) <= MAX_LENGTH


def test_a_bulk_task_is_read_uncut(mapped, vectors):
    payload = (vectors / "payloads/bulk-task-1.json").read_bytes()
    (row,) = mapped.rows(document_of(payload))
    task = json.loads(payload)
    urls = task["presignedUrls"]
    assert row["occurrenceId"] == task["occurrenceId"]
    assert row["metadataFile"] == urls["metadataFile"]
    assert row["dataFile"] == urls["dataFile"]
    assert row["taskName"] == task["taskName"]
    assert row["stpName"] == task["sendParameters"]["stpName"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_triggered_task_gives_a_row_without_what_it_does_not_have(mapped, vectors, number):
    payload = (vectors / f"payloads/triggered-task-{number}.json").read_bytes()
    (row,) = mapped.rows(document_of(payload))
    assert row["occurrenceId"] == row["dataFile"] == ""
    assert row["externalTenantId"] == json.loads(payload)["externalTenantId"]


def test_the_published_messages_are_read(mapped, vectors):
    message = xml.parse((vectors / "messages/rest-request-DownloadFile.xml").read_bytes())
    (table,) = message.iter("Table")
    (row,) = mapped.rows(xml.to_bytes(table))
    assert row["taskCode"] == "TSK_101"
    assert row["taskName"] == "Spring mailing, Köln"


def test_a_shorter_length_would_be_noticed(download_map):
    cut = read_map(download_map.replace(b"<LENGTH>1024<", b"<LENGTH>8<"))
    (row,) = cut.rows(b"<Table><InData><taskName>Spring mailing</taskName></InData></Table>")
    assert row["taskName"] == "Spring m"


TEXT = st.characters(blacklist_categories=("Cs", "Cc", "Zs"), blacklist_characters="\ufffe\uffff")


@settings(max_examples=60, deadline=None)
@given(values=st.data())
def test_any_row_that_the_schema_allows_is_read_uncut(mapped, declared, values):
    row = {
        name: values.draw(st.text(TEXT, max_size=min(length, 64)))
        for name, length in declared.items()
    }
    longest = values.draw(st.sampled_from(sorted(declared)))
    row[longest] = values.draw(st.sampled_from("aé漢😀")) * declared[longest]
    document = table_of(tuple(Column(name, text, name) for name, text in row.items()))
    assert mapped.rows(document) == [row]
