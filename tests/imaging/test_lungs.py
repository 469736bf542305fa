"""lungs: ellipses whose extent is known."""

import numpy as np
import pytest

from elsewhere.imaging.lungs import extent, sections

SPLIT = -400.0


def chest(slices: int, first: int, last: int, side: int = 128) -> np.ndarray:
    """A body in air; two lungs from `first` to `last`, and a trachea above them."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    body = (x / 0.85) ** 2 + (y / 0.6) ** 2 < 1
    lungs = ((np.abs(x) - 0.38) / 0.25) ** 2 + (y / 0.42) ** 2 < 1
    trachea = x**2 + y**2 < 0.035**2
    volume = np.full((slices, side, side), -1000, np.int16)
    volume[:, body] = 40
    volume[first : last + 1, lungs] = -850
    volume[last + 1 :, trachea] = -1000
    return volume


@pytest.mark.parametrize(
    ("slices", "first", "last"),
    [(40, 0, 39), (40, 5, 30), (300, 41, 233), (300, 3, 297), (90, 7, 8)],
)
def test_the_first_and_the_last_slice_are_found_exactly(slices: int, first: int, last: int) -> None:
    assert extent(chest(slices, first, last), split=SPLIT) == (first, last)


@pytest.mark.parametrize("side", [96, 128, 300, 512])
def test_any_matrix(side: int) -> None:
    assert extent(chest(30, 4, 20, side), split=SPLIT) == (4, 20)


def test_gas_below_and_air_above_the_lungs_do_not_count() -> None:
    volume = chest(100, 30, 70)
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    volume[5:12, (x + 0.2) ** 2 + y**2 < 0.15**2] = -900  # bowel
    volume[85:95, (x - 0.1) ** 2 + y**2 < 0.2**2] = -950  # mouth
    assert extent(volume, split=SPLIT) == (30, 70)


def test_no_lungs() -> None:
    assert extent(chest(20, 30, 40), split=SPLIT) is None
    assert extent(np.full((5, 64, 64), -1000, np.int16), split=SPLIT) is None
    assert extent(np.full((5, 64, 64), 40, np.int16), split=SPLIT) is None


def test_an_image_is_a_volume_of_one_slice() -> None:
    assert extent(chest(1, 0, 0), split=SPLIT) == (0, 0)


def test_air_is_outside_and_lung_inside() -> None:
    volume = chest(3, 0, 2, 256)
    found = sections(volume, np.array([0, 2]), split=SPLIT)
    seen = volume[[0, 2], :: found.stride, :: found.stride]
    assert not (found.air & found.lung).any()
    assert (seen[found.air] == -1000).all()
    assert (seen[found.lung] == -850).all()
    assert found.lung.sum() == (seen == -850).sum()
    assert found.air.sum() == (seen == -1000).sum()
