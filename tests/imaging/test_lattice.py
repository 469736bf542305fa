"""Against an analytic phantom: spheres whose volume, place and values are known in mm."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from elsewhere.imaging import lattice

# value, radius and centre in mm (z, y, x) from the middle of the volume: HU shifted by 1000
SPHERES = [
    (1040.0, 24.0, (-30.0, -28.0, -34.0)),
    (400.0, 20.0, (34.0, 30.0, 25.0)),
    (2000.0, 16.0, (0.0, 36.0, -36.0)),
]
FIELD_MM = 160.0
SPACINGS = [(1.0, 1.0, 1.0), (5.0, 0.7, 0.7), (2.0, 2.0, 2.0), (3.0, 1.5, 0.8)]
WANTED = [(1.5, 1.5, 1.5), (4.0, 2.0, 2.0), (2.5, 1.0, 1.0)]


def axis_mm(count, step):
    """Centres of voxels, the middle of the axis at 0."""
    return (np.arange(count) - (count - 1) / 2) * step


def drawn(spacing):
    """The spheres on a lattice, each voxel the mean of 3 x 3 x 3 points in it."""
    shape = [round(FIELD_MM / step) for step in spacing]
    total = np.zeros(shape)
    for shift in itertools.product((-1, 0, 1), repeat=3):
        at = [
            axis_mm(count, step) + part * step / 3
            for count, step, part in zip(shape, spacing, shift, strict=True)
        ]
        z, y, x = np.meshgrid(*at, indexing="ij", sparse=True)
        for value, radius, (cz, cy, cx) in SPHERES:
            total += value * ((z - cz) ** 2 + (y - cy) ** 2 + (x - cx) ** 2 <= radius**2)
    return (total / 27).astype(np.float32)


@pytest.fixture(scope="module")
def sources():
    return {spacing: drawn(spacing) for spacing in SPACINGS}


@pytest.mark.parametrize("spacing", SPACINGS, ids=str)
@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_spheres_keep_volume_place_and_value(sources, spacing, wanted):
    """What sampling alone can shift is a fraction of a voxel of either lattice."""
    matrix = 200
    found = lattice.resampled(
        sources[spacing], spacing_mm=spacing, wanted_mm=wanted, rows=matrix, columns=matrix
    )
    z, y, x = np.meshgrid(
        *(axis_mm(count, step) for count, step in zip(found.shape, wanted, strict=True)),
        indexing="ij",
        sparse=True,
    )
    coarsest = np.maximum(spacing, wanted)
    for value, radius, centre in SPHERES:
        distance = np.sqrt((z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2)
        # the blurred rim belongs to the sphere; no other one is so near
        near = found * (distance < radius + 2 * coarsest.max())
        mass = near.sum() * np.prod(wanted) / value
        assert mass == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.02)
        place = [float((near * axis).sum() / near.sum()) for axis in (z, y, x)]
        np.testing.assert_allclose(place, centre, atol=0.1 * coarsest.min())
        inside = found[np.broadcast_to(distance < radius - 2 * coarsest.max(), found.shape)]
        assert inside.mean() == pytest.approx(value, abs=1.0)


def test_the_number_of_slices_is_the_height():
    volume = np.ones((40, 8, 8), np.float32)
    for dz, new, slices in [(2.5, 5.0, 20), (5.0, 2.5, 80), (1.0, 7.0, 6), (0.5, 200.0, 1)]:
        found = lattice.resampled(
            volume, spacing_mm=(dz, 1, 1), wanted_mm=(new, 1, 1), rows=8, columns=8
        )
        assert len(found) == slices
        np.testing.assert_allclose(found, 1, rtol=1e-5)


def test_the_slices_are_cut_or_padded_around_the_middle():
    volume = np.arange(6 * 6, dtype=np.float32).reshape(1, 6, 6) + 1
    same = {"spacing_mm": (1.0, 1.0, 1.0), "wanted_mm": (1.0, 1.0, 1.0)}
    cut = lattice.resampled(volume, rows=4, columns=2, **same)
    np.testing.assert_array_equal(cut[0], volume[0, 1:5, 2:4])
    padded = lattice.resampled(volume, rows=8, columns=10, **same)
    np.testing.assert_array_equal(padded[0], np.pad(volume[0], ((1, 1), (2, 2))))


def grating(period, count=240):
    """Stripes along x around 1000, many of them."""
    wave = 1000 + 500 * np.cos(2 * np.pi * np.arange(count) / period)
    return np.broadcast_to(wave, (4, 8, count)).astype(np.float32)


@pytest.mark.parametrize("period", [2.2, 3.0, 4.4, 5.0])
def test_a_fine_grating_does_not_alias(period):
    """Shrunk by 4, stripes of these periods lie beyond Nyquist (8 voxels) and come back as others.

    A Gaussian of standard deviation s leaves exp(-2 (pi s / period)^2) of them; plain sampling
    leaves all.
    """
    shrunk = lattice.resampled(
        grating(period), spacing_mm=(1, 1, 1), wanted_mm=(1, 1, 4.0), rows=8, columns=60
    )
    inner = shrunk[2, 4, 4:-4]
    left = np.sqrt(2) * inner.std() / 500
    naive = np.sqrt(2) * grating(period)[2, 4, 16:-16:4].std() / 500
    expected = np.exp(-2 * (np.pi * lattice.sigma_mm(1, 4) / period) ** 2)
    assert naive > 0.9
    assert left < 1.1 * expected + 1e-3
    assert left < 0.15


def test_a_coarse_grating_stays():
    shrunk = lattice.resampled(
        grating(40.0), spacing_mm=(1, 1, 1), wanted_mm=(1, 1, 4.0), rows=8, columns=60
    )
    expected = np.exp(-2 * (np.pi * lattice.sigma_mm(1, 4) / 40) ** 2)
    amplitude = np.sqrt(2) * shrunk[2, 4, 5:55].std() / 500  # five whole stripes
    assert amplitude == pytest.approx(expected, abs=0.02)
    assert expected > 0.9


@pytest.mark.parametrize(("fine", "coarse"), [(1.0, 2.0), (0.7, 5.0), (1.0, 1.01)])
def test_a_fine_voxel_becomes_a_coarse_one(fine, coarse):
    """Cardoso et al. 2015: variances of point spread functions add up."""
    full_width = 2 * np.sqrt(2 * np.log(2))
    widened = np.hypot(fine / full_width, lattice.sigma_mm(fine, coarse))
    assert widened == pytest.approx(coarse / full_width)
    assert lattice.sigma_mm(coarse, fine) == 0


@given(
    arrays(np.float32, (3, 6, 5), elements=st.floats(0, 3000, width=32)),
    st.tuples(*[st.floats(0.4, 6.0)] * 3),
    st.tuples(*[st.floats(0.4, 6.0)] * 3),
)
def test_no_value_leaves_the_range(values, spacing, wanted):
    found = lattice.resampled(values, spacing_mm=spacing, wanted_mm=wanted, rows=7, columns=4)
    assert found.dtype == np.float32
    assert found.shape[1:] == (7, 4)
    assert found.min() >= 0
    assert found.max() <= values.max() * (1 + 1e-5)


@pytest.mark.parametrize("axis", range(3))
def test_mirrored_comes_out_mirrored(axis):
    """No axis is exchanged, turned or shifted by half a voxel."""
    volume = np.random.default_rng(0).random((9, 11, 13)).astype(np.float32)
    settings = {"spacing_mm": (2.0, 0.8, 0.7), "wanted_mm": (1.5, 1.1, 0.9), "rows": 8}
    first = lattice.resampled(volume, columns=9, **settings)
    second = lattice.resampled(np.flip(volume, axis), columns=9, **settings)
    np.testing.assert_allclose(np.flip(second, axis), first, rtol=1e-4)
