from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.cohorts.windows import evaluation_tensor, starts
from elsewhere.design.parts import ImageInput, VolumeInput


def volume_input(*, depth: int, stride: int = 2, matrix: int = 3) -> VolumeInput:
    return VolumeInput(
        kind="volume",
        matrix=matrix,
        depth=depth,
        stride=stride,
        clip_min_hu=-1000,
        clip_max_hu=None,
        ct_number="keep",
        normalise="volume",
    )


@given(n=st.integers(1, 400), depth=st.integers(1, 130), data=st.data())
def test_windows_cover_every_slice_and_the_last_is_anchored(n, depth, data):
    stride = data.draw(st.integers(1, depth))
    found = starts(n, depth=depth, stride=stride)
    covered = {first + i for first in found for i in range(depth)}
    assert set(range(n)) <= covered
    assert found[0] == 0
    assert found[-1] == max(0, n - depth)
    assert list(found) == sorted(set(found))
    assert all(first % stride == 0 for first in found[:-1])


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (40, (0,)),
        (128, (0,)),
        (129, (0, 1)),
        (160, (0, 32)),
        (300, (0, 32, 64, 96, 128, 160, 172)),
    ],
)
def test_the_papers_windows(n, expected):
    assert starts(n, depth=128, stride=32) == expected


def test_a_stride_that_jumps_over_slices_is_refused():
    with pytest.raises(ValueError, match="stride is 5"):
        starts(10, depth=4, stride=5)


@given(n=st.integers(1, 12), depth=st.integers(1, 12))
def test_short_volumes_are_centred_between_zeros(n, depth):
    array = np.arange(1, n * 9 + 1, dtype=np.int16).reshape(n, 3, 3)
    found = evaluation_tensor(array, input=volume_input(depth=depth, stride=1))
    assert found.dtype == np.float32
    assert found.shape == (max(1, n - depth + 1), 1, depth, 3, 3)
    expected = (array - 1) / (9 * n - 1)
    if n < depth:
        before = (depth - n) // 2
        np.testing.assert_allclose(found[0, 0, before : before + n], expected, atol=1e-6)
        assert (np.delete(found[0, 0], range(before, before + n), axis=0) == 0).all()
        assert abs(before - (depth - n - before)) <= 1
    else:
        for first in range(n - depth + 1):
            np.testing.assert_allclose(found[first, 0], expected[first : first + depth], atol=1e-6)


def test_normalisation_is_that_of_the_whole_volume_not_of_the_window():
    array = np.zeros((8, 3, 3), np.int16)
    array[0], array[7] = 100, 400
    found = evaluation_tensor(array, input=volume_input(depth=4, stride=4))
    assert found[0].max() == pytest.approx(0.25)
    assert found[1].max() == 1


def test_another_lattice_than_the_inputs_is_refused():
    with pytest.raises(ValueError, match="prepare"):
        evaluation_tensor(np.zeros((4, 5, 3), np.int16), input=volume_input(depth=4))


def test_an_image_is_shrunk_without_aliasing():
    row = ImageInput(kind="image", matrix=32, stored_matrix=128, channels=3, normalise="imagenet")
    stripes = np.zeros((1, 128, 128), np.uint8)
    stripes[:, :, ::2] = 255
    found = evaluation_tensor(stripes, input=row)
    assert found.shape == (1, 3, 32, 32)
    # Stripes finer than the new lattice become their mean, 127.5; far from the border exactly.
    inside = found[0, 0, 4:-4, 4:-4] * 0.229 + 0.485
    np.testing.assert_allclose(inside, 0.5, atol=0.01)


def test_an_image_that_fits_is_not_resampled():
    row = ImageInput(kind="image", matrix=6, stored_matrix=6, channels=1, normalise="image")
    image = np.arange(36, dtype=np.uint8).reshape(1, 6, 6)
    expected = (image - image.mean()) / image.std()
    np.testing.assert_allclose(evaluation_tensor(image, input=row)[0], expected, atol=1e-5)
