"""A wheelhouse is collected by pip, and installs where no index can be reached."""

import hashlib
import os
import subprocess
import sys
import zipfile

import pytest
from command_lines import DEPLOY

BACKEND = """
import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/demo_task-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("demo_task.py", "import demo_wheel\\nWORD = demo_wheel.WORD\\n")
        info = "demo_task-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: demo_task\\nVersion: 1.0\\n"
            "Provides-Extra: more\\nRequires-Dist: demo_wheel; extra == 'more'\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return "demo_task-1.0-py3-none-any.whl"
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


@pytest.fixture
def project(tmp_path):
    """A project of one module, whose extra needs a library, of which the index has two versions."""
    project, index = tmp_path / "project", tmp_path / "index"
    for folder in (project, index):
        folder.mkdir()
    (project / "backend.py").write_text(BACKEND, encoding="utf-8")
    (project / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (project / "constraints.txt").write_text("demo_wheel==1.0\n", encoding="utf-8")
    for version in ("1.0", "2.0"):
        info = f"demo_wheel-{version}.dist-info"
        with zipfile.ZipFile(index / f"demo_wheel-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr("demo_wheel.py", f"WORD = {version!r}\n")
            named = f"Metadata-Version: 2.1\nName: demo_wheel\nVersion: {version}\n"
            wheel.writestr(f"{info}/METADATA", named)
            tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            wheel.writestr(f"{info}/WHEEL", tags)
            wheel.writestr(f"{info}/RECORD", "")
    return project


def run(folder, *command, **environ):
    known = {name: text for name, text in os.environ.items() if not name.startswith("PIP_")}
    return subprocess.run(
        [*map(str, command)],
        cwd=folder,
        env=known | environ,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def collect(project, *more):
    found = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(project.parent / "index")}
    command = (sys.executable, DEPLOY / "wheelhouse.py", "wheels", "--project", project, *more)
    return run(project.parent, *command, **found)


def test_what_is_collected_is_installed_without_an_index(project):
    collected = collect(project, "--extra", "more")
    assert collected.returncode == 0, collected.stdout + collected.stderr
    folder = project.parent
    wheels = sorted(path.name for path in (folder / "wheels").glob("*.whl"))
    assert wheels == ["demo_task-1.0-py3-none-any.whl", "demo_wheel-1.0-py3-none-any.whl"]
    for line in (folder / "wheels/SHA256SUMS").read_text("utf-8").splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / "wheels" / name).read_bytes()).hexdigest() == digest

    told = collected.stdout.splitlines()[-1]
    assert told.startswith("pip install --no-index --find-links wheels ")
    words = [word.strip('"') for word in told.split()]
    installed = run(folder, sys.executable, "-m", *words, "--target", "new")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    code = "import demo_task; print(demo_task.WORD)"
    assert run(folder / "new", sys.executable, "-c", code).stdout == "1.0\n"


def test_a_folder_with_something_in_it_is_refused(project):
    (project.parent / "wheels").mkdir()
    (project.parent / "wheels/old.whl").touch()
    refused = collect(project)
    assert refused.returncode == 1
    assert "is not empty" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_pip_s_own_words_and_exit_code_come_through(project):
    (project / "constraints.txt").write_text("demo_wheel==3.0\n", encoding="utf-8")
    failed = collect(project, "--extra", "more")
    assert failed.returncode == 1
    assert "conflicting dependencies" in failed.stderr
    assert "Traceback" not in failed.stderr
