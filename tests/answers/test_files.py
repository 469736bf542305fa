"""What JSON cannot hold comes back as what it was."""

import json
import math

import pytest

from elsewhere.answers import files

ROW = {"value_scale": "HU", "n_slices": 4, "spacing_z_mm": None, "spacing_y_mm": 0.5,
       "spacing_x_mm": 0.75}  # fmt: skip


def test_an_unknown_distance_is_not_a_number_again():
    found = files.scanned(ROW)
    assert (found.slices, found.value_scale) == (4, "HU")
    assert math.isnan(found.spacing_mm[0])
    assert found.spacing_mm[1:] == (0.5, 0.75)


def test_files_have_numbers_for_names(tmp_path):
    assert files.volume_file(tmp_path, 3) == tmp_path / "volume-3.b2nd"
    assert files.map_file(tmp_path, 3) == tmp_path / "map-3.b2nd"


def test_a_file_is_read(tmp_path):
    (tmp_path / files.READ).write_text(json.dumps({"a": [1]}), encoding="utf-8")
    assert files.read_json(tmp_path / files.READ) == {"a": [1]}
    with pytest.raises(FileNotFoundError):
        files.read_json(tmp_path / files.SAID)
