"""CLAHE against histogram equalisation written out, pixel by pixel (B-19)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.exposure import equalize_adapthist

from elsewhere.imaging import clahe

# scikit-image counts 252 greys: 2^14 levels, 65 in each bin
LEVELS, BIN = 2**14, 65


def noise(side, seed=0, low=0, high=256):
    return np.random.default_rng(seed).integers(low, high, (side, side)).astype(np.uint8)


def stretched(values):
    return (values - values.min()) / (values.max() - values.min())


def binned(image):
    return np.round(stretched(image.astype(float)) * (LEVELS - 1)).astype(int) // BIN


def share_at_most(tile, value):
    return np.count_nonzero(tile <= value) / tile.size


@pytest.mark.parametrize("side", [16, 33])
def test_one_tile_without_a_limit_is_histogram_equalisation(side):
    """A grey becomes the share of pixels that are not brighter."""
    image = noise(side)
    bins = binned(image)
    shares = np.vectorize(lambda value: share_at_most(bins, value))(bins)
    found = clahe.equalised(image, clip_limit=1, tiles=1)
    np.testing.assert_allclose(found / 255, stretched(shares), atol=2e-3)


def test_between_the_middles_of_tiles_their_mappings_are_interpolated():
    """Every pixel by itself; beyond the outermost middles the nearest tile alone counts."""
    tiles, side = 3, 8
    image = noise(tiles * side, seed=1)
    bins = binned(image)
    expected = np.zeros(image.shape)
    for y, x in np.ndindex(image.shape):
        places = []
        for at in (y, x):
            before, within = divmod(at - side // 2, side)
            first, second = np.clip([before, before + 1], 0, tiles - 1)
            places.append([(first, 1 - within / side), (second, within / side)])
        for row, weight_y in places[0]:
            for column, weight_x in places[1]:
                tile = bins[row * side : (row + 1) * side, column * side : (column + 1) * side]
                expected[y, x] += weight_y * weight_x * share_at_most(tile, bins[y, x])
    found = clahe.equalised(image, clip_limit=1, tiles=tiles)
    np.testing.assert_allclose(found / 255, stretched(expected), atol=2e-3)


@given(st.integers(1, 50), st.integers(1, 3), st.integers(0, 100))
def test_brightness_and_exposure_of_the_film_do_not_matter(shift, factor, seed):
    image = noise(24, seed=seed, high=60)
    other = image * np.uint8(factor) + np.uint8(shift)
    plain = clahe.equalised(image, clip_limit=0.02, tiles=4)
    np.testing.assert_allclose(clahe.equalised(other, clip_limit=0.02, tiles=4), plain, atol=0.1)


def test_faint_structure_gets_contrast():
    """A step of 8 greys in texture, beside a bright and a dark bar, is raised, but not beyond.

    A mapping's slope is at most the limit times 256: here 2.56.
    """
    image = noise(256, low=112, high=129)
    image[:, 128:] += 8
    image[:16], image[-16:] = 0, 255
    found = clahe.equalised(image, clip_limit=0.01, tiles=8)
    step = found[96:160, 128:144].mean() - found[96:160, 112:128].mean()
    assert 8 * 1.5 < step < 8 * 2.56


def test_the_limit_keeps_noise_down():
    image = noise(64, low=120, high=125)
    image[:4], image[-4:] = 0, 255
    inner = [
        clahe.equalised(image, clip_limit=limit, tiles=4)[16:48].std()
        for limit in (0.01, 0.05, 0.2, 1)
    ]
    assert inner == sorted(inner)
    assert inner[0] < inner[-1] / 3


@pytest.mark.parametrize("grey", [0, 7, 255])
def test_an_image_of_one_grey_stays_as_it_is(grey):
    image = np.full((9, 12), grey, np.uint8)
    np.testing.assert_array_equal(clahe.equalised(image, clip_limit=0.01, tiles=8), image)


@pytest.mark.parametrize("shape", [(3, 50), (37, 23), (64, 64)])
def test_any_shape_and_the_whole_range(shape):
    image = np.arange(np.prod(shape)).reshape(shape).astype(np.uint8)
    found = clahe.equalised(image, clip_limit=0.01, tiles=8)
    assert found.shape == shape
    assert found.dtype == np.float32
    assert (found.min(), found.max()) == (0, 255)


def test_tiles_are_shares_of_the_image():
    """An image twice as fine looks the same, so that the order with resizing matters little."""
    coarse = noise(32, seed=2)
    fine = np.kron(coarse, np.ones((2, 2), np.uint8))
    found = clahe.equalised(fine, clip_limit=1, tiles=4).reshape(32, 2, 32, 2).mean((1, 3))
    np.testing.assert_allclose(found, clahe.equalised(coarse, clip_limit=1, tiles=4), atol=16)


@settings(max_examples=40)
@given(
    shape=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    ends=st.tuples(st.integers(0, 250), st.integers(2, 256)),
    tiles=st.integers(1, 12),
    clip_limit=st.sampled_from([1e-4, 0.01, 0.1, 1]),
    seed=st.integers(0, 100),
)
def test_every_bit_is_that_of_scikit_image(shape, ends, tiles, clip_limit, seed):
    """Flat, short and odd images too; strips of one row and of many."""
    low, high = ends[0], min(256, ends[0] + ends[1])
    image = np.random.default_rng(seed).integers(low, high, shape).astype(np.uint8)
    if image.min() == image.max():
        return
    sides = [max(1, side // tiles) for side in shape]
    theirs = equalize_adapthist(image, kernel_size=sides, clip_limit=clip_limit) * 255
    found = clahe.equalised(image, clip_limit=clip_limit, tiles=tiles)
    assert found.tobytes() == theirs.astype(np.float32).tobytes()


def test_strips_of_a_large_image_join_without_a_seam():
    image = noise(600, seed=3)
    theirs = equalize_adapthist(image, kernel_size=75, clip_limit=0.01) * 255
    found = clahe.equalised(image, clip_limit=0.01, tiles=8)
    assert found.tobytes() == theirs.astype(np.float32).tobytes()
