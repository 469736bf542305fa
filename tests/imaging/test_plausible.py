import numpy as np
import pytest

from elsewhere.imaging import plausible, tissue
from elsewhere.imaging.plausible import AIR_HU, TISSUE_HU


@pytest.fixture(scope="module")
def chest():
    """Air, lungs and a body of soft tissue with a spine, in HU, with noise [z, y, x]."""
    rng = np.random.default_rng(0)
    _, y, x = np.mgrid[:8, -1:1:64j, -1:1:64j]
    hu = np.full(x.shape, -1000.0)
    hu[(x / 0.9) ** 2 + (y / 0.75) ** 2 < 1] = 40
    for side in (-0.42, 0.42):
        hu[((x - side) / 0.3) ** 2 + (y / 0.5) ** 2 < 1] = -820
    hu[x**2 + (y - 0.5) ** 2 < 0.02] = 700
    return np.rint(hu + rng.normal(0, 25, hu.shape)).astype(np.int16)


def measured(voxels):
    return plausible.peaks(voxels, tissue.threshold(voxels))


def test_the_peaks_are_those_of_air_and_soft_tissue(chest):
    found = measured(chest)
    assert found.air == pytest.approx(-1000, abs=15)
    assert found.tissue == pytest.approx(40, abs=15)
    assert found.believable


@pytest.mark.parametrize("shift", [-30, 30])
def test_an_uncalibrated_scanner_is_believed(chest, shift):
    assert measured(chest + np.int16(shift)).believable


FAULTS = {
    "rescale twice": lambda hu: hu - 1024,
    "rescale not applied": lambda hu: hu + 1024,
    "8-bit greys with an intercept": lambda hu: np.clip((hu + 1350) / 1500 * 255, 0, 255) - 1024,
    "signs lost in 12 bits": lambda hu: hu & 0xFFF,
    "a window without air": lambda hu: np.clip(hu, -160, 240),
    "another unit": lambda hu: hu / 10,
    "nothing": lambda hu: hu * 0 - 1000,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_other_values_are_not_believed(chest, fault):
    assert not measured(np.rint(fault(chest)).astype(np.int16)).believable


def test_without_two_classes_there_are_no_peaks():
    found = plausible.peaks(np.zeros((2, 2, 2), np.int16), None)
    assert np.isnan([found.air, found.tissue]).all()


def test_the_bands_do_not_meet():
    assert AIR_HU[1] < TISSUE_HU[0]
