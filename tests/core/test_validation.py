"""A document is judged by its schema: every problem, in plain words."""

import pytest
import xmlschema

from adapter.core.columns import Column
from adapter.core.document import table_of
from adapter.core.validation import problems_of

LINK = "https://files.example.test/a?X-Amz-Signature=secretsecret"
GOOD = {"occurrenceId": "1", "metadataFile": LINK, "dataFile": LINK}


@pytest.fixture(scope="module")
def download_file(request):
    return xmlschema.XMLSchema11(request.config.rootpath / "schemas/DownloadFile.xsd")


@pytest.fixture(scope="module")
def instream(request):
    return xmlschema.XMLSchema10(request.config.rootpath / "schemas/instream.xsd")


def table(columns):
    return table_of(tuple(Column(name, text, name) for name, text in columns.items()))


def test_the_required_columns_suffice_and_others_may_come_in_any_order(download_file):
    assert problems_of(table(GOOD), download_file) == ()
    assert problems_of(table({"more": "x", **GOOD, "taskId": "2", "last": ""}), download_file) == ()


PROBLEMS = [
    ({**GOOD, "taskId": "x" * 37}, "/Table/InData/taskId", 6, "37 characters", "at most 36"),
    ({**GOOD, "taskName": "x" * 257}, "/Table/InData/taskName", 6, "too long", "at most 256"),
    ({**GOOD, "dataFile": "ftp://x/y"}, "/Table/InData/dataFile", 5, "form", "https?://"),
    ({**GOOD, "dataFile": ""}, "/Table/InData/dataFile", 5, "form", "https?://"),
]


@pytest.mark.parametrize(("columns", "where", "line", "reason", "expected"), PROBLEMS)
def test_a_bad_value_is_told(download_file, columns, where, line, reason, expected):
    (problem,) = problems_of(table(columns), download_file)
    assert (problem.where, problem.line) == (where, line)
    assert reason in problem.reason
    assert expected in problem.expected


def test_all_problems_are_told_at_once(download_file):
    found = problems_of(table({"taskId": "x" * 37, "tenantMoniker": "y" * 65}), download_file)
    assert [problem.expected for problem in found] == [
        "at most 36", "at most 64", "occurrenceId", "metadataFile", "dataFile",
    ]  # fmt: skip


def test_a_missing_column_is_told_by_name(download_file):
    columns = {name: text for name, text in GOOD.items() if name != "dataFile"}
    (problem,) = problems_of(table(columns), download_file)
    assert (problem.reason, problem.expected) == ("an element is missing", "dataFile")


def test_a_signature_is_never_told(download_file):
    bad = {**GOOD, "dataFile": LINK.replace("https", "ftp")}
    assert "secretsecret" not in " ".join(map(str, problems_of(table(bad), download_file)))


@pytest.mark.parametrize("document", [b"<Table/>", b"<Table><Other/></Table>", b"<Other/>"])
def test_another_shape_is_told(instream, document):
    assert problems_of(document, instream)


def test_a_table_inside_a_namespace_is_told(instream):
    assert problems_of(b'<Table xmlns="urn:x"><InData><a/></InData></Table>', instream)


def test_open_columns_are_allowed(instream):
    assert problems_of(table({"anything": "x", "else": ""}), instream) == ()


@pytest.fixture(scope="module")
def of_type():
    """A schema of one row with one column of this type."""

    def schema(kind):
        return xmlschema.XMLSchema11(
            '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
            '<xs:simpleType name="either"><xs:union memberTypes="xs:int xs:date"/></xs:simpleType>'
            '<xs:simpleType name="text"><xs:union memberTypes="xs:int xs:string"/></xs:simpleType>'
            '<xs:simpleType name="list"><xs:list itemType="xs:int"/></xs:simpleType>'
            '<xs:element name="Table"><xs:complexType><xs:sequence><xs:element name="InData">'
            f'<xs:complexType><xs:sequence><xs:element name="a" type="{kind}"/></xs:sequence>'
            "</xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>"
        )

    return schema


UNWRITTEN = [
    ("xs:integer", "1_000"), ("xs:int", "\uff11"), ("xs:int", "1\xa0"), ("xs:decimal", "\u20031"),
    ("xs:boolean", "true\xa0"), ("xs:double", "1\xa0"), ("xs:date", "2025-01-01\xa0"),
    ("either", "1_0"), ("list", "1 1_0"), ("list", "1\xa02"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), UNWRITTEN)
def test_number_that_only_python_reads_is_refused(of_type, kind, text):
    (problem,) = problems_of(table({"a": text}), of_type(kind))
    assert (problem.where, problem.line) == ("/Table/InData/a", 3)
    assert "the type that is asked for" in problem.reason


@pytest.mark.parametrize(
    ("kind", "text"),
    [("xs:int", " 1\t"), ("xs:string", "1_0\xa0"), ("text", "1_0"), ("list", "1\t2"),
     ("xs:anyURI", "http://ö_ö")],
)  # fmt: skip
def test_what_xml_schema_knows_is_taken(of_type, kind, text):
    assert problems_of(table({"a": text}), of_type(kind)) == ()


def restricted(base, facets):
    return xmlschema.XMLSchema11(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        '<xs:simpleType name="list"><xs:list itemType="xs:int"/></xs:simpleType>'
        f'<xs:element name="a"><xs:simpleType><xs:restriction base="{base}">{facets}'
        "</xs:restriction></xs:simpleType></xs:element></xs:schema>"
    )


@pytest.mark.parametrize(
    ("base", "facet", "text", "reason", "expected"),
    [
        ("xs:int", 'minInclusive value="5"', "4", "too small", "at least 5"),
        ("xs:int", 'maxExclusive value="5"', "5", "too large", "less than 5"),
        ("xs:date", 'minInclusive value="1582-01-01"', "1581-01-01", "small", "1582-01-01"),
        ("xs:decimal", 'totalDigits value="2"', "123", "too many digits", "at most 2"),
        ("xs:decimal", 'fractionDigits value="1"', "1.23", "after the point", "at most 1"),
        ("xs:string", 'length value="2"', "abc", "the length", "2"),
        ("list", 'maxLength value="2"', "1 2 3", "too long: 3 items", "at most 2"),
        ("xs:hexBinary", 'maxLength value="1"', "0aff", "the value is too long", "at most 1"),
        ("xs:int", 'assertion test="$value mod 2 = 0"', "3", "$value mod 2 = 0", ""),
    ],
)
def test_limit_is_told_with_what_was_expected_and_found(base, facet, text, reason, expected):
    (problem,) = problems_of(f"<a>{text}</a>".encode(), restricted(base, f"<xs:{facet}/>"))
    assert reason in problem.reason
    assert "0 characters" not in problem.reason
    assert expected in problem.expected
    assert problem.found == text


def test_missing_choice_and_broken_condition_are_told_once():
    schema = xmlschema.XMLSchema11(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="Table">'
        '<xs:complexType><xs:choice><xs:element name="a"/><xs:element name="b"/></xs:choice>'
        "<xs:assert test=\"string(a) = '1'\"/></xs:complexType>"
        '<xs:key name="k"><xs:selector xpath="."/><xs:field xpath="@id"/></xs:key>'
        "</xs:element></xs:schema>"
    )
    told = {(each.reason, each.expected) for each in problems_of(b"<Table/>", schema)}
    assert told == {
        ("an element is missing", "a or b"),
        ("a condition of the schema does not hold", "string(a) = '1'"),
        ("missing key field '@id'", ""),
    }


def test_inherited_facet_is_told_once():
    schema = xmlschema.XMLSchema11(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        '<xs:simpleType name="b"><xs:restriction base="xs:int"><xs:pattern value="[0-9]{3}"/>'
        '</xs:restriction></xs:simpleType><xs:simpleType name="t"><xs:restriction base="b"/>'
        '</xs:simpleType><xs:element name="a" type="t"/></xs:schema>'
    )
    (problem,) = problems_of(b"<a>12</a>", schema)
    assert problem.found == "12"
