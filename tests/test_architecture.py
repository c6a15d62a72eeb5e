"""The house as it is drawn: rooms, sizes, one parser, no forbidden names."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "adapter").rglob("*.py"))
MODULE_LINES = 300
FUNCTION_LINES = 40

REFUSED_NAMES = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py", "manager.py"}
REFUSED_ENDINGS = ("Manager", "Helper", "Util", "Utils", "Handler")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def functions_of(module: Path) -> Iterator[Function]:
    nodes = ast.walk(tree_of(module))
    return (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def lines_of(function: Function) -> int:
    """Lines without the docstring."""
    doc = ast.get_docstring(function, clean=False)
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    return lines - (doc.count("\n") + 1 if doc else 0)


def name_of(module: Path) -> str:
    return module.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_is_short_and_says_what_it_is_for(module):
    text = module.read_text(encoding="utf-8")
    assert text.count("\n") <= MODULE_LINES
    assert module.name not in REFUSED_NAMES
    assert ast.get_docstring(tree_of(module))


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_functions_are_short(module):
    long = {f.name: lines_of(f) for f in functions_of(module) if lines_of(f) > FUNCTION_LINES}
    assert not long


def test_the_median_function_is_about_six_lines():
    lengths = sorted(lines_of(function) for module in MODULES for function in functions_of(module))
    assert lengths[len(lengths) // 2] <= 7


def test_no_class_is_named_after_nothing():
    classes = (
        node.name
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ClassDef)
    )
    assert not [name for name in classes if name.endswith(REFUSED_ENDINGS)]


def test_inheritance_is_for_errors_and_what_a_library_asks_for():
    allowed = {
        "Protocol", "StrEnum", "Exception", "ValueError", "str",
        "Group",              # click: commands imported when they are asked for
        "RawConfigParser",    # configparser: lines kept
        "HTTPConnection", "HTTPSConnection",  # urllib3: when an answer is late
        "HTTPResponse", "RawIOBase",  # http.client beneath them
        "Connection",         # psycopg: no answer is waited for without a limit
        "HTTPChannel",        # waitress: a loop that does not spin
        "ErrorTask",          # waitress: its errors as JSON
        "ThreadingHTTPServer", "BaseHTTPRequestHandler",  # the emulator's sockets
        "Mapping",            # the emulator's header names ignore case
        "SchemaLoader",       # xmlschema: imports answered from the files at hand
        "Element", "XsdBuilders", "XMLSchema10", "XMLSchema11", "Xsd11ComplexType",  # xmlschema: trees of lxml
        "Lexer", "Parser", "TreeInterpreter", "OfTheLibrary",  # jmespath: exact numbers, `$` names
        "PathConverter",      # werkzeug: what stands in an address
    }  # fmt: skip
    errors = {
        node.name
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ClassDef) and is_error(node.name)
    }
    found = {
        (name_of(module), node.name, base_name(base))
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if base_name(base) not in allowed | errors
    }
    assert not found


def is_error(name: str) -> bool:
    from adapter.core.errors import AdapterError
    from adapter.web import guard

    def names(kind: type) -> set[str]:
        return {kind.__name__}.union(*(names(child) for child in kind.__subclasses__()))

    assert guard
    return name in names(AdapterError)


def base_name(base: ast.expr) -> str:
    if isinstance(base, ast.Subscript):
        return base_name(base.value)
    return base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")


def test_imports_go_down_only():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


def test_the_core_knows_no_clock_no_disk_and_no_chance():
    refused = {"open", "print", "input", "eval", "exec", "compile", "__import__"}
    calls = {
        (name_of(module), node.func.id)
        for module in MODULES
        if module.is_relative_to(ROOT / "adapter/core")
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not {call for call in calls if call[1] in refused}


def test_xml_is_parsed_in_one_place():
    """`core/xml.py` for the adapter; the emulator, which imports nothing of it, has its own."""
    parsers = {
        name_of(module)
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute) and node.attr in {"XMLParser", "fromstring", "parse"}
        if isinstance(node.value, ast.Name) and node.value.id in {"etree", "ElementTree"}
    }
    assert parsers == {"adapter/core/xml.py", "adapter/emulator/markup.py"}


def test_zeep_is_imported_in_two_files():
    importers = {
        name_of(module)
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name]
        if name.split(".")[0] == "zeep"
    }
    assert importers == {"adapter/sas/soap.py", "adapter/sas/wsdl.py"}


def test_only_errors_of_the_tree_are_raised_to_callers():
    """A bare Exception says nothing: neither code nor remedy."""
    raised = {
        (name_of(module), node.lineno)
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        if isinstance(node.exc.func, ast.Name) and node.exc.func.id in {"Exception", "RuntimeError"}
        if not module.is_relative_to(ROOT / "adapter/emulator")
    }
    assert not raised
