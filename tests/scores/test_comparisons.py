from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest, norm
from scipy.stats import t as student

from elsewhere.scores.comparisons import paired, unpaired
from elsewhere.scores.delong import delong
from elsewhere.scores.discrimination import auc
from elsewhere.scores.estimates import Estimate
from elsewhere.scores.intervals import auc_interval, newcombe
from elsewhere.scores.resampling import resample, resampled_auc


def brute_paired(labels, first, second):
    """DeLong's variance of a difference by class, from the components of all pairs."""
    kernels = [
        (s[labels == 1][:, None] > s[labels == 0])
        + 0.5 * (s[labels == 1][:, None] == s[labels == 0])
        for s in (first, second)
    ]
    difference = kernels[0] - kernels[1]
    ten, one = difference.mean(axis=1), difference.mean(axis=0)
    return difference.mean(), (ten.var(ddof=1) / len(ten), one.var(ddof=1) / len(one))


def models(dice, n=60):
    labels = np.tile([0, 0, 1], n // 3)
    shared = dice.normal(labels)
    return labels, shared + dice.normal(size=n), shared + 2 * dice.normal(size=n)


def test_paired_is_delong_on_all_pairs(dice):
    labels, first, second = models(dice)
    found = paired(labels, first=first, second=second, patients=np.arange(60), confidence=0.95)
    difference, (ten, one) = brute_paired(labels, first, second)
    error = (ten + one) ** 0.5
    df = (ten + one) ** 2 / (ten**2 / 19 + one**2 / 39)
    assert found.difference == pytest.approx(difference)
    assert found.statistic == pytest.approx(difference / error)
    assert found.df == pytest.approx(df)
    assert found.p == pytest.approx(2 * student.sf(abs(difference / error), df))
    assert found.high - found.low == pytest.approx(2 * student.ppf(0.975, df) * error)


def test_paired_p_is_uniform_when_the_models_are_equally_good(dice):
    labels, patients = np.tile([0, 0, 1], 30), np.arange(90)
    values = []
    for _ in range(300):
        shared = dice.normal(labels)
        first, second = (shared + dice.normal(size=90) for _ in range(2))
        values.append(
            paired(labels, first=first, second=second, patients=patients, confidence=0.95).p
        )
    assert kstest(values, "uniform").pvalue > 0.01


def test_paired_counts_patients_not_scans(dice):
    labels, first, second = models(dice)
    copies = [np.tile(values, 3) for values in (labels, first, second, np.arange(60))]
    single = paired(labels, first=first, second=second, patients=np.arange(60), confidence=0.95)
    several = paired(
        copies[0], first=copies[1], second=copies[2], patients=copies[3], confidence=0.95
    )
    assert several.p == pytest.approx(single.p)


def test_paired_error_is_that_of_the_paired_bootstrap(dice):
    labels, first, second = models(dice, n=150)
    patients = np.arange(150) // 2
    draws = resample(labels, patients=patients, n=2000, seed=0)
    spread = np.std(
        resampled_auc(labels, scores=first, draws=draws)
        - resampled_auc(labels, scores=second, draws=draws)
    )
    found = paired(labels, first=first, second=second, patients=patients, confidence=0.95)
    assert found.difference / found.statistic == pytest.approx(spread, rel=0.12)


def test_a_model_does_not_differ_from_itself(dice):
    labels, first, _ = models(dice)
    found = paired(labels, first=first, second=first, patients=np.arange(60), confidence=0.95)
    assert found[:5] == (0.0, None, None, None, None)
    assert found.reason == "both models give the same probabilities"
    again = paired(labels, first=first, second=3 * first, patients=np.arange(60), confidence=0.95)
    assert again.p is None
    assert again.reason == "both models rank the scans alike"


def test_at_few_patients_a_true_hypothesis_is_rejected_as_rarely_as_promised(dice):
    """3 positive patients: by the normal distribution it was one in ten (nominal 5 %)."""
    labels, rejected, by_normal = np.repeat([0, 1], [30, 3]), 0, 0
    for _ in range(600):
        shared = dice.normal(labels)
        first, second = (shared + dice.normal(size=33) for _ in range(2))
        found = paired(labels, first=first, second=second, patients=np.arange(33), confidence=0.95)
        rejected += found.p < 0.05
        by_normal += 2 * norm.sf(abs(found.statistic)) < 0.05
    assert rejected <= 0.06 * 600 < by_normal


def perfect(dice):
    """One model separates the classes, the other does not."""
    labels = np.tile([0, 0, 1], 10)
    return labels, labels + 0.1 * dice.random(30), dice.normal(0.5 * labels)


def test_an_auc_of_1_does_not_block_the_paired_test(dice):
    labels, first, second = perfect(dice)
    found = paired(labels, first=first, second=second, patients=np.arange(30), confidence=0.95)
    assert found.low < found.difference < found.high
    assert found.p < 0.05
    limits = [
        Estimate(
            auc(labels, scores=one),
            *auc_interval(
                delong(labels, scores=one[None], patients=np.arange(30)), confidence=0.95
            )[:2],
        )
        for one in (first, second)
    ]
    assert found == unpaired(limits[0], second=limits[1], confidence=0.95)


def test_two_perfect_models_have_an_interval_around_0(dice):
    labels, first, _ = perfect(dice)
    found = paired(labels, first=first, second=first**2, patients=np.arange(30), confidence=0.95)
    assert (found.difference, found.p) == (0.0, 1.0)
    assert found.low < -0.1
    assert found.high > 0.1


def test_one_patient_of_a_class_leaves_a_wide_interval():
    found = paired(
        np.array([0, 0, 1]),
        first=np.array([0.1, 0.2, 0.3]),
        second=np.array([0.1, 0.4, 0.3]),
        patients=np.arange(3),
        confidence=0.95,
    )
    assert found.difference == 0.5
    assert found.high - found.low > 0.7
    assert found.p > 0.05


def test_unpaired_of_symmetric_limits_is_the_z_test():
    """Worked by hand: 0.90 (standard error 0.02) minus 0.75 (0.04)."""
    ends = [
        Estimate(area, *norm.interval(0.95, area, se)) for area, se in ((0.9, 0.02), (0.75, 0.04))
    ]
    found = unpaired(ends[0], second=ends[1], confidence=0.95)
    assert (found.difference, found.low, found.high) == pytest.approx(
        (0.15, 0.062348, 0.237652), abs=1e-6
    )
    assert found.p == pytest.approx(0.000796, abs=1e-6)
    mirrored = unpaired(ends[1], second=ends[0], confidence=0.95)
    assert mirrored.statistic == pytest.approx(-found.statistic)
    assert mirrored.p == pytest.approx(found.p)


def test_unpaired_at_an_auc_of_1_has_the_interval_worked_by_hand():
    """7 and 8 patients, AUC 1; against 10 and 10, AUC 0.60: Newcombe's limits and MOVER."""
    ends = [
        Estimate(area, *newcombe(area, n=n, confidence=0.95))
        for area, n in ((1.0, (7, 8)), (0.6, (10, 10)))
    ]
    found = unpaired(ends[0], second=ends[1], confidence=0.95)
    assert (found.low, found.high) == pytest.approx((0.0726, 0.6459), abs=5e-5)
    assert found.p < 0.05


@pytest.mark.parametrize("second", [0.45, 0.55, 0.62, 0.7, 0.9])
def test_unpaired_p_and_interval_say_the_same(second):
    """Limits that are not symmetric: p is below 0.05 exactly where 0 is left out."""
    ends = [Estimate(area, *newcombe(area, n=(20, 30), confidence=0.95)) for area in (0.8, second)]
    found = unpaired(ends[0], second=ends[1], confidence=0.95)
    assert (found.p < 0.05) == (found.low > 0 or found.high < 0)


def test_unpaired_p_is_uniform_on_sites_of_equal_auc(dice):
    values = []
    for _ in range(300):
        sites = []
        for n in (60, 120):
            labels = np.tile([0, 1], n // 2)
            found = delong(labels, scores=dice.normal(labels)[None], patients=np.arange(n))
            ends = auc_interval(found, confidence=0.95)[:2]
            sites.append(Estimate(float(found.auc[0]), *ends))
        values.append(unpaired(sites[0], second=sites[1], confidence=0.95).p)
    assert kstest(values, "uniform").pvalue > 0.001


def test_unpaired_without_limits_says_so():
    bare = Estimate(0.5)
    assert unpaired(Estimate(0.9, 0.8, 1.0), second=bare, confidence=0.95).reason is not None
    known = Estimate(0.5, 0.5, 0.5)
    assert unpaired(known, second=known, confidence=0.95).reason == "the difference has no variance"
