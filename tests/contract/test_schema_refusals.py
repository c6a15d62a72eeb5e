"""Schema files that are refused when they are loaded, told with file and line."""

import pytest

from adapter.core.errors import ConfigurationInvalid
from adapter.store.schema_files import SchemaFiles
from adapter.store.schemas import SchemaFolder

XS = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">\n'
TABLE = """<xs:element name="Table"><xs:complexType><xs:sequence>
<xs:element name="InData" maxOccurs="unbounded"><xs:complexType><xs:sequence>
<xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType></xs:element>
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


BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "bomb"}">' for n in range(10))

WRONG = [
    # schema                                                              line  said
    ("",                                                                  1,    "not XML"),
    ("<xs:schema",                                                        1,    "not XML"),
    (f"<!DOCTYPE s [{BOMB}]>" + described("<xs:annotation>&e9;</xs:annotation>"), 1, "not XML"),
    ('<!DOCTYPE s SYSTEM "http://127.0.0.1:9/x.dtd">' + described(TABLE), 1,    "document type"),
    ("<Table/>",                                                          1,    "not xs:schema"),
    (described('\n<xs:element name="Table" type="Nope"/>'),               3,    "unknown type"),
    (described('\n<xs:element name="Table" tipe="x"/>'),                  3,    "tipe"),
    (described('<xs:simpleType name="t"><xs:restriction base="xs:string">\n<xs:pattern value="(["/></xs:restriction></xs:simpleType>' + TABLE), 3, "character class"),
    (described(TABLE.replace('type="xs:int"/>', 'type="xs:int"/>').replace("</xs:sequence></xs:complexType></xs:element>\n</xs", '</xs:sequence><xs:assert test="(("/></xs:complexType></xs:element>\n</xs', 1)), 4, ""),
    (described('<xs:simpleType name="t"><xs:restriction base="xs:string"><xs:pattern value="a{1,9999999999}"/></xs:restriction></xs:simpleType>' + TABLE), None, "too large"),
    (described(TABLE.replace('<xs:element name="a" type="xs:int"/>', '<xs:element name="a"><xs:key name="k"><xs:selector xpath="(("/><xs:field xpath="@a"/></xs:key></xs:element>')), 4, "XPath"),
    (described('<xs:element name="table" type="xs:string"/>'),            None, "element Table"),
    (described('<xs:element name="Table" type="xs:string"/>'),            None, "InData"),
    (described(TABLE.replace("InData", "Row")),                           None, "InData"),
    (XS.replace(">", ' targetNamespace="urn:x">') + TABLE + "</xs:schema>", None, "element Table"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "said"), WRONG)
def test_wrong_schema_is_told_with_its_line(root, write, text, line, said):
    write("s.xsd", text)
    schemas = SchemaFolder(root)

    problem = schemas.check("s.xsd")[0]

    assert (problem.where, problem.line) == ("s.xsd", line)
    assert said in str(problem)
    with pytest.raises(ConfigurationInvalid) as caught:
        schemas.problems(GOOD, "s.xsd")
    assert caught.value.problems[0] == problem
    assert str(problem) in caught.value.message


def test_every_fault_of_a_schema_is_told(root, write):
    write("part.xsd", described('<xs:element name="b" type="Nope"/>'))
    write(
        "s.xsd",
        described(
            '<xs:include schemaLocation="part.xsd"/>\n<xs:element name="Table" type="No"/>\n<xs:element name="c" tipe="x"/>'
        ),
    )

    told = {(problem.where, problem.line) for problem in SchemaFolder(root).check("s.xsd")}

    assert told == {("s.xsd", 3), ("s.xsd", 4), ("part.xsd", 2)}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            '<xs:element name="t" type="xs:int" default="x"/>',
            "default' value 'x' is not compatible",
        ),
        (
            """<xs:simpleType name="t"><xs:restriction base="xs:int">
<xs:enumeration value="x"/></xs:restriction></xs:simpleType>""",
            "'x' is no value of the type 'xs:int'",
        ),
        (
            '<xs:simpleType name="t"><xs:restriction base="t"/></xs:simpleType>',
            "Circular definition detected for xs:simpleType 't'",
        ),
        (
            """<xs:group name="t"><xs:sequence><xs:element name="a" minOccurs="0"/>
<xs:element name="a"/></xs:sequence></xs:group>
<xs:complexType name="c"><xs:group ref="t"/></xs:complexType>""",
            "Unique Particle Attribution violation between 'a' and 'a'",
        ),
    ],
)
def test_fault_is_told_in_plain_words_with_its_line(root, write, body, said):
    write("s.xsd", described("\n" + body + TABLE))

    problem = SchemaFolder(root).check("s.xsd")[0]

    assert said in problem.reason
    assert problem.line in {3, 4, 5}
    assert not any(word in problem.reason for word in ("Xsd", "Schema component", "Reason:", "\n"))


def test_found_instead_of_a_table_are_the_elements_of_the_file(root, write):
    space = described(TABLE).replace("XMLSchema", 'XMLSchema" targetNamespace="urn:t', 1)
    write("s.xsd", space)

    (problem,) = SchemaFolder(root).check("s.xsd")

    assert problem.found == "{urn:t}Table"


@pytest.mark.parametrize("kind", ["include", "import", "redefine", "override"])
@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:9/x.xsd",
        "https://127.0.0.1:9/x.xsd",
        "//127.0.0.1:9/x.xsd",
        "../outside.xsd",
        "sub/../../outside.xsd",
        "%2e%2e/outside.xsd",
        "..\\outside.xsd",
        "file:///etc/passwd",
        "/etc/passwd",
        " ../outside.xsd",
        "inside.xsd?x",
        "inside.xsd#x",
    ],
)
def test_nothing_outside_the_folder_is_read(root, write, kind, location):
    outside = described('<xs:simpleType name="t"><xs:restriction base="xs:int"/></xs:simpleType>')
    write("../outside.xsd", outside)
    write("inside.xsd", outside)
    namespace = 'namespace="urn:x" ' if kind == "import" else ""
    write("s.xsd", described(f'\n<xs:{kind} {namespace}schemaLocation="{location}"/>{TABLE}'))

    (problem,) = SchemaFolder(root).check("s.xsd")

    assert (problem.where, problem.line) == ("s.xsd", 3)
    assert f"xs:{kind} names no file in the folder" in problem.reason


def test_file_that_an_included_file_includes_stays_inside_too(root, write):
    write(
        "inner.xsd",
        described('<xs:import namespace="urn:x" schemaLocation="http://127.0.0.1:9/x.xsd"/>'),
    )
    write("s.xsd", described('<xs:include schemaLocation="inner.xsd"/>' + TABLE))

    (problem,) = SchemaFolder(root).check("s.xsd")

    assert (problem.where, problem.line) == ("inner.xsd", 2)


def test_file_below_reads_nothing_above_the_folder(root, write):
    write("../above.xsd", described(""))
    write("sub/inner.xsd", described('<xs:include schemaLocation="../../above.xsd"/>'))
    write("s.xsd", described('<xs:include schemaLocation="sub/inner.xsd"/>' + TABLE))

    (problem,) = SchemaFolder(root).check("s.xsd")

    assert (problem.where, problem.line) == ("sub/inner.xsd", 2)


@pytest.mark.parametrize("location", ["%00.xsd", "loop.xsd"])
def test_location_that_no_file_can_have_is_told(root, write, location):
    (root / "loop.xsd").symlink_to(root / "loop.xsd")
    write("s.xsd", described(f'<xs:include schemaLocation="{location}"/>' + TABLE))

    (problem,) = SchemaFolder(root).check("s.xsd")

    assert (problem.where, problem.line) == ("s.xsd", 2)


def test_link_that_leads_outside_is_not_followed(root, write):
    write("../outside.xsd", described(""))
    (root / "link.xsd").symlink_to(root.parent / "outside.xsd")
    write("s.xsd", described('<xs:include schemaLocation="link.xsd"/>' + TABLE))

    assert "names no file" in SchemaFolder(root).check("s.xsd")[0].reason


def test_import_that_is_missing_is_told(root, write):
    write("s.xsd", described('<xs:import namespace="urn:x" schemaLocation="gone.xsd"/>' + TABLE))

    (problem,) = SchemaFolder(root).check("s.xsd")

    assert (problem.where, problem.line) == ("s.xsd", 2)
    assert "gone.xsd cannot be read" in problem.reason


def test_file_that_vanishes_once_it_was_read_is_not_read_again(root, write, monkeypatch):
    class Vanishing(SchemaFiles):
        def __init__(self, folder, name):
            super().__init__(folder, name)
            (root / "part.xsd").unlink()

    monkeypatch.setattr("adapter.store.schemas.SchemaFiles", Vanishing)
    write("part.xsd", described(""))
    write("s.xsd", described('<xs:include schemaLocation="part.xsd"/>' + TABLE))

    assert SchemaFolder(root).check("s.xsd") == ()


def test_import_of_another_namespace_than_the_file_has_is_told(root, write):
    write("other.xsd", described("").replace(">", ' targetNamespace="urn:y">', 1))
    write("s.xsd", described('<xs:import namespace="urn:x" schemaLocation="other.xsd"/>' + TABLE))

    assert SchemaFolder(root).check("s.xsd") != ()


@pytest.mark.parametrize(
    "name", ["gone.xsd", "", ".", "..", "../s.xsd", "/etc/passwd", "a/s.xsd", "a\\s.xsd"]
)
def test_name_that_is_no_file_of_the_folder_is_told(root, write, name):
    write("../s.xsd", described(TABLE))
    write("a/s.xsd", described(TABLE))

    assert len(SchemaFolder(root).check(name)) == 1


def test_schema_that_is_too_large_is_told(root, write):
    write("s.xsd", described(f"<!--{'x' * 1024 * 1024}-->" + TABLE))

    assert "more than 1048576 bytes" in SchemaFolder(root).check("s.xsd")[0].reason


def test_schema_of_too_many_files_is_told(root, write):
    for number in range(120):
        write(f"s{number}.xsd", described(f'<xs:include schemaLocation="s{number + 1}.xsd"/>'))

    assert "more than 100 files" in str(SchemaFolder(root).check("s0.xsd")[0])
