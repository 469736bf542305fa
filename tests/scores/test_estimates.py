"""estimates: against normal theory, a published interval and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from elsewhere.scores.estimates import Estimate, average, bounds, difference, mean, weighted
from elsewhere.scores.intervals import wilson, z_value


def normal(value, error):
    half = z_value(0.95) * error
    return Estimate(value, value - half, value + half)


def test_symmetric_limits_give_the_interval_of_added_variances():
    found = average([normal(0.7, 0.03), normal(0.8, 0.04), normal(0.6, 0.12)])
    half = z_value(0.95) * np.sqrt(0.03**2 + 0.04**2 + 0.12**2) / 3
    assert found == pytest.approx((0.7, 0.7 - half, 0.7 + half))


def test_one_site_is_its_own_average():
    assert average([Estimate(0.9, 0.6, 0.95)]) == pytest.approx((0.9, 0.6, 0.95))


def test_limits_of_shares_stay_within_0_and_1():
    found = average([Estimate(1.0, 0.7, 1.0), Estimate(1.0, 0.5, 1.0)])
    assert found.value == found.high == 1
    assert 0.5 < found.low < 1


def test_what_one_site_lacks_has_no_average():
    assert average([Estimate(0.9, 0.8, 1.0), Estimate(None)]) == (None, None, None)
    assert average([Estimate(0.9, 0.8, 1.0), Estimate(0.7)]) == (pytest.approx(0.8), None, None)
    assert average([]) == (None, None, None)
    assert mean([0.2, None]) is None


def test_the_interval_covers_as_often_as_it_says():
    """Mean of three shares of 40, 60 and 25 patients, with Wilson's limits each."""
    dice, sizes, truth = np.random.default_rng(4), (40, 60, 25), np.array([0.9, 0.7, 0.5])
    hits = 0
    for _ in range(2000):
        shares = [dice.binomial(n, p) / n for n, p in zip(sizes, truth, strict=True)]
        limits = [
            Estimate(share, *wilson(share, n=n, confidence=0.95)[:2])
            for share, n in zip(shares, sizes, strict=True)
        ]
        found = average(limits)
        hits += found.low <= truth.mean() <= found.high
    assert stats.binomtest(hits, 2000, 0.95).pvalue > 1e-4


def test_a_difference_of_shares_is_newcombes():
    """Newcombe 1998 (Stat Med 17:873), Table II, example (a): 56/70 - 48/80, method 10."""
    shares = [
        Estimate(k / n, *wilson(k / n, n=n, confidence=0.95)[:2]) for k, n in ((56, 70), (48, 80))
    ]
    found = difference(*shares)
    assert [round(number, 4) for number in found] == [0.2, 0.0524, 0.3339]


def test_a_difference_of_symmetric_limits_has_the_sum_of_variances():
    found = difference(normal(0.9, 0.03), normal(0.7, 0.04))
    half = z_value(0.95) * 0.05
    assert found == pytest.approx((0.2, 0.2 - half, 0.2 + half))
    assert difference(normal(0.9, 0.03), Estimate(0.7)) == (pytest.approx(0.2), None, None)
    assert difference(Estimate(None), normal(0.9, 0.03)) == (None, None, None)


def test_an_accuracy_composed_of_both_classes_is_that_worked_by_hand():
    """None of 7 positive and 7 of 8 negative patients right: 7 of 15, 0.282 to 0.641."""
    classes = [
        Estimate(k / n, *wilson(k / n, n=n, confidence=0.95)[:2]) for k, n in ((0, 7), (7, 8))
    ]
    found = weighted(classes, weights=[7 / 15, 8 / 15])
    assert found == pytest.approx((7 / 15, 0.282, 0.641), abs=5e-4)


@pytest.mark.parametrize("r", [-0.6, 0.0, 0.8])
@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.0, -1.0), (0.3, 0.7)])
def test_of_correlated_normal_estimates_the_variance_is_that_of_their_sum(r, weights):
    errors, related = np.array([0.03, 0.05]), np.array([[1.0, r], [r, 1.0]])
    parts = [normal(0.7, errors[0]), normal(0.4, errors[1])]
    found = weighted(parts, weights=weights, correlation=related)
    scaled = np.array(weights) * errors
    half = z_value(0.95) * (scaled @ related @ scaled) ** 0.5
    value = 0.7 * weights[0] + 0.4 * weights[1]
    assert found == pytest.approx((value, value - half, value + half))


def test_a_number_without_limits_has_no_bounds():
    assert bounds(Estimate(0.5, 0.4, 0.7)) == (0.4, 0.7)
    with pytest.raises(ValueError, match="no limits"):
        bounds(Estimate(0.5))
