"""SAS transport files are written by the extra "demo" and read back whole."""

import pyreadstat
import pytest

from adapter.emulator.stored_processes.transport_file import write_transport_file


def read(tmp_path, columns):
    file = tmp_path / "t.xpt"
    write_transport_file(file, "T", columns)
    return pyreadstat.read_xport(file, output_format="dict")


def test_texts_numbers_and_missing_values_survive(tmp_path):
    columns, about = read(tmp_path, {"id": ["a", "Ömer"], "score": [0.71, None]})
    assert list(columns["ID"]) == ["a", "Ömer"]
    assert columns["SCORE"][0] == pytest.approx(0.71)
    assert columns["SCORE"][1] is None
    assert about.table_name == "T"


def test_long_names_are_numbered_and_kept_as_labels(tmp_path):
    names = ["identity_id", "identity_ix", "identity_iy", "1st", "grün"]
    columns, about = read(tmp_path, {name: ["x"] for name in names})
    assert list(columns) == ["IDENTITY", "IDENTIT1", "IDENTIT2", "_1ST", "GR_N"]
    assert about.column_labels == names


def test_a_data_set_without_rows_can_be_written(tmp_path):
    columns, _ = read(tmp_path, {"id": [], "score": []})
    assert list(columns) == ["ID", "SCORE"]
