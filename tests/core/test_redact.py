"""Addresses as they may be shown."""

import pytest

from adapter.core.redact import published, without_links


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "xsd=1", "wsdl&reload=true", "xsd=types.xsd"])
def test_a_query_that_asks_for_a_wsdl_is_shown(query):
    assert published(f"http://h/x?{query}") == f"http://h/x?{query}"
    assert without_links(f"see http://h/x?{query} there") == f"see http://h/x?{query} there"


@pytest.mark.parametrize(
    "query",
    ["sig=s3cret", "wsdl&sig=s3cret", "sig=s3cret&wsdl", "xsd=../s3cret", "wsdl=" + "s3cret" * 9],
)
def test_any_other_query_is_masked(query):
    assert published(f"http://h/x?{query}") == "http://h/x?***"


def test_user_password_and_fragment_are_masked():
    assert published("http://u:s3cret@h/x?wsdl#s3cret") == "http://h/x?wsdl"
