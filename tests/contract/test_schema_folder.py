"""Compiled schemas: what they say of documents, also to many threads at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapter.core.xsd import Schema11
from adapter.store.schemas import SchemaFolder

SCHEMAS = Path(__file__).parents[2] / "schemas"
XS = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">\n'
TABLE = """<xs:element name="Table"><xs:complexType><xs:sequence>
<xs:element name="InData" maxOccurs="unbounded"><xs:complexType><xs:sequence>
<xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType></xs:element>
</xs:sequence></xs:complexType></xs:element>
"""
BASE = """<xs:complexType name="base"><xs:sequence>
<xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType>
"""
DERIVED = """<xs:element name="Table"><xs:complexType><xs:sequence>
<xs:element name="InData" maxOccurs="unbounded"><xs:complexType><xs:complexContent>
<xs:extension base="base">{more}</xs:extension></xs:complexContent></xs:complexType></xs:element>
</xs:sequence></xs:complexType></xs:element>
"""
GOOD = b"<Table>\n<InData>\n<a>1</a>\n</InData>\n</Table>"
BAD = b"<Table>\n<InData>\n<a>x</a>\n</InData>\n</Table>"


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "schemas"
    root.mkdir()
    return root


@pytest.fixture
def write(root):
    def put(name, text):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return put


def described(body):
    return XS + body + "</xs:schema>"


@pytest.mark.parametrize("name", ["instream.xsd", "DownloadFile.xsd"])
def test_our_own_schemas_are_sound(name):
    assert SchemaFolder(SCHEMAS).check(name) == ()


def test_document_is_held_against_the_schema_of_that_name(root, write):
    write("s.xsd", described(TABLE))
    schemas = SchemaFolder(root)

    assert schemas.problems(GOOD, "s.xsd") == ()
    (problem,) = schemas.problems(BAD, "s.xsd")
    assert (problem.where, problem.line, problem.found) == ("/Table/InData/a", 3, "x")


@pytest.mark.parametrize("base", [BASE, '<xs:include schemaLocation="base.xsd"/>\n'])
@pytest.mark.parametrize("more", ["", '<xs:sequence><xs:element name="b"/></xs:sequence>'])
def test_type_that_extends_another_has_the_columns_of_both(root, write, base, more):
    write("base.xsd", described(BASE))
    write("s.xsd", described(base + DERIVED.format(more=more)))
    schemas = SchemaFolder(root)
    b = b"<b/>" if more else b""

    assert schemas.problems(b"<Table><InData><a>1</a>" + b + b"</InData></Table>", "s.xsd") == ()
    assert schemas.problems(b"<Table><InData>" + b + b"</InData></Table>", "s.xsd")
    (problem,) = schemas.problems(b"<Table><InData><a>x</a>" + b + b"</InData></Table>", "s.xsd")
    assert (problem.where, problem.found) == ("/Table/InData/a", "x")


def test_columns_that_are_all_extended_are_those_of_both(root, write):
    base = BASE.replace("sequence", "all")
    more = '<xs:all><xs:element name="b"/></xs:all>'
    write("s.xsd", described(base + DERIVED.format(more=more)))

    assert (
        SchemaFolder(root).problems(b"<Table><InData><b/><a>1</a></InData></Table>", "s.xsd") == ()
    )


@pytest.mark.parametrize("more", ["", '<xs:attribute name="x"/>', "<xs:annotation/>"])
def test_columns_in_any_order_stay_so_where_a_type_adds_no_column(root, write, more):
    base = BASE.replace("sequence", "all").replace("</xs:all>", '<xs:element name="b"/></xs:all>')
    write("s.xsd", described(base + DERIVED.format(more=more)))
    schemas = SchemaFolder(root)
    orders = [b"<b/><a>1</a>", b"<a>1</a><b/>", b"<b/>", b"<a>1</a><a>1</a><b/>"]

    told = [
        schemas.problems(b"<Table><InData>" + o + b"</InData></Table>", "s.xsd") for o in orders
    ]
    assert [len(each) for each in told] == [0, 0, 1, 1]


def test_schema_of_version_1_0_and_1_1_both_serve(root, write):
    write("one.xsd", described(TABLE))
    write(
        "two.xsd",
        described(
            '<xs:element name="Table"><xs:complexType><xs:sequence><xs:element name="InData">'
            '<xs:complexType><xs:all><xs:element name="a" type="xs:int"/>'
            '<xs:any processContents="skip" minOccurs="0" maxOccurs="unbounded"/></xs:all>'
            '<xs:assert test="a &lt; 5"/></xs:complexType>'
            "</xs:element></xs:sequence></xs:complexType></xs:element>"
        ),
    )
    schemas = SchemaFolder(root)

    assert [schemas.problems(GOOD, name) for name in ("one.xsd", "two.xsd")] == [(), ()]
    assert len(schemas.problems(GOOD.replace(b"1", b"7"), "two.xsd")) == 1


def test_included_and_imported_files_of_the_folder_are_read(root, write):
    write(
        "parts/row.xsd",
        described(
            '<xs:include schemaLocation="more/types.xsd"/><xs:include schemaLocation="row.xsd"/>'
        ),
    )
    write(
        "parts/more/types.xsd",
        described(
            '<xs:import namespace="urn:x" schemaLocation="x.xsd"/><xs:simpleType name="t"><xs:restriction base="xs:int"/></xs:simpleType>'
        ),
    )
    write("parts/more/x.xsd", described("").replace(">", ' targetNamespace="urn:x">', 1))
    write(
        "s.xsd",
        described('<xs:include schemaLocation="parts/row.xsd"/>' + TABLE.replace("xs:int", "t")),
    )
    schemas = SchemaFolder(root)

    assert schemas.check("s.xsd") == ()
    assert len(schemas.problems(BAD, "s.xsd")) == 1


T = '<xs:simpleType name="t"><xs:restriction base="xs:int"/></xs:simpleType>'
TYPED = TABLE.replace("xs:int", "t")
IMPORT = '<xs:import namespace="urn:t" schemaLocation="{}"/>'
LANG = 'namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="http://www.w3.org/2001/xml.xsd"'
REFERENCES = {
    "in a circle": ('<xs:include schemaLocation="b.xsd"/>' + TYPED,
                    {"b.xsd": '<xs:include schemaLocation="s.xsd"/>' + T}),
    "itself": ('<xs:include schemaLocation="s.xsd"/>' + T + TYPED, {}),
    "above it": ('<xs:include schemaLocation="sub/b.xsd"/>' + TYPED,
                 {"sub/b.xsd": '<xs:include schemaLocation="../c.xsd"/>', "c.xsd": T}),
    "two of a namespace": (IMPORT.format("b.xsd") + IMPORT.format("my%20c.xsd")
                           + TYPED.replace('"t"', '"t:t"'), {"b.xsd": "", "my c.xsd": T}),
    "the schema of xml:lang": (f"<xs:import {LANG}/>" + T + TYPED, {}),
}  # fmt: skip


@pytest.mark.parametrize("case", REFERENCES)
def test_schema_may_include(root, write, case):
    main, others = REFERENCES[case]
    write("s.xsd", described(main).replace("XMLSchema", 'XMLSchema" xmlns:t="urn:t', 1))
    for name, body in others.items():
        target = ' targetNamespace="urn:t">' if "namespace" in case else ">"
        write(name, described(body).replace(">", target, 1))
    schemas = SchemaFolder(root)

    assert schemas.check("s.xsd") == ()
    assert (len(schemas.problems(GOOD, "s.xsd")), len(schemas.problems(BAD, "s.xsd"))) == (0, 1)


def test_included_file_may_be_in_any_encoding(root, write):
    write("s.xsd", described('<xs:include schemaLocation="b.xsd"/>' + TYPED))
    head = '<?xml version="1.0" encoding="utf-16-le"?>'
    (root / "b.xsd").write_bytes((head + described(T)).encode("utf-16-le"))

    assert SchemaFolder(root).check("s.xsd") == ()


def test_shipped_schema_serves_where_the_folder_has_none(root, write):
    write("../shipped/s.xsd", described(TABLE))
    write("../shipped/t.xsd", described('<xs:include schemaLocation="s.xsd"/>'))
    shipped = root.parent / "shipped"

    assert SchemaFolder(root).check("s.xsd") != ()
    assert SchemaFolder(root, shipped=shipped).problems(GOOD, "s.xsd") == ()
    assert SchemaFolder(root, shipped=shipped).check("t.xsd") == ()
    assert SchemaFolder(root, shipped=shipped).check("../shipped/s.xsd") != ()


def test_schema_of_the_folder_comes_before_the_shipped_one(root, write):
    write("../shipped/s.xsd", described(TABLE))
    write("s.xsd", described(TABLE.replace("xs:int", "xs:string")))

    assert SchemaFolder(root, shipped=root.parent / "shipped").problems(BAD, "s.xsd") == ()


def test_mended_schema_serves_without_a_restart(root, write):
    write("s.xsd", "<xs:schema")
    schemas = SchemaFolder(root)
    assert schemas.check("s.xsd")

    write("s.xsd", described(TABLE))

    assert schemas.problems(GOOD, "s.xsd") == ()


def test_schema_is_compiled_once_by_many_threads(root, write, monkeypatch):
    write("s.xsd", described(TABLE))
    compiled = []
    compile_one = Schema11
    ready, second = threading.Barrier(8), threading.Event()

    def counted(*args, **options):
        compiled.append(1)
        if len(compiled) > 1:
            second.set()
        second.wait(timeout=0.3)
        return compile_one(*args, **options)

    monkeypatch.setattr("adapter.store.schemas.Schema11", counted)
    schemas = SchemaFolder(root)

    def validate(_):
        ready.wait(timeout=20)
        return schemas.problems(GOOD, "s.xsd")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(validate, range(8))) == [()] * 8
    assert len(compiled) == 1


def row(number, *, valid):
    """A bulk task that differs from every other; the invalid ones each in their own way."""
    link = "https://files.example.test/data.csv"
    columns = {
        "occurrenceId": f"o-{number}",
        "metadataFile": link,
        "dataFile": link,
        f"extra{number}": "x",
    }
    if not valid:
        columns["taskId"] = "x" * (37 + number)
    lines = "".join(f"<{name}>{text}</{name}>\n" for name, text in columns.items())
    return f"<Table>\n<InData>\n{lines}</InData>\n</Table>".encode()


def test_one_compiled_schema_gives_eight_threads_the_right_verdicts():
    schemas = SchemaFolder(SCHEMAS)
    ready = threading.Barrier(8)

    def verdicts(thread):
        ready.wait(timeout=20)
        for number in range(thread, 400, 8):
            found = schemas.problems(row(number, valid=number % 3 != 0), "DownloadFile.xsd")
            wanted = [f"the value is too long: {37 + number} characters"] if number % 3 == 0 else []
            assert [problem.reason for problem in found] == wanted
        return thread

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(verdicts, range(8))) == list(range(8))
