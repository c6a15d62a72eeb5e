"""A home in a temporary folder, written file by file."""

from pathlib import Path

import pytest

from adapter.config import Settings, load
from adapter.core.errors import ConfigurationInvalid, Problem

REST = "http://sas.example.com/SASBIWS/rest/storedProcesses/Shared Data/{{stpName}}"
SOAP = "http://sas.example.com:80/SASBIWS/services/DownloadFile"


class Home:
    """A home whose three files a test writes as text or as bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("conf", "schemas"):
            (folder / name).mkdir(parents=True)
        for name in ("instream.xsd", "DownloadFile.xsd"):
            (folder / "schemas" / name).write_text("<schema/>", encoding="ascii")
        self.write("ca.pem", "-----BEGIN CERTIFICATE-----\n")

    def write(self, name: str, content: str | bytes) -> None:
        raw = content if isinstance(content, bytes) else content.encode()
        (self.folder / "conf" / name).write_bytes(raw)

    def service(self, content: str | bytes) -> None:
        self.write("serviceConfig.ini", content)

    def default(self, *lines: str) -> None:
        self.service("\n".join(["[DEFAULT]", f"stpurl = {REST}", *lines]))

    def credentials(self, *lines: str) -> None:
        self.write("credentials.ini", "\n".join(["[DEFAULT]", *lines]))

    def load(self, **environ: str) -> Settings:
        return load(self.folder, environ)

    def problems(self, **environ: str) -> tuple[Problem, ...]:
        with pytest.raises(ConfigurationInvalid) as caught:
            self.load(**environ)
        assert caught.value.problems
        return caught.value.problems

    def problem(self, **environ: str) -> Problem:
        (problem,) = self.problems(**environ)
        return problem


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")
