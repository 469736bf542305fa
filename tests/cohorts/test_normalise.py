from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.cohorts.normalise import channels, power_of_two, rescale, value_range
from elsewhere.design.parts import ImageInput, VolumeInput

VOLUME = VolumeInput(
    kind="volume",
    matrix=8,
    depth=4,
    stride=2,
    clip_min_hu=-1000,
    clip_max_hu=None,
    ct_number="keep",
    normalise="volume",
)
IMAGE = ImageInput(kind="image", matrix=8, stored_matrix=8, channels=3, normalise="image")


@given(maximum=st.integers(0, 2**15 - 1))
def test_the_power_of_two_is_the_smallest_above_the_maximum(maximum):
    # the smallest integer n with 2^n > maximum.
    n = 0
    while not 2**n > maximum:
        n += 1
    assert power_of_two(maximum) == 2**n


@pytest.mark.parametrize(("maximum", "power"), [(255, 256), (256, 512), (4095, 4096), (0, 1)])
def test_known_powers_of_two(maximum, power):
    assert power_of_two(maximum) == power


def test_negative_values_are_refused():
    with pytest.raises(ValueError, match="-1"):
        power_of_two(-1)


@given(st.lists(st.integers(0, 4095), min_size=2, max_size=30))
def test_the_volumes_own_range_becomes_0_to_1(values):
    array = np.asarray(values, np.int16).reshape(-1, 1, 1)
    low, high = value_range(array, input=VOLUME)
    out = np.full(array.shape, 7, np.float32)
    rescale(array, low=low, high=high, out=out)
    if min(values) == max(values):
        assert (out == 0).all()
    else:
        expected = (array.astype(float) - low) / (high - low)
        np.testing.assert_allclose(out, expected, atol=1e-6)
        assert (out.min(), out.max()) == (0, pytest.approx(1))


def test_the_fixed_range_is_that_of_the_clips_and_needs_both():
    fixed = VOLUME.model_copy(update={"normalise": "fixed", "clip_max_hu": 600.0})
    assert value_range(np.zeros((1, 1, 1), np.int16), input=fixed) == (0, 1600)
    with pytest.raises(ValueError, match="clip_max_hu"):
        value_range(
            np.zeros((1, 1, 1), np.int16), input=VOLUME.model_copy(update={"normalise": "fixed"})
        )


def test_every_channel_of_an_image_has_mean_0_and_variance_1():
    image = np.random.default_rng(0).integers(0, 256, (8, 8)).astype(np.float32)
    found = channels(image, input=IMAGE)
    assert found.shape == (3, 8, 8)
    np.testing.assert_allclose(found.mean((1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(found.std((1, 2)), 1, atol=1e-5)
    assert (channels(np.full((8, 8), 9, np.float32), input=IMAGE) == 0).all()


def test_imagenets_mean_becomes_0_and_one_sd_becomes_1():
    row = IMAGE.model_copy(update={"normalise": "imagenet"})
    for channel, (mean, sd) in enumerate([(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)]):
        image = np.asarray([[255 * mean, 255 * (mean + sd)]], np.float32)
        np.testing.assert_allclose(channels(image, input=row)[channel], [[0, 1]], atol=1e-5)
    single = row.model_copy(update={"channels": 1})
    image = np.full((1, 1), 255 * (0.485 + 0.456 + 0.406) / 3, np.float32)
    np.testing.assert_allclose(channels(image, input=single), 0, atol=1e-5)
