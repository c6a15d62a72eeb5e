from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def program():
    return (ROOT / "sas/code/stpDownloadFile.sas").read_text(encoding="ascii")


@pytest.fixture(scope="session")
def settings_file():
    return (ROOT / "sas/conf/config.sas").read_text(encoding="ascii")


@pytest.fixture(scope="session")
def download_map():
    return (ROOT / "sas/conf/DownloadFile.map").read_bytes()


@pytest.fixture(scope="session")
def schema():
    return ROOT / "schemas/DownloadFile.xsd"
