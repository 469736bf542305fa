import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from elsewhere.imaging import intensity
from elsewhere.imaging.volume import Unusable

VOXELS = arrays(np.int16, (2, 3, 4))


@pytest.mark.parametrize(
    ("minimum", "maximum", "stated_hu", "bits", "expected"),
    [
        (-1024, 3071, True, 12, "HU"),
        (0, 4095, False, 12, "CT number"),
        (0, 4095, True, 16, "CT number"),  # a header says HU, but nothing is lighter than water
        (0, 255, False, 8, "0-255"),
        (0, 255, True, 16, "0-255"),
        (0, 200, False, 12, "CT number"),  # 12-bit data that happen to be dark
        (-2000, 3000, False, 16, "CT number"),  # padding below unscaled data
    ],
)
def test_tells_the_scales_apart(minimum, maximum, stated_hu, bits, expected):
    """A-11."""
    found = intensity.value_scale(minimum, maximum, stated_hu=stated_hu, bits_stored=bits)
    assert found == expected


@given(VOXELS)
def test_int16_stays_as_it_is(voxels):
    np.testing.assert_array_equal(intensity.to_int16(voxels), voxels)


def test_rounds_and_refuses_what_does_not_fit():
    np.testing.assert_array_equal(intensity.to_int16(np.array([-0.6, 0.4, 7.0])), [-1, 0, 7])
    with pytest.raises(Unusable, match="value_range"):
        intensity.to_int16(np.array([0.0, 40000.0]))
    with pytest.raises(Unusable, match="not finite"):
        intensity.to_int16(np.array([0.0, np.nan]))


def test_parts_give_what_the_whole_gives():
    values = np.random.default_rng(0).normal(0, 900, (40, 300, 200))  # some parts of a few MB
    expected = np.rint(values).astype(np.int16)
    np.testing.assert_array_equal(intensity.to_int16(values), expected)
    np.testing.assert_array_equal(intensity.to_int16(values.astype(">f8")), expected)
    turned = values.transpose(2, 1, 0)[::-1]
    np.testing.assert_array_equal(intensity.to_int16(turned), expected.transpose(2, 1, 0)[::-1])
    values[-1, -1, -1] = np.inf
    with pytest.raises(Unusable, match="not finite"):
        intensity.to_int16(values)


def test_a_conversion_takes_little_more_than_its_result():
    values = np.zeros((50, 400, 400))  # 64 MB; int16 is a quarter of it
    tracemalloc.start()
    intensity.to_int16(values)
    assert tracemalloc.get_traced_memory()[1] < 2.5 * values.size * 2
    tracemalloc.stop()


def test_a_few_metal_voxels_saturate():
    values = np.zeros(5000, np.int64)
    values[0] = 60000
    assert intensity.to_int16(values).max() == 32767


@given(
    st.integers(-2048, 0),
    st.sampled_from([1.0, 2.0, 0.5]),
    st.lists(st.integers(0, 4095), min_size=1),
)
def test_rescale_is_the_line_of_the_standard(intercept, slope, stored):
    found = intensity.rescaled(np.array(stored, np.uint16), slope=slope, intercept=intercept)
    expected = [round(value * slope + intercept) for value in stored]  # both round half to even
    np.testing.assert_array_equal(found, expected)


def test_without_rescale_values_are_kept():
    stored = np.array([0, 4095], np.uint16)
    np.testing.assert_array_equal(intensity.rescaled(stored, slope=None, intercept=None), [0, 4095])


def clip(voxels, scale, low=-1000.0, high=None, shift=False):
    return intensity.clipped(
        voxels, scale, clip_min_hu=low, clip_max_hu=high, shift_ct_number=shift
    )


@given(VOXELS, st.sampled_from(["HU", "CT number", "0-255"]), st.sampled_from([-1000.0, None]))
def test_nothing_is_negative_afterwards(voxels, scale, low):
    """A-17 needs data >= 0."""
    assert clip(voxels, scale, low).min() >= 0


def test_hu_are_clipped_at_minus_1000_and_not_above():
    """A-13: air is 0, water 1000, and no upper clip is stated."""
    np.testing.assert_array_equal(
        clip(np.array([-3024, -1000, 0, 3071], np.int16), "HU"), [0, 0, 1000, 4071]
    )
    np.testing.assert_array_equal(
        clip(np.array([0, 3071], np.int16), "HU", high=400.0), [1000, 1400]
    )


def test_ct_numbers_and_greys_are_kept_or_shifted():
    voxels = np.array([-2000, 0, 24, 1024, 4095], np.int16)
    np.testing.assert_array_equal(clip(voxels, "CT number"), [0, 0, 24, 1024, 4095])
    np.testing.assert_array_equal(clip(voxels, "CT number", shift=True), [0, 0, 0, 1000, 4071])
    greys = np.array([0, 255], np.uint8)
    np.testing.assert_array_equal(clip(greys, "0-255", shift=True), [0, 255])


@given(
    st.sampled_from([np.uint8, np.int8, np.uint16, np.int16, np.int32]),
    st.sampled_from([1.0, 2.0, 0.5, -1.0]),
    st.sampled_from([0.0, -1024.0, 31.5, 40000.0]),
    st.integers(0, 99),
)
def test_rescaling_into_place_is_the_same_line_saturated(dtype, slope, intercept, seed):
    rng, limits = np.random.default_rng(seed), np.iinfo(dtype)
    low, high = max(limits.min, -50_000), min(limits.max, 70_000)
    stored = rng.integers(low, high, (3, 5), dtype=dtype, endpoint=True)
    target = np.empty((3, 5), np.int16)
    beyond = intensity.rescale_into(
        target, stored, slope=slope, intercept=intercept, span=(stored.min(), stored.max())
    )
    exact = [round(float(value) * slope + intercept) for value in stored.ravel()]
    np.testing.assert_array_equal(target.ravel(), np.clip(exact, -32768, 32767))
    assert beyond == sum(not -32768 <= value <= 32767 for value in exact)


def test_fractions_of_a_small_range_are_refused():
    """A z-score or a value scaled to 0 to 1 is gone once it is rounded."""
    with pytest.raises(Unusable, match="value_range"):
        intensity.check_not_normalised(np.linspace(-3, 3, 50))
    for fine in (np.array([0.0, 1.0, 2.0]), np.linspace(-1000, 400.5, 50), np.array([0, 1])):
        intensity.check_not_normalised(fine)


def test_one_voxel_in_a_thousand_may_saturate():
    intensity.few_saturate(1, of=1000, span=(0, 40000))
    with pytest.raises(Unusable, match=r"value_range: values from 0 to 40000; 0\.2%"):
        intensity.few_saturate(2, of=1000, span=(0, 40000))
