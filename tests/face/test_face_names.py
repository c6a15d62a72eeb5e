"""What `import adapter` is: its names, its types, and what it does not drag in."""

import inspect
import subprocess
import sys
import types
from pathlib import Path

import adapter
from adapter.face import Home

USER_PROGRAM = """
from pathlib import Path

import adapter


def run(home: Path) -> str:
    with adapter.open_home(home) as sas:
        document: adapter.Document = sas.validate({"a": 1}, "Echo")
        answer: adapter.Answer = sas.call("Echo", document.xml, adapter.TransportName.REST)
        delivery_id: str = sas.submit(b"{}", "Echo", key="k")
        state: str = sas.delivery(delivery_id).state
        stream: adapter.Stream = answer.streams["outstream"]
        return state + stream.content


def tell(home: str) -> str:
    try:
        adapter.open_home(home).close()
    except adapter.DeliveryError as error:
        effect: adapter.Effect = error.effect
        return effect
    except adapter.AdapterError as error:
        problems: tuple[adapter.Problem, ...] = error.problems
        return f"{error.code} {error.message} {error.remedy} {len(problems)}"
    return ""
"""
"""What a user may write under `mypy --strict`."""

WRONG_PROGRAM = USER_PROGRAM.replace("home: Path", "home: int")


def test_a_user_program_passes_mypy_strict_and_a_wrong_one_does_not(tmp_path):
    assert Path(adapter.__file__).with_name("py.typed").is_file()
    (tmp_path / "good.py").write_text(USER_PROGRAM, encoding="utf-8")
    (tmp_path / "wrong.py").write_text(WRONG_PROGRAM, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "good.py", "wrong.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert len(errors) == 1, done.stdout
    assert errors[0].startswith("wrong.py:8: ")


def test_every_name_of_the_face_is_there_once_and_in_order():
    assert adapter.__all__ == sorted(set(adapter.__all__))
    for name in adapter.__all__:
        assert getattr(adapter, name).__doc__


def test_the_face_has_no_other_names():
    public = {
        name
        for name, value in vars(adapter).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert public - set(adapter.__all__) <= {"annotations", "Path", "TYPE_CHECKING"}


def test_a_home_does_what_is_documented_and_nothing_else():
    methods = inspect.getmembers(Home, inspect.isfunction)
    public = {name: method for name, method in methods if not name.startswith("_")}
    assert set(public) == {"call", "validate", "mapped", "submit", "delivery", "request", "close"}
    assert all(method.__doc__ for method in public.values())


def test_every_error_of_the_face_has_a_code_of_its_own_and_is_in_the_tree():
    errors = [
        value
        for name in adapter.__all__
        if isinstance(value := getattr(adapter, name), type) and issubclass(value, Exception)
    ]
    assert all(issubclass(error, adapter.AdapterError) for error in errors)
    assert len({error.code for error in errors}) == len(errors)


def test_importing_it_does_not_import_what_a_server_needs():
    heavy = "{'zeep', 'flask', 'sqlalchemy', 'waitress', 'xmlschema', 'requests', 'rich', 'click'}"
    program = f"import adapter, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"
