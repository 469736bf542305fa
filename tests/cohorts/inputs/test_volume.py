from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.cohorts.inputs.volume import rescale, starts, value_range
from elsewhere.cohorts.view import view
from elsewhere.design.inputs.volume import VolumeInput

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


def evaluation_tensor(array, *, input):
    return np.stack([window for _, window in view(input).windows(array)])


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


@given(st.lists(st.integers(0, 4095), min_size=2, max_size=30))
def test_the_volumes_own_range_becomes_0_to_1(values):
    array = np.asarray(values, np.int16).reshape(-1, 1, 1)
    low, high = value_range(array, input=VOLUME)
    out = torch.full(array.shape, 7.0)
    rescale(torch.from_numpy(array), low=low, high=high, out=out)
    if min(values) == max(values):
        assert (out == 0).all()
    else:
        expected = (array.astype(float) - low) / (high - low)
        np.testing.assert_allclose(out.numpy(), expected, atol=1e-6)
        assert (out.min(), out.max()) == (0, pytest.approx(1))


def test_the_fixed_range_is_that_of_the_clips_and_needs_both():
    fixed = VOLUME.model_copy(update={"normalise": "fixed", "clip_max_hu": 600.0})
    assert value_range(np.zeros((1, 1, 1), np.int16), input=fixed) == (0, 1600)
    with pytest.raises(ValueError, match="clip_max_hu"):
        value_range(
            np.zeros((1, 1, 1), np.int16), input=VOLUME.model_copy(update={"normalise": "fixed"})
        )


def test_a_window_is_that_of_the_same_first_slice():
    array = np.arange(7 * 9, dtype=np.int16).reshape(7, 3, 3)
    shown = view(volume_input(depth=4, stride=2))
    for first, window in shown.windows(array):
        np.testing.assert_array_equal(shown.window(array, first=first), window)
