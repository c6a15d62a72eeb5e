"""WSDLs as others write them: in the styles of generators, and those that libraries test with."""

import os
import tarfile
import time
import tomllib
from pathlib import Path

import pytest
import zeep

from adapter.wsdl.checking import check
from adapter.wsdl.diff import diff
from adapter.wsdl.finding import Level
from adapter.wsdl.outline import outline_of
from adapter.wsdl.reading import read
from adapter.wsdl.sample import sample_of

CPU_S = 5.0
STYLES = Path(__file__).parents[1] / "vectors/wsdl/styles"
ERRORS = tomllib.loads((STYLES / "errors.toml").read_text(encoding="utf-8"))
FILES = {
    file.relative_to(STYLES).as_posix(): file.read_bytes()
    for file in STYLES.rglob("*")
    if file.suffix in {".wsdl", ".xsd"}
}
LIBRARIES = ("xmlschema", "zeep")


def errors_of(files, name):
    """The errors of a WSDL, once everything that reads it has done so in time."""
    start = time.process_time()
    findings = check(files, name)
    description = read(files, name)
    assert outline_of(description).to_json()
    sample_of(description)
    assert not diff(description, description)
    assert time.process_time() - start < CPU_S
    errors = [each for each in findings if each.level is Level.ERROR]
    assert all(each.line >= 1 for each in errors)
    return errors


def test_the_table_names_every_file_that_is_not_imported_by_another():
    assert set(ERRORS) == {file.name for file in STYLES.glob("*.wsdl")}
    assert len(ERRORS) >= 40


@pytest.mark.parametrize("name", ERRORS)
def test_a_style_breaks_the_rules_that_the_table_names(name):
    assert sorted({each.rule.id for each in errors_of(FILES, name)}) == ERRORS[name]


@pytest.mark.parametrize("name", [name for name, errors in ERRORS.items() if not errors])
def test_a_style_without_errors_can_be_called(name):
    description = read(FILES, name)
    assert any(each.callable for each in outline_of(description).operations)
    assert sample_of(description).envelope


def members(library):
    """The files of the library's source distribution, by their paths in it."""
    folder = os.environ.get("SDISTS", "")
    if not folder:
        pytest.skip("SDISTS does not name the folder of the source distributions (see .ci/run)")
    (archive,) = Path(folder).glob(f"{library}-*.tar.gz")
    with tarfile.open(archive) as packed:
        wanted = [each for each in packed if each.name.endswith((".wsdl", ".xsd"))]
        return {each.name: packed.extractfile(each).read() for each in wanted if each.isfile()}


class Members:
    """A transport for zeep that answers from a source distribution."""

    def __init__(self, files):
        self.files = files

    def load(self, location):
        return self.files[str(location)]


def refused_by_zeep(files, name):
    settings = zeep.Settings(forbid_dtd=True, forbid_entities=True)
    try:
        zeep.wsdl.Document(name, Members(files), settings=settings)
    except Exception:  # noqa: BLE001  whatever its parser stumbles over
        return True
    return False


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_wsdl_a_library_tests_with_is_answered(library):
    files = {f"http://x/{name}": raw for name, raw in members(library).items()}
    wsdls = [name for name in files if name.endswith(".wsdl")]
    assert len(wsdls) > 10
    for name in wsdls:
        assert errors_of(files, name) or not refused_by_zeep(files, name), name
