"""volume: what is stored of a CT volume for its network."""

import numpy as np

from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.imaging.preparation import preparation

VOLUME = VolumeInput(
    kind="volume",
    matrix=8,
    depth=32,
    stride=8,
    clip_min_hu=-1000,
    clip_max_hu=None,
    ct_number="keep",
    normalise="volume",
)


def test_air_is_zero_and_water_a_thousand():
    """A-13, A-17: the least value after the clip is 0."""
    hu = np.full((3, 20, 20), -2000, np.int16)
    hu[1] = 0
    array = preparation(VOLUME).prepared(hu, "HU")
    assert array[0].max() == 0
    assert (array[1] == 1000).all()
    assert array.shape == (3, 8, 8)


def test_ct_numbers_kept_or_shifted_differ_by_24():
    """[AMB] of A-13: 0-4095 as they are, or as HU clipped at -1000: 1024 - 1000 = 24."""
    numbers = np.full((1, 8, 8), 2000, np.int16)
    shifting = VOLUME.model_copy(update={"ct_number": "shift_to_hu"})
    assert (preparation(VOLUME).prepared(numbers, "CT number") == 2000).all()
    assert (preparation(shifting).prepared(numbers, "CT number") == 1976).all()


def test_greys_stay_greys():
    grey = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    np.testing.assert_array_equal(preparation(VOLUME).prepared(grey, "0-255"), grey)
