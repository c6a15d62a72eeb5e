"""Runs the Python examples of README.md and docs/*.md in a home whose SAS is the emulator.

A page is one test: its examples are read, and run, from top to bottom.
"""
# ruff: noqa: INP001  docs is a folder, not a package

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.example import SybilFailure
from sybil.parsers.markdown import PythonCodeBlockParser

from adapter.cli.init import copy_home
from adapter.emulator import Emulator

PAGES = Sybil(
    parsers=[PythonCodeBlockParser()],
    path=str(Path(__file__).parents[1]),
    patterns=["README.md", "docs/*.md"],
)

SERVICE_CONFIG = """\
[DEFAULT]
stpurl = {sas}/SASBIWS/rest/storedProcesses/Shared Data/CI360Jobs/{{{{stpName}}}}
[Echo]
[Fault]
[Download File]
stpurl = {sas}/SASBIWS/services/DownloadFile
schema = DownloadFile.xsd
"""


@contextlib.contextmanager
def in_a_home() -> Iterator[None]:
    """A block whose current folder is a home, as a reader of an example has it."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        Emulator(folder=Path(folder)) as emulator,
    ):
        copy_home(Path(folder))
        text = SERVICE_CONFIG.format(sas=emulator.url)
        Path(folder, "conf/serviceConfig.ini").write_text(text, encoding="utf-8")
        with contextlib.chdir(folder):
            yield


class Examples(pytest.Item):
    """The examples of one page."""

    def runtest(self) -> None:
        """Run them in order; the first that is not as it says ends the page."""
        with in_a_home():
            for example in PAGES.parse(self.path).examples():
                example.evaluate()

    def reportinfo(self) -> tuple[Path, int, str]:
        """What a report calls this test."""
        return self.path, 0, f"examples of {self.path.name}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:  # type: ignore[override]  # as pytest's own guide has it
        """Line, expected and got; a traceback only where an example itself broke."""
        if isinstance(excinfo.value, SybilFailure):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))


class Page(pytest.File):
    """One page."""

    def collect(self) -> Iterator[Examples]:
        """One test, where there is an example to run."""
        if any(PAGES.parse(self.path).examples()):
            yield Examples.from_parent(self, name="examples")


class Collector:
    """Collects the pages: README.md lies beside this folder, where a conftest does not reach."""

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> Page | None:
        """The page, if the file is one."""
        is_page = PAGES.should_parse(file_path)
        return Page.from_parent(parent, path=file_path) if is_page else None


def pytest_configure(config: pytest.Config) -> None:
    """Let the pages be collected wherever they lie."""
    config.pluginmanager.register(Collector(), "examples-of-the-documentation")
