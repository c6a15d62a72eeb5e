from pathlib import Path

import pytest
from declared import Schema

ROOT = Path(__file__).parents[2]


@pytest.fixture
def download_file():
    return Schema((ROOT / "schemas/DownloadFile.xsd").read_bytes())
