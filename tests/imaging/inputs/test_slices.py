"""Preparation of volumes whose slices are drawn: window and matrix (C-10)."""

import numpy as np
import pytest

from elsewhere.design.inputs.slices import SlicesInput
from elsewhere.imaging.preparation import Scanned, preparation

INPUT = SlicesInput.model_validate(
    {
        "kind": "slices",
        "matrix": 4,
        "depth": 3,
        "draws": 2,
        "average": "logits",
        "clip_min_hu": -1200,
        "clip_max_hu": 600,
        "mean_hu": -600,
        "sd_hu": 500,
        "train": [{"up_to": None, "interval": 1, "first": 0, "margin": 2}],
        "test": [{"up_to": None, "interval": 1, "first": 0, "margin": 2}],
        "seed": 0,
    }
)


def test_values_are_hu_above_the_window_c10():
    voxels = np.full((2, 4, 4), -1024, np.int16)
    voxels[0, 0] = [-3000, -1200, 600, 3000]
    stored = preparation(INPUT).prepared(voxels, Scanned("a", "HU", 2))
    assert stored.dtype == np.int16
    assert stored[0, 0].tolist() == [0, 0, 1800, 1800]
    assert (stored[1] == 176).all()


def test_ct_numbers_become_hu():
    voxels = np.full((1, 4, 4), 1024, np.int16)  # water
    stored = preparation(INPUT).prepared(voxels, Scanned("a", "CT number", 1))
    assert (stored == 1200).all()


def test_slices_are_resized_and_all_kept():
    voxels = np.repeat(np.array([[-800, 0]], np.int16), 8, axis=1)  # halves of -800 and 0
    voxels = np.broadcast_to(voxels, (5, 8, 16)).astype(np.int16)
    stored = preparation(INPUT).prepared(voxels, Scanned("a", "HU", 5))
    assert stored.shape == (5, 4, 4)
    assert stored[:, :, 0].tolist() == [[400] * 4] * 5
    assert stored[:, :, 3].tolist() == [[1200] * 4] * 5


def test_relative_greys_are_refused():
    scans = [Scanned("a", "HU", 20), Scanned("b", "0-255", 20)]
    with pytest.raises(ValueError, match=r"1 of 2 scans have values of the scale '0-255'.* b;"):
        preparation(INPUT).check(scans)
    preparation(INPUT).check([scans[0], Scanned("c", "CT number", 20)])
