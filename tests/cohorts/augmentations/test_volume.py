from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare, kstest

from elsewhere.cohorts.augmentation import augment
from elsewhere.cohorts.augmentations.volume import power_of_two
from elsewhere.design.augmentations.volume import VolumeAugmentation
from elsewhere.design.inputs.volume import VolumeInput

DRAWS = 2000
TINY = 1e-5
NOTHING = VolumeAugmentation(
    kind="volume",
    power_of_two=0,
    gate=1,
    flip=0,
    transpose=0,
    rotate="none",
    scale=0,
    scale_mode="intensity",
)


def volume_input(depth: int = 4, matrix: int = 3) -> VolumeInput:
    return VolumeInput(
        kind="volume",
        matrix=matrix,
        depth=depth,
        stride=1,
        clip_min_hu=-1000,
        clip_max_hu=None,
        ct_number="keep",
        normalise="volume",
    )


def with_(**changes) -> VolumeAugmentation:
    return NOTHING.model_copy(update=changes)


def views(array, augmentation, *, input=None, draws=DRAWS):
    rng = np.random.default_rng(7)
    row = input or volume_input(depth=len(array), matrix=array.shape[1])
    return [augment(array, input=row, augmentation=augmentation, rng=rng) for _ in range(draws)]


def distinct(shape=(4, 3, 3)) -> np.ndarray:
    """Every voxel another value, 0 to 1 after normalisation."""
    return np.arange(np.prod(shape), dtype=np.int16).reshape(shape)


def normal(array: np.ndarray) -> np.ndarray:
    return ((array - array.min()) / (array.max() - array.min())).astype(np.float32)


def likely(hits: int, share: float, draws: int = DRAWS) -> bool:
    return binomtest(hits, draws, share).pvalue > TINY


def which(view: np.ndarray, candidates: dict) -> object:
    """Name the one candidate that this view equals."""
    found = [
        name
        for name, other in candidates.items()
        if other.shape == view[0].shape and np.allclose(view[0], other, atol=1e-6)
    ]
    assert len(found) == 1
    return found[0]


def test_without_any_change_the_view_is_the_normalised_volume():
    array = distinct()
    (view,) = views(array, NOTHING, draws=1)
    assert view.shape == (1, 4, 3, 3)
    assert view.dtype == np.float32
    assert view.flags.c_contiguous
    np.testing.assert_allclose(view[0], normal(array), atol=1e-6)


def test_normalisation_is_a_fair_coin_with_the_papers_closed_form():
    # max 35, so 2^6 = 64 > 35 >= 2^5.
    array = distinct()
    candidates = {"unit": normal(array), "power": array / 64}
    counts = Counter(which(view, candidates) for view in views(array, with_(power_of_two=0.5)))
    assert likely(counts["power"], 0.5)


def test_the_gate_opens_half_of_the_time():
    array = distinct()
    found = views(array, with_(gate=0.5, transpose=1))
    candidates = {"closed": normal(array), "open": normal(array).transpose(0, 2, 1)}
    assert likely(Counter(which(view, candidates) for view in found)["open"], 0.5)


def test_each_axis_is_flipped_on_its_own():
    array = distinct()
    candidates = {
        axes: np.flip(normal(array), axes)
        for axes in [(), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
    }
    counts = Counter(which(view, candidates) for view in views(array, with_(flip=0.5)))
    assert chisquare([counts[axes] for axes in candidates]).pvalue > TINY  # 1/8 each
    for axis in range(3):
        assert likely(sum(n for axes, n in counts.items() if axis in axes), 0.5)


def test_transposition_exchanges_rows_and_columns_and_never_slices():
    array = distinct()
    candidates = {"kept": normal(array), "turned": normal(array).transpose(0, 2, 1)}
    counts = Counter(which(view, candidates) for view in views(array, with_(transpose=0.5)))
    assert likely(counts["turned"], 0.5)


def test_rotation_is_by_quarter_turns_within_slices():
    array = distinct()
    source = normal(array)
    quarter = np.stack([one.T[::-1] for one in source])
    half = source[:, ::-1, ::-1]
    candidates = {0: source, 1: quarter, 2: half, 3: quarter[:, ::-1, ::-1]}
    counts = Counter(
        which(view, candidates) for view in views(array, with_(rotate="quarter_turns"))
    )
    assert chisquare([counts[turns] for turns in range(4)]).pvalue > TINY


def test_no_change_of_position_mixes_slices():
    # Every slice has one value, so only its order along z can change.
    array = np.repeat(np.arange(4, dtype=np.int16), 9).reshape(4, 3, 3)
    every = with_(flip=0.5, transpose=0.5, rotate="quarter_turns")
    for view in views(array, every, draws=200):
        assert (view[0] == view[0][:, :1, :1]).all()
        assert list(view[0][:, 0, 0]) in ([*normal(array)[:, 0, 0]], [*normal(array)[::-1, 0, 0]])


def test_the_scale_is_a_coin_and_a_uniform_factor():
    array = distinct()
    peaks = np.asarray([view.max() for view in views(array, with_(scale=0.5))])
    scaled = peaks[peaks < 1]
    assert likely(len(scaled), 0.5)
    assert kstest(scaled, "uniform").pvalue > TINY


def test_an_intensity_scale_multiplies_all_voxels_alike():
    array = distinct()
    for view in views(array, with_(scale=1), draws=20):
        np.testing.assert_allclose(view[0], normal(array) * view.max(), atol=1e-6)


def test_a_spatial_scale_shrinks_about_the_centre():
    array = np.zeros((21, 21, 21), np.int16)
    array[5:16, 5:16, 5:16] = 100
    for view in views(array, with_(scale=1, scale_mode="spatial"), draws=10):
        mass = view[0].sum()
        assert mass <= 11**3 + 1e-3
        if mass > 1:
            grid = np.indices(view[0].shape).reshape(3, -1)
            centre = (grid * view[0].ravel()).sum(1) / mass
            np.testing.assert_allclose(centre, 10, atol=0.01)


def test_the_place_of_a_short_volume_is_uniform():
    array = np.full((3, 3, 3), 5, np.int16)
    array[0, 0, 0] = 0
    found = views(array, NOTHING, input=volume_input(depth=10))
    firsts = Counter(int(np.flatnonzero(view[0].any((1, 2)))[0]) for view in found)
    assert all(np.count_nonzero(view[0].any((1, 2))) == 3 for view in found)
    assert chisquare([firsts[place] for place in range(8)]).pvalue > TINY
    assert sum(firsts.values()) == sum(firsts[place] for place in range(8))


def test_the_place_in_a_long_volume_is_uniform_and_contiguous():
    array = np.repeat(np.arange(10, dtype=np.int16), 9).reshape(10, 3, 3)
    found = views(array, NOTHING, input=volume_input(depth=4))
    firsts = Counter()
    for view in found:
        slices = np.rint(view[0][:, 0, 0] * 9).astype(int)
        assert list(slices) == list(range(slices[0], slices[0] + 4))
        firsts[slices[0]] += 1
    assert chisquare([firsts[place] for place in range(7)]).pvalue > TINY


def test_equal_generators_give_equal_views():
    every = with_(power_of_two=0.5, flip=0.5, transpose=0.5, rotate="quarter_turns", scale=0.5)
    first, second = (views(distinct((9, 3, 3)), every, draws=30) for _ in range(2))
    np.testing.assert_array_equal(np.stack(first), np.stack(second))


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


def test_a_volume_of_another_lattice_is_refused():
    with pytest.raises(ValueError, match=r"expected \[z, 3, 3\]"):
        views(distinct((4, 5, 3)), NOTHING, input=volume_input(), draws=1)
