import math

import pytest

from elsewhere.imaging.volume import Unusable
from elsewhere.sites import layout
from elsewhere.sites.layout import LayoutError


@pytest.mark.parametrize(
    ("text", "years"),
    [("053Y", 53), ("006M", 0.5), ("010D", 0.03), ("41", 41), ("41.5", 41.5), (" 7 ", 7)],
)
def test_ages_are_years(text, years):
    """DICOM PS3.5 6.2: AS is nnnD, nnnW, nnnM or nnnY."""
    assert layout.age(text) == pytest.approx(years, abs=0.005)


@pytest.mark.parametrize("text", ["", "nan", "Unknown", " - ", "Young Child", "40+"])
def test_no_age_is_unknown(text):
    assert math.isnan(layout.age(text))


@pytest.mark.parametrize("text", ["-3", "999.5", "999", "999Y", "200M", "999W", "121Y"])
def test_what_cannot_be_an_age_is_not_taken_for_unknown(text):
    assert not 0 <= layout.age(text) <= 120


@pytest.mark.parametrize(
    ("text", "expected"),
    [("M ", "M"), ("f", "F"), ("Female", "F"), ("male", "M"), ("", "unknown"), ("O", "unknown")],
)
def test_sex(text, expected):
    assert layout.sex(text) == expected


def test_cells_are_numbers_or_empty():
    assert [layout.number(text) for text in ("12", "1e-3", "")] == [12, 0.001, None]
    for text in ("SMITH", "nan", "1,5"):
        with pytest.raises(Unusable, match="bad_number") as error:
            layout.number(text)
        assert text not in error.value.detail


def test_folders_and_images(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ["10.PNG", "2.png", "._2.png", "x.txt", ".DS_Store"]:
        (tmp_path / "b" / name).touch()
    assert layout.folder(tmp_path, "a", "b") == tmp_path / "b"
    assert [path.name for path in layout.images(tmp_path / "b", ".png")] == ["10.PNG", "2.png"]
    with pytest.raises(LayoutError, match="expected a folder c or d"):
        layout.folder(tmp_path, "c", "d")
