"""Draws of slices during training (C-09, C-12)."""

import numpy as np
import pytest

from elsewhere.cohorts.augmentation import augment
from elsewhere.design.augmentations.slices import SlicesAugmentation
from elsewhere.design.inputs.slices import SlicesInput

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
        "train": [{"up_to": None, "interval": 2, "first": 1, "margin": 5}],
        "test": [{"up_to": None, "interval": 1, "first": 0, "margin": 2}],
        "seed": 0,
    }
)


def draw(array, seed):
    return augment(
        array,
        input=INPUT,
        augmentation=SlicesAugmentation(kind="slices"),
        rng=np.random.default_rng(seed),
    )


@pytest.fixture
def array():
    return np.random.default_rng(0).integers(0, 1800, (9, 4, 4)).astype(np.int16)


def test_draws_are_those_of_the_rows_for_training(array):
    stored = array.astype(np.float32)
    possible = [((stored[i : i + 6 : 2] - 600) / np.float32(500))[None] for i in (1, 2, 3)]
    drawn = [draw(array, seed) for seed in range(30)]
    which = [[np.array_equal(window, one) for one in possible] for window in drawn]
    assert all(sum(matches) == 1 for matches in which)
    assert np.array(which).any(axis=0).all()


def test_the_same_generator_gives_the_same_draw(array):
    np.testing.assert_array_equal(draw(array, 7), draw(array, 7))


def test_a_short_scan_is_followed_by_zeros(array):
    window = draw(array[:2], 0)
    assert window.shape == (1, 3, 4, 4)
    assert window[0, 0].any()
    assert not window[0, 1:].any()
