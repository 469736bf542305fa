from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from scipy.stats import t as student
from statsmodels.stats.proportion import proportion_confint

from elsewhere.scores.estimates import Estimate, difference
from elsewhere.scores.intervals import wilson
from elsewhere.scores.shares import Hits, combined, correlation

scans = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=30)


def hits(rows):
    return Hits(np.array([hit for hit, _ in rows]), np.array([patient for _, patient in rows]))


def interval(of):
    return of.interval(confidence=0.95, unit="patient")


@given(st.integers(10, 60), st.data())
def test_one_scan_a_patient_gives_wilsons_interval(n, data):
    right = data.draw(st.integers(0, n))
    found = interval(Hits(np.arange(n) < right, np.arange(n)))
    assert found[:2] == pytest.approx(proportion_confint(right, n, method="wilson"), abs=1e-12)
    assert found.method == f"Wilson, n = {n} patients"


@given(st.integers(1, 9), st.data())
def test_few_patients_have_the_farther_limits_of_two_methods(n, data):
    right = data.draw(st.integers(0, n))
    found = interval(Hits(np.arange(n) < right, np.arange(n)))
    both = [proportion_confint(right, n, method=method) for method in ("wilson", "beta")]
    expected = (min(low for low, _ in both), max(high for _, high in both))
    assert found[:2] == pytest.approx(expected, abs=1e-12)
    assert found.method == f"Wilson, n = {n} patients, or Clopper and Pearson: the farther limits"


def test_a_study_says_how_many_patients_are_few():
    of = Hits(np.arange(7) < 3, np.arange(7))
    alone = of.interval(confidence=0.95, unit="patient", few=7)
    assert alone[:2] == pytest.approx(proportion_confint(3, 7, method="wilson"))
    assert interval(of).low < alone.low < alone.high < interval(of).high


@pytest.mark.parametrize("n", [3, 5, 7, 8, 9])
def test_few_patients_are_covered_whatever_the_true_share(n):
    """The exact sum over all outcomes; Wilson's interval alone covers 0.83 to 0.84 at its worst."""
    limits = [interval(Hits(np.arange(n) < right, np.arange(n)))[:2] for right in range(n + 1)]
    true = np.linspace(0.01, 0.99, 197)
    assert covered(limits, true).min() >= 0.95
    alone = [proportion_confint(right, n, method="wilson") for right in range(n + 1)]
    assert covered(alone, true).min() < 0.9


def covered(limits, true):
    """Return how often limits [n + 1] of each number of hits hold each of some true shares."""
    n = len(limits) - 1
    chance = binom.pmf(np.arange(n + 1)[:, None], n, true)
    return sum(
        (low <= true) * (true <= high) * row
        for (low, high), row in zip(limits, chance, strict=True)
    )


def test_seven_of_fifteen_right_is_not_as_narrow_as_resampling_made_it():
    """Worked by hand: Wilson's interval of 7 in 15; resampled within classes it was 0.33, 0.53."""
    found = interval(Hits(np.arange(15) < 7, np.arange(15)))
    assert found[:2] == pytest.approx((0.248, 0.699), abs=5e-4)


@given(scans, st.integers(2, 4))
def test_scans_that_are_alike_within_patients_count_as_their_patients(rows, copies):
    each = hits([(hit, number) for number, (hit, _) in enumerate(rows)])
    several = Hits(np.repeat(each.hits, copies), np.repeat(each.patients, copies))
    assert several.n_effective == pytest.approx(len(rows))
    assert interval(several)[:2] == pytest.approx(interval(each)[:2])


@given(scans)
def test_the_effective_number_lies_between_patients_and_scans(rows):
    of = hits(rows)
    sizes = np.bincount(of.patients)
    assert len(rows) ** 2 / (sizes**2).sum() - 1e-9 <= of.n_effective <= len(rows)
    assert interval(of).low <= of.share <= interval(of).high


def test_the_effective_number_is_that_of_the_clustered_variance():
    """Korn and Graubard 1998: share (1 - share) / variance, times a ratio of quantiles squared."""
    rows = [(hit, number // 3) for number, hit in enumerate([1, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1])]
    of, each = hits(rows), np.array([hit for hit, _ in rows]).reshape(4, 3)
    of_patients = each.mean(axis=1)
    variance = of_patients.var(ddof=1) / 4
    quantiles = student.ppf(0.975, 11) / student.ppf(0.975, 3)
    expected = 0.5 * 0.5 / variance * quantiles**2
    assert of.share == 0.5
    assert of.n_effective == pytest.approx(max(expected, 4.0))
    plenty = Hits(np.tile(of.hits, 20), np.repeat(np.arange(80), 3))
    ratio = (student.ppf(0.975, 239) / student.ppf(0.975, 79)) ** 2
    assert plenty.n_effective == pytest.approx(0.25 / (of_patients.var() / 79) * ratio)


def test_a_negative_correlation_within_patients_is_not_rewarded():
    """One of two scans of each patient is a hit: the share never varies, but few patients do."""
    of = Hits(np.tile([True, False], 10), np.repeat(np.arange(10), 2))
    assert of.n_effective == 20
    assert interval(of)[:2] == pytest.approx(proportion_confint(10, 20, method="wilson"))


@pytest.mark.parametrize("all_of_them", [True, False])
def test_where_all_scans_are_alike_patients_are_counted(all_of_them):
    of = Hits(np.full(30, all_of_them), np.repeat(np.arange(10), 3))
    assert interval(of)[:2] == wilson(float(all_of_them), n=10, confidence=0.95)[:2]


def groups(first, second, *, patients=None):
    sizes = (len(first), len(second))
    of = (np.arange(sizes[0]), sizes[0] + np.arange(sizes[1])) if patients is None else patients
    return [Hits(np.array(one, bool), who) for one, who in zip((first, second), of, strict=True)]


def added(two, weights=(1.0, 1.0)):
    return combined(two, weights=weights, confidence=0.95, unit="patient")


def test_a_sum_of_shares_of_different_patients_is_newcombes_difference():
    """1 minus the second share turns a sum into a difference (Newcombe 1998, method 10)."""
    first, second = np.arange(70) < 56, np.arange(80) < 48
    estimates = [
        Estimate(float(one.mean()), *wilson(float(one.mean()), n=len(one), confidence=0.95)[:2])
        for one in (first, second)
    ]
    _, low, high = difference(*estimates)
    found = added(groups(first, ~second))
    assert (found.low - 1, found.high - 1) == pytest.approx((low, high))
    assert found.method == "MOVER of Wilson, n = 70 and 80 patients"


def test_shares_of_the_same_patients_are_correlated():
    dice = np.random.default_rng(2)
    right, same = dice.random(60) < 0.6, np.arange(60)
    apart = added(groups(right, right))
    together = added(groups(right, right, patients=(same, same)))
    against = added(groups(right, ~right, patients=(same, same)))
    one = interval(Hits(right, same))
    assert together[:2] == pytest.approx((2 * one.low, 2 * one.high))
    assert against[:2] == pytest.approx((1.0, 1.0), abs=0.01), "their sum is 1, whoever is drawn"
    assert apart.high - apart.low == pytest.approx((together.high - together.low) / 2**0.5)


def test_few_errors_in_a_class_take_the_farther_limits_of_the_sum_as_one_share():
    """7 and 8 patients with one error each: by MOVER alone the limit was 0.945."""
    two = groups(np.arange(7) < 6, np.arange(8) < 7)
    found = added(two, weights=(7 / 15, 8 / 15))
    whole = proportion_confint(13, 15, method="wilson")
    assert found.high == pytest.approx(whole[1])
    assert found.low <= whole[0] + 1e-12
    assert found.method.endswith("or Wilson of their sum: the farther limits")


def test_one_group_alone_has_its_own_interval():
    of = Hits(np.arange(10) < 3, np.arange(10))
    assert added([of], weights=[1.0]) == interval(of)


def test_correlation_is_that_of_numpy():
    apart = np.random.default_rng(0).normal(size=(3, 50))
    apart -= apart.mean(axis=1, keepdims=True)
    assert correlation(apart, unknown=0.0) == pytest.approx(np.corrcoef(apart))
    constant = np.vstack([apart[0], np.zeros(50)])
    assert correlation(constant, unknown=0.5).tolist() == [[1.0, 0.5], [0.5, 1.0]]


def test_one_patient_alone_has_an_interval_of_a_sum():
    """Nothing is known of how its scans are related: no correlation out of rounding."""
    one = np.zeros(3, dtype=np.int64)
    groups = [Hits(np.array([True, False, True]), one), Hits(np.array([False, True, False]), one)]
    found = combined(groups, weights=[1.0, 1.0], confidence=0.95, unit="patient")
    assert 0 < found.low < 1 < found.high < 2
    assert found.high - found.low > 1
