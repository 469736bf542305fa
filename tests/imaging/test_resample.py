import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elsewhere.imaging import resample

SIDES = st.integers(2, 24)


@settings(max_examples=40)
@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 100))
def test_agrees_with_an_independent_antialiased_interpolation(rows, columns, to_y, to_x, seed):
    """A-10: linear; the oracle is another library's separable triangle filter."""
    volume = np.random.default_rng(seed).integers(-1000, 3000, (2, rows, columns)).astype(np.int16)
    found = resample.in_plane(volume, rows=to_y, columns=to_x)
    oracle = torch.nn.functional.interpolate(
        torch.from_numpy(volume).float()[:, None], (to_y, to_x), mode="bilinear", antialias=True
    )
    assert found.shape == (2, to_y, to_x)
    np.testing.assert_allclose(found, oracle[:, 0].numpy(), atol=0.05)


def test_the_same_lattice_changes_nothing(thorax):
    np.testing.assert_array_equal(resample.in_plane(thorax(), rows=16, columns=12), thorax())


@pytest.mark.parametrize("side", [8, 16, 45])
def test_a_ramp_stays_a_ramp(side):
    """Closed form: pixel i of n sees the place (i + 1/2) x 32 / n - 1/2 of the source."""
    ramp = np.broadcast_to(np.arange(32, dtype=np.float32), (1, 32, 32))
    found = resample.in_plane(ramp, rows=side, columns=side)[0]
    expected = (np.arange(side) + 0.5) * 32 / side - 0.5
    inner = (expected > 32 / side) & (expected < 31 - 32 / side)
    np.testing.assert_allclose(found[:, inner], np.tile(expected[inner], (side, 1)), atol=1e-3)


def test_detail_finer_than_the_new_lattice_does_not_alias():
    board = np.indices((1, 64, 64)).sum(axis=0) % 2 * 1000
    found = resample.in_plane(board, rows=16, columns=16)
    np.testing.assert_allclose(found[:, 1:-1, 1:-1], 500, atol=1)


def test_every_slice_is_on_its_own(thorax):
    volume = thorax(slices=3)
    whole = resample.in_plane(volume, rows=7, columns=9)
    for index in range(3):
        alone = resample.in_plane(volume[index : index + 1], rows=7, columns=9)
        np.testing.assert_array_equal(whole[index], alone[0])
