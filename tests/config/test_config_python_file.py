"""serviceConfig.py: read as text, never run."""

import sys

import pytest

PY = "conf/serviceConfig.py"

VARIANTS = [
    (
        "class svcConfig(object):\n    host = '0.0.0.0'\n    port = 9000\n    debug = 'False'\n",
        False,
    ),
    ("class svcConfig:\n  HOST='0.0.0.0'\n  PORT='9000'\n  DEBUG=True\n", True),
    ("class Config:\n  Host='0.0.0.0'; Port=9_000\n  Debug='true'\n", True),
    ("host = '0.0.0.0'\nport: int = 9000\ndebug = 1\n", True),
    ("import os\n'''doc'''\nhost = '0.0.0.0'\nport = 0x2328\ndebug = ''\n", False),
    ("class A:\n  host = '0.0.0.0'\nport = 9000\ndebug = 0\n", False),
    ("# cp1252 \xe4\nhost = ' 0.0.0.0 '\nport = ' 9000 '\ndebug = 'FALSE'\n", False),
]


@pytest.fixture
def set_up(home):
    home.default()
    return home


@pytest.mark.parametrize(("text", "debug"), VARIANTS)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_classes_and_module_level_in_any_case(set_up, text, debug, line_end):
    set_up.write("serviceConfig.py", text.replace("\n", line_end).encode("cp1252"))
    settings = set_up.load()
    assert (settings.host, settings.port) == ("0.0.0.0", 9000)  # noqa: S104
    assert settings.log.level == ("DEBUG" if debug else "INFO")
    assert settings.notes == ()


def test_debug_raises_the_log_level_only_up(set_up):
    set_up.default("loglevel = ERROR")
    set_up.write("serviceConfig.py", "debug = 'True'\n")
    assert set_up.load().log.level == "DEBUG"
    set_up.write("serviceConfig.py", "debug = 'False'\n")
    assert set_up.load().log.level == "ERROR"


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("\nport = 70000\n", "port", 2),
        ("port = -1\n", "port", 1),
        ("port = 'http'\n", "port", 1),
        ("port = 8100.0\n", "port", 1),
        ("port = True\n", "port", 1),
        (f"port = 0x{'f' * 9000}\n", "port", 1),
        ("host = ''\n", "host", 1),
        ("host = None\n", "host", 1),
        ("host = 'http://127.0.0.1'\n", "host", 1),
        ("host = b'127.0.0.1'\n", "host", 1),
        ("host = 'a b'\n", "host", 1),
        ("debug = 'maybe'\n", "debug", 1),
        ("debug = 2\n", "debug", 1),
        ("class A:\n  port = int('8100')\n", "port", 2),
        ("import os\nport = os.environ['PORT']\n", "port", 2),
        ("port = f'{1}'\n", "port", 1),
        ("if True:\n  port = 1\n", "port", 2),
        ("port = 1\nport += 1\n", "port", 2),
        ("class A:\n  port = 1\n\nA.port = 2\n", "port", 4),
        ("port = 1\nclass A:\n  PORT = 2\n", "port", 3),
    ],
)
def test_what_is_no_plain_value(set_up, text, key, line):
    set_up.write("serviceConfig.py", text)
    problems = set_up.problems()
    assert {problem.where for problem in problems} == {f"{PY} {key}"}
    assert problems[-1].line == line
    assert problems[-1].expected


@pytest.mark.parametrize("text", ["host, port = 'a', 1\n", "host = port = 1\n"])
def test_assignments_of_several_names(set_up, text):
    set_up.write("serviceConfig.py", text)
    assert {problem.where for problem in set_up.problems()} == {f"{PY} host", f"{PY} port"}


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"port = 8100\nclass svcConfig\n", 2),
        (b"port = 8100\n\0", None),
        (b"x = " + b"-" * 200_000 + b"1", None),
        (b"x = " + b"(" * 500, 1),
        (b"\xff\xfep\0", None),
    ],
)
def test_what_is_no_python(set_up, raw, line):
    set_up.write("serviceConfig.py", raw)
    problem = set_up.problem()
    assert (problem.where, problem.line) == (PY, line)


@pytest.mark.parametrize(
    "statement",
    [
        "__import__('os').system('echo run > {0}')",
        "port = __import__('os').system('echo run > {0}')",
        "host = open({0!r}, 'w').name",
        "class svcConfig:\n    open({0!r}, 'w')",
        "class svcConfig(open({0!r}, 'w')): pass",
        "@open({0!r}, 'w')\ndef host(): pass",
        "def host(x=open({0!r}, 'w')): pass",
        "import conf_that_is_not_there",
    ],
)
def test_code_is_never_run(set_up, tmp_path, statement):
    witness = tmp_path / "witness"
    set_up.write("serviceConfig.py", statement.format(str(witness)) + "\n")
    if statement.startswith(("port", "host")):
        assert "not run" in set_up.problem().reason
    else:
        assert set_up.load().port == 8100
    assert not witness.exists()
    assert "serviceConfig" not in sys.modules


def test_invalid_escapes_warn_nobody(set_up):
    set_up.write("serviceConfig.py", "folder = 'C:\\conf\\d'\nport = 9000\n")
    assert set_up.load().port == 9000


def test_another_name_is_noted(set_up):
    set_up.write(
        "serviceConfig.py", "class svcConfig:\n  prot = 9000\n  _x = 1\n  SECRET_KEY = 's'\n"
    )
    notes = set_up.load().notes
    assert [(note.where, note.line) for note in notes] == [
        (f"{PY} prot", 2),
        (f"{PY} SECRET_KEY", 4),
    ]
    assert "did you mean port?" in notes[0].reason
