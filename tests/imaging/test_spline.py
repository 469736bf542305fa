"""Resizing against scikit-image, and against a Gaussian and an interpolation of SciPy (B-21)."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.transform import resize

from elsewhere.imaging import resample, spline

SIDES = st.integers(2, 40)


def oracle(image, shape):
    factors = np.divide(image.shape, shape)
    sigma = np.maximum(0, (factors - 1) / 2)
    filtered = ndimage.gaussian_filter(image, sigma, mode="constant", cval=0)
    places = np.meshgrid(
        *((np.arange(n) + 0.5) * f - 0.5 for n, f in zip(shape, factors, strict=True)),
        indexing="ij",
    )
    return ndimage.map_coordinates(filtered, places, order=1, mode="grid-constant", cval=0)


@settings(max_examples=60)
@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 100))
def test_agrees_with_a_gaussian_and_a_linear_interpolation(rows, columns, to_y, to_x, seed):
    image = np.random.default_rng(seed).integers(0, 256, (rows, columns)).astype(float)
    image[rows // 2, columns // 2] = 0  # where 0 is not among the values, 0 is not put in
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = spline.in_plane(image[None], rows=to_y, columns=to_x)
    assert found.shape == (1, to_y, to_x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], oracle(image, (to_y, to_x)), atol=1e-3)


@settings(max_examples=60)
@given(st.integers(1, 90), st.integers(1, 90), SIDES, SIDES, st.integers(0, 100))
def test_agrees_with_scikit_image_and_rounds_to_the_same_greys(rows, columns, to_y, to_x, seed):
    rng = np.random.default_rng(seed)
    least = int(rng.integers(0, 256))  # at times no 0 is among the values: clipped otherwise
    image = rng.uniform(least, 255, (rows, columns)).astype(np.float32)
    image = np.rint(image) if seed % 2 else image
    found = spline.in_plane(image[None], rows=to_y, columns=to_x)[0]
    expected = scikit_image(image, (to_y, to_x))
    np.testing.assert_array_max_ulp(found, expected, maxulp=1)
    np.testing.assert_array_equal(np.rint(found), np.rint(expected))


@pytest.mark.parametrize("shape", [(1040, 700), (320, 1389), (112, 80), (1, 500)])
def test_radiographs_get_the_greys_of_scikit_image(shape):
    """Of an image that is enlarged some values lie half way between two greys."""
    image = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    found = spline.in_plane(image[None], rows=224, columns=224)[0]
    expected = scikit_image(image.astype(np.float32), (224, 224))
    np.testing.assert_array_equal(np.rint(found), np.rint(expected))


def scikit_image(image, shape):
    return resize(
        image, shape, order=1, mode="constant", cval=0, anti_aliasing=True, preserve_range=True
    )


def test_the_same_lattice_changes_nothing(thorax):
    greys = np.abs(thorax()) % 256
    np.testing.assert_array_equal(spline.in_plane(greys, rows=16, columns=12), greys)


def test_detail_finer_than_the_new_lattice_is_smoothed():
    board = np.indices((1, 64, 64)).sum(axis=0) % 2 * 200
    found = spline.in_plane(board, rows=16, columns=16)
    np.testing.assert_allclose(found[:, 2:-2, 2:-2], 100, atol=1)


def test_the_edge_gets_darker_and_the_inside_does_not():
    """The constant 0 outside; `resample` has no such edge."""
    image = np.full((1, 60, 60), 200, np.uint8)
    image[0, 30, 30] = 0
    found = spline.in_plane(image, rows=10, columns=10)[0]
    assert found[0].max() < 180
    np.testing.assert_allclose(found[2:4, 2:-2], 200, atol=0.5)
    assert resample.in_plane(image, rows=10, columns=10)[0, 0].min() > 199


@pytest.mark.parametrize("slices", [1, 3])
def test_every_slice_is_on_its_own(slices):
    volume = np.random.default_rng(0).integers(0, 256, (slices, 20, 14)).astype(np.uint8)
    whole = spline.in_plane(volume, rows=7, columns=9)
    for index in range(slices):
        alone = spline.in_plane(volume[index : index + 1], rows=7, columns=9)
        np.testing.assert_array_equal(whole[index], alone[0])
