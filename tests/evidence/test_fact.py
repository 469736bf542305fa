from pathlib import Path

import pytest

from elsewhere.evidence import fact


def test_no_file_or_no_sentence_is_no_fact(tmp_path):
    there = tmp_path / "there"
    there.write_text("x")
    assert fact.stated(["said"], [tmp_path / "absent", None]) is None
    assert fact.stated(["", ""], [there]) is None
    found = fact.stated(["one.", "", "two."], [there, tmp_path / "absent", there])
    assert found == fact.Fact("one. two.", (there,))


def test_figures_that_were_not_drawn_are_no_fact(study):
    assert fact.drawn(study, "drawn", "calibration*.png") is None
    found = fact.drawn(study, "drawn", "matrix*.png")
    assert [path.name for path in found.files] == ["matrix.png"]


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"kind": "volume", "clip": None, "step": 0.5}, "kind volume, step 0.5"),
        ({"on": True, "off": False}, "on yes, off no"),
        ({"rate": 1e-5, "betas": [0.9, 0.999]}, "rate 1e-05, betas [0.9, 0.999]"),
        ({"inner": {"a": 1, "b": None}}, "inner {a 1}"),
    ],
)
def test_settings_are_written_as_they_are_set(row, text):
    assert fact.settings(row) == text


def test_settings_can_be_left_out():
    assert fact.settings({"a": 1, "device": "cpu"}, without=("device",)) == "a 1"


def test_every_file_of_a_fact_exists(known):
    stated = [one for one in known.values() if one is not None]
    assert stated
    assert all(one.files and all(Path(file).exists() for file in one.files) for one in stated)
