"""tissue: air and tissue are told apart on any value scale."""

import numpy as np
import pytest

from elsewhere.imaging.tissue import IMAGE, VOLUME, subsampled, threshold


def two_classes(low: float, high: float, *, sd: float = 20) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(low, sd, 60_000), rng.normal(high, sd, 40_000)])


@pytest.mark.parametrize(("slope", "intercept"), [(1, 0), (2, 300), (0.25, 10), (0.05, 100)])
def test_it_lies_between_air_and_tissue_whatever_the_scale(slope: float, intercept: float) -> None:
    values = np.rint(two_classes(-950, 40) * slope + intercept).astype(np.int16)
    split = threshold(values.reshape(10, 100, 100))
    assert split is not None
    assert -850 * slope + intercept < split < -60 * slope + intercept


def test_it_is_the_best_of_all_splits() -> None:
    """Otsu's criterion, by brute force: the least variance within the two classes."""
    values = np.rint(two_classes(40, 160, sd=12)).astype(np.int16)
    split = threshold(values.reshape(10, 100, 100))
    assert split is not None

    def within(at: float) -> float:
        low, high = values[values <= at], values[values > at]
        return float(low.var() * len(low) + high.var() * len(high))

    best = min(within(at) for at in range(60, 140))
    assert within(split) <= 1.01 * best


@pytest.mark.parametrize("padding", [-3024, -2000, -1000])
def test_padding_is_no_class(padding: int) -> None:
    values = np.rint(two_classes(-950, 40)).astype(np.int16).reshape(10, 100, 100)
    plain, padded = threshold(values), threshold(np.pad(values, 30, constant_values=padding))
    assert plain is not None
    assert padded == pytest.approx(plain, abs=15)


@pytest.mark.parametrize("values", [0, -1000, 32767])
def test_one_value_has_no_threshold(values: int) -> None:
    assert threshold(np.full((3, 8, 8), values, np.int16)) is None
    two = np.full((3, 8, 8), values, np.int16)
    two[0, 0, 0] = -5
    assert threshold(two) is None


@pytest.mark.parametrize("shape", [(1, 3000, 800), (900, 512, 512), (5, 7, 9), (65, 161, 10)])
def test_few_voxels_are_looked_at(shape: tuple[int, int, int]) -> None:
    seen = subsampled(np.zeros(shape, np.int16)).shape
    most = IMAGE if shape[0] == 1 else VOLUME
    for length, kept, limit in zip(shape, seen, most, strict=True):
        assert min(length, limit) / 2 <= kept <= limit
